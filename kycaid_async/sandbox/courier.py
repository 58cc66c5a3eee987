"""The delivery of callbacks: signed, in the background, again and again until the receiver answers 200."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import attrs

from kycaid_async.callbacks.signature import SIGNATURE_HEADER, sign
from kycaid_async.sandbox.effects import Callback
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
_OK: Final = 200

Sleep = Callable[[float], Awaitable[None]]


@attrs.frozen(kw_only=True)
class Delivery:
    """What became of a callback so far."""

    type: str
    """As in ``VERIFICATION_COMPLETED``."""
    request_id: str
    host: str
    """The host it goes to."""
    status: int | None = None
    """What the receiver answered last; None when it did not answer."""
    attempts: int = 0

    @property
    def arrived(self) -> bool:
        """True once the receiver answered 200."""
        return self.status == _OK


class Courier:
    """Delivers callbacks. Their order is not kept: a later one may overtake one that is tried again."""

    def __init__(self, api_key: str, url: str | None, sleep: Sleep) -> None:
        self._key = api_key
        self._url = url
        self._sleep = sleep
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._tasks = Tasks()
        self._history: dict[str, Delivery] = {}
        # Of the answers of receivers only the status is of interest.
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TIMEOUT), cookie_jar=aiohttp.DummyCookieJar()
        )

    def send(self, callbacks: Iterable[Callback]) -> None:
        """Deliver these in the background. One without a receiver is dropped."""
        for callback in callbacks:
            if (url := callback.url or self._url) is not None:
                self._tasks.start(self._deliver(callback, url))

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
        """Give up what is under way."""
        await self._tasks.close()
        await self._session.close()

    async def _deliver(self, callback: Callback, url: str) -> None:
        body = dumps(callback.body)
        state = Delivery(type=callback.body["type"], request_id=callback.body["request_id"], host=_host(url))
        self._remember(state)
        for pause in (*PAUSES, None):
            status = await self._post(url, body)
            state = attrs.evolve(state, status=status, attempts=state.attempts + 1)
            self._remember(state)
            if state.arrived or pause is None:
                break
            await self._sleep(pause)
        logger.info("%s %s after %d attempts", state.type, "arrived" if state.arrived else "given up", state.attempts)

    def _remember(self, state: Delivery) -> None:
        self._history[state.request_id] = state
        if len(self._history) > REMEMBERED:
            del self._history[next(iter(self._history))]

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
