"""The limit of a client on requests under way on one event loop."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from kycaid_async.protocol.pacing import Pacer


class ConcurrencyLimiter:
    """Lets requests start in order, never more than the pacer's window, and never sooner than it allows."""

    def __init__(self, pacer: Pacer, *, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]) -> None:
        self._pacer = pacer
        self._clock = clock
        self._sleep = sleep
        self._active = 0
        self._gate = asyncio.Lock()
        self._waiting: deque[asyncio.Future[None]] = deque()

    def try_acquire(self) -> bool:
        """Take a slot for a first attempt if there is nothing to wait for, and say whether that was so."""
        if self._waiting or not self._pacer.free or self._active >= self._pacer.window:
            return False
        self._active += 1
        self._pacer.started(self._clock())
        return True

    async def acquire(self, *, first: bool) -> None:
        """Take one slot; `release` gives it back. A repeat (``first`` false) goes before the calls not yet started."""
        if self._active < self._pacer.window and not (first and self._waiting):
            self._active += 1
        else:
            await self._queue(first=first)
        if not self._pacer.free:
            await self._wait_for_pacer()
        self._pacer.started(self._clock())

    async def _wait_for_pacer(self) -> None:
        try:
            async with self._gate:  # one at a time, so that each keeps its distance to the one before
                while (pause := self._pacer.wait(self._clock())) > 0:
                    await self._sleep(pause)
        except BaseException:
            self.release()
            raise

    async def _queue(self, *, first: bool) -> None:
        waiter = asyncio.get_running_loop().create_future()
        (self._waiting.append if first else self._waiting.appendleft)(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.release()  # it was woken and cancelled in the same iteration of the loop
            raise

    def release(self) -> None:
        """Give a slot back, and hand what is free to those who still wait."""
        self._active -= 1
        while self._waiting and self._active < self._pacer.window:
            waiter = self._waiting.popleft()
            if not waiter.done():
                self._active += 1
                waiter.set_result(None)
