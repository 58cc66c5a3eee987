"""The link of a client to those that share its pace: it reports, is told, and goes on alone while nobody answers."""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Callable
from typing import Final

import attrs

from kycaid_async.protocol.shared_pacing import PaceOption, PaceStore, SharedPacer
from kycaid_async.transport.settings import Settings

logger = logging.getLogger("kycaid_async")

_PATIENCE: Final = 1.0
"""Seconds within which the others have to answer."""
_IDLE: Final = 5.0
"""Seconds without a start after which a client takes no part any more."""
_RETRY: Final = 0.5
"""Seconds from one try to get in touch again to the next."""
_LONGER: Final = 4.0
_LONGEST_RETRY: Final = 16.0
"""After tries that got no answer at all: the look-up of a name goes on in a thread for long after it was given up."""


def account_of(settings: Settings) -> str:
    """Return a name of an account, by which nobody learns its key."""
    key = settings.api_key.reveal().encode()
    return hmac.new(key, b"pace at " + settings.base_url.encode(), hashlib.sha256).hexdigest()[:32]


def open_pace(settings: Settings, pace: PaceOption) -> PaceStore:
    """Return the place where the pace of this client's account is agreed on."""
    if not isinstance(pace, str):
        return pace(account_of(settings))
    from kycaid_async.transport.redis_pace import RedisPaceStore

    return RedisPaceStore(pace, account_of(settings), settings.max_connections)


@attrs.define(eq=False, repr=False)
class PaceLink:
    """Keeps a pacer in touch with the others, as long as requests are made."""

    _store: PaceStore
    _pacer: SharedPacer
    _loop: asyncio.AbstractEventLoop
    _clock: Callable[[], float]
    _visit: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    _timer: asyncio.TimerHandle | None = None
    _task: "asyncio.Task[None] | None" = None
    _active_at: float = 0.0
    _is_lost: bool = False
    _again: float = _RETRY
    _is_closed: bool = False

    async def ask(self, wanted: int) -> None:
        """Hear of the others, and ask for up to so many permits, if the pacer has to know before a start."""
        if self._has_to_ask():  # first without the lock: a visit that gets no answer holds up nobody who need not ask
            async with self._visit:
                if self._has_to_ask():
                    await self._look(wanted)
        if self._timer is None and self._task is None and not self._is_closed:
            self._active_at = self._clock()
            self._wait(self._again)

    def _has_to_ask(self) -> bool:
        return not self._is_closed and self._pacer.has_to_ask(self._clock())

    async def _look(self, wanted: int) -> None:
        report = self._pacer.report()
        if report.started:
            self._active_at = self._clock()
        try:
            async with asyncio.timeout(_PATIENCE):
                pace = await self._store.visit(report, wanted)
        except asyncio.CancelledError:
            self._pacer.take_back(report)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, requests go on
            self._pacer.lost_touch(self._clock(), report)
            is_silent = self._is_lost and isinstance(error, TimeoutError)
            self._again = min(_LONGEST_RETRY, _LONGER * self._again) if is_silent else _RETRY
            if not self._is_lost:
                logger.warning(
                    "pace: those that share it cannot be reached (%s); this client goes on with its part",
                    type(error).__name__,
                )
            self._is_lost = True
            return
        self._pacer.heard(self._clock(), pace)
        self._again = pace.again
        if self._is_lost:
            logger.info("pace: those that share it are heard of again")
        self._is_lost = False

    # Now and then, without being asked.

    def _wait(self, seconds: float) -> None:
        self._timer = self._loop.call_later(seconds, self._due)

    def _due(self) -> None:
        self._timer = None
        if self._clock() - self._active_at > _IDLE and not self._pacer.has_news:
            self._pacer.is_stale = True
            return
        self._task = self._loop.create_task(self._keep_in_touch())

    async def _keep_in_touch(self) -> None:
        async with self._visit:
            await self._look(0)
        self._task = None
        self._wait(self._again)

    async def aclose(self) -> None:
        """Stop, and close the store."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._store.aclose()
