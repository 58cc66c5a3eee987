"""Many documents over a real sandbox: each delivered once, whatever happens on the way."""

import asyncio
import datetime as dt
import json
import os
import sys
import traceback
from pathlib import Path

import pandas as pd
import pytest

from kycaid_async import (
    AuthenticationError,
    BulkRow,
    BulkStatus,
    ConfigurationError,
    ConnectionFailedError,
    InsufficientFundsError,
    InvalidFileError,
    InvalidRequestError,
    LedgerError,
    NotFoundError,
    Person,
    ServerError,
)
from tests.bulk.conftest import content
from tests.faults import Fault, reply

KINDS = ("PASSPORT", "GOVERNMENT_ID", "DRIVERS_LICENSE", "SELFIE_IMAGE", "FINANCIAL_DOCUMENT", "TAX_ID_NUMBER")
LOST = Fault(acted=True, reset=True)
NEVER_ARRIVED = Fault(reset=True)
BUSY = Fault(reply=reply(429, '{"type": "limit_exceeded"}'))


def refusal(status, kind):
    return Fault(reply=reply(status, json.dumps({"type": kind})))


def person(number):
    return Person(first_name="Jane", external_applicant_id=f"E{number}")


async def into(seen, upload):
    async for result in upload:
        seen.append(result)


def statuses(results):
    return [result.status for result in results]


async def test_every_row_becomes_one_document_with_its_files(bulk_client, sandbox, row, applicant):
    rows = [row(n, document={"type": kind}, back_side=content(100 + n)) for n, kind in enumerate(KINDS)]
    results, summary = await bulk_client.bulk.upload_all(rows)
    assert [result.row for result in results] == rows
    assert [result.number for result in results] == list(range(6))
    documents = {d.document_id: d for d in (await bulk_client.applicants.get(applicant)).documents}
    for n, result in enumerate(results):
        made = documents[result.document_id]
        assert (made.type, made.document_number) == (KINDS[n], f"N{n}")
        assert (made.front_side_id, made.back_side_id) == tuple(result.file_ids.values())
    assert (summary.created, summary.files, summary.requests, sandbox.counts()["documents"]) == (6, 12, 18, 6)
    assert sum(result.bytes for result in results) == summary.bytes > 12 * 1000
    assert str(summary).startswith("6 rows in")


async def test_a_second_run_does_nothing_and_says_so(bulk_client, row, tmp_path):
    rows = [row(n, document={"type": kind}) for n, kind in enumerate(KINDS)]
    first, _ = await bulk_client.bulk.upload_all(rows, ledger=tmp_path / "l")
    second, summary = await bulk_client.bulk.upload_all(rows, ledger=tmp_path / "l")
    assert statuses(second) == [BulkStatus.DONE_BEFORE] * 6
    assert [result.document_id for result in second] == [result.document_id for result in first]
    assert [result.file_ids for result in second] == [result.file_ids for result in first]
    assert summary.requests == 0
    assert str(summary) == "Nothing to do: all 6 rows were done before."


async def test_a_run_without_rows_says_so(bulk_client):
    results, summary = await bulk_client.bulk.upload_all([])
    assert (results, str(summary)) == ([], "Nothing to do: there were no rows.")


async def test_the_same_content_is_uploaded_once_from_wherever_it_comes(bulk_client, sandbox, row, tmp_path):
    (tmp_path / "a.png").write_bytes(content(7))
    (tmp_path / "b.png").write_bytes(content(7))
    sources = [tmp_path / "a.png", str(tmp_path / "b.png"), content(7)]
    rows = [row(n, document={"type": KINDS[n]}, front_side=source) for n, source in enumerate(sources)]
    results, summary = await bulk_client.bulk.upload_all(rows)
    assert len({result.file_ids["front_side"] for result in results}) == sandbox.counts()["files"] == 1
    assert (summary.files, summary.files_shared) == (1, 2)


