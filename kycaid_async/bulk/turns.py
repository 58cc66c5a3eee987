"""One at a time for each key."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

import attrs


@attrs.define(eq=False)
class _Line:
    lock: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    users: int = 0


class Turns:
    """Locks by key, which exist as long as somebody uses them."""

    def __init__(self) -> None:
        self._lines: dict[Hashable, _Line] = {}

    @asynccontextmanager
    async def of(self, key: Hashable) -> AsyncIterator[None]:
        """Wait until nobody else has a turn with this key, and take it."""
        line = self._lines.setdefault(key, _Line())
        line.users += 1
        try:
            async with line.lock:
                yield
        finally:
            line.users -= 1
            if not line.users:
                del self._lines[key]
