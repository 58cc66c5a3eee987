"""A server that answers by the head of a request and closes, while the body is still being sent."""

import asyncio
import collections
import contextlib
import gc
import select
import socket
import threading
from collections.abc import AsyncIterator

import aiohttp
import pytest

from kycaid_async import ApiError, AsyncKycaid, ConnectionLostError, FileRefusedError, KycaidError
from kycaid_async.transport.aiohttp import sockets
from kycaid_async.uploads.io_budget import IoBudget
from kycaid_async.uploads.multipart import Upload
from kycaid_async.uploads.preflight import FileRules
from kycaid_async.uploads.sources import source_of
from tests.pictures import picture
from tests.raw import RawServer, answer, body_of, head_of, reset_when_closed
from tests.transport.conftest import passing_on

ATTEMPTS = 20
PICTURE = memoryview(picture(6_000_000))
REFUSALS = [
    (413, b'{"type":"limit_file_size","errors":[]}'),
    (401, b'{"error":{"type":"unauthorized"}}'),
    (400, b'{"type":"bad_request","errors":[]}'),
    (403, b'{"type":"inactive_account"}'),
    (503, b'{"type":"limit_exceeded"}'),
]


class Refuses:
    """Reads ``first`` bytes of the body, answers, and ends the connection in one of the ways that servers have."""

    def __init__(self, end: str, first: int = 0) -> None:
        self._end = end
        self._first = first
        self._count = 0

    def __call__(self, connected: socket.socket) -> None:
        head_of(connected)
        read = 0
        while read < self._first:
            read += len(connected.recv(1 << 16))
        status, body = REFUSALS[self._count % len(REFUSALS)]
        self._count += 1
        connected.sendall(answer(status, body, "Connection: close"))
        if self._end == "polite":
            with contextlib.suppress(AttributeError):  # over TLS this is the end of the connection below
                connected.shutdown(socket.SHUT_WR)
            while connected.recv(1 << 16):
                pass
        elif self._end == "reset":
            threading.Event().wait(0.005)  # in the middle of what is sent
            reset_when_closed(connected)
        # Closed with something unread in the buffer, a connection is reset too.


@pytest.fixture(params=["directly", "through our session", "through a session of the user"])
async def connect(request, make_client, monkeypatch) -> AsyncIterator:
    if request.param == "through our session":
        monkeypatch.setattr(aiohttp.ClientSession, "_request", passing_on([]))
    session = aiohttp.ClientSession() if request.param == "through a session of the user" else None

    def made(url: str, **options: object) -> AsyncKycaid:
        return make_client(url, max_retries=0, session=session, **options)

    yield made
    if session is not None:
        await session.close()


async def upload(client: AsyncKycaid, size: int) -> object:
    return await client.files.create(PICTURE[:size])


async def post(client: AsyncKycaid, size: int) -> object:
    # aiohttp warns of more than a megabyte in one piece.
    return await client.request("POST", "/x", json={"text": "x" * min(size, 1_000_000)}, replay="duplicates")


async def statuses(client: AsyncKycaid, send, size: int, *, is_reset: bool = False) -> dict[object, int]:
    """Return what was seen how often.

    uvloop writes past Python's sockets, so an answer that comes together with a reset may be lost there (see
    ``kycaid_async/transport/aiohttp/sockets.py``). All that may be seen in its place is a lost connection that may have
    processed the request. It counts as the answer here, where some answers are seen.
    """
    seen: collections.Counter[object] = collections.Counter()
    loses, lost = is_reset and type(asyncio.get_running_loop()).__module__.startswith("uvloop"), 0
    for number in range(ATTEMPTS):
        with pytest.raises(KycaidError) as caught:
            await send(client, size)
        if loses and isinstance(caught.value, ConnectionLostError) and caught.value.maybe_processed:
            lost += 1
            seen[REFUSALS[number % len(REFUSALS)][0]] += 1
            continue
        seen[caught.value.status if isinstance(caught.value, ApiError) else repr(caught.value)] += 1
        assert not caught.value.maybe_processed
    assert lost < ATTEMPTS
    return dict(seen)