async def test_two_rows_that_say_the_same_are_one(bulk_client, sandbox, row):
    results, _ = await bulk_client.bulk.upload_all([row(0), row(0)])
    assert sorted(statuses(results)) == [BulkStatus.CREATED, BulkStatus.DONE_BEFORE]
    assert results[0].document_id == results[1].document_id
    assert sandbox.counts()["documents"] == 1


@pytest.mark.parametrize("key", [None, "mine"])
async def test_a_date_is_the_same_from_text_a_program_and_a_table(key, bulk_client, sandbox, row, tmp_path):
    days = ["2031-01-01", dt.date(2031, 1, 1), pd.Timestamp("2031-01-01"), dt.datetime(2031, 1, 1)]  # noqa: DTZ001 - as in tables
    rows = [row(0, document={"issue_date": day}, key=key) for day in days]
    results, _ = await bulk_client.bulk.upload_all(rows, ledger=tmp_path / "l", concurrency=1)
    assert statuses(results) == ["created", "done_before", "done_before", "done_before"]
    assert sandbox.counts()["documents"] == 1


async def test_a_lost_document_is_found_by_its_date_from_a_table(faulty, proxy, sandbox, row):
    proxy.faults.extend([Fault(), LOST])
    ((result,), _) = await faulty.bulk.upload_all([row(0, document={"issue_date": pd.Timestamp("2031-01-01")})])
    assert result.status is BulkStatus.CREATED, result.error
    assert sandbox.counts()["documents"] == 1


async def test_a_path_is_the_same_however_its_slashes_are_written(bulk_client, sandbox, row, tmp_path):
    (tmp_path / "a.png").write_bytes(content(0))
    sources = [f"{tmp_path}/a.png", f"{tmp_path}/./a.png", f"{tmp_path}//a.png", tmp_path / "a.png"]
    results, _ = await bulk_client.bulk.upload_all([row(0, front_side=source) for source in sources], concurrency=1)
    assert statuses(results) == ["created", "done_before", "done_before", "done_before"]
    assert sandbox.counts()["documents"] == 1


async def test_a_row_with_a_key_of_its_own_is_known_by_it_wherever_its_files_are(bulk_client, row, tmp_path):
    (tmp_path / "moved.png").write_bytes(content(0))
    rows = [row(0, key="mine"), row(0, key="mine", front_side=tmp_path / "moved.png")]
    for expected in (["created", "done_before"], ["done_before"] * 2):
        results, _ = await bulk_client.bulk.upload_all(rows, ledger=tmp_path / "l", concurrency=1)
        assert statuses(results) == expected


async def test_a_key_that_comes_again_with_another_row_fails_that_row(bulk_client, sandbox, row, tmp_path):
    rows = [row(0, key="mine"), row(1, key="mine"), row(0, key="mine", back_side=content(5))]
    for expected in ("created", "done_before"):
        results, _ = await bulk_client.bulk.upload_all(rows, ledger=tmp_path / "l", concurrency=1)
        assert statuses(results) == [expected, "failed", "failed"]
        assert "key: expected one that no other row has used" in str(results[1].error)
    assert sandbox.counts()["documents"] == 1


async def test_a_row_that_failed_is_corrected_under_its_key(bulk_client, row, tmp_path):
    [result], _ = await bulk_client.bulk.upload_all([row(0, key="mine", applicant_id="0" * 36)], ledger=tmp_path / "l")
    assert result.status is BulkStatus.FAILED
    [result], _ = await bulk_client.bulk.upload_all([row(0, key="mine")], ledger=tmp_path / "l")
    assert result.status is BulkStatus.CREATED


