"""The server: reads requests, gives them their faults, acts, and answers."""

import asyncio
import contextlib
import json
import os
import signal
from pathlib import Path

from tests.oracle.api import Exchange, act, endpoint_of, name_of, refusal
from tests.oracle.doors import Doors
from tests.oracle.faults import NO_FAULT, OWN, Fault, Rules
from tests.oracle.manglings import mangled
from tests.oracle.pages import PAGES
from tests.oracle.store import Store
from tests.oracle.wire import Answer, Request, as_json, read_body, read_half, read_head, reset

CONTROL = "/_control"
_LARGEST_HEAD = 1 << 16
_LINGER = 0.05
_LONGEST_WORK = 0.3
_PATIENCE = 3.0
"""Seconds that connections of clients that are through have to end."""


class Oracle:
    """An API server whose state outlives a kill at any moment."""

    def __init__(self, folder: Path, *, outlives_kill: bool = True) -> None:
        self._store = Store(folder, outlives_kill=outlives_kill)
        self._last: dict[str, Answer] = {}
        """By endpoint, what was answered to the request before."""
        self._connections: set[asyncio.StreamWriter] = set()
        """Those of clients."""
        self._acting: set[asyncio.Task[None]] = set()
        """What is done behind an answer."""
        self._under_way = 0
        """Requests that have no answer yet."""
        self._doors: Doors | None = None
        """Ways in with TLS, and through a proxy, where somebody asked for them."""
        self._take(*self._store.settings())

    def _take(self, settings: dict, since: float) -> None:
        self._settings, self._rules = settings, Rules.of(settings, since)

    async def run(self, port: int) -> None:
        """Serve until it is cancelled or killed."""
        self._port = port
        self._server = await self._listen()
        print("ready", flush=True)
        await asyncio.get_running_loop().create_future()

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", self._port, limit=_LARGEST_HEAD)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while (head := await read_head(reader)) is not None and await self._one(head, reader, writer):
                    pass
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _one(self, head: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False when the connection is to be closed."""
        if head.path.startswith(CONTROL):
            self._connections.discard(writer)
            writer.write((await self._control(head, await read_body(reader, head))).as_bytes())
            return True
        self._under_way += 1
        try:
            end = await self._answered(head, reader, writer)
        finally:
            self._under_way -= 1
        if end == "hang":
            await reader.read()
        elif end == "reset":
            reset(writer)
        return end == "keep"

    async def _answered(self, head: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        """Answer one request as its fault says, and return how its connection is to end, or ``keep``."""
        endpoint, ids = endpoint_of(head)
        number = self._store.received(head.method, head.path, endpoint)
        refused = refusal(self._settings, head, endpoint)
        fault = NO_FAULT if refused else self._rules.pick(endpoint, number)
        if fault.broken:
            return await self._break(fault, number, head, reader)
        if fault.early:
            return await self._early(writer, number, fault)
        request = _with(head, await read_body(reader, head))
        self._store.named(number, name_of(request))
        exchange = Exchange(self._store, self._settings, request, number, ids)
        own = refused or await self._act(exchange, endpoint, fault)
        before, self._last[endpoint] = self._last.get(endpoint, own), own
        await asyncio.sleep(fault.pause)
        self._note(number, fault.name, _status(fault, own))
        return await _answer(writer, fault, before if fault.answer == "swapped" else own)

    async def _act(self, exchange: Exchange, endpoint: str, fault: Fault) -> Answer:
        """Act as often as the fault says; the answer is the last one."""
        if fault.behind:
            task = asyncio.create_task(self._act_behind(exchange, endpoint, fault))
            self._acting.add(task)
            task.add_done_callback(self._acting.discard)
            return as_json({"type": "internal_server", "errors": []}, 500)
        await asyncio.sleep(fault.late)
        own = as_json({"type": "internal_server", "errors": []}, 500)
        for _ in range(fault.acts):
            own = act(exchange, endpoint)
        return own

    async def _act_behind(self, exchange: Exchange, endpoint: str, fault: Fault) -> None:
        await asyncio.sleep(fault.behind)
        act(exchange, endpoint)

    async def _break(self, fault: Fault, number: int, head: Request, reader: asyncio.StreamReader) -> str:
        self._note(number, fault.name, None)
        if fault.broken == "body":
            await read_half(reader, head)
        return "reset"

    async def _early(self, writer: asyncio.StreamWriter, number: int, fault: Fault) -> str:
        self._note(number, f"{fault.name}, early", PAGES[fault.answer].status)
        writer.write(PAGES[fault.answer].as_bytes())
        await writer.drain()
        await asyncio.sleep(_LINGER)  # so that the answer is on its way before what was not read resets the connection
        return "close"

    def _note(self, number: int, fault: str, status: int | None) -> None:
        self._store.answered(number, fault, status)
        self._store.commit()

    async def _control(self, head: Request, body: bytes) -> Answer:
        """Take new settings, or tell and do what a test wants to know and have done."""
        said = json.loads(body) if body else {}
        match head.path.removeprefix(CONTROL):
            case "/settings" if head.method == "POST":
                self._store.set(said)
                self._take(*self._store.settings())
            case "/begin":
                return as_json(self._begin(said))
            case "/doors":
                self._doors = Doors(self._serve)
                return as_json(await self._doors.open(Path(said["certificates"])))
            case "/stop":
                await self._stop(said["pid"], said["seconds"])
            case "/down":
                await self._be_away(said["seconds"])
            case "/behave":
                self._take({}, 0.0)
                if self._doors is not None:
                    self._doors.script = []
                await self._idle()
            case "/idle":
                await self._idle()
            case "/settle":
                doors = [] if self._doors is None else self._doors.met
                return as_json({"connections": await self._left(), "doors": doors} | self._report())
        self._store.commit()
        return as_json(self._settings)

    def _begin(self, said: dict) -> list[str]:
        """Forget all, and meet the next connections and requests with these faults. Return people who are there."""
        self._store.wipe()
        self._take({"script": said["script"]}, 0.0)
        self._last.clear()
        if self._doors is not None:
            self._doors.script, self._doors.met = said["doors"], []
        return self._store.people(said["people"])

    async def _stop(self, pid: int, seconds: float) -> None:
        """Stop a process for a while, and until no request waits for an answer."""
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
            await self._idle()
        finally:
            os.kill(pid, signal.SIGCONT)

    def _report(self) -> dict:
        self._store.commit()
        return self._store.report()

    async def _be_away(self, seconds: float) -> None:
        """Refuse connections for a while."""
        if not self._server.is_serving():
            return
        self._server.close()
        if self._doors is not None:
            self._doors.is_shut = True

        async def come_back() -> None:
            await asyncio.sleep(seconds)
            self._server = await self._listen()
            if self._doors is not None:
                self._doors.is_shut = False

        task = asyncio.create_task(come_back())
        self._acting.add(task)
        task.add_done_callback(self._acting.discard)

    async def _idle(self) -> None:
        """Wait until it listens, and no request is without its answer; not for ever: one may never come whole."""
        end = asyncio.get_running_loop().time() + _LONGEST_WORK
        while not self._server.is_serving() or (self._under_way and asyncio.get_running_loop().time() < end):
            await asyncio.sleep(0.0005)

    async def _left(self) -> int:
        """Return how many connections of clients are there, once all is done and they had time to end."""
        loop = asyncio.get_running_loop()
        end = loop.time() + _PATIENCE
        while (self._acting or self._under_way or self._connections) and loop.time() < end:
            await asyncio.sleep(0.0005)
        return len(self._connections)


def _with(head: Request, body: bytes) -> Request:
    return Request(method=head.method, path=head.path, query=head.query, headers=head.headers, body=body)


def _status(fault: Fault, own: Answer) -> int | None:
    if fault.answer in PAGES:
        return PAGES[fault.answer].status
    return own.status if fault.answer in OWN else None


async def _answer(writer: asyncio.StreamWriter, fault: Fault, own: Answer) -> str:
    """Send what the fault lets through, and return how the connection is to end, or ``keep``."""
    if fault.answer in ("reset", "close", "hang"):
        return fault.answer
    answer = own if fault.answer in (*OWN, "cut") else PAGES[fault.answer]
    mangling = "cut" if fault.answer == "cut" else fault.mangling
    end = await _send(writer, answer, mangling)
    if end == "keep" and fault.end != "keep":
        await asyncio.sleep(fault.ends_after)
        return fault.end
    return end


async def _send(writer: asyncio.StreamWriter, answer: Answer, mangling: str) -> str:
    if not mangling:
        writer.write(answer.as_bytes())
        await writer.drain()
        return "keep"
    sent = mangled(answer, mangling)
    for piece in sent.pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(sent.pause)
    return sent.end
