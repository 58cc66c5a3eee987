"""Background tasks and waits that end with the sandbox."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import attrs

from kycaid_async.masking import ValueObject

logger = logging.getLogger("kycaid_async.sandbox")

Sleep = Callable[[float], Awaitable[None]]
"""Waits for seconds."""


@attrs.define(eq=False, repr=False)
class Tasks(ValueObject):
    """A set of running tasks."""

    _running: set[asyncio.Task[None]] = attrs.field(factory=set)
    _is_closed: bool = False

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do ``work`` in the background; not at all once this is closed."""
        if self._is_closed:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(_guarded(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finished(self) -> None:
        """Wait until no task is running."""
        while self._running:
            await asyncio.wait(self._running)

    async def cancel(self) -> None:
        """Cancel what is running, and wait for its end."""
        for task in self._running:
            task.cancel()
        await self.finished()

    async def close(self) -> None:
        """Cancel what is running, wait for its end, and start nothing any more."""
        self._is_closed = True
        await self.cancel()


@attrs.frozen(eq=False, repr=False)
class Waits(ValueObject):
    """Waits for requests, so that none of them holds up the end of the sandbox."""

    _sleep: Sleep
    _waiting: "set[asyncio.Future[None]]" = attrs.field(factory=set)

    async def wait(self, seconds: float) -> None:
        """Wait so long, or until the sandbox stops."""
        sleeping = asyncio.ensure_future(self._sleep(seconds))
        self._waiting.add(sleeping)
        try:
            await asyncio.wait([sleeping])
        finally:
            self._waiting.discard(sleeping)
            sleeping.cancel()

    async def end(self, _app: object) -> None:
        """End all waits."""
        for sleeping in self._waiting:
            sleeping.cancel()


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - nobody awaits this task
        logger.error("background work failed: %s", type(error).__name__)  # noqa: TRY400 - its text may be personal