async def test_an_external_id_that_comes_again_with_another_person_fails_that_row(bulk_client, sandbox, row, tmp_path):
    before = sandbox.counts()["applicants"]
    other = Person(first_name="Otto", external_applicant_id="E0")
    rows = [row(n, document={"type": KINDS[n]}, applicant=who) for n, who in enumerate([person(0), other, person(0)])]
    for expected in ("created", "done_before"):
        results, _ = await bulk_client.bulk.upload_all(rows, ledger=tmp_path / "l", concurrency=1)
        assert statuses(results) == [expected, "failed", expected]
    assert "external_applicant_id: expected one with the same data" in str(results[1].error)
    assert sandbox.counts()["applicants"] == before + 1


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    "fields",
    [{"key": 17}, {"key": ""}, {"document": None}, {"applicant_id": 5}, {"applicant": "x"}, {"front_side": 17}],
)
async def test_a_row_of_wrong_types_fails_alone(fields, check, sandbox, applicant, make_client, row):
    client = make_client(sandbox.url, api_key=sandbox.api_key, check=check)
    given = {"document": {"type": "VIDEO"}} | ({} if "applicant" in fields else {"applicant_id": applicant}) | fields
    results, _ = await client.bulk.upload_all([BulkRow(**given), row(1)], concurrency=1)
    assert statuses(results) == ["failed", "created"]


