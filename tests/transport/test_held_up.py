"""Answers that came while the loop was held up, or the process stopped, for longer than a limit."""

import asyncio
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import aiohttp
import attrs
import pytest

from kycaid_async import AsyncKycaid, RequestTimeoutError, Timeout
from tests.pictures import picture
from tests.raw import RawServer, answer, body_of, head_of

LIMIT = 30.0
"""Seconds, by the clock of the loop, which the tests move on: in real time they never run out."""
HELD = 1.25
"""Limits for which the loop is held up."""
FILE_ID = b'{"file_id": "46b05f5c14c162402d186822fa0314c6162c"}'


@attrs.define(eq=False)
class Clock:
    """The clock of the loop: time passes for the loop when a test says so.

    That of uvloop is written in C and stays as it is: there time really passes, and the limit is a short one.
    """

    moved: bool
    limit: float = attrs.field(default=attrs.Factory(lambda self: LIMIT if self.moved else 2.0, takes_self=True))
    passed: float = 0.0

    def hold_up(self, limits: float = HELD) -> None:
        """Let time pass in which the loop does nothing."""
        if self.moved:
            self.passed += limits * self.limit
        else:
            time.sleep(limits * self.limit)

    async def wait(self, limits: float) -> None:
        """Let time pass in which the loop does what it always does."""
        for _ in range(round(limits * 16)):
            if self.moved:
                self.passed += self.limit / 16
                await rounds()
            else:
                await asyncio.sleep(self.limit / 16)


@pytest.fixture
async def clock(monkeypatch):
    loop = asyncio.get_running_loop()
    clock, real = Clock(moved=isinstance(loop, asyncio.BaseEventLoop)), loop.time
    if clock.moved:
        monkeypatch.setattr(loop, "time", lambda: real() + clock.passed)
    return clock


async def rounds(number: int = 20) -> None:
    """Let the loop do what there is to do."""
    for _ in range(number):
        await asyncio.sleep(0)


@attrs.define(eq=False)
class Answers:
    """Answers once the client is held up, and tells when all of it has left."""

    pieces: tuple[bytes, ...] = (answer(),)
    asked: threading.Event = attrs.field(factory=threading.Event)
    go_on: threading.Event = attrs.field(factory=threading.Event)
    answered: threading.Event = attrs.field(factory=threading.Event)

    def __call__(self, connected: socket.socket, head: bytes = b"", then: threading.Event | None = None) -> None:
        if not head:
            body_of(connected, head_of(connected))
        self.asked.set()
        self.go_on.wait(30)
        for piece in self.pieces:
            connected.sendall(piece)
        self.answered.set()
        if then is None:
            connected.recv(1)
        else:
            then.wait(30)

    async def hold_up(self, clock: Clock) -> None:
        """Hold the loop up from the time the request is there until the answer is, and longer than any limit."""
        await asyncio.to_thread(self.asked.wait, 30)
        await rounds()  # the request has left: let this side notice
        self.go_on.set()
        assert self.answered.wait(30)
        clock.hold_up()


@pytest.fixture(params=["directly", "through a session of the user"])
async def connect(request, make_client):
    session = aiohttp.ClientSession() if request.param != "directly" else None

    def made(url: str, **options: object) -> AsyncKycaid:
        return make_client(url, max_retries=0, session=session, **options)

    yield made
    if session is not None:
        await session.close()


def only(**limits: float) -> Timeout:
    return Timeout(**{name: limits.get(name) for name in ("connect", "read", "progress", "total")})


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("limit", ["read", "total"])
async def test_an_answer_that_came_while_the_loop_was_held_up_counts(limit, secure, clock, connect, tls_contexts):
    serving, trusting = tls_contexts if secure else (None, None)
    answers = Answers()
    with RawServer(answers, tls=serving) as server:
        client = connect(server.url, timeout=only(**{limit: clock.limit}), ssl_context=trusting)
        call = asyncio.create_task(client.request("POST", "/x", json={}, replay="billed"))
        await answers.hold_up(clock)
        assert await call == {}
        await client.aclose()


@pytest.mark.parametrize("limit", ["read", "total"])
async def test_an_answer_of_many_pieces_that_came_meanwhile_counts_whole(limit, clock, connect, monkeypatch):
    # All of it lies in the system's buffers, and the loop needs more rounds to read it than it is given at once.
    monkeypatch.setattr("asyncio.selector_events._SelectorTransport.max_size", 4096)
    answers = Answers(pieces=(answer(200, b'"%s"' % (b"x" * 300_000)),))

    def serve(connected: socket.socket) -> None:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8_000_000)
        answers(connected)

    with RawServer(serve) as server:
        client = connect(server.url, timeout=only(**{limit: clock.limit}))
        call = asyncio.create_task(client.request("POST", "/x", json={}, replay="billed"))
        await answers.hold_up(clock)
        assert len(await call) == 300_000
        await client.aclose()


