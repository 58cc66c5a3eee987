"""Requests over connections of our own: what comes over them, what goes, and who may look on."""

import asyncio
import contextlib
import os
import select
import socket
import struct
import sys
import threading
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from unittest import mock

import aiohttp
import pytest
from aioresponses import aioresponses

from kycaid_async import ConnectionLostError, FileRefusedError, KycaidError
from kycaid_async.transport.aiohttp import sockets
from kycaid_async.uploads.path_source import QUICK_FOLDERS
from tests.conftest import API_KEY, PatchedResponse
from tests.pictures import picture
from tests.serving import Serve, Serving
from tests.transport.conftest import passing_on, send_into_small_buffers

DOCUMENT = "5f9aeb5e1f25e2441d182f56b6dcbfac12dd"
FILE_ID = b'{"file_id": "46b05f5c14c162402d186822fa0314c6162c"}'


def answer(body: bytes = b"{}", status: bytes = b"200 OK") -> bytes:
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(body)) + body


def document(status: str) -> bytes:
    return answer(b'{"document_id": "%s", "status": "%s"}' % (DOCUMENT.encode(), status.encode()))


@asynccontextmanager
async def serving(serve: Serve, **options: object) -> AsyncIterator[str]:
    """Serve each connection with ``serve``, and give the URL."""
    async with await Serving(serve).listen(**options) as server:
        yield server.url


async def some_rounds() -> None:
    """Let both sides read what is there; all is in one loop."""
    for _ in range(20):
        await asyncio.sleep(0)


async def head_of(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


# What the proxy may see.


@pytest.mark.parametrize("looked_on", [False, True])
@pytest.mark.parametrize("login", ["", "user:password@"])
async def test_the_key_is_not_shown_to_the_proxy(login, looked_on, make_client, monkeypatch):
    seen = []

    async def refuse(reader, writer):
        seen.append(await head_of(reader))
        writer.write(answer(status=b"403 Forbidden"))

    if looked_on:
        monkeypatch.setattr(aiohttp.ClientSession, "_request", passing_on([]))
    async with serving(refuse) as url:
        client = make_client("https://api.example.com", proxy=url.replace("//", f"//{login}"), max_retries=0)
        with pytest.raises(KycaidError, match="proxy refused"):
            await client.documents.get(DOCUMENT)
    assert len(seen) == 1
    assert seen[0].startswith(b"CONNECT api.example.com:443 ")
    assert API_KEY.encode() not in seen[0]
    assert (b"Proxy-Authorization" in seen[0]) == bool(login)


# What comes over a connection.


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("verb", ["GET", "POST"])
async def test_an_answer_that_nobody_asked_for_is_not_given_to_the_next_call(verb, at_once, make_client):
    connections, said = [], asyncio.Event()

    async def serve(reader, writer):
        connections.append(1)
        await head_of(reader)
        if len(connections) > 1:
            writer.write(document("valid"))
            return
        writer.write(document("pending") + (document("invalid") if at_once else b""))
        if not at_once:
            await some_rounds()
            writer.write(document("invalid"))
        await writer.drain()
        said.set()
        await reader.read()

    async with serving(serve) as url:
        client = make_client(url)
        first = await client.request(verb, "/documents/1")
        await said.wait()
        await some_rounds()
        second = await client.request(verb, "/documents/1")
        await client.aclose()
    assert (first["status"], second["status"]) == ("pending", "valid")
    assert len(connections) == 2


async def test_what_a_server_says_ahead_of_its_answer_is_passed_over(make_client):
    async def serve(reader, writer):
        while True:
            await head_of(reader)
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
            writer.write(document("valid"))

    async with serving(serve) as url:
        client = make_client(url)
        found = [await client.documents.get(DOCUMENT) for _ in range(3)]
        await client.aclose()
    assert [one.status for one in found] == ["valid"] * 3


async def test_what_is_no_http_is_a_lost_answer(make_client):
    async def serve(reader, writer):
        await head_of(reader)
        writer.write(b"220 mail.example.com ESMTP Jane\r\n")

    async with serving(serve) as url:
        with pytest.raises(ConnectionLostError, match="not valid HTTP") as caught:
            await make_client(url, max_retries=0).request("POST", "/x", json={})
    assert caught.value.maybe_processed
    assert "Jane" not in str(caught.value)


async def test_the_answer_to_head_has_a_length_and_no_body(make_client):
    async def serve(reader, writer):
        while True:
            assert (await head_of(reader)).startswith(b"HEAD /documents ")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")

    async with serving(serve) as url:
        client = make_client(url)
        assert [await client.request("HEAD", "/documents") for _ in range(2)] == [None, None]
        await client.aclose()


@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_request_that_could_have_a_body_says_that_it_has_none(verb, client, server):
    server.answer(200, {})
    await client.request(verb, "/x")
    assert server.requests[0].headers["Content-Length"] == "0"
    assert server.requests[0].body == b""


def waits_for_news(connected: socket.socket) -> bool:
    return bool(select.select([connected], [], [], 10)[0])


async def test_a_server_that_hangs_up_at_once_gets_few_connections_and_has_processed_nothing(make_client, monkeypatch):
    connections = []

    def hang_up(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):  # it was closed
            while True:
                accepted, _ = listening.accept()
                connections.append(1)
                accepted.close()

    monkeypatch.setattr(sockets, "_readable", waits_for_news)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=hang_up, args=[listening], daemon=True).start()
        client = make_client(f"http://127.0.0.1:{listening.getsockname()[1]}", max_retries=1)
        with pytest.raises(ConnectionLostError) as caught:
            await client.request("POST", "/x", json={}, replay="billed")
        listening.shutdown(socket.SHUT_RDWR)
    assert (caught.value.attempts, caught.value.maybe_processed, caught.value.retryable) == (2, False, True)
    assert len(connections) <= 6


