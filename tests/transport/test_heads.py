"""Answers with large heads: gateways and sign-on proxies add cookies and policies to what the server says."""

import socket

import aiohttp
import pytest

from kycaid_async import AsyncKycaid, ConnectionFailedError, DecodeError
from tests.raw import RawServer, answer, body_of, head_of

LARGE = {
    "a header of 60,000 bytes": ["X-Policy: " + "a" * 60_000],
    "a header name of 60,000 bytes": ["X" * 60_000 + ": a"],
    "900 headers": [f"X-{n}: a" for n in range(900)],
    "60 cookies of 9,000 bytes": [f"Set-Cookie: c{n}={'x' * 9_000}" for n in range(60)],
}
TOO_LARGE = {
    "a header of 70,000 bytes": ["X-Policy: secret-" + "a" * 70_000],
    "a header name of 70,000 bytes": ["X" * 70_000 + ": a"],
    "1,100 headers": [f"X-{n}: a" for n in range(1_100)],
    "a header of four megabytes": ["X-Policy: " + "a" * 4_000_000],
}


@pytest.fixture(params=["directly", "through a session of the user"])
async def connect(request, make_client):
    session = aiohttp.ClientSession() if request.param != "directly" else None

    def made(url: str, **options: object) -> AsyncKycaid:
        return make_client(url, session=session, **options)

    yield made
    if session is not None:
        await session.close()


def answering(*lines: str):
    def serve(connected: socket.socket) -> None:
        while True:
            body_of(connected, head_of(connected))
            connected.sendall(answer(200, b'{"applicant_id": "1"}', *lines))

    return serve


@pytest.mark.parametrize("lines", LARGE.values(), ids=LARGE)
async def test_an_answer_with_a_large_head_is_an_answer(lines, connect):
    with RawServer(answering(*lines)) as server:
        client = connect(server.url)
        for _ in range(2):
            assert await client.request("POST", "/x", json={}, replay="billed") == {"applicant_id": "1"}
        await client.aclose()


@pytest.mark.parametrize(("replay", "acted"), [("safe", False), ("idempotent", True), ("billed", True)])
@pytest.mark.parametrize("lines", TOO_LARGE.values(), ids=TOO_LARGE)
async def test_a_head_that_is_too_large_is_named_as_the_reason_and_asked_for_once(lines, replay, acted, connect):
    with RawServer(answering(*lines)) as server:
        client = connect(server.url)
        with pytest.raises(DecodeError, match=r"head of the answer is larger .* \(65,536 bytes a line") as caught:
            await client.request("POST", "/x", json={}, replay=replay)
        await client.aclose()
        assert server.connections == 1
    error = caught.value
    assert (error.attempts, error.maybe_processed, error.retryable) == (1, acted, False)
    assert "secret" not in str(error)


async def test_a_reason_that_is_too_large_is_part_of_the_head(connect):
    def serve(connected: socket.socket) -> None:
        body_of(connected, head_of(connected))
        connected.sendall(b"HTTP/1.1 200 " + b"r" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n")

    with RawServer(serve) as server, pytest.raises(DecodeError, match="head of the answer"):
        await connect(server.url).request("POST", "/x", json={})


async def test_a_proxy_whose_head_is_too_large_has_passed_nothing_on(make_client):
    def serve(connected: socket.socket) -> None:
        head_of(connected)
        connected.sendall(answer(200, b"", "X-Policy: " + "a" * 70_000))

    with RawServer(serve) as server, pytest.raises(ConnectionFailedError, match="proxy's answer") as caught:
        await make_client("https://api.example.com", proxy=server.url).request("POST", "/x", json={})
    assert not caught.value.maybe_processed
