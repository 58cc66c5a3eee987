"""``with_raw_response``: what came around an answer, on both clients, for each operation."""

import inspect
import pickle

import pytest

import kycaid_async.api.raw_sections
import kycaid_async.sync.raw_sections
from kycaid_async import Document, Hooks, InvalidRequestError, Kycaid, NotFoundError, RawResponse
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.api.raw_response import Headers
from kycaid_async.api.sections import SECTIONS
from kycaid_async.testing import Sandbox
from tests.api.cases import CASES
from tests.api.wire import compact

ID = "d" * 36
SESSION = "session=4d6f6e6b6579; Path=/"


async def test_a_call_tells_its_status_headers_attempts_and_seconds(client, server, fake_time):
    server.answer(503, {"type": "limit_exceeded", "errors": []})
    server.answer(200, {"document_id": ID, "card_number": "4000000000000000"}, headers={"X-Request-Id": "r-1"})
    response = await client.with_raw_response.documents.get(ID)
    assert isinstance(response, RawResponse)
    assert (response.status, response.attempts, response.headers["x-request-id"]) == (200, 2, "r-1")
    assert response.seconds == sum(fake_time.slept) > 0
    assert response.parsed == response.parse() == Document(document_id=ID, card_number="4000000000000000")
    assert len(server.requests) == 2


async def test_nothing_secret_is_in_what_it_prints(client, server):
    server.answer(
        200,
        {"card_number": "4000000000000000"},
        headers={"Set-Cookie": SESSION, "X-Person": "Jane", "Location": f"/documents/{ID}", "Content-Language": "en"},
    )
    response = await client.with_raw_response.documents.get(ID)
    printed = f"{response!r} {response} {response.headers!r} {response.headers}"
    assert not [mark for mark in ("4000", "4d6f", "Jane", ID) if mark in printed]
    assert "'Content-Type': 'application/json" in printed
    assert (response.headers["SET-COOKIE"], response.headers.get("x-person")) == (SESSION, "Jane")
    assert "parsed" not in dir(response)


@pytest.mark.parametrize("name", sorted(CASES))
async def test_every_operation_gives_the_same_object_in_it(make_client, server, name):
    client = make_client(server.url)
    plain = CASES[name]
    if name.endswith("report"):
        assert not hasattr(client.with_raw_response.verifications, "report")
        return
    server.answer(200, compact(plain.answer))
    response = await plain.call(_RawClient(client))
    assert (response.status, response.attempts, response.parsed) == (200, 1, plain.result)


class _RawClient:
    """Stands in the place of a client."""

    def __init__(self, client):
        self._raw = client.with_raw_response

    def __getattr__(self, name):
        return getattr(self._raw, name)


async def test_it_raises_what_the_others_raise(client, server):
    server.answer(404, {"type": "not_found", "errors": []})
    with pytest.raises(NotFoundError) as caught:
        await client.with_raw_response.documents.get(ID)
    assert caught.value.operation == "documents.get"
    with pytest.raises(InvalidRequestError, match="document_id: expected 36 characters"):
        await client.with_raw_response.documents.get("short")
    assert len(server.requests) == 1


async def test_a_list_that_is_remembered_is_asked_for_all_the_same(client, server):
    server.answer(200, [])
    server.answer(200, [])
    await client.countries.list()
    response = await client.with_raw_response.countries.list(max_age=1000)
    assert (response.parsed, response.attempts, len(server.requests)) == ([], 1, 2)


async def test_a_request_that_no_section_declares_has_one_too(client, server):
    server.answer(200, {"new": True})
    response = await client.with_raw_response.request("GET", "/new/thing", query={"page": 2})
    assert (response.parsed, response.status) == ({"new": True}, 200)
    assert (server.requests[0].path, server.requests[0].query) == ("/new/thing", {"page": "2"})


async def test_hooks_options_and_pickles_go_with_it(make_client, server):
    seen = []
    client = make_client(server.url, hooks=Hooks(on_result=seen.append))
    raw = client.with_raw_response
    server.answer(500, {"type": "internal_server", "errors": []})
    server.answer(200, {"document_id": ID})
    with pytest.raises(Exception, match="The fault is on the server's side"):
        await client.with_options(max_retries=0).with_raw_response.documents.get(ID)
    await raw.documents.get(ID)
    assert [event.status for event in seen] == [500, 200]
    plain = make_client(server.url)
    assert plain.with_raw_response is plain.with_raw_response
    assert "with_raw_response" not in vars(pickle.loads(pickle.dumps(plain)))  # noqa: S301 - our own


def test_the_blocking_client_has_the_same_with_plain_iterators_for_files():
    with Sandbox() as sandbox, Kycaid(sandbox.api_key, base_url=sandbox.url) as client:
        raw = client.with_raw_response
        countries = raw.countries.list()
        assert (countries.status, countries.attempts) == (200, 1)
        assert countries.parsed == client.countries.list()
        assert raw.request("GET", "/countries").status == 200
        picture = b"%PDF-1.4" + bytes(2000)
        made = raw.files.create(lambda: iter([picture]), size=len(picture), filename="a.pdf")
        assert len(made.parsed) == 36
        assert raw.files.replace(made.parsed, picture, filename="a.pdf").parsed == made.parsed
        assert raw.files.delete(made.parsed).status == 200


@pytest.mark.parametrize("section", SECTIONS)
def test_every_operation_of_a_section_is_there_and_says_what_it_returns(section):
    wanted = {name for name in ENDPOINTS if name.startswith(f"{section}.") and name != "verifications.report"}
    for cls in (
        kycaid_async.api.raw_sections.raw_class_of(section),
        kycaid_async.sync.raw_sections.twin_of(section),
    ):
        methods = {name for name in dir(cls) if not name.startswith("_")}
        assert {f"{section}.{name}" for name in methods} == wanted
    for name in wanted:
        method = vars(kycaid_async.api.raw_sections.raw_class_of(section))[name.partition(".")[2]]
        assert str(inspect.signature(method).return_annotation).startswith("kycaid_async.api.raw_response.RawResponse[")
        assert method.__doc__


def test_headers_are_a_mapping_without_regard_to_case():
    headers = Headers({"Content-Type": "a/b", "content-type": "c/d", "X-Odd": "e"})
    assert (headers["CONTENT-type"], headers["x-odd"], len(headers), list(headers)) == (
        "a/b",
        "e",
        2,
        ["Content-Type", "X-Odd"],
    )
    assert ("x-ODD" in headers, "missing" in headers, 5 in headers) == (True, False, False)
    assert repr(headers) == "Headers({'Content-Type': 'a/b', 'X-Odd': ***})"
