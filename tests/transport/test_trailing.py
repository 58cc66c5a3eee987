"""Bytes behind an answer: what was created is not lost for them, and they are nobody's answer."""

import socket

import pytest

from kycaid_async import AsyncKycaid, ConnectionLostError
from kycaid_async.transport.aiohttp.protocol import _end_of_answer
from tests.raw import RawServer, body_of, head_of

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BODY = b'{"applicant_id": "1"}'
SIZED = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x;a=b\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
ANSWERS = {
    "with a length": SIZED,
    "in chunks": CHUNKED,
    "behind others": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + SIZED,
}
BEHIND = {
    "half an answer": b"HTTP/1.1 what",
    "empty lines and half an answer": b"\r\n\r\nHTTP/1.1 what",
    "a page": b"<html>",
    "zeros": bytes(70_000),
}


def serving(whole: bytes, connections: list[int]):
    def serve(connected: socket.socket) -> None:
        connections.append(connected.fileno())
        while True:
            body_of(connected, head_of(connected))
            connected.sendall(whole)

    return serve


@pytest.fixture(params=["past the session", "through it"])
async def connect(request, make_client):
    def made(url: str) -> AsyncKycaid:
        client = make_client(url)
        if request.param != "past the session":
            client._shared.resources.current().backend._fits = False
        return client

    return made


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("behind", BEHIND.values(), ids=BEHIND)
async def test_a_whole_answer_counts_whatever_comes_with_it_and_its_connection_is_not_used_again(
    answer, behind, connect
):
    connections: list[int] = []
    with RawServer(serving(answer + behind, connections)) as server:
        client = connect(server.url)
        for number in (1, 2):
            assert await client.request("POST", "/x", json={}, replay="billed") == {"applicant_id": "1"}
            assert len(connections) == number
        await client.aclose()


@pytest.mark.parametrize(
    "broken", [HEAD + b"Bad\0: x\r\n\r\n{}", CHUNKED.replace(b"0\r\n\r\n", b"zz\r\n\r\n"), b"SSH-2.0\r\n"]
)
async def test_an_answer_that_is_not_whole_does_not_count(broken, connect):
    with RawServer(serving(broken, [])) as server:
        client = connect(server.url)
        with pytest.raises(ConnectionLostError) as caught:
            await client.request("POST", "/x", json={}, replay="billed")
        assert caught.value.maybe_processed
        await client.aclose()


def test_an_answer_ends_where_it_says():
    for answer in ANSWERS.values():
        assert _end_of_answer(answer + b"more") == len(answer)
        assert [_end_of_answer(answer[:size]) for size in range(len(answer) + 1)] == [None] * (len(answer) + 1)
