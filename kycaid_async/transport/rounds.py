"""Heavy steps, one in each round of the loop."""

import asyncio
from collections import deque


class Rounds:
    """Lets one heavy step happen in each round of a loop: what a round takes is how long everything else waits.

    Many uploads are often ready to go on in the same round. Without this, the loop would read and send for all of them
    before it looks at anything else.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def turn(self) -> None:
        """Return when this round has no other heavy step, which is at once when nobody else wants one."""
        if not self._taken:
            self._taken = True
            self._loop.call_soon(self._next)
            return
        turn = self._loop.create_future()
        self._waiting.append(turn)
        await turn

    def _next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # it may have been cancelled meanwhile
                turn.set_result(None)
                self._loop.call_soon(self._next)
                return
        self._taken = False
