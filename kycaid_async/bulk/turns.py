"""One at a time for each key."""

import asyncio
from collections import deque
from collections.abc import Hashable
from types import TracebackType
from typing import Self

import attrs


class Turns:
    """Locks by key, which exist as long as somebody uses them."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}

    def of(self, key: Hashable) -> "Turn":
        """Return what waits, as an ``async with``, until nobody else has a turn with this key, and takes it."""
        return Turn(self._waiting, key)


@attrs.define(eq=False)
class Turn:
    """One turn. Nearly always nobody else wants it, which has to cost next to nothing."""

    _waiting: dict[Hashable, deque[asyncio.Future[None]]]
    _key: Hashable

    async def __aenter__(self) -> Self:
        queue = self._waiting.get(self._key)
        if queue is None:
            self._waiting[self._key] = deque()
            return self
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()  # it was handed to one who no longer wants it
            else:
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