async def test_an_applicant_is_made_once_for_its_external_id_also_in_the_next_run(bulk_client, sandbox, row, tmp_path):
    before = sandbox.counts()["applicants"]
    rows = [row(n, document={"type": KINDS[n]}, applicant=person(n // 3)) for n in range(6)]
    await bulk_client.bulk.upload_all(rows[:4], ledger=tmp_path / "l")
    _, summary = await bulk_client.bulk.upload_all(rows, ledger=tmp_path / "l")
    assert sandbox.counts()["applicants"] == before + 2
    assert (summary.applicants, summary.created, summary.done_before) == (0, 2, 4)


async def test_what_concerns_one_row_stops_no_other_and_is_tried_again(bulk_client, row, tmp_path):
    missing = tmp_path / "later.png"
    rows = [
        row(0, document={"type": "PASSPORT"}),
        row(1, document={"bogus": 1}),
        row(2, applicant_id="short"),
        row(3, front_side=missing, document={"type": "GOVERNMENT_ID"}),
        row(4, front_side=b"no picture"),
        row(5, applicant=Person(first_name="Jane")),
        row(6, document={"front_side_id": "0" * 36}),
        row(7, document={"annual_income": float("nan")}),
        row(8, applicant_id="0" * 36),
    ]
    results, summary = await bulk_client.bulk.upload_all(rows, ledger=tmp_path / "l")
    assert [type(result.error) for result in results[1:]] == [
        *(InvalidRequestError, InvalidRequestError, InvalidFileError, InvalidFileError, InvalidRequestError),
        *(InvalidRequestError, InvalidRequestError, NotFoundError),
    ]
    assert (summary.created, summary.failed) == (1, 8)
    missing.write_bytes(content(3))
    results, _ = await bulk_client.bulk.upload_all(rows, ledger=tmp_path / "l")
    assert statuses(results) == [BulkStatus.DONE_BEFORE, *["failed"] * 2, BulkStatus.CREATED, *["failed"] * 5]


async def test_on_error_stop_ends_with_the_error_of_the_row(bulk_client, row):
    def rows():
        yield row(0, front_side=b"no picture")
        for n in range(1, 10_000):
            yield row(n, front_side=b"no picture")

    seen = []
    with pytest.raises(InvalidFileError):
        await into(seen, bulk_client.bulk.upload(rows(), on_error="stop"))
    assert 0 < len(seen) < 200


async def test_a_large_file_is_streamed_and_shared(bulk_client, sandbox, row, tmp_path):
    (tmp_path / "a.png").write_bytes(content(1, 3_000_000))
    rows = [row(n, document={"type": KINDS[n]}, front_side=tmp_path / "a.png") for n in range(3)]
    results, _ = await bulk_client.bulk.upload_all(rows)
    assert statuses(results) == ["created"] * 3
    assert sandbox.counts()["files"] == 1


async def test_a_large_file_that_changed_after_it_was_looked_at_is_looked_at_again(bulk_client, sandbox, row, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(content(1, 3_000_000))
    upload = bulk_client.bulk.upload([row(0, front_side=path)])
    whole, changed = upload._caller.caller, []

    async def change_first(endpoint, **given):
        if endpoint.uploads and not changed:
            changed.append(path.write_bytes(content(2, 3_000_000)))
        return await whole(endpoint, **given)

    upload._caller.caller = change_first
    [result] = [result async for result in upload]
    assert changed
    assert sandbox.file_digest(result.file_ids["front_side"]) == sha256(path)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are text")
async def test_a_file_whose_name_is_no_text_is_delivered(bulk_client, sandbox, row, tmp_path):
    names = [os.fsdecode(os.fsencode(tmp_path) + name) for name in (b"/caf\xe9.png", b"/caf\xe8.png")]
    for n, name in enumerate(names):
        Path(name).write_bytes(content(n))
    rows = [row(0, front_side=names[0]), row(0, document={"type": "VIDEO"}, front_side=Path(names[1]))]
    results, _ = await bulk_client.bulk.upload_all(rows, ledger=tmp_path / "l")
    assert statuses(results) == ["created"] * 2
    for name, result in zip(names, results, strict=True):
        assert sandbox.file_digest(result.file_ids["front_side"]) == sha256(Path(name))
    again, _ = await bulk_client.bulk.upload_all(rows, ledger=tmp_path / "l")
    assert statuses(again) == ["done_before"] * 2


def sha256(path):
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


async def test_a_file_that_the_server_forgot_is_uploaded_anew(bulk_client, sandbox, row, tmp_path):
    [first], _ = await bulk_client.bulk.upload_all([row(0)], ledger=tmp_path / "l")
    await bulk_client.documents.delete(first.document_id)
    await bulk_client.files.delete(first.file_ids["front_side"])
    [second], _ = await bulk_client.bulk.upload_all([row(1, front_side=content(0))], ledger=tmp_path / "l")
    assert second.status is BulkStatus.CREATED
    assert second.file_ids != first.file_ids
    assert sandbox.counts()["files"] == 1


# Answers that were lost.


async def test_a_document_whose_answer_was_lost_is_found(faulty, proxy, sandbox, row):
    proxy.faults.extend([Fault(), LOST])
    [result], summary = await faulty.bulk.upload_all([row(0)])
    assert result.status is BulkStatus.CREATED
    assert (await faulty.documents.get(result.document_id)).document_number == "N0"
    assert sandbox.counts()["documents"] == 1
    assert summary.requests == 3


async def test_a_document_that_did_not_arrive_is_asked_for_with_growing_pauses_and_made_again(
    faulty, proxy, sandbox, row, fake_time
):
    proxy.faults.extend([Fault(), NEVER_ARRIVED])
    [result], _ = await faulty.bulk.upload_all([row(0)], settle_after=6.0)
    assert [(seen.method, seen.path.split("/")[1]) for seen in proxy.seen] == [
        *(("POST", "files"), ("POST", "documents"), *[("GET", "applicants")] * 4),
        ("POST", "documents"),
    ]
    assert fake_time.slept == [1.0, 2.0, 3.0]
    assert (result.status, result.attempts) == (BulkStatus.CREATED, 7)
    assert sandbox.counts()["documents"] == 1


class SlowServer:
    """Sends the document that is still worked on to the sandbox, once so many seconds have been slept."""

    def __init__(self, client, proxy, fake_time, *, seconds):
        self.client, self.proxy, self.time, self.seconds = client, proxy, fake_time, seconds
        self.made = None

    async def __call__(self):
        if self.made is None and sum(self.time.slept) >= self.seconds:
            body = next(seen.body for seen in self.proxy.seen if seen.path == "/documents")
            self.made = await self.client.documents.create(**json.loads(body))


async def test_a_refusal_after_a_lost_answer_is_no_proof_that_nothing_was_made(faulty, proxy, row, tmp_path):
    nothing = Fault(reply=reply(200, '{"type": "PERSON", "documents": []}'))  # as of a replica that lags
    proxy.faults.extend([Fault(), LOST, nothing, refusal(422, "validation"), nothing])
    [result], _ = await faulty.bulk.upload_all([row(0)], ledger=tmp_path / "l", settle_after=0)
    assert (result.status, result.error.status) == (BulkStatus.UNCERTAIN, 422)
    [result], summary = await faulty.bulk.upload_all([row(0)], ledger=tmp_path / "l")
    assert (result.status, summary.requests) == (BulkStatus.CREATED, 1)


async def test_an_uncertain_row_is_created_anew_once_a_run_and_only_when_an_earlier_run_left_it(
    faulty, proxy, sandbox, row, tmp_path
):
    hidden = Fault(reply=reply(200, '{"applicant_id": "x", "documents": null}'))
    options = {"ledger": tmp_path / "l", "on_uncertain": "create", "concurrency": 1, "settle_after": 0}
    kind = {"type": "ADDRESS_DOCUMENT"}
    for made, before in ((1, [Fault()]), (2, [hidden]), (3, [hidden])):
        proxy.faults.extend([*before, LOST, hidden, hidden])
        results, _ = await faulty.bulk.upload_all([row(0, document=kind)] * 2, **options)
        assert statuses(results) == ["uncertain"] * 2
        assert sandbox.counts()["documents"] == made


async def test_a_lost_applicant_is_made_anew_only_when_an_earlier_run_left_it(faulty, proxy, sandbox, row, tmp_path):
    before = sandbox.counts()["applicants"]
    proxy.faults.extend([Fault(), LOST])
    rows = [row(n, document={"type": KINDS[n]}, applicant=person(0)) for n in range(2)]
    options = {"ledger": tmp_path / "l", "on_uncertain": "create", "concurrency": 1}
    results, _ = await faulty.bulk.upload_all(rows, **options)
    assert statuses(results) == ["uncertain"] * 2
    assert sandbox.counts()["applicants"] == before + 1
    results, _ = await faulty.bulk.upload_all(rows, **options)
    assert statuses(results) == ["created"] * 2
    assert sandbox.counts()["applicants"] == before + 2


@pytest.mark.parametrize("fault", [NEVER_ARRIVED, Fault(reply=reply(502, "<h1>bad gateway"))])
async def test_a_server_that_is_still_at_work_is_waited_for_as_long_as_for_an_answer(
    fault, faulty, bulk_client, proxy, sandbox, row, fake_time
):
    proxy.faults.extend([Fault(), fault])
    fake_time.before_sleep = slow = SlowServer(bulk_client, proxy, fake_time, seconds=29.0)
    [result], _ = await faulty.bulk.upload_all([row(0)])
    assert (result.status, result.document_id) == (BulkStatus.CREATED, slow.made)
    assert sandbox.counts()["documents"] == 1


async def test_a_server_that_is_still_at_work_when_the_run_is_cut_off_is_waited_for_by_the_next(
    faulty, bulk_client, proxy, sandbox, row, fake_time, tmp_path
):
    proxy.faults.extend([Fault(), Fault(hang=True)])
    reading = asyncio.create_task(faulty.bulk.upload_all([row(0)], ledger=tmp_path / "l"))
    while len(proxy.seen) < 2:
        await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    fake_time.before_sleep = slow = SlowServer(bulk_client, proxy, fake_time, seconds=29.0)
    [result], _ = await faulty.bulk.upload_all([row(0)], ledger=tmp_path / "l")
    assert (result.status, result.document_id) == (BulkStatus.CREATED, slow.made)
    assert sandbox.counts()["documents"] == 1


async def test_a_lost_upload_is_repeated(faulty, proxy, row):
    proxy.faults.extend([LOST, LOST])
    [result], _ = await faulty.bulk.upload_all([row(0)])
    assert (result.status, result.attempts) == (BulkStatus.CREATED, 4)


async def test_an_applicant_whose_answer_was_lost_is_set_aside_with_all_its_rows(faulty, proxy, sandbox, row, tmp_path):
    proxy.faults.extend([Fault(), LOST])
    rows = [row(n, document={"type": KINDS[n]}, applicant=person(0)) for n in range(2)] + [row(3)]
    results, summary = await faulty.bulk.upload_all(rows, ledger=tmp_path / "l", concurrency=1)
    assert statuses(results) == ["uncertain", "uncertain", "created"]
    assert all(result.error.maybe_processed for result in results[:2])
    assert "2 set aside as uncertain" in str(summary)
    again, _ = await faulty.bulk.upload_all(rows, ledger=tmp_path / "l")
    assert statuses(again) == ["uncertain", "uncertain", "done_before"]
    assert "cannot be looked up" in str(again[0].error)
    before = sandbox.counts()["applicants"]
    made, _ = await faulty.bulk.upload_all(rows, ledger=tmp_path / "l", on_uncertain="create")
    assert statuses(made) == ["created", "created", "done_before"]
    assert sandbox.counts()["applicants"] == before + 1


async def test_without_files_another_document_that_looks_the_same_sets_the_row_aside(
    faulty, proxy, sandbox, applicant, tmp_path
):
    await faulty.documents.create(type="ADDRESS_DOCUMENT", applicant_id=applicant)
    proxy.faults.append(NEVER_ARRIVED)
    row = BulkRow(document={"type": "ADDRESS_DOCUMENT"}, applicant_id=applicant)
    [result], _ = await faulty.bulk.upload_all([row], ledger=tmp_path / "l")
    assert result.status is BulkStatus.UNCERTAIN
    assert "looks the same" in str(result.error)
    [result], _ = await faulty.bulk.upload_all([row], ledger=tmp_path / "l", on_uncertain="create")
    assert result.status is BulkStatus.CREATED
    assert sandbox.counts()["documents"] == 2


async def test_without_files_a_number_tells_documents_apart(faulty, proxy, sandbox, applicant):
    await faulty.documents.create(type="ADDRESS_DOCUMENT", applicant_id=applicant, document_number="other")
    proxy.faults.append(LOST)
    row = BulkRow(document={"type": "ADDRESS_DOCUMENT", "document_number": "mine"}, applicant_id=applicant)
    [result], _ = await faulty.bulk.upload_all([row])
    assert result.status is BulkStatus.CREATED
    assert (await faulty.documents.get(result.document_id)).document_number == "mine"
    assert sandbox.counts()["documents"] == 2


async def test_two_rows_of_one_applicant_that_share_a_file_become_two_documents(faulty, proxy, sandbox, row):
    kind = {"type": "ADDRESS_DOCUMENT"}
    rows = [row(n, document=kind, front_side=content(0)) for n in range(2)]
    proxy.faults.extend([Fault(), Fault(), LOST])
    results, _ = await faulty.bulk.upload_all(rows, concurrency=1)
    assert statuses(results) == ["created", "created"]
    for n, result in enumerate(results):
        assert (await faulty.documents.get(result.document_id)).document_number == f"N{n}"
    assert sandbox.counts()["documents"] == 2


async def test_a_run_that_was_cut_off_after_sending_is_settled_by_the_next(faulty, proxy, sandbox, row, tmp_path):
    proxy.faults.extend([Fault(), Fault(acted=True, hang=True)])
    upload = faulty.bulk.upload([row(0)], ledger=tmp_path / "l")
    reading = asyncio.create_task(anext(aiter(upload)))
    while sandbox.counts()["documents"] == 0:
        await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await upload.aclose()
    [result], _ = await faulty.bulk.upload_all([row(0)], ledger=tmp_path / "l")
    assert result.status is BulkStatus.CREATED
    assert sandbox.counts()["documents"] == 1


# What ends a run.


async def test_bytes_are_counted_with_their_files_also_when_the_run_ends_early(faulty, proxy, row):
    proxy.faults.extend([*[Fault()] * 4, refusal(401, "unauthorized")])
    upload = faulty.bulk.upload([row(n, back_side=content(10 + n)) for n in range(2)], concurrency=1)
    with pytest.raises(AuthenticationError):
        [result async for result in upload]
    sent = [content(0), content(10), content(1)]
    assert (upload.summary.created, upload.summary.files) == (1, len(sent))
    assert upload.summary.bytes == upload.progress.summary.bytes == sum(map(len, sent))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (refusal(401, "unauthorized"), AuthenticationError),
        (refusal(402, "insufficient_funds"), InsufficientFundsError),
    ],
)
async def test_a_revoked_key_or_an_empty_balance_ends_the_run_and_the_next_goes_on(
    fault, error, faulty, proxy, sandbox, row, tmp_path
):
    proxy.faults.extend([Fault(), Fault(), Fault(), fault])
    rows = [row(n, document={"type": kind}) for n, kind in enumerate(KINDS)]
    seen = []
    with pytest.raises(error):
        await into(seen, faulty.bulk.upload(rows, ledger=tmp_path / "l", concurrency=1))
    assert statuses(seen) == ["created"]
    results, summary = await faulty.bulk.upload_all(rows, ledger=tmp_path / "l")
    assert (summary.done_before, summary.created, summary.requests) == (1, 5, 9)
    assert sandbox.counts()["documents"] == 6
    assert all(result.error is None for result in results)


async def test_a_ledger_that_cannot_be_opened_ends_it_before_anything_is_sent(bulk_client, sandbox, row, tmp_path):
    with pytest.raises(LedgerError):
        await bulk_client.bulk.upload_all([row(0)], ledger=tmp_path / "no" / "l")
    assert sandbox.counts()["files"] == 0


async def test_a_server_that_is_away_is_waited_for(faulty, proxy, row, fake_time):
    port = int(proxy.url.rpartition(":")[2])
    await proxy._serving.close()
    tries = []

    async def come_back():
        tries.append(1)
        if len(tries) == 6:
            await proxy.listen(port)

    fake_time.before_sleep = come_back
    results, _ = await faulty.bulk.upload_all([row(0), row(1, document={"type": "VIDEO"})])
    assert statuses(results) == ["created", "created"]
    assert max(fake_time.slept) == 2.0  # growing from a quarter of a second


async def test_a_server_that_stays_away_ends_the_run_after_a_time_for_all_rows_together(
    make_client, row, fake_time, sandbox, tmp_path
):
    url = sandbox.url
    client = make_client(url, api_key=sandbox.api_key)
    await sandbox.stop()
    with pytest.raises(ConnectionFailedError):
        await client.bulk.upload_all([row(n) for n in range(50)], ledger=tmp_path / "l", give_up_after=60)
    assert 60 < sum(fake_time.slept) < 65


async def test_a_fault_that_meets_one_row_again_and_again_fails_that_row(faulty, proxy, row):
    proxy.faults.extend([Fault(reply=reply(500, '{"type": "internal_server"}'))] * 4)
    results, _ = await faulty.bulk.upload_all([row(0), row(1, document={"type": "VIDEO"})], concurrency=1)
    assert isinstance(results[0].error, ServerError)
    assert statuses(results) == ["failed", "created"]


async def test_refusals_are_waited_out_and_counted(faulty, proxy, row):
    proxy.faults.extend([BUSY, BUSY, Fault(), BUSY])
    [result], summary = await faulty.bulk.upload_all([row(0)])
    assert (result.status, result.attempts, summary.refusals) == (BulkStatus.CREATED, 5, 3)


async def test_rows_that_cannot_be_read_end_the_run(bulk_client, row):
    def rows():
        yield row(0)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        await bulk_client.bulk.upload_all(rows())


async def test_the_ledger_of_another_key_ends_it_before_anything_is_sent(
    bulk_client, make_client, sandbox, row, tmp_path
):
    await bulk_client.bulk.upload_all([row(0)], ledger=tmp_path / "l")
    other = make_client(sandbox.url, api_key="f" * 36)
    with pytest.raises(LedgerError, match="another API key"):
        await other.bulk.upload_all([row(0)], ledger=tmp_path / "l")
    with pytest.raises(AuthenticationError):  # as far as the server
        await other.bulk.upload_all([row(1)], ledger=tmp_path / "l", same_account=True)


# Rows in, results out.


async def test_rows_are_read_as_the_work_goes_on(bulk_client, row):
    taken = []

    async def rows():
        for n in range(1000):
            taken.append(n)
            yield row(n, front_side=b"no picture")

    upload = bulk_client.bulk.upload(rows(), concurrency=4)
    results = aiter(upload)
    for _ in range(20):
        await anext(results)
    assert len(taken) <= 20 + 4 + 4 + 1
    await results.aclose()


async def test_drain_finishes_what_is_in_flight_and_takes_no_more(bulk_client, sandbox, row, tmp_path):
    def rows():
        for n in range(10_000):
            yield row(n, front_side=content(n), applicant=person(n))

    upload = bulk_client.bulk.upload(rows(), ledger=tmp_path / "l", concurrency=4)
    results, begun = [], []
    async for result in upload:
        results.append(result)
        begun.append(upload.summary.rows + upload.progress.in_flight)
        upload.drain()
    assert 1 <= len(results) == begun[0]  # what was begun when it was told to drain, and nothing else
    assert statuses(results) == ["created"] * len(results)
    assert sandbox.counts()["documents"] == len(results) == upload.summary.created
    assert upload.progress.in_flight == 0


async def test_leaving_the_loop_early_leaves_a_ledger_to_go_on_from(bulk_client, sandbox, row, tmp_path):
    rows = [row(n, document={"type": kind}) for n, kind in enumerate(KINDS)]
    async with bulk_client.bulk.upload(rows, ledger=tmp_path / "l", concurrency=2) as upload:
        async for result in upload:
            assert result.status is BulkStatus.CREATED
            break
    results, _ = await bulk_client.bulk.upload_all(rows, ledger=tmp_path / "l")
    assert all(result.document_id for result in results)
    assert sandbox.counts()["documents"] == 6


@pytest.mark.parametrize("rounds", [0, 1, 50])
async def test_closing_it_from_elsewhere_ends_the_loop_over_its_results(rounds, faulty, proxy, row):
    proxy.faults.extend([Fault(), Fault(hang=True)])
    upload = faulty.bulk.upload([row(0)])
    reading = asyncio.create_task(into([], upload))
    while upload._task is None:
        await asyncio.sleep(0)
    for _ in range(rounds):
        await asyncio.sleep(0)
    await upload.aclose()
    await asyncio.wait_for(reading, 20)


async def test_an_upload_can_be_iterated_over_once(bulk_client, row):
    upload = bulk_client.bulk.upload([row(0)])
    assert len([result async for result in upload]) == 1
    with pytest.raises(RuntimeError, match="once"):
        [result async for result in upload]


@pytest.mark.parametrize("options", [{"on_error": "x"}, {"on_uncertain": "x"}, {"concurrency": 0}, {"ledger": ""}])
async def test_options_that_make_no_sense_are_refused(options, bulk_client):
    with pytest.raises(ConfigurationError):
        bulk_client.bulk.upload([], **options)


async def test_what_is_no_row_ends_the_run_with_a_clear_error(bulk_client):
    with pytest.raises(TypeError, match="expected BulkRow, got dict"):
        await bulk_client.bulk.upload_all([{"document": {}}])


async def test_nothing_personal_is_in_the_ledger_or_in_what_is_printed(faulty, proxy, row, tmp_path):
    secret = "SECRET-17"
    proxy.faults.extend([Fault()] * 5 + [LOST])
    rows = [
        row(0, document={"document_number": secret}, applicant=Person(first_name=secret, external_applicant_id=secret)),
        row(1, document={"document_number": secret, "type": "NO SUCH TYPE"}, key=secret),
        row(2, document={"document_number": secret, "type": "VIDEO"}, applicant=person(secret)),
    ]
    results, _ = await faulty.bulk.upload_all(rows, ledger=tmp_path / "l")
    printed = repr(results) + "".join("".join(traceback.format_exception(r.error)) for r in results if r.error)
    assert secret not in printed
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert stored
    assert secret.encode() not in stored


async def test_options_are_those_of_the_client_it_was_asked_from(bulk_client):
    assert bulk_client.bulk is bulk_client.bulk
    other = bulk_client.with_options(check=False)
    assert other.bulk is not bulk_client.bulk
    assert not other.bulk._settings.check
