"""The rows of a run, one at a time, out of whatever gives them."""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from kycaid_async.bulk.row import BulkRow

Rows = Iterable[BulkRow] | AsyncIterable[BulkRow]

_AT_ONCE: Final = 64
_SECONDS: Final = 0.05
"""How long rows that were read already wait for more to join them."""


class Feed:
    """Gives rows to many tasks. An iterable that is not asynchronous is read in one thread of its own, as it may block.

    At most some dozens of rows are read ahead.
    """

    def __init__(self, rows: Rows) -> None:
        self._batches = _each(rows) if isinstance(rows, AsyncIterable) else _in_thread(iter(rows))
        self._ready: deque[BulkRow] = deque()
        self._turn = asyncio.Lock()
        self._closed = asyncio.get_running_loop().create_future()
        self._numbers = itertools.count()

    async def next(self) -> tuple[int, BulkRow] | None:
        """Return a row and its place, from 0; None after the last one and once the feed is closed."""
        if not self._ready:
            async with self._turn:
                while not self._ready and not self._closed.done():
                    await self._pull()
        return (next(self._numbers), self._ready.popleft()) if self._ready else None

    async def _pull(self) -> None:
        pulling = asyncio.ensure_future(anext(self._batches, None))
        try:
            await asyncio.wait({pulling, self._closed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pulling.cancel()
            await asyncio.gather(pulling, return_exceptions=True)
        if self._closed.done():
            return
        batch = pulling.result()
        if batch is None:
            self.close()
        else:
            self._ready.extend(batch)

    def close(self) -> None:
        """Give no more rows."""
        if not self._closed.done():
            self._closed.set_result(None)
        self._ready.clear()

    async def aclose(self) -> None:
        """Let go of what reads the rows."""
        self.close()
        async with self._turn:
            await self._batches.aclose()


async def _each(rows: AsyncIterable[BulkRow]) -> AsyncGenerator[list[BulkRow], None]:
    async for row in rows:
        yield [row]


async def _in_thread(rows: Iterator[BulkRow]) -> AsyncGenerator[list[BulkRow], None]:
    loop = asyncio.get_running_loop()
    # The same thread each time: what reads a database or a file may insist on it.
    thread = ThreadPoolExecutor(1, thread_name_prefix="kycaid rows")
    try:
        while batch := await loop.run_in_executor(thread, _batch, rows):
            yield batch
    finally:
        thread.shutdown(wait=False)


def _batch(rows: Iterator[BulkRow]) -> list[BulkRow]:
    batch: list[BulkRow] = []
    until = time.monotonic() + _SECONDS
    for row in rows:
        batch.append(row)
        if len(batch) == _AT_ONCE or time.monotonic() > until:
            break
    return batch
