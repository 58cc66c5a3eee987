"""A run over many rows: a task with workers, whose results somebody iterates over."""

import asyncio
import contextlib
from abc import abstractmethod
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, Final, Generic, Self, TypeVar

from kycaid_async.api.section import Caller
from kycaid_async.bulk.ledger import LedgerOwner, UploadLedger
from kycaid_async.bulk.ledger.opening import is_shared, open_ledger
from kycaid_async.bulk.options import RunPlan
from kycaid_async.bulk.requests.limits import AdaptiveConcurrency, WorkerPool, most_rows_at_once
from kycaid_async.bulk.requests.resilient_caller import Failure, ResilientCaller
from kycaid_async.bulk.row_feed import ENDINGS, RowFeed
from kycaid_async.hooks import RetryEvent, RowEvent, subject
from kycaid_async.loops import finished, running_loop
from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.timing import Timing
from kycaid_async.tracebacks import border
from kycaid_async.transport.settings import Settings

W = TypeVar("W")
R = TypeVar("R")

_ROWS_OF_A_REQUEST: Final = 2
"""Rows under way for each request that may be, with a ledger in a database: the others wait for that."""
_LONGEST_WORK: Final = 30.0
_MARGIN: Final = 5.0
"""Seconds."""


class BulkRun(Generic[W, R]):
    """A run. Iterate over it once; whatever ends it early is raised where the results are read."""

    _name = "run"
    _only_reads = False
    """True when the ledger takes no change."""

    def __init__(
        self,
        rows: Iterable[W] | AsyncIterable[W],
        plan: RunPlan,
        *,
        caller: Caller,
        settings: Settings,
        timing: Timing,
    ) -> None:
        self._rows: Iterable[Any] | AsyncIterable[Any] = rows
        self._plan = plan
        self._settings = settings
        self._timing = timing
        self._feed: RowFeed[Any] | None = None
        most = settings.max_connections
        has_more_rows = is_shared(plan.ledger) and plan.concurrency is None  # than requests
        wanted = _ROWS_OF_A_REQUEST * most if has_more_rows else min(plan.concurrency or most, most)
        concurrency = most_rows_at_once(wanted)
        self._workers = workers = WorkerPool(concurrency=AdaptiveConcurrency(concurrency))
        self._caller = ResilientCaller(
            caller=caller,
            timing=timing,
            concurrency=workers.concurrency,
            max_retries=settings.retries.max_retries,
            give_up_after=plan.give_up_after,
            room=asyncio.Semaphore(most) if has_more_rows else None,
            idle=workers.idle,
            drained=workers.drained,
            on_repeat=self._tell_of_retry,
        )
        self._results: asyncio.Queue[R | None] = asyncio.Queue(concurrency)
        self._started = timing.clock()
        self._seconds = 0.0
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None

    def drain(self) -> None:
        """Begin nothing more. What is in flight is finished, and then the iteration ends."""
        self._caller.drain()
        if self._feed is not None:
            self._feed.close()

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
                        self._tell_of_result(result)
                        yield result
                if self._error is not None:
                    raise self._error
            finally:
                await self.aclose()

    def _tell_of_result(self, result: R) -> None:
        observers = self._settings.observers
        if observers is not None:
            status = getattr(result, "status", None) or getattr(result, "verdict", None)
            observers.tell("on_row", RowEvent(run=self._name, status=str(getattr(status, "value", status))))

    def _tell_of_retry(self, endpoint: Endpoint[Any], tries: int, failure: Failure, wait: float) -> None:
        observers = self._settings.observers
        if observers is not None:
            of = subject(endpoint, self._settings.base_url)
            observers.tell(
                "on_retry", RetryEvent(**of, attempt=tries, status=failure.status, reason=failure.name, wait=wait)
            )

    async def _open(self) -> UploadLedger:
        """Open the ledger: a file, or a database that other processes share."""
        plan, settings = self._plan, self._settings
        owner = LedgerOwner(
            server=settings.base_url,
            api_key=settings.api_key.reveal(),
            same_account=plan.same_account,
            secret_from=plan.ledger_secret,
            secret_key=plan.ledger_secret_key,
        )
        clock, is_read = self._timing.clock, self._only_reads
        return await open_ledger(plan.ledger, owner, clock=clock, lease=plan.ledger_lease, read_only=is_read)

    @abstractmethod
    async def _do(self, ledger: UploadLedger) -> None:
        """Do all of it."""

    async def _with_ledger(self) -> None:
        """Do all of it with the ledger, which is closed again."""
        ledger = await self._open()
        try:
            await self._do(ledger)
        finally:
            await ledger.close()

    async def _run(self) -> None:
        """Do all of it. Whatever ends it early is kept for the iteration."""
        try:
            await self._with_ledger()
        except ENDINGS as error:  # it is raised where the results are read
            self._stop(error)
        finally:
            self._seconds = self._timing.clock() - self._started

    @contextlib.asynccontextmanager
    async def _reading(
        self, prepare: Callable[[list[Any]], Awaitable[list[Any]]] | None = None
    ) -> AsyncIterator[RowFeed[Any]]:
        """Give the rows, as long as the run is not told to drain."""
        self._feed = feed = RowFeed(self._rows, prepare)
        if self._workers.drained.is_set():
            feed.close()
        try:
            yield feed
        finally:
            await feed.aclose()

    def _settle_after(self) -> float:
        """Return for how many seconds a server may be at work on a request whose answer was lost."""
        if self._plan.settle_after is not None:
            return self._plan.settle_after
        return (self._settings.timeout.read or _LONGEST_WORK) + _MARGIN

    @property
    def _lasted(self) -> float:
        """Seconds from the first step of the iteration until now, or until it was over."""
        is_under_way = self._task is not None and not self._task.done()
        return self._timing.clock() - self._started if is_under_way else self._seconds

    def _wake(self, _: object) -> None:
        """Wake the iteration, if nothing else does: however the run ended, no more results come."""
        if self._results.empty():
            self._results.put_nowait(None)

    async def _at_once(self, work: Callable[[], Awaitable[bool]]) -> None:
        """Let as many workers as the server takes do ``work`` again and again, until it says that there is no more."""
        try:
            async with asyncio.TaskGroup() as group:
                self._workers.start(group, lambda: self._work(work))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            self._workers.end()

    async def _work(self, work: Callable[[], Awaitable[bool]]) -> None:
        try:
            while not self._workers.is_too_large and await work():
                self._workers.grow()
        except ENDINGS as error:  # others finish what they are at; then it is raised
            self._stop(error)
        finally:
            self._workers.left()

    def _stop(self, error: BaseException) -> None:
        self._error = self._error or error
        self.drain()
