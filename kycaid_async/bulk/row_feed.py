"""A feed of rows, for many tasks: read ahead, and looked up together."""

import asyncio
import contextlib
import itertools
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable
from typing import Any, Final, Generic, TypeVar

from kycaid_async.tracebacks import hide_locals

W = TypeVar("W")

ENDINGS: Final = (Exception, SystemExit, KeyboardInterrupt)
"""What code of a user may raise. Out of a task that nobody awaits, the last two would end the loop of all others."""

_AHEAD: Final = 64
"""Rows that a thread reads before anybody wants them; as many may have been handed over and wait for a worker."""


class RowBatch(list[Any]):
    """Rows that an asynchronous iterable gives together, in place of one."""


class RowFeed(Generic[W]):
    """Hands rows out to many tasks.

    An iterable that is not asynchronous is read in one thread of its own, as it may block. Some dozens of rows
    are read ahead. What ends the reading is raised after the rows that were read before it.

    ``prepare`` is given the rows that came together, and gives each as it is handed out.
    """

    def __init__(
        self, rows: Iterable[Any] | AsyncIterable[Any], prepare: Callable[[list[Any]], Awaitable[list[W]]] | None = None
    ) -> None:
        self._rows = rows
        self._prepare = prepare
        self._reader: _Reader | None = None
        self._ready: deque[W] = deque()
        self._turn = asyncio.Lock()
        self._closed = False
        self._numbers = itertools.count()

    async def next(self) -> tuple[int, W] | None:
        """Return a row and its place, from 0; None after the last one and once the feed is closed."""
        if not self._ready:
            async with self._turn:
                while not self._ready and not self._closed:
                    await self._pull()
        return (next(self._numbers), self._ready.popleft()) if self._ready else None

    async def _pull(self) -> None:
        if self._reader is None:
            rows = self._rows
            self._reader = _TaskReader(rows) if isinstance(rows, AsyncIterable) else _ThreadReader(rows)
        batch = await self._reader.batch()
        if not batch:
            self.close()
        elif self._prepare is not None:
            batch = await self._prepare(batch)
        if not self._closed:
            self._ready.extend(batch)

    def close(self) -> None:
        """Give no more rows."""
        self._closed = True
        self._ready.clear()
        if self._reader is not None:
            self._reader.close()

    async def aclose(self) -> None:
        """Let go of what reads the rows."""
        self.close()
        async with self._turn:
            if self._reader is not None:
                await self._reader.stop()


class _Reader:
    """A reader that is some rows ahead."""

    def __init__(self) -> None:
        self._read: deque[Any] = deque()
        self._news = asyncio.Event()
        self._ended = False
        self._closed = False
        self._is_wanted = False
        self._error: BaseException | None = None

    async def batch(self) -> list[Any]:
        """Return what was read, as soon as there is some; nothing at the end. Raises what ended it, after the rows."""
        while not self._closed:
            self._news.clear()
            self._is_wanted = True  # before the look: a row that comes after it is told of
            ended, batch = self._ended, [self._read.popleft() for _ in range(len(self._read))]
            if batch:
                self._is_wanted = False
                self._make_room(len(batch))
                return batch
            if ended and self._error is not None:
                raise self._error
            if ended:
                return []
            await self._news.wait()
        return []

    def close(self) -> None:
        """Let nobody wait for rows any more."""
        self._closed = True
        self._news.set()

    async def stop(self) -> None:
        """Let go of the rows."""
        raise NotImplementedError

    def _make_room(self, rows: int) -> None:
        raise NotImplementedError


class _TaskReader(_Reader):
    """Reads rows in a task. One for all: what stands around them, such as a cancel scope, may insist on it."""

    def __init__(self, rows: AsyncIterable[Any]) -> None:
        super().__init__()
        self._room = asyncio.Semaphore(1)  # it does not block, so there is nothing to be gained by more
        self._task = asyncio.create_task(self._read_all(rows))

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _read_all(self, rows: AsyncIterable[Any]) -> None:
        iterator = aiter(rows)
        try:
            while await self._room.acquire():
                row = await anext(iterator)
                if isinstance(row, RowBatch):
                    self._read.extend(row)
                else:
                    self._read.append(row)
                self._news.set()
        except StopAsyncIteration:
            return
        except asyncio.CancelledError as error:
            # Not by `stop`, or else nobody reads on. Raised as it is, it would pass for the end of a worker.
            cut = RuntimeError("bulk: what gives the rows was cancelled")
            cut.__cause__ = error
            self._error = cut
        except ENDINGS as error:  # it is raised where the rows are taken
            hide_locals(error)
            self._error = error
        finally:
            self._ended = True
            self._news.set()
            if isinstance(iterator, AsyncGenerator):
                await iterator.aclose()

    def _make_room(self, rows: int) -> None:  # noqa: ARG002 - of one row, or of one batch
        self._room.release()


class _ThreadReader(_Reader):
    """Reads rows in a thread, which holds up neither those that were read nor the end of the program when it blocks."""

    def __init__(self, rows: Iterable[Any]) -> None:
        super().__init__()
        self._rows = iter(rows)
        self._room = threading.Event()
        self._loop = asyncio.get_running_loop()
        # The same thread for all: what reads a database or a file may insist on it.
        threading.Thread(target=self._read_all, name="kycaid rows", daemon=True).start()

    async def stop(self) -> None:
        """Let the thread end, as soon as it has the next row."""
        self._room.set()

    def _make_room(self, rows: int) -> None:  # noqa: ARG002 - all that were read
        # Only the first row after a pause needs to wake the thread: each time it costs more than to make a row.
        if not self._room.is_set():
            self._room.set()

    def _read_all(self) -> None:
        try:
            for row in self._rows:
                self._wait_for_room()
                if self._closed:
                    return
                self._read.append(row)
                self._notify()
        except BaseException as error:  # noqa: BLE001 - it is raised where the rows are taken
            hide_locals(error)
            self._error = error
        self._ended = True
        self._notify()

    def _wait_for_room(self) -> None:
        while len(self._read) >= _AHEAD and not self._closed:
            self._room.clear()
            if len(self._read) >= _AHEAD and not self._closed:  # or else it was taken just before
                self._room.wait()

    def _notify(self) -> None:
        """Wake the loop, once for all rows until it looks, and only when somebody waits for them."""
        if self._is_wanted:
            self._is_wanted = False
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._news.set)
