"""Uploads over TLS, where what was encrypted and not yet sent is out of sight."""

import asyncio
import hashlib
import os
import socket
import ssl

import aiohappyeyeballs
import pytest
import trustme

from kycaid_async import ConnectionLostError, FileRefusedError, RequestTimeoutError, Timeout
from kycaid_async.uploads.path_source import QUICK_FOLDERS
from tests.pictures import picture
from tests.transport.conftest import send_into_small_buffers
from tests.upload_server import UploadServer

FILE_ID = b'{"file_id": "46b05f5c14c162402d186822fa0314c6162c"}'

pytestmark = pytest.mark.usefixtures("each_way")


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def contexts(authority):
    serving, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.configure_trust(trusting)
    return serving, trusting


@pytest.fixture
def path_of(tmp_path):
    def path(size):
        made = tmp_path / f"{size}.png"
        made.write_bytes(picture(size))
        return made

    return path


@pytest.mark.parametrize("size", [5_000, 600_000, 2_500_000])
async def test_a_slow_reader_gets_every_byte_in_order(size, contexts, make_client, path_of, monkeypatch):
    send_into_small_buffers(monkeypatch)
    serving, trusting = contexts
    async with UploadServer(read_size=997, receive_buffer=4096, tls=serving) as server:
        client = make_client(server.url, ssl_context=trusting)
        await client.files.create(path_of(size))  # from now on its folder is known to be quick
        await asyncio.gather(*(client.files.create(path_of(size)) for _ in range(4)))
        await client.aclose()
    assert [r.digest for r in server.received] == [hashlib.sha256(picture(size)).hexdigest()] * 5


async def test_a_file_that_takes_long_to_leave_is_no_server_that_takes_long_to_answer(
    contexts, make_client, path_of, monkeypatch
):
    send_into_small_buffers(monkeypatch)
    serving, trusting = contexts
    limits = Timeout(read=0.6, progress=0.6, total=0.6)
    async with UploadServer(read_size=1 << 16, receive_buffer=4096, tls=serving, pause=0.01) as server:
        client = make_client(server.url, ssl_context=trusting, timeout=limits, max_retries=0)
        await client.files.create(path_of(900_000))
        await client.files.create(path_of(900_000))
        await client.aclose()
    assert len(server.received) == 2


@pytest.mark.parametrize("body", [None, {"a": 1}])
async def test_a_handshake_that_never_ends_is_no_connection_and_nothing_was_processed(body, contexts, make_client):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"https://127.0.0.1:{listening.getsockname()[1]}"
        limits = Timeout(connect=0.4, read=0.1)
        client = make_client(url, ssl_context=contexts[1], timeout=limits, max_retries=0)
        with pytest.raises(RequestTimeoutError) as caught:
            await client.request("POST", "/x", json=body, replay="billed")
        await client.aclose()
    assert (caught.value.phase, caught.value.maybe_processed, caught.value.retryable) == ("connect", False, True)


class AnswersFirst(UploadServer):
    """Answers as soon as it has a head, and reads no more. The next connection is served as it should be."""

    early = b""
    heads = ()

    async def _one(self, head, reader, writer):
        self.heads = (*self.heads, head.partition(b" HTTP")[0])
        if len(self.heads) > 1:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            return
        writer.write(self.early)
        await writer.drain()
        await self.go_on.wait()
        raise ConnectionError


def answer(status, body):
    return b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


@pytest.mark.parametrize("size", [900_000, 5_000_000])
async def test_a_success_before_the_file_has_left_is_not_believed(size, contexts, make_client, path_of, monkeypatch):
    send_into_small_buffers(monkeypatch)
    serving, trusting = contexts
    async with AnswersFirst(read_size=1 << 16, receive_buffer=4096, tls=serving) as server:
        server.early = answer(b"200 OK", FILE_ID)
        client = make_client(server.url, ssl_context=trusting, max_retries=0)
        with pytest.raises(ConnectionLostError):
            await client.files.create(path_of(size))
        server.go_on.set()
        await client.aclose()


@pytest.mark.parametrize("size", [120_000, 900_000, 5_000_000])
async def test_after_an_early_refusal_the_next_call_is_sent_over_another_connection(
    size, contexts, make_client, path_of, monkeypatch
):
    send_into_small_buffers(monkeypatch)
    serving, trusting = contexts
    async with AnswersFirst(read_size=1 << 16, receive_buffer=4096, tls=serving) as server:
        server.early = answer(b"413 Too Large", b'{"type": "limit_file_size"}')
        client = make_client(server.url, ssl_context=trusting, max_retries=0, timeout=Timeout(read=5, total=5))
        with pytest.raises(FileRefusedError):
            await client.files.create(path_of(size))
        await client.request("POST", "/verifications", json={"form_id": "f"}, replay="billed")
        server.go_on.set()
        await client.aclose()
    assert server.heads == (b"POST /files", b"POST /verifications")


@pytest.mark.parametrize("size", [900_000, 5_000_000])
async def test_a_connection_that_breaks_while_a_file_is_written_is_written_to_no_more(
    size, authority, contexts, make_client, path_of, monkeypatch, caplog
):
    connect, connected = aiohappyeyeballs.start_connection, []

    async def noted(**options):
        connected.append(await connect(**options))
        return connected[-1]

    class Breaks(ssl.SSLObject):
        def write(self, data):
            if len(data) > 20_000:
                connected[-1].shutdown(socket.SHUT_WR)  # every write fails from now on, as where it was lost
            return super().write(data)

    monkeypatch.setattr(aiohappyeyeballs, "start_connection", noted)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    trusting.sslobject_class = Breaks
    QUICK_FOLDERS.note(os.path.dirname(path_of(size)), 0.0)
    async with UploadServer(tls=contexts[0]) as server:
        client = make_client(server.url, ssl_context=trusting, max_retries=0)
        with pytest.raises(ConnectionLostError):
            await client.files.create(path_of(size))
        await client.aclose()
    assert len(connected) == 1
    assert "socket.send() raised" not in caplog.text
