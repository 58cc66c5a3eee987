"""Answers that came while the loop was held up, or the process stopped, for longer than a limit."""

import asyncio
import os
import signal
import socket
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

LIMIT = 0.4
HELD = 2 * LIMIT
"""Seconds; time that passes is what these tests are about."""
FILE_ID = b'{"file_id": "46b05f5c14c162402d186822fa0314c6162c"}'


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
        self.go_on.wait(10)
        for piece in self.pieces:
            connected.sendall(piece)
        self.answered.set()
        if then is None:
            connected.recv(1)
        else:
            then.wait(10)

    async def hold_up(self, seconds: float = HELD) -> None:
        """Hold the loop up from the time the request is there until the answer is, and longer than any limit."""
        while not self.asked.is_set():
            await asyncio.sleep(0)
        for _ in range(20):  # the request has left: let this side notice
            await asyncio.sleep(0)
        self.go_on.set()
        self.answered.wait(10)
        time.sleep(seconds)  # noqa: ASYNC251 - the fault that this is about


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
async def test_an_answer_that_came_while_the_loop_was_held_up_counts(limit, secure, connect, tls_contexts):
    serving, trusting = tls_contexts if secure else (None, None)
    answers = Answers()
    with RawServer(answers, tls=serving) as server:
        client = connect(server.url, timeout=only(**{limit: LIMIT}), ssl_context=trusting)
        call = asyncio.create_task(client.request("POST", "/x", json={}, replay="billed"))
        await answers.hold_up()
        assert await call == {}
        await client.aclose()


@pytest.mark.parametrize("limit", ["read", "total"])
async def test_an_answer_of_many_pieces_that_came_meanwhile_counts_whole(limit, connect):
    long = b'"%s"' % (b"x" * 3_000_000)
    answers = Answers(pieces=(answer(200, long),))

    def serve(connected: socket.socket) -> None:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8_000_000)
        answers.answered.set()  # it does not all fit into the system's buffers: the rest follows at once
        answers(connected)

    with RawServer(serve) as server:
        client = connect(server.url, timeout=only(**{limit: LIMIT}))
        call = asyncio.create_task(client.request("POST", "/x", json={}, replay="billed"))
        await answers.hold_up()
        assert len(await call) == 3_000_000
        await client.aclose()


async def test_an_answer_whose_rest_comes_later_has_the_limit_from_the_end_of_the_hold_on(connect):
    whole, rest, limit = answer(200, b"[1,2,3]"), threading.Event(), 4 * LIMIT
    answers = Answers(pieces=(whole[:-3],))

    def serve(connected: socket.socket) -> None:
        answers(connected, then=rest)
        connected.sendall(whole[-3:])
        connected.recv(1)

    with RawServer(serve) as server:
        client = connect(server.url, timeout=only(read=limit))
        call = asyncio.create_task(client.request("POST", "/x", json={}, replay="billed"))
        await answers.hold_up(2 * limit)
        asyncio.get_running_loop().call_later(LIMIT, rest.set)
        assert await call == [1, 2, 3]
        await client.aclose()


async def test_an_upload_goes_on_after_the_loop_was_held_up(connect):
    answers = Answers(pieces=())

    def serve(connected: socket.socket) -> None:
        head = head_of(connected)
        answers(connected, head, then=answers.go_on)
        body_of(connected, head)
        connected.sendall(answer(200, FILE_ID))
        connected.recv(1)

    with RawServer(serve) as server:
        client = connect(server.url, timeout=only(progress=LIMIT))
        call = asyncio.create_task(client.files.create(picture(8_000_000)))
        await answers.hold_up()
        assert await call == "46b05f5c14c162402d186822fa0314c6162c"
        await client.aclose()


@pytest.mark.parametrize("limit", ["read", "total"])
async def test_without_an_answer_a_limit_ends_the_call_all_the_same(limit, connect):
    answers = Answers(pieces=())
    with RawServer(answers) as server:
        client = connect(server.url, timeout=only(**{limit: LIMIT}))
        call = asyncio.create_task(client.request("POST", "/x", json={}, replay="billed"))
        await answers.hold_up()
        with pytest.raises(RequestTimeoutError) as caught:
            await call
        assert (caught.value.phase, caught.value.maybe_processed) == (limit, True)
        await client.aclose()


async def test_a_connection_that_was_made_while_the_loop_was_held_up_is_used(make_client, tls_contexts):
    serving, trusting = tls_contexts
    greeted, go_on = threading.Event(), threading.Event()

    def serve(connected: socket.socket) -> None:
        greeted.set()
        go_on.wait(10)
        with serving.wrap_socket(connected, server_side=True) as secured:
            head_of(secured)
            secured.sendall(answer())
            secured.recv(1)

    with RawServer(serve) as server:
        url = server.url.replace("http", "https")
        client = make_client(url, timeout=only(connect=LIMIT), ssl_context=trusting, max_retries=0)
        call = asyncio.create_task(client.request("GET", "/x"))
        while not greeted.is_set():
            await asyncio.sleep(0)
        go_on.set()
        time.sleep(HELD)  # noqa: ASYNC251 - the fault that this is about
        assert await call == {}
        await client.aclose()


CHILD = """
import asyncio, sys
import aiohttp
from kycaid_async import AsyncKycaid, KycaidError, Timeout

async def main(url, way, limit):
    session = aiohttp.ClientSession() if way == "session" else None
    none = dict.fromkeys(("connect", "read", "progress", "total"))
    async with AsyncKycaid(
        "k", base_url=url, session=session, max_retries=0, timeout=Timeout(**none | {limit: 0.15})
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
def test_an_answer_that_came_while_the_process_was_stopped_counts(way, limit):
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
            time.sleep(HELD)
            os.kill(child.pid, signal.SIGCONT)
            if upload:
                body_of(connected, head)
                connected.sendall(answer(200, FILE_ID))

    with (
        RawServer(serve) as server,
        subprocess.Popen(
            [sys.executable, "-c", CHILD, server.url, way, limit], stdout=subprocess.PIPE, text=True
        ) as child,
    ):
        out, _ = child.communicate(timeout=60)
    assert out.split() == ["dict", "str"]
