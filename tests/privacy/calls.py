"""Passages of single calls: each operation, by objects and by keywords, on both clients, with every end there is."""

import asyncio
import itertools
import json
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import attrs

from kycaid_async import AsyncKycaid, Kycaid, Timeout
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.values.model import Model
from tests.privacy import marked, shown
from tests.privacy.marked import M
from tests.privacy.watch import Maker
from tests.security.raw_server import Behaviour, answers, resets, sends

SHORT = Timeout(connect=2, read=0.1, progress=0.1, total=0.2)
LONG = Timeout(connect=2, read=20, progress=20, total=20)
_HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n"


def _refusal(status: int, code: str | None = None) -> Callable[[str], Behaviour]:
    errors = [{"parameter": M.answer, "message": M.answer}, {"parameter": "dob", "message": M.born}]
    body = {"type": code or M.answer, "message": M.name, "errors": errors}
    return lambda _: answers(status, json.dumps(body))


def _refusal_in_words(_: str) -> Behaviour:
    """Refuse with codes that nobody knows, of the form that codes have."""
    return answers(422, json.dumps({"type": M.word, "errors": [{"parameter": M.word, "message": M.answer}]}))


def _half(operation: str) -> bytes:
    return _HALF + marked.answer(operation).encode()[:-3]


SERVERS: dict[str, Callable[[str], Behaviour]] = {
    "success": lambda operation: answers(200, marked.answer(operation)),
    "success in words": lambda operation: answers(200, marked.answer(operation, in_words=True)),
    "400": _refusal(400, "bad_request"),
    "401": _refusal(401, "unauthorized"),
    "402": _refusal(402, "insufficient_funds"),
    "403": _refusal(403, "inactive_account"),
    "404": _refusal(404, "not_found"),
    "408": _refusal(408, "request_timeout"),
    "409": _refusal(409, "edit_denied"),
    "413": _refusal(413, "limit_file_size"),
    "418": _refusal(418),
    "422": _refusal(422, "validation"),
    "422 in words": _refusal_in_words,
    "429": _refusal(429, "limit_exceeded"),
    "429 flow": _refusal(429, "flow"),
    "500": _refusal(500, "internal_server"),
    "503": _refusal(503, "limit_exceeded"),
    "502 page": lambda _: answers(502, f"<html>{M.answer} {M.key}</html>"),
    "403 page": lambda _: answers(403, f"<html>{M.answer}</html>"),
    "redirect": lambda _: answers(302, "", f"Location: https://elsewhere.example/{M.ident}?q={M.secret}"),
    "no JSON": lambda _: answers(200, M.answer),
    "another type": lambda _: answers(200, json.dumps([M.answer, {"a": M.card}])),
    "broken gzip": lambda _: answers(200, M.answer, "Content-Encoding: gzip"),
    "headers of marks": lambda _: answers(500, "{}", f"X-Mark: {M.answer}", f"Set-Cookie: a={M.secret}"),
    "no HTTP": lambda _: sends(M.answer.encode() + b"\r\n\r\n"),
    "half, lost": lambda operation: sends(_half(operation)),
    "lost": lambda _: resets,
}
HANGING: dict[str, Callable[[str], Behaviour]] = {
    "nothing comes": lambda _: sends(b"", hold=True),
    "half comes": lambda operation: sends(_half(operation), hold=True),
}
_CALLERS = {
    "async": ("cancelled", "timed out", "in time", "wait_for", "in a group", "in a scope", "dropped", "left open"),
    "blocking": ("timed out", "interrupted"),
}
_LOCAL = ("nobody there", "no TLS", "misuse", "checked")
_WAYS = ("objects", "keywords", "iterator")


@attrs.frozen
class Passage:
    """One call: on which client, of which operation, with which arguments, and how it ends."""

    client: str
    operation: str
    way: str
    server: str
    caller: str = ""

    def __str__(self) -> str:
        return " · ".join(filter(None, attrs.astuple(self)))


def passages() -> Iterator[Passage]:
    """Yield every one there is."""
    for client, operation, way in itertools.product(_CALLERS, ENDPOINTS, _WAYS):
        if way == "iterator" and operation != "files.create":
            continue
        yield from (Passage(client, operation, way, end) for end in (*SERVERS, *_LOCAL))
        for server, caller in itertools.product(HANGING, _CALLERS[client]):
            yield Passage(client, operation, way, server, caller)


@attrs.define(repr=False)
class Ended:
    """What a call brought, or what it raised. It prints neither, so that it can stand in any frame."""

    value: Any = None
    error: BaseException | None = None


