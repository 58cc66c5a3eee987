"""Work in the background that ends with the sandbox."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import attrs

logger = logging.getLogger("kycaid_async.sandbox")


@attrs.define
class Tasks:
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

    async def close(self) -> None:
        """Cancel what is running, and wait for its end."""
        self._is_closed = True
        for task in self._running:
            task.cancel()
        await self.finished()


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - nobody waits for it
        logger.error("background work failed: %s", type(error).__name__)  # noqa: TRY400 - its text may be personal
