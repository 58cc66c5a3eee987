"""A run over many rows: a task with workers, whose results somebody iterates over."""

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, Self, TypeVar

from kycaid_async.bulk.finished import finished
from kycaid_async.bulk.ledger import Ledger
from kycaid_async.bulk.requests.adaptive_concurrency import AdaptiveConcurrency
from kycaid_async.bulk.requests.resilient_caller import ResilientCaller
from kycaid_async.bulk.requests.workers import WorkerPool
from kycaid_async.loops import running_loop
from kycaid_async.protocol.caller import Caller
from kycaid_async.timing import Timing
from kycaid_async.tracebacks import border
from kycaid_async.transport.settings import Settings

R = TypeVar("R")


class BulkRun(Generic[R]):
    """A run. Iterate over it once; whatever ends it early is raised where the results are read."""

    _name = "run"

    def __init__(
        self, *, concurrency: int, give_up_after: float, caller: Caller, settings: Settings, timing: Timing
    ) -> None:
        self._settings = settings
        self._timing = timing
        self._workers = workers = WorkerPool(concurrency=AdaptiveConcurrency(concurrency))
        self._caller = ResilientCaller(
            caller=caller,
            timing=timing,
            concurrency=workers.concurrency,
            max_retries=settings.retries.max_retries,
            give_up_after=give_up_after,
            idle=workers.idle,
            drained=workers.drained,
        )
        self._results: asyncio.Queue[R | None] = asyncio.Queue(concurrency)
        self._started = timing.clock()
        self._seconds = 0.0
        self._task: asyncio.Task[None] | None = None
        self._error: Exception | None = None

    def drain(self) -> None:
        """Begin nothing more. What is in flight is finished, and then the iteration ends."""
        self._caller.drain()

    async def aclose(self) -> None:
        """Cancel what is in flight, and close the ledger. An iteration that is under way in another task ends."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await finished(asyncio.gather(self._task, return_exceptions=True))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def __aiter__(self) -> AsyncIterator[R]:
        if self._task is not None:
            raise RuntimeError(f"a bulk {self._name} can be iterated over once; call {self._name}() again")
        self._started = self._timing.clock()
        self._task = task = running_loop().create_task(self._run())
        task.add_done_callback(self._wake)
        with border:
            try:
                while not (task.done() and self._results.empty()):
                    result = await self._results.get()
                    if result is not None:
                        yield result
                if self._error is not None:
                    raise self._error
            finally:
                await self.aclose()

    @abstractmethod
    async def _open(self) -> Ledger:
        """Open the ledger."""

    @abstractmethod
    async def _do(self, ledger: Ledger) -> None:
        """Do all of it."""

    async def _run(self) -> None:
        """Do all of it. Whatever ends it early is kept for the one who iterates."""
        try:
            ledger = await self._open()
            try:
                await self._do(ledger)
            finally:
                await ledger.close()
        except Exception as error:  # noqa: BLE001 - it is raised where the results are read
            self._stop(error)
        finally:
            self._seconds = self._timing.clock() - self._started

    @property
    def _lasted(self) -> float:
        """Seconds from the first step of the iteration until now, or until it was over."""
        is_under_way = self._task is not None and not self._task.done()
        return self._timing.clock() - self._started if is_under_way else self._seconds

    def _wake(self, _: object) -> None:
        """Wake the one who iterates, if there is nothing that does: however it ended, no more results come."""
        if self._results.empty():
            self._results.put_nowait(None)

    async def _at_once(self, work: Callable[[], Awaitable[bool]]) -> None:
        """Let as many workers as the server takes do ``work`` again and again, until it says that there is no more."""
        try:
            async with asyncio.TaskGroup() as group:
                self._workers.start(group, lambda: self._work(work))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _work(self, work: Callable[[], Awaitable[bool]]) -> None:
        try:
            while not self._workers.is_too_large and await work():
                self._workers.grow()
        except Exception as error:  # noqa: BLE001 - others finish what they are at; then it is raised
            self._stop(error)
        finally:
            self._workers.left()

    def _stop(self, error: Exception) -> None:
        self._error = self._error or error
        self.drain()