EVERY_TIME = {status: ATTEMPTS // len(REFUSALS) for status, _ in REFUSALS}


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("end", ["unread", "reset", "polite"])
@pytest.mark.parametrize("send", [upload, post])
async def test_a_refusal_by_the_head_is_seen_every_time(send, end, secure, connect, tls_contexts):
    serving, trusting = tls_contexts if secure else (None, None)
    with RawServer(Refuses(end), tls=serving) as server:
        client = connect(server.url, ssl_context=trusting)
        assert await statuses(client, send, 6_000_000, is_reset=end != "polite") == EVERY_TIME
        await client.aclose()


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("size", [400_000, 900_000, 6_000_000])
async def test_a_refusal_in_the_middle_of_a_file_is_seen_every_time(size, secure, connect, tls_contexts):
    serving, trusting = tls_contexts if secure else (None, None)
    with RawServer(Refuses("unread", first=200_000), tls=serving) as server:
        client = connect(server.url, ssl_context=trusting)
        assert await statuses(client, upload, size, is_reset=True) == EVERY_TIME
        await client.aclose()


async def test_a_file_that_is_refused_for_good_is_sent_once(connect):
    refused = answer(413, REFUSALS[0][1], "Connection: close")

    def serve(connected: socket.socket) -> None:
        head_of(connected)
        connected.sendall(refused)

    with RawServer(serve) as server:
        client = connect(server.url).with_options(max_retries=3)
        with pytest.raises(FileRefusedError) as caught:
            await client.files.create(PICTURE)
        await client.aclose()
        assert server.connections == caught.value.attempts == 1


async def test_a_busy_server_that_closes_early_gets_the_file_again(connect):
    def serve(connected: socket.socket) -> None:
        head = head_of(connected)
        if server.connections < 3:
            connected.sendall(answer(503, b'{"type":"limit_exceeded"}', "Connection: close"))
            return
        body_of(connected, head)
        connected.sendall(answer(200, b'{"file_id": "46b05f5c14c162402d186822fa0314c6162c"}'))

    with RawServer(serve) as server:
        client = connect(server.url).with_options(max_retries=3)
        assert await client.files.create(PICTURE[:2_000_000]) == "46b05f5c14c162402d186822fa0314c6162c"
        await client.aclose()
        assert server.connections == 3


async def test_a_connection_that_is_reset_without_an_answer_is_a_lost_one_at_once(connect):
    def serve(connected: socket.socket) -> None:
        head_of(connected)
        reset_when_closed(connected)

    with RawServer(serve) as server:
        client = connect(server.url)
        for send in (upload, post):
            with pytest.raises(KycaidError, match="connection was lost") as caught:
                await send(client, 6_000_000)
            assert caught.value.maybe_processed
        await client.aclose()


async def test_a_connection_that_is_reset_between_two_looks_of_the_loop_is_a_lost_one(connect):
    closed = threading.Event()

    def serve(connected: socket.socket) -> None:
        head_of(connected)
        reset_when_closed(connected)
        connected.close()
        closed.set()

    async def source() -> AsyncIterator[bytes]:
        for start in range(0, 2_000_000, 100_000):
            if start > 1_000_000:
                assert closed.wait(10)  # holds up the loop: the next thing it does is to write this chunk
            yield PICTURE[start : start + 100_000]

    with RawServer(serve) as server:
        client = connect(server.url)
        with pytest.raises(KycaidError, match="connection was lost") as caught:
            await client.files.create(source, size=2_000_000, filename="a.png")
        assert caught.value.maybe_processed
        await client.aclose()


@pytest.mark.parametrize("iterations", [0, 1, 2, 3])
async def test_nothing_is_written_over_tls_to_a_connection_that_is_known_to_be_lost(
    iterations, connect, tls_contexts, caplog
):
    """asyncio's TLS shows the loss iterations later, takes all that is written meanwhile, and warns of each piece."""
    serving, trusting = tls_contexts
    held, closed = threading.Event(), threading.Event()

    def serve(connected: socket.socket) -> None:
        head_of(connected)
        assert held.wait(10)
        reset_when_closed(connected)
        connected.close()
        closed.set()

    async def source() -> AsyncIterator[bytes]:
        for start in range(0, 1_000_000, 10_000):
            if start == 500_000:
                held.set()
                assert closed.wait(10)  # holds up the loop: it has not read the reset yet
                wait_for_the_resets()
                for _ in range(iterations):
                    await asyncio.sleep(0)
            yield PICTURE[start : start + 10_000]

    with RawServer(serve, tls=serving) as server:
        client = connect(server.url, ssl_context=trusting)
        with pytest.raises(KycaidError, match="connection was lost") as caught:
            await client.files.create(source, size=1_000_000, filename="a.png")
        assert caught.value.maybe_processed
        await client.aclose()
    said = [one.getMessage() for one in caplog.records if one.name == "asyncio"]
    assert [one for one in said if not one.startswith("Executing")] == [], "but for how long it was held up"


def wait_for_the_resets() -> None:
    """Wait until each open connection of a client was reset; those of loops that write past Python's sockets aside."""
    for one in gc.get_objects():
        if type(one) is sockets.PatientSocket and one.fileno() >= 0:
            ended = select.poll()
            ended.register(one, 0)
            assert ended.poll(10_000), "it is reset"


async def test_what_is_said_ahead_of_the_answer_does_not_end_an_upload(connect):
    def serve(connected: socket.socket) -> None:
        head = head_of(connected)
        connected.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n")
        body_of(connected, head)
        connected.sendall(answer(200, b'{"file_id": "46b05f5c14c162402d186822fa0314c6162c"}'))

    with RawServer(serve) as server:
        client = connect(server.url)
        assert await client.files.create(PICTURE)
        await client.aclose()


async def test_the_socket_of_a_session_of_the_user_is_an_ordinary_one_again_afterwards(make_client):
    made = []

    def serve(connected: socket.socket) -> None:
        while True:
            body_of(connected, head_of(connected))
            connected.sendall(answer())

    def make(info: tuple) -> socket.socket:
        made.append(socket.socket(info[0], info[1], info[2]))
        return made[-1]

    with RawServer(serve) as server:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(socket_factory=make)) as session:
            await make_client(server.url, session=session).request("POST", "/x", json={})
            assert [type(one) for one in made] == [socket.socket]


