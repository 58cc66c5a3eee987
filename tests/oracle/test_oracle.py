"""The oracle does what the description of the API says, and the faults that it is told."""

import asyncio
import http.client
import itertools
import json
import socket
import sys
from datetime import UTC, datetime

import pytest

from tests.oracle.api import FEE
from tests.oracle.manglings import HARMLESS
from tests.oracle.pages import PAGES
from tests.oracle.running import RunningOracle

_NOT_OF_HTTP_CLIENT = {"gzip", "informational", "informational_many", "head_150"}
PART = (
    b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    b"content\r\n--B--\r\n"
)


@pytest.fixture
async def oracle(tmp_path):
    async with RunningOracle(tmp_path / "data") as running:
        yield running


@pytest.fixture
async def applicant(oracle):
    return (await oracle.applicants(1))[0]


async def ask(oracle, method, path, body=None, *, key=None, headers=None):
    """Return the status and the JSON of an answer; the text where it is no JSON."""
    return await asyncio.to_thread(_ask, oracle, method, path, body, key, headers)


def _ask(oracle, method, path, body, key, headers):
    connection = http.client.HTTPConnection("127.0.0.1", oracle.port, timeout=60)
    try:
        raw = body if isinstance(body, bytes | None) else json.dumps(body)
        connection.request(method, path, raw, {"Authorization": f"Token {key or oracle.key}"} | (headers or {}))
        answer = connection.getresponse()
        text = answer.read().decode()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text
    finally:
        connection.close()


async def document(oracle, applicant, number="N1", **fields):
    body = {"applicant_id": applicant, "type": "PASSPORT", "document_number": number} | fields
    return await ask(oracle, "POST", "/documents", body)


async def shown(oracle, applicant):
    return (await ask(oracle, "GET", f"/applicants/{applicant}"))[1]["documents"]


async def test_a_document_with_its_file_is_shown_in_its_applicant_and_alone(oracle, applicant):
    form = {"Content-Type": "multipart/form-data; boundary=B"}
    _, file = await ask(oracle, "POST", "/files", PART, headers=form)
    _, made = await document(oracle, applicant, front_side_id=file["file_id"])
    (inside,) = await shown(oracle, applicant)
    status, alone = await ask(oracle, "GET", f"/documents/{made['document_id']}")
    assert (status, alone["applicant_id"]) == (200, applicant)
    assert inside["document_id"] == made["document_id"]
    assert inside["front_side_id"] == alone["front_side_id"] == file["file_id"]
    assert (inside["back_side_id"], inside["document_number"]) == (None, "N1")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("POST", "/applicants", {}, 422, "validation"),
        ("POST", "/applicants", b"{", 400, "bad_request"),
        ("POST", "/documents", {"applicant_id": "0" * 36, "type": "PASSPORT"}, 422, "validation"),
        ("POST", "/files", b"", 422, "validation"),
        ("GET", f"/applicants/{'0' * 36}", None, 404, "not_found"),
        ("GET", "/applicants", None, 404, "not_found"),
    ],
)
async def test_it_refuses_in_the_form_of_the_api(oracle, method, path, body, status, kind):
    found, said = await ask(oracle, method, path, body)
    assert (found, said["type"]) == (status, kind)


async def test_a_wrong_key_is_refused_before_anything_else(oracle):
    status, said = await ask(oracle, "POST", "/applicants", {"type": "PERSON"}, key="another")
    assert (status, said) == (401, {"error": {"type": "unauthorized"}})
    assert oracle.read("SELECT * FROM applicants") == []


async def test_each_verification_costs_its_fee_until_the_balance_is_used_up(oracle, applicant):
    await oracle.set(balance=2 * FEE)
    answers = [await ask(oracle, "POST", "/verifications", {"applicant_id": applicant}) for _ in range(3)]
    assert [status for status, _ in answers] == [200, 200, 402]
    made = [said["verification_id"] for _, said in answers[:2]]
    _, one = await ask(oracle, "GET", f"/verifications/{made[0]}")
    assert one["applicant_id"] == applicant
    day = datetime.fromtimestamp(oracle.read("SELECT made FROM verifications")[0]["made"], UTC).date()
    _, listed = await ask(oracle, "GET", f"/verifications/report?date={day}")
    assert [row["verification_id"] for row in listed] == made


async def test_what_was_answered_outlives_a_kill(oracle, applicant):
    _, made = await document(oracle, applicant)
    await oracle.kill()
    await oracle.start()
    assert [one["document_id"] for one in await shown(oracle, applicant)] == [made["document_id"]]


async def test_settings_outlive_a_kill(oracle, applicant):
    await oracle.set(one_per_type=True)
    await oracle.kill()
    await oracle.start()
    await document(oracle, applicant)
    status, said = await document(oracle, applicant)
    assert status == 422
    assert said["errors"][0]["message"] == "Only one document with PASSPORT document type is allowed"


async def test_a_page_comes_in_place_of_the_answer_whether_it_acted_or_not(oracle, applicant):
    for number, (name, acts) in enumerate(itertools.product(PAGES, (0, 1))):
        await oracle.set(faults=[{"on": ["documents.create"], "acts": acts, "answers": [name]}])
        status, _ = await document(oracle, applicant, f"N{number}")
        assert status == PAGES[name].status
    noted = oracle.read("SELECT acted, status FROM requests WHERE endpoint = 'documents.create' ORDER BY number")
    assert [tuple(row) for row in noted] == [(acts, page.status) for page in PAGES.values() for acts in (0, 1)]
    assert len(await shown(oracle, applicant)) == len(PAGES)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("reset", ConnectionResetError),
        ("close", http.client.RemoteDisconnected),
        ("cut", http.client.IncompleteRead),
    ],
)
async def test_an_answer_gets_lost_after_it_acted(oracle, applicant, answer, error):
    await oracle.set(faults=[{"on": ["documents.create"], "answers": [answer]}])
    with pytest.raises(error):
        await document(oracle, applicant)
    assert len(await shown(oracle, applicant)) == 1


