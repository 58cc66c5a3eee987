"""The feed of a run: its rows, one at a time, from any iterable."""

import asyncio
import contextlib
import itertools
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator
from typing import Final, Generic, TypeVar

from kycaid_async.tracebacks import hide_locals

T = TypeVar("T")

_AHEAD: Final = 64


class RowFeed(Generic[T]):
    """Hands rows out to many tasks.

    An iterable that is not asynchronous is read in one thread of its own, as it may block. Some dozens of rows
    are read ahead. What ends the reading is raised after the rows that were read before it.
    """

    def __init__(self, rows: Iterable[T] | AsyncIterable[T]) -> None:
        self._batches = _in_task(rows) if isinstance(rows, AsyncIterable) else _in_thread(iter(rows))
        self._ready: deque[T] = deque()
        self._turn = asyncio.Lock()
        self._closed = asyncio.get_running_loop().create_future()
        self._numbers = itertools.count()

    async def next(self) -> tuple[int, T] | None:
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


async def _in_task(rows: AsyncIterable[T]) -> AsyncGenerator[list[T], None]:
    reader = _TaskReader(rows)
    try:
        while batch := await reader.batch():
            yield batch
    finally:
        await reader.stop()


async def _in_thread(rows: Iterator[T]) -> AsyncGenerator[list[T], None]:
    reader = _ThreadReader(rows)
    try:
        while batch := await reader.batch():
            yield batch
    finally:
        reader.stop()


class _Reader(Generic[T]):
    """A reader that is some rows ahead."""

    def __init__(self) -> None:
        self._read: deque[T] = deque()
        self._news = asyncio.Event()
        self._ended = False
        self._error: BaseException | None = None

    async def batch(self) -> list[T]:
        """Return what was read, as soon as there is some; nothing at the end. Raises what ended it, after the rows."""
        while True:
            self._news.clear()
            ended, batch = self._ended, [self._read.popleft() for _ in range(len(self._read))]
            if batch:
                self._make_room(len(batch))
                return batch
            if ended and self._error is not None:
                raise self._error
            if ended:
                return []
            await self._news.wait()

    def _make_room(self, rows: int) -> None:
        raise NotImplementedError


class _TaskReader(_Reader[T]):
    """Reads rows in a task. One for all: what stands around them, such as a cancel scope, may insist on it."""

    def __init__(self, rows: AsyncIterable[T]) -> None:
        super().__init__()
        self._room = asyncio.Semaphore(1)  # it does not block, so there is nothing to be gained by more
        self._task = asyncio.create_task(self._read_all(rows))

    async def stop(self) -> None:
        """Let go of the rows."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _read_all(self, rows: AsyncIterable[T]) -> None:
        iterator = aiter(rows)
        try:
            while await self._room.acquire():
                self._read.append(await anext(iterator))
                self._news.set()
        except StopAsyncIteration:
            return
        except asyncio.CancelledError as error:
            # Not by `stop`, or else nobody reads on. Raised as it is, it would pass for the end of a worker.
            self._error = RuntimeError("bulk: what gives the rows was cancelled")
            self._error.__cause__ = error
        except Exception as error:  # noqa: BLE001 - it is raised where the rows are taken
            hide_locals(error)
            self._error = error
        finally:
            self._ended = True
            self._news.set()
            if isinstance(iterator, AsyncGenerator):
                await iterator.aclose()

    def _make_room(self, rows: int) -> None:
        for _ in range(rows):
            self._room.release()


class _ThreadReader(_Reader[T]):
    """Reads rows in a thread, which holds up neither those that were read nor the end of the program when it blocks."""

    def __init__(self, rows: Iterator[T]) -> None:
        super().__init__()
        self._rows = rows
        self._room = threading.Semaphore(_AHEAD)
        self._loop = asyncio.get_running_loop()
        self._is_waking = False
        self._stopped = False
        # The same thread for all: what reads a database or a file may insist on it.
        threading.Thread(target=self._read_all, name="kycaid rows", daemon=True).start()

    def stop(self) -> None:
        """Let the thread end, as soon as it has the next row."""
        self._stopped = True
        self._room.release()

    def _make_room(self, rows: int) -> None:
        self._room.release(rows)

    def _read_all(self) -> None:
        try:
            for row in self._rows:
                self._room.acquire()
                if self._stopped:
                    return
                self._read.append(row)
                self._notify()
        except BaseException as error:  # noqa: BLE001 - it is raised where the rows are taken
            hide_locals(error)
            self._error = error
        self._ended = True
        self._notify()

    def _notify(self) -> None:
        """Wake the loop, once for all rows until it looks."""
        if not self._is_waking:
            self._is_waking = True
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._is_waking = False
        self._news.set()
