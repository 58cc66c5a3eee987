"""The delivery of callbacks: signed, in the background, again and again until the receiver answers 200."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import attrs

from kycaid_async.callbacks.signature import SIGNATURE_HEADER, sign
from kycaid_async.sandbox import outbox
from kycaid_async.sandbox.delivery import Delivery
from kycaid_async.sandbox.effects import Kept
from kycaid_async.sandbox.feed import DeliveryChanged
from kycaid_async.sandbox.state import State
from kycaid_async.sandbox.tasks import Tasks
from kycaid_async.values.json import dumps

logger = logging.getLogger("kycaid_async.sandbox")

PAUSES: Final = (1.0, 5.0, 30.0, 120.0)
"""Seconds between two attempts. After the last one it gives up. The real service's schedule is not known."""
ATTEMPTS: Final = len(PAUSES) + 1
TIMEOUT: Final = 5.0
"""Seconds that a receiver has to answer."""
REMEMBERED: Final = 1000
"""Deliveries that are remembered; older ones are forgotten."""
_AT_ONCE: Final = 8

Sleep = Callable[[float], Awaitable[None]]


class Courier:
    """Delivers callbacks. Their order is not kept: a later one may overtake one that is tried again."""

    def __init__(self, state: State, api_key: str, sleep: Sleep) -> None:
        self._state = state
        self._key = api_key
        self._sleep = sleep
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._tasks = Tasks()
        self._history: dict[str, Delivery] = {}
        # Of the answers of receivers only the status is of interest.
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TIMEOUT), cookie_jar=aiohttp.DummyCookieJar()
        )

    def send(self, callbacks: Iterable[Kept]) -> None:
        """Deliver these in the background. One that was tried before is tried as often as is left."""
        for kept in callbacks:
            self._tasks.start(self._deliver(kept, PAUSES[min(kept.attempts, len(PAUSES)) :]))

    async def resume(self) -> None:
        """Deliver what was not delivered when the sandbox was stopped or killed, and remember what was."""
        latest, due = await self._state.look(lambda rows: (outbox.latest(rows, REMEMBERED), outbox.due(rows)))
        for kept in latest:
            self._remember(kept)
        self.send(due)

    async def send_again(self, request_id: str) -> None:
        """Deliver a callback once more, and try as often as at first. Raises `KeyError` for one that is not known."""
        kept = await self._state.look(lambda rows: outbox.find(rows, request_id))
        if kept is None:
            raise KeyError(request_id)
        await self._note(kept, due=True)
        self._tasks.start(self._deliver(kept, PAUSES))

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

    async def _deliver(self, kept: Kept, pauses: tuple[float, ...]) -> None:
        delivery = self._remember(kept)
        for pause in (*pauses, None):
            status = await self._post(kept.url, dumps(kept.body))
            kept = attrs.evolve(kept, status=status, attempts=kept.attempts + 1)
            delivery = self._remember(kept)
            await self._note(kept, due=not delivery.arrived and pause is not None)
            if delivery.arrived or pause is None:
                break
            await self._sleep(pause)
        verdict = "arrived" if delivery.arrived else "given up"
        logger.info("%s %s after %d attempts", delivery.type, verdict, delivery.attempts)

    async def _note(self, kept: Kept, *, due: bool) -> None:
        await self._state.run(lambda rows: outbox.note(rows, kept, due=due, remembered=REMEMBERED))

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