class Calls(Maker):
    """Makes passages against a server of marks."""

    def make(self, passage: Passage, chance: random.Random) -> Ended:
        """Make one passage. What it says to others is for the watch; what it brings is returned."""
        self._server.requests.clear()
        self._server.behave = (SERVERS | HANGING).get(passage.server, SERVERS["success"])(passage.operation)
        given = self._arguments(passage, chance)
        with self._watch.transaction():
            if passage.client == "blocking":
                return self._blocking(passage, given)
            return asyncio.run(self._in_loop(passage, given, slow=chance.random() < 0.1), debug=chance.random() < 0.3)

    def _arguments(self, passage: Passage, chance: random.Random) -> marked.Arguments:
        if passage.server == "misuse":
            return chance.choice(MISUSES)()
        if passage.way == "iterator":
            return marked.iterator(is_blocking=passage.client == "blocking")
        return marked.arguments(passage.operation, passage.way, chance)

    def _options(self, passage: Passage) -> dict[str, Any]:
        hangs = passage.server in HANGING and passage.caller != "timed out"
        url = self._server.url.replace("http:", "https:") if passage.server == "no TLS" else self._server.url
        return {
            "base_url": "http://127.0.0.1:1" if passage.server == "nobody there" else url,
            "timeout": LONG if hangs else SHORT,
            "max_retries": 0 if len(passage.server) % 2 else 1,
            "check": passage.server == "checked",
            "hooks": self._watch.telemetry,
        }

    async def _in_loop(self, passage: Passage, given: marked.Arguments, *, slow: bool) -> Ended:
        loop = asyncio.get_running_loop()
        if slow:
            loop.set_debug(True)
            loop.slow_callback_duration = -1  # with it, the loop logs each thing that it does
        client = AsyncKycaid(M.key, **self._options(passage))
        method = _method_of(client, passage.operation)
        ended = Ended()
        try:
            ended.value = await self._by_caller(passage.caller, lambda: _whole(given.call(method)))
        except BaseException as error:
            self._watch.report(error)
            ended.error = error
        if passage.caller == "left open":
            client = method = None  # type: ignore[assignment]
            self._watch.collect()
        else:
            await client.aclose()
        return ended

    async def _by_caller(self, caller: str, call: Callable[[], Any]) -> Any:
        match caller:
            case "" | "timed out":
                return await call()
            case "in time":
                async with asyncio.timeout(0.15):
                    return await call()
            case "wait_for":
                return await asyncio.wait_for(call(), 0.15)
            case "in a scope":
                with anyio.fail_after(0.15):
                    return await call()
            case "in a group":
                async with asyncio.TaskGroup() as group:
                    group.create_task(call())
                    await self._arrival()
                    raise LookupError("another task failed")
            case _:
                return await self._as_task(caller, call)

    async def _as_task(self, caller: str, call: Callable[[], Any]) -> Any:
        task = asyncio.create_task(call())
        await self._arrival()
        self._watch.stacks()
        print(repr(task), task.get_coro())  # noqa: T201 - read as what a program writes
        task.print_stack()
        if caller == "cancelled":
            task.cancel("stop")
            return await task
        if caller == "dropped":
            self._server.close_connections()
            await asyncio.wait([task])
            del task
            self._watch.collect()
        return None  # the loop cancels what is left

    async def _arrival(self) -> None:
        for _ in range(1000):
            if self._server.requests:
                break
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.01)

    def _blocking(self, passage: Passage, given: marked.Arguments) -> Ended:
        ended = Ended()
        if passage.caller == "interrupted":
            threading.Thread(target=self._interrupt).start()
        try:
            with Kycaid(M.key, **self._options(passage)) as client:
                ended.value = _listed(given.call(_method_of(client, passage.operation)))
        except BaseException as error:
            self._watch.report(error)
            ended.error = error
        return ended

    def _interrupt(self) -> None:
        self._server.wait_for_request()
        os.kill(os.getpid(), signal.SIGINT)


def _method_of(client: Any, operation: str) -> Callable[..., Any]:
    section, _, name = operation.partition(".")
    return getattr(getattr(client, section), name)  # type: ignore[no-any-return]


async def _whole(answer: Any) -> Any:
    return [row async for row in answer] if hasattr(answer, "__aiter__") else await answer


def _listed(answer: Any) -> Any:
    return list(answer) if hasattr(answer, "__next__") else answer


MISUSES: tuple[Callable[[], marked.Arguments], ...] = (
    lambda: marked.Arguments(frst_name=M.name),
    lambda: marked.Arguments(M.name, M.surname),
    lambda: marked.Arguments({"a": M.name}),
    lambda: marked.Arguments(M.name.encode()),
    lambda: marked.Arguments(object(), first_name=M.name),
    lambda: marked.Arguments(M.ident, M.ident, M.ident, M.ident),
    lambda: marked.Arguments([M.card], type=M.name),
    lambda: marked.Arguments(type=M.name, first_name=M.name, dob=M.answer, email=M.name),
)


def texts(ended: Ended) -> Iterator[tuple[str, str]]:
    """Yield each way in which what a call brought may be shown, and its text."""
    if ended.error is not None:
        yield from shown.of_error(ended.error).items()
    values = [
        one for one in (ended.value if isinstance(ended.value, list) else [ended.value]) if isinstance(one, Model)
    ]
    for value in values[:2]:
        yield from ((way, show(value)) for way, show in shown.VALUES.items())
        other = attrs.evolve(value, **{attrs.fields(type(value))[0].name.lstrip("_"): None})
        yield "pytest, compared", shown.compared(value, other)