# Answers that come before the file has left.


def resets(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@pytest.mark.parametrize("size", [200_000, 20_000_000])
async def test_an_answer_before_the_file_has_left_is_not_believed_although_the_connection_breaks(
    size, make_client, monkeypatch
):
    """What was still to be sent is gone with the connection, so nothing is left that would show it."""

    async def serve(reader, writer):
        await head_of(reader)
        begun, rest = answer(FILE_ID)[:-5], answer(FILE_ID)[-5:]
        writer.write(begun)
        await writer.drain()
        await asyncio.sleep(0.05)  # now the other side waits for room in small buffers
        writer.write(rest)
        resets(writer)

    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listening.bind(("127.0.0.1", 0))
    send_into_small_buffers(monkeypatch)
    async with serving(serve, sock=listening, limit=1024) as url:
        with pytest.raises(ConnectionLostError, match="before it had the whole file"):
            await make_client(url, max_retries=0).files.create(picture(size))


async def test_a_refusal_while_a_large_file_is_being_sent_stops_it_at_once(make_client):
    async def serve(reader, writer):
        await head_of(reader)
        writer.write(answer(b'{"type": "limit_file_size"}', b"413 Too Large"))
        await asyncio.Event().wait()  # reads no more, and does not hang up

    async with serving(serve, limit=1024) as url:
        client = make_client(url)
        with pytest.raises(FileRefusedError) as caught:
            await client.files.create(picture(50_000_000))
        await client.aclose()
    assert (caught.value.attempts, caught.value.maybe_processed) == (1, False)


async def test_a_connection_whose_request_was_answered_before_it_was_sent_is_not_used_again(make_client, tmp_path):
    connections = []

    async def serve(reader, writer):
        connections.append(1)
        await head_of(reader)
        if len(connections) > 1:
            writer.write(document("valid"))
            return
        writer.write(answer(b'{"type": "limit_file_size"}', b"413 Too Large"))
        await asyncio.Event().wait()

    async with serving(serve, limit=1024) as url:
        client = make_client(url)
        with pytest.raises(FileRefusedError):
            await client.files.create(picture(20_000_000))
        assert (await client.documents.get(DOCUMENT)).status == "valid"
        await client.aclose()
    assert len(connections) == 2


@pytest.mark.skipif(not hasattr(os, "RWF_NOWAIT"), reason="elsewhere files are read in threads, in other buffers")
async def test_files_that_wait_for_their_answers_are_not_held_in_memory(make_client, tmp_path, request):
    path, many, got = tmp_path / "passport.png", 16, 0
    path.write_bytes(picture(900_000))
    QUICK_FOLDERS.note(str(tmp_path), 0.0)
    request.addfinalizer(tracemalloc.stop)

    async def read_all(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        nonlocal got
        while data := await reader.read(1 << 16):
            got += len(data)

    async with serving(read_all) as url, asyncio.TaskGroup() as group, asyncio.timeout(60):
        client = make_client(url, max_connections=many)
        tracemalloc.start()
        uploads = [group.create_task(client.files.create(path)) for _ in range(many)]
        while got < many * 900_000:
            await asyncio.sleep(0)
        held = tracemalloc.get_traced_memory()[0]
        assert not any(upload.done() for upload in uploads)
        for upload in uploads:
            upload.cancel()
    assert held < 4_000_000


# Who looks on at aiohttp's requests sees ours.


async def test_whoever_replaces_the_request_function_of_aiohttp_sees_every_request(client, server, monkeypatch):
    for _ in range(3):
        server.answer(200, {"document_id": DOCUMENT})
    await client.documents.get(DOCUMENT)
    seen: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(aiohttp.ClientSession, "_request", passing_on(seen))
        await client.documents.get(DOCUMENT)
    await client.documents.get(DOCUMENT)
    assert seen == [f"GET {server.url}/documents/{DOCUMENT}"]
    assert len(server.requests) == 3


@pytest.mark.parametrize("place", ["ClientSession.request", "ClientSession._request", "ClientRequest.send"])
async def test_a_mock_in_the_place_of_a_function_of_aiohttp_keeps_requests_from_the_server(place, client, server):
    server.answer(200, {"document_id": DOCUMENT})
    await client.documents.get(DOCUMENT)
    with (
        mock.patch(f"aiohttp.{place}", side_effect=aiohttp.ClientConnectionError("mocked")) as mocked,
        pytest.raises(KycaidError),
    ):
        await client.with_options(max_retries=0).documents.get(DOCUMENT)
    assert mocked.called
    assert len(server.requests) == 1


WRAPPED_BEFORE = """
import asyncio, functools, sys
import aiohttp

real, seen = aiohttp.ClientSession._request, []

@functools.wraps(real)
async def recorded(self, method, url, **options):
    seen.append(str(url))
    raise aiohttp.ClientConnectionError("played back")

aiohttp.ClientSession._request = recorded

from kycaid_async import AsyncKycaid, KycaidError

async def main():
    async with AsyncKycaid("k" * 36, base_url=sys.argv[1], max_retries=0) as client:
        try:
            await client.request("POST", "/verifications", json={})
        except KycaidError:
            print(len(seen))

asyncio.run(main())
"""


async def test_a_recorder_that_was_there_first_and_passes_for_aiohttps_own_function_sees_every_request(server):
    run = [sys.executable, "-c", WRAPPED_BEFORE, server.url]
    process = await asyncio.create_subprocess_exec(*run, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert out.strip() == b"1"
    assert server.requests == []


async def test_a_tracer_that_is_put_into_every_session_sees_every_request(server, make_client, monkeypatch):
    seen = []

    async def started(session, context, params):
        seen.append((params.method, str(params.url)))

    tracer = aiohttp.TraceConfig()
    tracer.on_request_start.append(started)
    real = aiohttp.ClientSession.__init__
    monkeypatch.setattr(
        aiohttp.ClientSession, "__init__", lambda self, **options: real(self, trace_configs=[tracer], **options)
    )
    server.answer(200, {"document_id": DOCUMENT})
    await make_client(server.url).documents.get(DOCUMENT)
    assert seen == [("GET", f"{server.url}/documents/{DOCUMENT}")]


async def test_a_client_that_has_sent_for_real_can_be_mocked_afterwards(client, server):
    server.answer(200, {"document_id": DOCUMENT, "status": "pending"})
    assert (await client.documents.get(DOCUMENT)).status == "pending"
    with aioresponses() as mocked:
        mocked.get(
            f"{server.url}/documents/{DOCUMENT}",
            payload={"document_id": DOCUMENT, "status": "valid"},
            response_class=PatchedResponse,
        )
        assert (await client.documents.get(DOCUMENT)).status == "valid"
    assert len(server.requests) == 1


def test_the_headers_are_those_that_aiohttp_sends(server_headers):
    ours, theirs = server_headers
    assert ours == theirs


@pytest.fixture
async def server_headers(client, server, monkeypatch) -> tuple[list[str], list[str]]:
    """The headers of one request sent directly, and of the same through aiohttp's session."""
    found = []
    for _ in range(2):
        server.answer(200, {"document_id": DOCUMENT})
        await client.documents.create(type="PASSPORT", applicant_id=DOCUMENT)
        found.append(sorted(f"{name}: {value}" for name, value in server.requests.pop().headers.items()))
        monkeypatch.setattr(aiohttp.ClientSession, "_request", passing_on([]))
    return found[0], found[1]
