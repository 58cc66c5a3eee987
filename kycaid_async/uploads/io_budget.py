"""Bounds the bytes that uploads move per event-loop iteration."""

import asyncio
from collections import deque
from typing import Final

BUDGET: Final = 1 << 20
"""Bytes per iteration of the loop: to read and send them takes about half a millisecond."""

UNSEEN: Final = 1 << 16
"""Bytes that may be on this side without showing: over TLS a transport does not count what it has encrypted."""


class IoBudget:
    """A byte budget that is filled anew in each iteration of one event loop.

    What an iteration takes is how long everything else waits. Many uploads are often ready to go on in the same one:
    without a budget, the loop would read and send for all of them before it looks at anything else.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._left = BUDGET
        self._step = BUDGET
        self._is_refill_due = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def is_free(self) -> bool:
        """True when this iteration's budget allows another chunk: then `acquire` need not be called."""
        return self._left > 0 and not self._waiting

    async def acquire(self) -> None:
        """Wait until this iteration's budget allows another chunk."""
        if self.is_free:
            return
        waiter = self._loop.create_future()
        self._waiting.append(waiter)
        await waiter

    def spend(self, size: int) -> None:
        """Take what a chunk has read and sent out of the budget, in bytes."""
        self._left -= size
        # The largest of late: the next steps may be as large, although the last piece of a file is small.
        self._step = max(size, self._step * 7 // 8, 1)
        self._refill_later()

    def _refill_later(self) -> None:
        if not self._is_refill_due:
            self._is_refill_due = True
            self._loop.call_soon(self._refill)

    def _refill(self) -> None:
        """Fill the budget, and wake as many waiters as use it up if each takes as large a step as others of late."""
        self._is_refill_due, self._left = False, BUDGET
        wake = max(1, BUDGET // self._step)
        while self._waiting and wake:
            waiter = self._waiting.popleft()
            if not waiter.done():  # it may have been cancelled meanwhile
                waiter.set_result(None)
                wake -= 1
        if not wake or self._waiting:
            self._refill_later()


def unsent(transport: asyncio.WriteTransport | None) -> int:
    """Return how many bytes are still on this side, as far as ``transport`` knows."""
    try:
        return 0 if transport is None else transport.get_write_buffer_size()
    except AttributeError:  # how asyncio's TLS says that it was closed twice, as aiohttp does; it holds nothing more
        return 0
