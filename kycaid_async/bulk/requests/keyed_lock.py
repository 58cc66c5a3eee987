"""One lock per key."""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Self

import attrs

Idle = Callable[[], AbstractContextManager[None]]
"""What stands around a wait, so that others work meanwhile: see `WorkerPool.idle`."""


class KeyedLock:
    """Locks by key, which exist as long as somebody uses them."""

    def __init__(self, idle: Idle = nullcontext) -> None:
        self._idle = idle
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}

    def of(self, key: Hashable) -> "Hold":
        """Return what waits, as an ``async with``, until nobody else holds the lock of this key, and takes it."""
        return Hold(self._waiting, key, self._idle)

    def is_held(self, key: Hashable) -> bool:
        """Say whether somebody holds the lock of this key."""
        return key in self._waiting


@attrs.define(eq=False)
class Hold:
    """A hold of one lock. Nearly always it is free, which has to cost next to nothing."""

    _waiting: dict[Hashable, deque[asyncio.Future[None]]]
    _key: Hashable
    _idle: Idle

    async def __aenter__(self) -> Self:
        queue = self._waiting.get(self._key)
        if queue is None:
            self._waiting[self._key] = deque()
            return self
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            with self._idle():
                await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self._pass_on()  # it was handed to one who no longer wants it
            elif turn in queue:
                queue.remove(turn)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        queue = self._waiting[self._key]
        while queue:
            turn = queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._waiting[self._key]