async def test_a_gateway_that_repeats_makes_two_of_one_request(oracle, applicant):
    await oracle.set(faults=[{"on": ["documents.create"], "acts": 2}])
    _, made = await document(oracle, applicant)
    rows = oracle.read("SELECT id, request FROM documents")
    assert len({row["id"] for row in rows}) == 2
    assert len({row["request"] for row in rows}) == 1
    assert made["document_id"] in {row["id"] for row in rows}


async def test_it_acts_late_also_when_nobody_listens_any_more(oracle, applicant):
    await oracle.set(faults=[{"on": ["documents.create"], "late": 0.5}])
    body = json.dumps({"applicant_id": applicant, "type": "PASSPORT"}).encode()
    _, writer = await asyncio.open_connection("127.0.0.1", oracle.port)
    head = f"POST /documents HTTP/1.1\r\nAuthorization: Token {oracle.key}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    writer.transport.abort()
    while not await shown(oracle, applicant):
        pass


async def test_a_rule_is_for_so_many_requests(oracle, applicant):
    await oracle.set(faults=[{"on": ["*"], "count": 2, "acts": 0, "answers": ["503_text"]}])
    assert [(await document(oracle, applicant))[0] for _ in range(3)] == [503, 503, 200]


async def test_a_chance_meets_some_requests_and_another_seed_gives_others(oracle, applicant):
    async def statuses():
        return [(await document(oracle, applicant))[0] for _ in range(20)]

    rule = {"on": ["*"], "chance": 0.5, "acts": 0, "answers": ["503_text"]}
    await oracle.set(faults=[rule], seed=1)
    first = await statuses()
    assert {200, 503} == set(first)
    await oracle.set(faults=[rule], seed=2)
    assert await statuses() != first


async def test_an_upload_can_be_refused_while_it_is_sent(oracle):
    await oracle.set(faults=[{"on": ["files.create"], "answers": ["413_html"], "early": True}])
    reader, writer = await asyncio.open_connection("127.0.0.1", oracle.port)
    head = f"POST /files HTTP/1.1\r\nAuthorization: Token {oracle.key}\r\nContent-Length: 1000000\r\n\r\n"
    writer.write(head.encode())
    assert b"413" in await reader.readline()
    writer.close()


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ({"half": True}, ["N0", "N2"]),
        ({"page": 2}, ["N0", "N1"]),
        ({"stale": 3600}, []),
        ({"list": []}, []),
        ({"list": None}, None),
        ({}, ["N0", "N1", "N2"]),
    ],
)
async def test_lists_come_as_they_are_wanted(oracle, applicant, view, expected):
    for number in range(3):
        await document(oracle, applicant, f"N{number}")
    await oracle.set(view=view)
    found = await shown(oracle, applicant)
    assert (found and [one["document_number"] for one in found]) == expected


@pytest.mark.parametrize(
    ("view", "missing"), [("no_ids", "document_id"), ("no_types", "type"), ("no_files", "front_side_id")]
)
async def test_a_list_can_lack_names_that_the_document_alone_has(oracle, applicant, view, missing):
    _, made = await document(oracle, applicant)
    await oracle.set(view={view: True})
    (inside,) = await shown(oracle, applicant)
    _, alone = await ask(oracle, "GET", f"/documents/{made['document_id']}")
    assert missing not in inside
    assert missing in alone


@pytest.mark.parametrize("mangling", sorted(set(HARMLESS) - _NOT_OF_HTTP_CLIENT))
async def test_an_answer_that_is_mangled_without_harm_can_still_be_read(oracle, applicant, mangling):
    await oracle.set(script=[{"mangling": mangling}])
    status, said = await document(oracle, applicant)
    (made,) = oracle.read("SELECT id FROM documents")
    assert (status, said["document_id"]) == (200, made["id"])


@pytest.mark.parametrize("broken", ["head", "body"])
async def test_a_request_can_be_broken_off_before_it_acted(oracle, applicant, broken):
    await oracle.set(script=[{"broken": broken}])
    with pytest.raises(OSError, match=r"reset|pipe"):
        await document(oracle, applicant)
    assert await shown(oracle, applicant) == []


async def test_it_acts_behind_an_answer_and_the_report_waits_for_that(oracle, applicant):
    await oracle.set(script=[{"behind": 0.05, "answer": "504_html"}])
    assert (await document(oracle, applicant))[0] == 504
    _, report = await ask(oracle, "POST", "/_control/settle")
    assert (len(report["documents"]), report["connections"]) == (1, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere two sockets cannot be bound to one port")
async def test_its_port_is_nobody_else_s_while_it_is_away(oracle):
    await oracle.kill()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", oracle.port))
    await oracle.start()
    assert await oracle.applicants(1)


async def test_it_refuses_connections_for_a_while(oracle, applicant):
    await ask(oracle, "POST", "/_control/down", {"seconds": 0.3})
    with pytest.raises(ConnectionRefusedError):
        await shown(oracle, applicant)
    while True:
        try:
            assert await shown(oracle, applicant) == []
            break
        except ConnectionRefusedError:
            pass


async def test_a_script_is_for_the_next_requests_in_their_order(oracle, applicant):
    await oracle.set(script=[{"answer": "502_html"}, {}, {"answer": "503_html"}])
    assert [(await document(oracle, applicant))[0] for _ in range(4)] == [502, 200, 503, 200]
