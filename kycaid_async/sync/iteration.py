"""Plain iterators over asynchronous ones, which run on the loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final, Generic, TypeVar

from kycaid_async.errors import ConfigurationError
from kycaid_async.sync.call import LoopCall, close
from kycaid_async.sync.handle import ClientHandle
from kycaid_async.sync.loop_thread import keep_alive, loop_thread
from kycaid_async.tracebacks import border

R = TypeVar("R")

PREFETCH: Final = 100
"""Items fetched ahead, so that threads switch once for many of them."""


class BlockingIterator(Iterator[R]):
    """Iterates over an async iterator that runs on the loop.

    `close`, or garbage collection, stops what runs there.
    """

    _open = False
    _over = True

    def __init__(
        self, handle: ClientHandle, items: AsyncIterator[R], is_interrupted: Callable[[], bool] = lambda: False
    ) -> None:
        self._handle = handle
        self._prefetcher = Prefetcher(items, is_interrupted)
        self._batch: Iterator[R] = iter(())
        self._open = False
        self._over = False

    def __next__(self) -> R:
        for item in self._batch:
            return item
        if not self._over:
            with border:
                self._batch = iter(self._take(self._handle.new_call()))
            for item in self._batch:
                return item
            self._over = True
        raise StopIteration

    def _take(self, call: LoopCall) -> list[R]:
        self._open = True
        try:
            items: list[R] = call.of(self._prefetcher.take).run()
        except BaseException:
            self._over = True
            loop_thread.spawn(self._prefetcher.stop)
            raise
        return items

    def close(self) -> None:
        """Stop the iteration. There are no more items afterwards."""
        self._batch = iter(())
        if self._open and not self._over:
            self._over = True
            with border:
                loop_thread.new_call().of(self._prefetcher.stop).run()  # works for a closed client too
        self._over = True

    def __del__(self) -> None:
        if self._open and not self._over:
            loop_thread.spawn(self._prefetcher.stop)


class Prefetcher(Generic[R]):
    """Fetches items from an async iterator ahead of demand. Lives on the loop."""

    def __init__(self, items: AsyncIterator[R], is_interrupted: Callable[[], bool]) -> None:
        self._items = items
        self._is_interrupted = is_interrupted
        self._ready: list[R] = []
        self._error: BaseException | None = None
        self._task: asyncio.Task[None] | None = None
        self._over = False
        self._arrived = asyncio.Event()
        self._wanted = asyncio.Event()

    async def take(self) -> list[R]:
        """Wait for an item and return all that are ready; none at the end, or when `interrupt` ends the wait."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
            keep_alive(self._task)
        elif self._task.get_loop() is not asyncio.get_running_loop():
            raise ConfigurationError("this iterator began in the process that forked this one; make a new one")
        self._wanted.set()
        while not self._ready and not self._over and not self._is_interrupted():
            self._arrived.clear()
            await self._arrived.wait()
        items, self._ready = self._ready, []
        if not items and self._error is not None:
            raise self._error
        return items

    def interrupt(self) -> None:
        """Let a waiting `take` check whether it is interrupted."""
        self._arrived.set()

    async def stop(self) -> None:
        """Cancel the task that fetches."""
        if self._task is None or self._task.get_loop() is not asyncio.get_running_loop():
            return
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            async for item in self._items:
                self._ready.append(item)
                self._arrived.set()
                if len(self._ready) >= PREFETCH:
                    self._wanted.clear()
                    await self._wanted.wait()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - re-raised in the iterating thread
            self._error = error
        finally:
            self._over = True
            self._arrived.set()
            await close(self._items)
