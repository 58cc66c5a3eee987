"""So many bytes in each round of the loop."""

import asyncio
from collections import deque
from typing import Final

SHARE: Final = 1 << 20
"""Bytes after which a round of the loop has done enough: to read and send them takes about half a millisecond."""


class Rounds:
    """Bounds the heavy steps of each round of a loop: what a round takes is how long everything else waits.

    Many uploads are often ready to go on in the same round. Without this, the loop would read and send for all of them
    before it looks at anything else.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._left = SHARE
        self._step = SHARE
        self._ends = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def turn(self) -> None:
        """Return when a step may be taken, which is at once unless others have done enough in this round."""
        if self._left > 0 and not self._waiting:
            return
        turn = self._loop.create_future()
        self._waiting.append(turn)
        await turn

    def did(self, size: int) -> None:
        """Note that a step has read and sent so many bytes."""
        self._left -= size
        # The largest of late: the next steps may be as large, although the last piece of a file is small.
        self._step = max(size, self._step * 7 // 8, 1)
        self._end_later()

    def _end_later(self) -> None:
        if not self._ends:
            self._ends = True
            self._loop.call_soon(self._end)

    def _end(self) -> None:
        """Begin the next round, and let as many go on as do enough if each takes as large a step as others of late."""
        self._ends, self._left = False, SHARE
        go_on = max(1, SHARE // self._step)
        while self._waiting and go_on:
            turn = self._waiting.popleft()
            if not turn.done():  # it may have been cancelled meanwhile
                turn.set_result(None)
                go_on -= 1
        if not go_on or self._waiting:
            self._end_later()
