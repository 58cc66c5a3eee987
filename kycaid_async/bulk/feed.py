"""The rows of a run, one at a time, out of whatever gives them."""

import asyncio
import contextlib
import itertools
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator
from typing import Final

from kycaid_async.bulk.row import BulkRow

Rows = Iterable[BulkRow] | AsyncIterable[BulkRow]

_AHEAD: Final = 64


class Feed:
    """Gives rows to many tasks. An iterable that is not asynchronous is read in one thread of its own, as it may block.

    Some dozens of rows are read ahead. What ends the reading is raised after the rows that were read before it.
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
    reader = _Reader(rows)
    try:
        while batch := await reader.batch():
            yield batch
    finally:
        reader.stop()


class _Reader:
    """Reads rows in a thread, which holds up neither those that were read nor the end of the program when it blocks."""

    def __init__(self, rows: Iterator[BulkRow]) -> None:
        self._rows = rows
        self._read: deque[BulkRow] = deque()
        self._room = threading.Semaphore(_AHEAD)
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._told = False
        self._stopped = False
        self._ended = False
        self._error: BaseException | None = None
        # The same thread for all: what reads a database or a file may insist on it.
        threading.Thread(target=self._read_all, name="kycaid rows", daemon=True).start()

    async def batch(self) -> list[BulkRow]:
        """Return what was read, as soon as there is some; nothing at the end. Raises what ended it, after the rows."""
        while True:
            self._news.clear()
            ended, batch = self._ended, [self._read.popleft() for _ in range(len(self._read))]
            if batch:
                self._room.release(len(batch))
                return batch
            if ended and self._error is not None:
                raise self._error
            if ended:
                return []
            await self._news.wait()

    def stop(self) -> None:
        """Let the thread end, as soon as it has the next row."""
        self._stopped = True
        self._room.release()

    def _read_all(self) -> None:
        try:
            for row in self._rows:
                self._room.acquire()
                if self._stopped:
                    return
                self._read.append(row)
                self._tell()
        except BaseException as error:  # noqa: BLE001 - it is raised where the rows are taken
            self._error = error
        self._ended = True
        self._tell()

    def _tell(self) -> None:
        """Wake the loop, once for all rows until it looks."""
        if not self._told:
            self._told = True
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._told = False
        self._news.set()