async def test_an_answer_whose_rest_comes_later_has_the_limit_from_the_end_of_the_hold_on(clock, connect):
    whole, rest = answer(200, b"[1,2,3]"), threading.Event()
    answers = Answers(pieces=(whole[:-3],))

    def serve(connected: socket.socket) -> None:
        answers(connected, then=rest)
        connected.sendall(whole[-3:])
        connected.recv(1)

    with RawServer(serve) as server:
        client = connect(server.url, timeout=only(read=clock.limit))
        call = asyncio.create_task(client.request("POST", "/x", json={}, replay="billed"))
        await answers.hold_up(clock)
        await rounds()
        await clock.wait(0.75)
        rest.set()
        assert await call == [1, 2, 3]
        await client.aclose()


async def test_an_upload_goes_on_after_the_loop_was_held_up(clock, connect):
    answers = Answers()

    def serve(connected: socket.socket) -> None:
        head = head_of(connected)
        answers.asked.set()
        answers.go_on.wait(30)
        body_of(connected, b"Content-Length: 65536")  # there is room for more to leave
        answers.answered.set()
        body_of(connected, b"Content-Length: %d" % (int(re.search(rb"(?i)content-length: *(\d+)", head)[1]) - 65536))
        connected.sendall(answer(200, FILE_ID))
        connected.recv(1)

    with RawServer(serve) as server:
        client = connect(server.url, timeout=only(progress=clock.limit))
        call = asyncio.create_task(client.files.create(picture(8_000_000)))
        await answers.hold_up(clock)
        assert await call == "46b05f5c14c162402d186822fa0314c6162c"
        await client.aclose()


@pytest.mark.parametrize("limit", ["read", "total"])
async def test_without_an_answer_a_limit_ends_the_call_all_the_same(limit, clock, connect):
    answers = Answers(pieces=())
    with RawServer(answers) as server:
        client = connect(server.url, timeout=only(**{limit: clock.limit}))
        call = asyncio.create_task(client.request("POST", "/x", json={}, replay="billed"))
        await answers.hold_up(clock)
        await clock.wait(2)
        assert call.done()
        with pytest.raises(RequestTimeoutError) as caught:
            await call
        assert (caught.value.phase, caught.value.maybe_processed) == (limit, True)
        await client.aclose()


async def test_a_connection_that_was_made_while_the_loop_was_held_up_is_used(clock, make_client, tls_contexts):
    serving, trusting = tls_contexts
    greeted, go_on = threading.Event(), threading.Event()

    def serve(connected: socket.socket) -> None:
        greeted.set()
        go_on.wait(30)
        with serving.wrap_socket(connected, server_side=True) as secured:
            head_of(secured)
            secured.sendall(answer())
            secured.recv(1)

    with RawServer(serve) as server:
        url = server.url.replace("http", "https")
        client = make_client(url, timeout=only(connect=clock.limit), ssl_context=trusting, max_retries=0)
        call = asyncio.create_task(client.request("GET", "/x"))
        await asyncio.to_thread(greeted.wait, 30)
        await rounds()
        go_on.set()
        clock.hold_up()
        assert await call == {}
        await client.aclose()


CHILD = """
import asyncio, mmap, struct, sys
import aiohttp
from kycaid_async import AsyncKycaid, KycaidError, Timeout

async def main(url, way, limit, passed):
    loop = asyncio.get_running_loop()
    with open(passed, "rb") as file:
        passed, real = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ), loop.time
    loop.time = lambda: real() + struct.unpack("d", passed[:])[0]
    session = aiohttp.ClientSession() if way == "session" else None
    none = dict.fromkeys(("connect", "read", "progress", "total"))
    async with AsyncKycaid(
        "k", base_url=url, session=session, max_retries=0, timeout=Timeout(**none | {limit: 30})
    ) as client:
        for send in (
            client.request("POST", "/x", json={}, replay="billed"),
            client.files.create(b"\\x89PNG\\r\\n\\x1a\\n" + bytes(8_000_000)),
        ):
            try:
                print(type(await send).__name__, flush=True)
            except KycaidError as error:
                print(repr(error), flush=True)
    if session is not None:
        await session.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="processes cannot be stopped here")
@pytest.mark.parametrize("limit", ["read", "progress", "total"])
@pytest.mark.parametrize("way", ["direct", "session"])
def test_an_answer_that_came_while_the_process_was_stopped_counts(way, limit, tmp_path):
    passed = tmp_path / "passed"  # seconds, shared with the child: they pass for it while it is stopped
    passed.write_bytes(bytes(8))

    def serve(connected: socket.socket) -> None:
        while True:
            head = head_of(connected)
            upload = b"/files" in head
            if not upload:
                body_of(connected, head)
            os.kill(child.pid, signal.SIGSTOP)
            os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOWAIT)
            if not upload:
                connected.sendall(answer())
            with passed.open("r+b") as file:
                (before,) = struct.unpack("d", file.read())
                file.seek(0)
                file.write(struct.pack("d", before + HELD * LIMIT))
            os.kill(child.pid, signal.SIGCONT)
            if upload:
                body_of(connected, head)
                connected.sendall(answer(200, FILE_ID))

    with (
        RawServer(serve) as server,
        subprocess.Popen(
            [sys.executable, "-c", CHILD, server.url, way, limit, passed], stdout=subprocess.PIPE, text=True
        ) as child,
    ):
        out, _ = child.communicate(timeout=60)
    assert out.split() == ["dict", "str"]
