"""How many requests of a client run at once on one loop."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from kycaid_async.protocol.pacing import Pacer


class Slots:
    """Lets requests start in order, never more than the pacer's window, and never while its gate is shut."""

    def __init__(self, pacer: Pacer, *, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]) -> None:
        self._pacer = pacer
        self._clock = clock
        self._sleep = sleep
        self._active = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def slot(self, *, first: bool) -> AsyncIterator[None]:
        """Hold one slot. A repeat (``first`` false) goes before the calls that have not started yet."""
        await self._acquire(first=first)
        try:
            yield
        finally:
            self._active -= 1
            self._wake()

    async def _acquire(self, *, first: bool) -> None:
        queue = first and bool(self._waiting)
        while True:
            if queue or self._active >= self._pacer.window:
                await self._wait_for_turn(first=first)
                first, queue = False, False
            elif (pause := self._pacer.wait(self._clock())) > 0:
                await self._sleep(pause)
            else:
                self._active += 1
                self._wake()
                return

    async def _wait_for_turn(self, *, first: bool) -> None:
        turn = asyncio.get_running_loop().create_future()
        (self._waiting.append if first else self._waiting.appendleft)(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._wake()  # the turn was given to one who no longer wants it
            else:
                self._waiting.remove(turn)
            raise

    def _wake(self) -> None:
        free = self._pacer.window - self._active
        while free > 0 and self._waiting:
            self._waiting.popleft().set_result(None)
            free -= 1
