"""Plain iterators over asynchronous ones, which run on the loop."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from operator import length_hint
from typing import Final, Generic, TypeVar

from kycaid_async.errors import ConfigurationError
from kycaid_async.sync.call import LoopCall, close
from kycaid_async.sync.handle import ClientHandle
from kycaid_async.sync.loop_thread import keep_alive, loop_thread
from kycaid_async.tracebacks import border
from kycaid_async.transport.under_way import UnderWay

R = TypeVar("R")

PREFETCH: Final = 100
"""Items fetched ahead, so that threads switch once for many of them."""

_IN_CHILD: Final = "this iterator began in the process that forked this one; make a new one"


class BlockingIterator(Iterator[R]):
    """Iterates over an async iterator that runs on the loop.

    `close`, or garbage collection, stops what runs there. Threads may share one: each item goes to exactly one of them.
    """

    _open = False
    _over = True

    def __init__(
        self, handle: ClientHandle, items: AsyncIterator[R], is_interrupted: Callable[[], bool] = lambda: False
    ) -> None:
        self._handle = handle
        self._prefetcher = Prefetcher(items, is_interrupted)
        self._under_way = UnderWay()
        self._open = False
        self._over = False
        self._process = 0

    def __next__(self) -> R:
        while True:
            for batch in self._prefetcher.batches:
                # Not by a call of `next`: Ctrl-C can come behind a call, and the item would be lost.
                for item in batch:
                    return item
            if self._over:
                raise StopIteration
            with border:
                self._take(self._handle.new_call())

    def _take(self, call: LoopCall) -> None:
        """Wait until there are items, or none come any more."""
        self._refuse_in_child()
        self._open = True
        try:
            call.share(self._under_way).of(self._prefetcher.take)
            self._over = call.run() or self._over
        except BaseException:
            self._over = True
            loop_thread.spawn(self._prefetcher.stop)
            raise

    def _refuse_in_child(self) -> None:
        """Raise `ConfigurationError` in a process that was forked after the iteration began."""
        self._process = self._process or os.getpid()
        if self._process != os.getpid():
            raise ConfigurationError(_IN_CHILD)

    def close(self) -> None:
        """Stop the iteration. There are no more items afterwards."""
        if self._open and not self._over:
            self._over = True
            with border:
                loop_thread.new_call().of(self._prefetcher.stop).run()  # works for a closed client too
        self._over = True
        self._prefetcher.batches = []

    def __del__(self) -> None:
        if self._open and not self._over:
            loop_thread.spawn(self._prefetcher.stop)


class Prefetcher(Generic[R]):
    """Fetches items from an async iterator ahead of demand. Lives on the loop."""

    def __init__(self, items: AsyncIterator[R], is_interrupted: Callable[[], bool]) -> None:
        self.batches: list[Iterator[R]] = []
        """What was taken. Filled on the loop: an interruption of who takes it loses nothing."""
        self._items = items
        self._is_interrupted = is_interrupted
        self._ready: list[R] = []
        self._error: BaseException | None = None
        self._task: asyncio.Task[None] | None = None
        self._over = False
        self._arrived = asyncio.Event()
        self._wanted = asyncio.Event()

    async def take(self) -> bool:
        """Wait until there are items, or `interrupt` ends the wait; True when there are none, and none will come."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
            keep_alive(self._task)
        elif self._task.get_loop() is not asyncio.get_running_loop():
            raise ConfigurationError(_IN_CHILD)
        self._wanted.set()
        while not (self._ready or self._are_left() or self._over or self._is_interrupted()):
            self._arrived.clear()
            await self._arrived.wait()
        items, self._ready = self._ready, []
        if items:
            self.batches = [*filter(length_hint, self.batches), iter(items)]
        elif self._over and not self._are_left():
            if self._error is not None:
                raise self._error
            return True
        return False

    def _are_left(self) -> bool:
        """Say whether another thread, which took items as well, has left some."""
        return any(map(length_hint, self.batches))

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
