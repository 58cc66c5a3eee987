"""The client itself: paths it does not know, options, and what it sends along."""

import asyncio

import aiohttp
import pytest
from aioresponses import aioresponses

from kycaid_async import AsyncKycaid, DecodeError, InvalidRequestError, RedirectError, ServerError
from tests.conftest import API_KEY, PatchedResponse
from tests.faults import FaultProxy

DOCUMENT = "5f9aeb5e1f25e2441d182f56b6dcbfac12dd"


async def test_a_call_carries_the_key_as_a_token_and_says_who_is_calling(client, server):
    server.answer(200, {"document_id": DOCUMENT})
    await client.documents.get(DOCUMENT)
    headers = server.requests[0].headers
    assert headers["Authorization"] == f"Token {API_KEY}"
    assert headers["User-Agent"].startswith("kycaid-async/")
    assert headers["Accept"] == "application/json"
    assert "Content-Type" not in headers


async def test_the_key_can_go_in_the_header_of_the_vendors_openapi_file(server, make_client):
    server.answer(200, {"document_id": DOCUMENT})
    await make_client(server.url, auth_header="API-Key").documents.get(DOCUMENT)
    assert server.requests[0].headers["API-Key"] == API_KEY
    assert "Authorization" not in server.requests[0].headers


async def test_what_the_client_does_not_know_can_be_called_by_its_path(client, server):
    server.answer(200, [1, {"a": None}])
    found = await client.request("post", "/services/new/thing", json={"a": 1}, query={"b": True, "c": "ä b", "d": None})
    assert found == [1, {"a": None}]
    sent = server.requests[0]
    assert (sent.method, sent.path, sent.query, sent.body) == (
        "POST",
        "/services/new/thing",
        {"b": "true", "c": "ä b"},
        b'{"a":1}',
    )


@pytest.mark.parametrize(
    "path",
    ["documents", "//evil.example/x", "https://evil.example/x", "/a/../b", "/a?b=1", "/a#b", "/a b", "\\\\a", ""],
)
async def test_a_path_that_could_leave_the_server_is_refused(path, client, server):
    with pytest.raises(InvalidRequestError, match="path"):
        await client.request("GET", path)
    assert server.requests == []


@pytest.mark.parametrize(
    ("method", "replay", "sent"), [("POST", None, 1), ("POST", "safe", 4), ("GET", None, 4), ("PUT", None, 4)]
)
async def test_an_unknown_post_is_repeated_only_on_request(method, replay, sent, client, server):
    for _ in range(4):
        server.answer(500, {"type": "internal_server"})
    with pytest.raises(ServerError) as caught:
        await client.request(method, "/new", replay=replay)
    assert len(server.requests) == caught.value.attempts == sent


async def test_calls_beyond_max_connections_wait_their_turn(server, make_client):
    client = make_client(server.url, max_connections=2)
    for _ in range(20):
        server.answer(200, {"document_id": DOCUMENT})
    found = await asyncio.gather(*(client.documents.get(DOCUMENT) for _ in range(20)))
    assert [d.document_id for d in found] == [DOCUMENT] * 20


async def test_an_answer_larger_than_the_limit_is_not_read(client, server):
    import attrs

    client._shared._settings = attrs.evolve(client._settings, max_answer=1000)
    server.answer(200, b"[" + b" " * 2000 + b"]")
    with pytest.raises(DecodeError, match="larger than this client reads") as caught:
        await client.documents.get(DOCUMENT)
    assert caught.value.attempts == 1


class Tagged(AsyncKycaid):
    """A client of the user, with an attribute and a method of its own."""

    def __init__(self, tag, **options):
        super().__init__(API_KEY, **options)
        self.tag = tag

    async def status_of(self, document_id):
        return (await self.documents.get(document_id)).status


async def test_a_subclass_with_other_options_keeps_what_is_its_own_and_takes_the_options(server):
    async with Tagged(["mine"], base_url=server.url) as client:
        assert client.documents is client.documents
        other = client.with_options(max_retries=0, check=False)
        assert type(other) is Tagged
        assert other.tag is client.tag
        server.answer(200, {"document_id": "short", "status": "valid"})
        assert await other.status_of("short") == "valid"
        server.answer(500, {"type": "internal_server"})
        with pytest.raises(ServerError) as caught:
            await other.documents.get(DOCUMENT)
        assert caught.value.attempts == 1
        with pytest.raises(InvalidRequestError):
            await client.documents.get("short")
        other.tag = "changed"
        assert client.tag == ["mine"]
    assert len(server.requests) == 2


async def test_a_list_in_a_query_repeats_its_name_on_the_wire(make_client, server):
    async with FaultProxy(server.url) as proxy:
        server.answer(200, {})
        server.answer(200, {})
        client = make_client(proxy.url)
        await client.request("GET", "/x", query={"type": ["a", "b c"], "n": None})
        await client.request("GET", "/x", query={"n": None, "m": []})
    assert [seen.path for seen in proxy.seen] == ["/x?type=a&type=b+c", "/x"]


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
@pytest.mark.parametrize(("method", "acts"), [("POST", True), ("PUT", True), ("GET", False)])
async def test_whatever_redirects_may_stand_behind_a_server_that_is_done(client, server, status, method, acts):
    server.answer(status, headers={"Location": "https://elsewhere.example/"})
    with pytest.raises(RedirectError) as caught:
        await client.request(method, "/x")
    assert (caught.value.attempts, caught.value.retryable) == (1, False)
    assert caught.value.maybe_processed is acts


async def test_a_mocked_aiohttp_works_too(make_client):
    with aioresponses() as mocked:
        url = f"https://api.kycaid.com/documents/{DOCUMENT}"
        mocked.get(url, payload={"document_id": DOCUMENT, "status": "valid"}, response_class=PatchedResponse)
        async with AsyncKycaid(API_KEY) as client:
            assert (await client.documents.get(DOCUMENT)).status == "valid"


async def test_the_error_of_a_refused_call_is_chained_to_nothing_that_holds_data(client, server):
    for _ in range(4):
        server.answer(200, b'{"name": "Jane')
    with pytest.raises(Exception) as caught:  # noqa: PT011 - any; its chain is what matters
        await client.documents.get(DOCUMENT)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_the_repr_shows_the_server_and_not_the_key():
    assert repr(AsyncKycaid(API_KEY)) == "AsyncKycaid(base_url='https://api.kycaid.com')"
    assert aiohttp.__version__


async def test_one_call_that_is_refused_often_does_not_hold_up_the_others_as_long(client, server, fake_time):
    for _ in range(6):
        server.answer(429, {"type": "limit_exceeded"})
    server.answer(200, {"document_id": DOCUMENT})
    await client.documents.get(DOCUMENT)
    assert fake_time.slept == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0]
    resources = client._shared.resources.current()
    refused_at = fake_time.now - 16.0
    assert resources.pacer.wait(refused_at) == 0.5
