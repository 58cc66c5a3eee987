"""The server: reads requests, gives them their faults, acts, and answers."""

import asyncio
import contextlib
import json
from pathlib import Path

from tests.oracle.api import Exchange, act, endpoint_of, refusal
from tests.oracle.faults import NO_FAULT, OWN, Fault, Rules
from tests.oracle.pages import PAGES
from tests.oracle.store import Store
from tests.oracle.wire import Answer, Request, as_json, read_body, read_head, reset

CONTROL = "/_control"
_LARGEST_HEAD = 1 << 16
_LINGER = 0.05


class Oracle:
    """An API server whose state outlives a kill at any moment."""

    def __init__(self, folder: Path) -> None:
        self._store = Store(folder)
        self._last: dict[str, Answer] = {}
        """By endpoint, what was answered to the request before."""
        self._take(*self._store.settings())

    def _take(self, settings: dict, since: float) -> None:
        self._settings, self._rules = settings, Rules.of(settings, since)

    async def run(self, port: int) -> None:
        """Serve until it is cancelled or killed."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=_LARGEST_HEAD)
        print("ready", flush=True)
        async with server:
            await server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while (head := await read_head(reader)) is not None and await self._one(head, reader, writer):
                pass
        writer.close()

    async def _one(self, head: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False when the connection is to be closed."""
        if head.path.startswith(CONTROL):
            writer.write(self._control(head, await read_body(reader, head)).as_bytes())
            return True
        endpoint, ids = endpoint_of(head)
        number = self._store.received(head.method, head.path, endpoint)
        refused = refusal(self._settings, head, endpoint)
        fault = NO_FAULT if refused else self._rules.pick(endpoint, number)
        if fault.early:
            return await self._early(writer, number, fault)
        body = await read_body(reader, head)
        exchange = Exchange(self._store, self._settings, _with(head, body), number, ids)
        own = refused or await self._act(exchange, endpoint, fault)
        before, self._last[endpoint] = self._last.get(endpoint, own), own
        await asyncio.sleep(fault.pause)
        self._store.answered(number, fault.name, _status(fault, own))
        self._store.commit()
        return await _answer(writer, fault, before if fault.answer == "swapped" else own)

    async def _act(self, exchange: Exchange, endpoint: str, fault: Fault) -> Answer:
        """Act as often as the fault says; the answer is the last one."""
        await asyncio.sleep(fault.late)
        own = as_json({"type": "internal_server", "errors": []}, 500)
        for _ in range(fault.acts):
            own = act(exchange, endpoint)
        return own

    async def _early(self, writer: asyncio.StreamWriter, number: int, fault: Fault) -> bool:
        self._store.answered(number, f"{fault.name}, early", PAGES[fault.answer].status)
        self._store.commit()
        writer.write(PAGES[fault.answer].as_bytes())
        await writer.drain()
        await asyncio.sleep(_LINGER)  # so that the answer is on its way before what was not read resets the connection
        return False

    def _control(self, head: Request, body: bytes) -> Answer:
        """Take new settings."""
        if head.method == "POST":
            self._store.set(json.loads(body))
            self._take(*self._store.settings())
        self._store.commit()
        return as_json(self._settings)


def _with(head: Request, body: bytes) -> Request:
    return Request(method=head.method, path=head.path, query=head.query, headers=head.headers, body=body)


def _status(fault: Fault, own: Answer) -> int | None:
    if fault.answer in PAGES:
        return PAGES[fault.answer].status
    return own.status if fault.answer in OWN else None


async def _answer(writer: asyncio.StreamWriter, fault: Fault, own: Answer) -> bool:
    if fault.answer == "reset":
        reset(writer)
    elif fault.answer == "cut":
        whole = own.as_bytes()
        writer.write(whole[: len(whole) - len(own.body) // 2 - 1])
    elif fault.answer == "hang":
        await asyncio.sleep(3600)
    elif fault.answer != "close":
        writer.write((own if fault.answer in OWN else PAGES[fault.answer]).as_bytes())
        await writer.drain()
        return True
    return False
