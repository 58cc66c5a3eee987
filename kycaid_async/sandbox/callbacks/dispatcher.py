"""The delivery of callbacks: signed, in the background, again and again until the receiver answers 200."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import anyio
import attrs

from kycaid_async.callbacks.signature import SIGNATURE_HEADER, sign
from kycaid_async.sandbox.events.delivery import OK, PAUSES, Delivery
from kycaid_async.sandbox.events.effects import Kept
from kycaid_async.sandbox.events.feed import DeliveryChanged
from kycaid_async.sandbox.events.tasks import Tasks
from kycaid_async.sandbox.state import State
from kycaid_async.sandbox.storage import callbacks as outbox
from kycaid_async.values.json import dumps

logger = logging.getLogger("kycaid_async.sandbox")

TIMEOUT: Final = 5.0
"""Seconds that a receiver has to answer."""
REMEMBERED: Final = 1000
"""Deliveries that are remembered; older ones are forgotten."""
_AT_ONCE: Final = 8

Sleep = Callable[[float], Awaitable[None]]


@attrs.define
class _Round:
    """A delivery that is under way."""

    again: bool = False
    """Whether it is to begin anew."""
    nap: anyio.CancelScope | None = None
    """The pause between two attempts, while there is one."""

    def restart(self) -> None:
        """Begin anew, at once."""
        self.again = True
        if self.nap is not None:
            self.nap.cancel()


class Courier:
    """Delivers callbacks. Their order is not kept: a later one may overtake one that is tried again."""

    def __init__(self, state: State, api_key: str, sleep: Sleep) -> None:
        self._state = state
        self._key = api_key
        self._sleep = sleep
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._tasks = Tasks()
        self._rounds: dict[str, _Round] = {}
        self._history: dict[str, Delivery] = {}
        # Of the answers of receivers only the status is of interest.
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TIMEOUT), cookie_jar=aiohttp.DummyCookieJar()
        )

    def send(self, callbacks: Iterable[Kept]) -> None:
        """Deliver these in the background, each as often as is left of its attempts."""
        for kept in callbacks:
            self._begin(kept)

    async def resume(self) -> None:
        """Deliver what was not delivered when the sandbox was stopped or killed, and remember what was."""
        latest, due = await self._state.look(lambda rows: (outbox.latest(rows, REMEMBERED), outbox.due(rows)))
        for kept in latest:
            self._remember(kept)
        self.send(due)

    async def send_again(self, request_id: str) -> None:
        """Deliver a callback once more, and try as often as at first. Raises `KeyError` for one that is not known.

        One that is just being delivered is not posted twice at a time: its attempts begin anew.
        """
        kept = await self._state.run(lambda rows: outbox.renew(rows, request_id))
        if kept is None:
            raise KeyError(request_id)
        # Only now: while the change was committed a delivery may have begun, or ended and used it up.
        self._begin(kept).restart()

    def deliveries(self) -> list[Delivery]:
        """Return what was sent, oldest first, with the present state of each."""
        return list(self._history.values())

    @property
    def is_idle(self) -> bool:
        """True when nothing is under way."""
        return not self._tasks

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        await self._tasks.finished()

    async def close(self) -> None:
        """Leave what is under way for the next start."""
        await self._tasks.close()
        await self._session.close()

    def _begin(self, kept: Kept) -> _Round:
        """Return the delivery of a callback: the one that is under way, or a new one."""
        if (running := self._rounds.get(kept.id)) is not None:
            return running
        made = self._rounds[kept.id] = _Round()
        self._tasks.start(self._deliver(kept, made))
        return made

    async def _deliver(self, first: Kept, this: _Round) -> None:
        kept: Kept | None = first
        delivery = self._remember(first)
        try:
            while kept is not None and (kept.left or this.again):
                if this.again:
                    this.again = False
                    kept = await self._state.run(lambda rows: outbox.renew(rows, first.id))
                    continue
                kept = await self._attempt(kept)
                delivery = self._remember(kept)
                if kept.left and not this.again:
                    with anyio.CancelScope() as this.nap:
                        await self._sleep(PAUSES[-kept.left])
        finally:
            del self._rounds[first.id]
        verdict = "arrived" if delivery.arrived else "given up"
        logger.info("%s %s after %d attempts", delivery.type, verdict, delivery.attempts)

    async def _attempt(self, kept: Kept) -> Kept:
        status = await self._post(kept.url, dumps(kept.body))
        return await self._state.run(
            lambda rows: outbox.tried(rows, kept.id, status, arrived=status == OK, remembered=REMEMBERED)
        )

    def _remember(self, kept: Kept) -> Delivery:
        delivery = Delivery(
            type=kept.body["type"],
            request_id=kept.id,
            host=_host(kept.url),
            status=kept.status,
            attempts=kept.attempts,
        )
        self._history[kept.id] = delivery
        if len(self._history) > REMEMBERED:
            del self._history[next(iter(self._history))]
        self._state.feed.publish([DeliveryChanged(delivery=delivery)])
        return delivery

    async def _post(self, url: str, body: bytes) -> int | None:
        headers = {"Content-Type": "application/json", SIGNATURE_HEADER: sign(body, self._key)}
        async with self._turns:
            try:
                async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                    return response.status
            except (aiohttp.ClientError, OSError, ValueError):
                # No answer: refused, too late, or no URL that can be called.
                return None


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
