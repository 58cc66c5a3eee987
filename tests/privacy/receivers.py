"""Passages of callbacks: through each framework, with good and bad signatures and bodies, and handlers that fail."""

import asyncio
import contextlib
import itertools
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import attrs

from kycaid_async.callbacks import construct_event, sign
from tests.privacy import shown
from tests.privacy.marked import M
from tests.privacy.watch import Watch
from tests.web.frameworks import SITES


class _Body(bytes):
    """A body as it was sent, which prints nothing: what sends it shares a thread with what gets it."""

    def __repr__(self) -> str:
        return "***"


def body() -> bytes:
    applicant = {"applicant_id": M.ident, "first_name": M.name, "dob": M.born, "email": M.email, "x": M.answer}
    said = {"type": "VERIFICATION_COMPLETED", "request_id": "1" * 36, "comment": M.answer, "applicant": applicant}
    return json.dumps(said).encode()


MESSAGES: dict[str, Callable[[], tuple[bytes, str | None]]] = {
    "good": lambda: (body(), sign(body(), M.key)),
    "another key": lambda: (body(), sign(body(), M.secret)),
    "no signature": lambda: (body(), None),
    "a signature of another kind": lambda: (body(), "0x1"),
    "no JSON": lambda: (body()[:-5], sign(body()[:-5], M.key)),
    "a list": lambda: (b"[" + body() + b"]", sign(b"[" + body() + b"]", M.key)),
    "too large": lambda: (body() * 9000, "0" * 128),
}


def _fail(event: Any) -> None:
    raise LookupError(f"no {event.type}")


async def _fail_later(event: Any) -> None:
    await asyncio.sleep(0)
    raise LookupError(f"no {event.type}")


def _look_on(event: Any) -> None:
    print(event, repr(event))  # noqa: T201 - read as what a program writes


async def _never_end(_: Any) -> None:
    await asyncio.Event().wait()


HANDLERS = {"prints": _look_on, "fails": _fail, "fails later": _fail_later, "does not end": _never_end}
_PLAIN = "plain"


@attrs.frozen
class Passage:
    """One callback: through which framework, to which handler, and what it is."""

    framework: str
    handler: str
    message: str

    @property
    def server(self) -> str:
        """What has the event, for the list of places: one that is refused reaches no handler."""
        if self.message != "good":
            return ""
        return "a handler that prints" if self.handler == "prints" else "a handler"

    def __str__(self) -> str:
        return " · ".join(["callback", *attrs.astuple(self)])


def passages() -> Iterator[Passage]:
    for framework, handler, message in itertools.product((*SITES, _PLAIN), HANDLERS, MESSAGES):
        # One that does not end is waited for by threads, and no thread can be told to stop.
        if handler != "does not end" or (framework in ("aiohttp", "starlette") and message == "good"):
            yield Passage(framework, handler, message)


class Receivers:
    """Delivers callbacks."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def close(self) -> None:
        """Do nothing: nothing is kept open."""

    def make(self, passage: Passage, _: random.Random) -> BaseException | None:
        try:
            asyncio.run(self._deliver(passage))
        except BaseException as error:
            self._watch.report(error)
            return error
        return None

    async def _deliver(self, passage: Passage) -> None:
        sent, signature = MESSAGES[passage.message]()
        given = _Body(sent)
        del sent
        handler = HANDLERS[passage.handler]
        if passage.framework == _PLAIN:
            handler(construct_event(given, signature, [M.key, f"{M.key}x"]))
            return
        async with SITES[passage.framework](self._watch.telemetry.handler(handler), M.key) as site:
            limit = asyncio.timeout(0.3) if passage.handler == "does not end" else contextlib.nullcontext()
            async with limit:
                answer = await site.deliver(given, signature)
        print(answer)  # noqa: T201 - what a proxy may log


def texts(error: BaseException | None) -> Iterator[tuple[str, str]]:
    if error is not None:
        yield from shown.of_error(error).items()
