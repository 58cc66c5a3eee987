"""Plain iterators over what the loop makes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Generic, TypeVar

from kycaid_async.errors import ConfigurationError
from kycaid_async.sync.call import Call, close
from kycaid_async.sync.handle import Link
from kycaid_async.sync.loop_thread import bridge, keep
from kycaid_async.tracebacks import border

R = TypeVar("R")

AHEAD = 100
"""How many items are made before they are asked for, so that threads are switched once for many of them."""


class BlockingIterator(Iterator[R]):
    """Iterates over an async iterator that runs on the loop.

    `close`, or letting go of it, ends what runs there.
    """

    _open = False
    _over = True

    def __init__(self, link: Link, items: AsyncIterator[R], nudged: Callable[[], bool] = lambda: False) -> None:
        self._link = link
        self._pump = Pump(items, nudged)
        self._batch: Iterator[R] = iter(())
        self._open = False
        self._over = False

    def __next__(self) -> R:
        for item in self._batch:
            return item
        if not self._over:
            with border:
                self._batch = iter(self._take(self._link.enter()))
            for item in self._batch:
                return item
            self._over = True
        raise StopIteration

    def _take(self, call: Call) -> list[R]:
        self._open = True
        try:
            return call.run(self._pump.take())
        except BaseException:
            self._over = True
            bridge.spawn(self._pump.stop)
            raise

    def close(self) -> None:
        """Stop. There are no more items afterwards."""
        self._batch = iter(())
        if self._open and not self._over:
            self._over = True
            with border:
                bridge.enter().run(self._pump.stop())  # also when the client is closed already
        self._over = True

    def __del__(self) -> None:
        if self._open and not self._over:
            bridge.spawn(self._pump.stop)


class Pump(Generic[R]):
    """Takes items from an async iterator, a few ahead. Lives on the loop."""

    def __init__(self, items: AsyncIterator[R], nudged: Callable[[], bool]) -> None:
        self._items = items
        self._nudged = nudged
        self._ready: list[R] = []
        self._error: BaseException | None = None
        self._task: asyncio.Task[None] | None = None
        self._over = False
        self._arrived = asyncio.Event()
        self._wanted = asyncio.Event()

    async def take(self) -> list[R]:
        """Return what there is, at least one; none at the end, or when something else wants to be done first."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
            keep(self._task)
        elif self._task.get_loop() is not asyncio.get_running_loop():
            raise ConfigurationError("this iterator began in the process that forked this one; make a new one")
        self._wanted.set()
        while not self._ready and not self._over and not self._nudged():
            self._arrived.clear()
            await self._arrived.wait()
        taken, self._ready = self._ready, []
        if not taken and self._error is not None:
            raise self._error
        return taken

    def nudge(self) -> None:
        """Let `take` look whether something else wants to be done."""
        self._arrived.set()

    async def stop(self) -> None:
        """End what runs."""
        if self._task is None or self._task.get_loop() is not asyncio.get_running_loop():
            return
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            async for item in self._items:
                self._ready.append(item)
                self._arrived.set()
                if len(self._ready) >= AHEAD:
                    self._wanted.clear()
                    await self._wanted.wait()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - the thread that iterates gets it
            self._error = error
        finally:
            self._over = True
            self._arrived.set()
            await close(self._items)