def test_a_patient_socket_fails_once_all_is_read():
    def serve(connected: socket.socket) -> None:
        connected.recv(1)
        connected.sendall(b"all that there is")
        reset_when_closed(connected)

    with RawServer(serve) as server:
        patient = sockets.PatientSocket()
        with contextlib.closing(patient):
            patient.connect(("127.0.0.1", server.port))
            patient.send(b"x")
            ended = select.poll()
            ended.register(patient, 0)
            assert ended.poll(10_000), "it is reset"
            for send in (lambda: patient.send(b"x"), lambda: patient.sendmsg([b"x"])):
                with pytest.raises(BlockingIOError):
                    send()
            assert patient.recv(100) == b"all that there is"
            for send in (lambda: patient.send(b"x"), lambda: patient.sendmsg([b"x"])):
                with pytest.raises(ConnectionError) as caught:
                    send()
                assert caught.value.__cause__ is None, "whoever follows causes would come to no end"


def test_with_uvloop_a_refusal_is_seen_when_the_connection_ends_a_moment_later():
    uvloop = pytest.importorskip("uvloop")

    async def main(url: str) -> dict[object, int]:
        async with AsyncKycaid("k", base_url=url, max_retries=0) as client:
            return await statuses(client, upload, 6_000_000)

    with RawServer(Refuses("reset")) as server, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(main(server.url)) == EVERY_TIME


async def test_a_connection_that_was_closed_with_all_that_it_held_is_let_go_of():
    """What is left of the file was never handed on; asyncio does not abort a transport that closed itself."""

    class Closed(asyncio.WriteTransport):
        def is_closing(self) -> bool:
            return True

        def get_write_buffer_size(self) -> int:
            return 0

        def abort(self) -> None:
            raise AttributeError("'NoneType' object has no attribute 'call_soon'")

    class Resetting:
        transport = Closed()

        async def ready(self) -> None:
            pass

        async def write(self, piece: object) -> None:
            raise ConnectionResetError

    upload = Upload(source=source_of(PICTURE[:500_000]))
    file = await upload.open(FileRules(), IoBudget(asyncio.get_running_loop()))
    with pytest.raises(ConnectionResetError):
        await file.write(Resetting())
    await file.release()
