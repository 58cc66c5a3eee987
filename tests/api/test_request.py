"""``client.request``, for what the SDK does not know yet."""

from pathlib import Path

import pytest

from kycaid_async import InvalidRequestError, Replay, ServerError
from tests.api.examples import DOCUMENT_ID
from tests.api.wire import compact


@pytest.mark.parametrize("method", ["GET", "post", "Patch", "PUT", "DELETE"])
async def test_any_method_and_path_is_called_and_json_comes_back(client, server, method):
    server.answer(200, {"status": "ok", "data": [1, None]})
    body = None if method == "GET" else {"a": "ä", "b": None}
    answer = await client.request(method, "/services/us/eidv", json=body, query={"count": 5, "x": None})
    (request,) = server.requests
    assert (request.method, request.path, request.query) == (method.upper(), "/services/us/eidv", {"count": "5"})
    assert request.body == (b"" if body is None else compact(body))
    assert answer == {"status": "ok", "data": [1, None]}


async def test_an_id_in_the_path_arrives_as_it_is(client, server):
    server.answer(200, {})
    await client.request("GET", f"/verifications/{DOCUMENT_ID}")
    assert server.requests[0].path == f"/verifications/{DOCUMENT_ID}"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "documents",
        "//evil.example/x",
        "https://evil.example/",
        "/a/../b",
        "/..",
        "/.",
        "/a?b=c",
        "/a#b",
        "/a b",
        "/a\\b",
        "/a\r\nX: y",
        None,
        b"/documents",
        Path("/documents"),
    ],
)
async def test_a_path_that_would_lead_elsewhere_is_refused(client, server, path):
    with pytest.raises(InvalidRequestError) as caught:
        await client.request("GET", path)
    assert caught.value.field == "path"
    assert server.requests == []


@pytest.mark.parametrize("method", ["", "GE T", "GET\r\nX: y", "GÉT", None, b"GET", 5])
async def test_a_method_that_is_none_is_refused(client, server, method):
    with pytest.raises(InvalidRequestError) as caught:
        await client.request(method, "/documents")
    assert caught.value.field == "method"
    assert server.requests == []


@pytest.mark.parametrize("replay", ["sometimes", 5, ["safe"]], ids=repr)
async def test_an_unknown_replay_class_is_refused(replay, client, server):
    with pytest.raises(InvalidRequestError, match="replay: expected one of safe, idempotent, duplicates, billed"):
        await client.request("POST", "/documents", replay=replay)
    assert server.requests == []


@pytest.mark.parametrize(
    ("method", "replay", "attempts"),
    [
        ("GET", None, 2),
        ("PUT", None, 2),
        ("PATCH", None, 2),
        ("DELETE", None, 2),
        ("POST", None, 1),
        ("POST", "safe", 2),
        ("POST", Replay.IDEMPOTENT, 2),
        ("POST", "duplicates", 1),
        ("GET", "billed", 1),
    ],
)
async def test_what_is_repeated_follows_the_replay_class(server, make_client, method, replay, attempts):
    client = make_client(server.url, max_retries=1)
    for _ in range(2):
        server.answer(500, {"type": "internal_server"})
    with pytest.raises(ServerError) as caught:
        await client.request(method, "/services/brand-new", replay=replay)
    assert (caught.value.attempts, len(server.requests)) == (attempts, attempts)
    assert caught.value.operation == "request"


@pytest.mark.parametrize(
    "path",
    [
        "/a/%2e%2e/b",
        "/%2E./b",
        "/.%2e",
        "/a/%2e",
        "/%252e%252e/b",
        "/%25252525252525252e/b",
        "/a/..;/b",
        "/a/..%3bx=y/b",
        "/a/..%2fb",
        "/a%5c..%5cb",
        "/%2f%2fevil.example",
        "/a/%c0%ae%c0%ae/b",
        "/a/\uff0e\uff0e/b",
        "/a/%EF%BC%8E%EF%BC%8E/b",
        "/a/‥/b",
        "/a/%u002e%u002e/b",
        "/a/%00",
        "/a%0d%0aX: y",
        "/a%",
    ],
)
async def test_a_way_out_of_the_path_is_refused_however_it_is_encoded(client, server, path):
    with pytest.raises(InvalidRequestError):
        await client.request("GET", path)
    assert server.requests == []


@pytest.mark.parametrize("path", ["/a%2Fb", "/50%25", "/a%3Fb", "/...", "/a..b", "/.well-known", "/%41", "/a;b"])
async def test_a_path_that_only_looks_so_is_sent_as_it_is(client, server, path):
    server.answer(200, {})
    await client.request("GET", path)
    assert len(server.requests) == 1
