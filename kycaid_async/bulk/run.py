"""A run over many rows: a task with workers, whose results somebody iterates over."""

import asyncio
import contextlib
import os
from abc import abstractmethod
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from typing import Any, Final, Generic, Self, TypedDict, TypeVar, get_args

import attrs

from kycaid_async.api.section import Caller
from kycaid_async.bulk.feed import RowFeed
from kycaid_async.bulk.ledger import Ledger, Path, SecretFrom, secret_key_of
from kycaid_async.bulk.requests.limits import AdaptiveConcurrency, most_rows_at_once
from kycaid_async.bulk.requests.resilient_caller import Failure, ResilientCaller, Stopped
from kycaid_async.errors import ConfigurationError
from kycaid_async.hooks import RetryEvent, RowEvent, subject
from kycaid_async.loops import finished, running_loop
from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.timing import Timing
from kycaid_async.tracebacks import border
from kycaid_async.transport.settings import Settings
from kycaid_async.values.secret import ApiKey

W = TypeVar("W")
R = TypeVar("R")

_LONGEST_WORK: Final = 30.0
_MARGIN: Final = 5.0
"""Seconds."""
_MOST_WAITING: Final = 1000
"""Rows that may wait without a place among the workers; further ones keep theirs, so that memory stays bounded."""
_MOST_BYTES: Final = 64 << 20
"""The same for the bytes of files that rows brought along."""


class RunOptions(TypedDict, total=False):
    """The options of every run."""

    concurrency: int | None
    give_up_after: float
    settle_after: float | None
    same_account: bool
    ledger_secret: SecretFrom | None
    ledger_secret_key: str | None


@attrs.frozen(kw_only=True)
class RunPlan:
    """The options of a run, with their defaults. Raises `ConfigurationError` for values that make no sense."""

    ledger: Path | None
    concurrency: int | None = None
    give_up_after: float = 300.0
    settle_after: float | None = None
    same_account: bool = False
    ledger_secret: SecretFrom | None = None
    ledger_secret_key: ApiKey | None = attrs.field(default=None, converter=secret_key_of)

    def __attrs_post_init__(self) -> None:
        if self.ledger is not None and not os.fspath(self.ledger):
            raise ConfigurationError("bulk: ledger must be the path of a file; None is for no ledger")
        if self.ledger is None and self.ledger_secret is not None:
            raise ConfigurationError("bulk: ledger_secret is for a ledger; give ledger too")
        if self.ledger_secret not in (None, *get_args(SecretFrom)):
            raise ConfigurationError("bulk: ledger_secret is file or api-key")
        if self.concurrency is not None and self.concurrency < 1:
            raise ConfigurationError("bulk: concurrency must be 1 or more")


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
        self._rows = rows
        self._plan = plan
        self._settings = settings
        self._timing = timing
        self._feed: RowFeed[W] | None = None
        most = settings.max_connections
        concurrency = most_rows_at_once(most if plan.concurrency is None else min(plan.concurrency, most))
        self._workers = workers = WorkerPool(concurrency=AdaptiveConcurrency(concurrency))
        self._caller = ResilientCaller(
            caller=caller,
            timing=timing,
            concurrency=workers.concurrency,
            max_retries=settings.retries.max_retries,
            give_up_after=plan.give_up_after,
            idle=workers.idle,
            drained=workers.drained,
            on_repeat=self._tell_of_retry,
        )
        self._results: asyncio.Queue[R | None] = asyncio.Queue(concurrency)
        self._started = timing.clock()
        self._seconds = 0.0
        self._task: asyncio.Task[None] | None = None
        self._error: Exception | None = None

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

    async def _open(self) -> Ledger:
        return await Ledger.open(
            self._plan.ledger,
            server=self._settings.base_url,
            api_key=self._settings.api_key.reveal(),
            same_account=self._plan.same_account,
            secret_from=self._plan.ledger_secret,
            secret_key=self._plan.ledger_secret_key,
            read_only=self._only_reads,
            clock=self._timing.clock,
        )

    @abstractmethod
    async def _do(self, ledger: Ledger) -> None:
        """Do all of it."""

    async def _run(self) -> None:
        """Do all of it. Whatever ends it early is kept for the iteration."""
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

    @contextlib.asynccontextmanager
    async def _reading(self) -> AsyncIterator[RowFeed[W]]:
        """Give the rows, as long as the run is not told to drain."""
        self._feed = feed = RowFeed(self._rows)
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
        except Exception as error:  # noqa: BLE001 - others finish what they are at; then it is raised
            self._stop(error)
        finally:
            self._workers.left()

    def _stop(self, error: Exception) -> None:
        self._error = self._error or error
        self.drain()


@attrs.define(kw_only=True, eq=False)
class WorkerPool:
    """Pool of as many workers as the server takes. A row that waits takes no place among them: another row is begun."""

    concurrency: AdaptiveConcurrency
    active: int = 0
    """Workers that are at work on a row, or on their way to one."""
    waiting: int = 0
    """Rows that wait, and take no place."""
    bytes: int = 0
    """Of files that rows under way brought along."""
    drained: asyncio.Event = attrs.field(factory=asyncio.Event)
    _hire: Callable[[], object] = lambda: None

    def start(self, group: asyncio.TaskGroup, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Let tasks of ``group`` do ``work``, which ends when there is nothing to do or too many do it."""

        def hire() -> None:
            while self.active < self.concurrency.value and not self.drained.is_set():
                self.active += 1
                group.create_task(work())

        self._hire = hire
        hire()

    def end(self) -> None:
        """Hire no more."""
        self._hire = lambda: None

    @property
    def is_too_large(self) -> bool:
        """True when a worker should end."""
        return self.active > self.concurrency.value

    def grow(self) -> None:
        """Let more work, if the server takes more by now."""
        self._hire()

    def left(self) -> None:
        """Note that a worker ended."""
        self.active -= 1

    @contextlib.contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Count the bytes of files that a row brought along, as long as it is under way."""
        self.bytes += size
        try:
            yield
        finally:
            self.bytes -= size

    @contextlib.contextmanager
    def idle(self) -> Iterator[None]:
        """Let another row be worked on meanwhile. Raises `Stopped` when the run was told to drain by then."""
        counts = self.waiting < _MOST_WAITING and self.bytes < _MOST_BYTES
        if counts:
            self.waiting, self.active = self.waiting + 1, self.active - 1
            self._hire()
        try:
            yield
        finally:
            if counts:
                # Without a wait for a place: those who hold one may wait for what this row holds.
                self.waiting, self.active = self.waiting - 1, self.active + 1
        if self.drained.is_set():
            raise Stopped
