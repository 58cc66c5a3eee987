"""The side of a worker: one client and one ledger for each process, in a loop of their own, for all its shards."""

import asyncio
import logging
import threading
import time
import uuid
from collections.abc import AsyncIterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final, cast

import attrs
from distributed import WorkerPlugin, get_worker

from kycaid_async.bulk.ledger.shared.lease import LEASE, suspend_clock
from kycaid_async.bulk.row_feed import RowBatch
from kycaid_async.client import AsyncKycaid
from kycaid_async.cluster.divided_pace import pace_of
from kycaid_async.cluster.messages import Counts, Job, ShardOutcome, bare, secret_from
from kycaid_async.errors import KycaidError
from kycaid_async.protocol.shared_pacing import PaceOption

if TYPE_CHECKING:
    from distributed import Worker

    from kycaid_async.cluster.messages import Run

_CLOSING: Final = 20.0
"""Seconds for which what is in flight is waited for when a worker goes."""
_LOOK: Final = 1.0
_LOOKS: Final = 6
"""How many times the scheduler is asked for a sign of life while a lease lasts."""
_log: Final = logging.getLogger("kycaid_async.cluster")


@attrs.define(eq=False)
class _Collector:
    """Collects the results of one shard."""

    missing: int
    answer: "Future[ShardOutcome]" = attrs.field(factory=Future)
    rows: list[Any] = attrs.field(factory=list, repr=False)


class Pipeline:
    """The pipeline of one process for one run. It ends with the first error that is of everything."""

    def __init__(self, job: Job, pace: PaceOption) -> None:
        self._job = job
        self._pace = pace
        self._name = uuid.uuid4().hex[:12]
        self._key = secret_from(job.key_from)
        self._loop = asyncio.new_event_loop()
        self._items: asyncio.Queue[RowBatch | None] = asyncio.Queue()
        """Those of each shard, and None at the end."""
        self._collectors: dict[int, _Collector] = {}
        """By the identity of each row, or applicant, that has no result yet."""
        self._held: dict[int, object] = {}
        self._run: Run | None = None
        self._error: KycaidError | None = None
        self._counts = Counts(process=self._name)
        self.ended = False
        self._thread = threading.Thread(target=self._run_loop, name="kycaid pipeline", daemon=True)
        self._thread.start()

    def deliver(self, shard: Any) -> ShardOutcome:
        """Bring a shard to its end. To be called in another thread, which waits."""
        try:
            items = self._job.work.items(shard, self._key)
        except KycaidError as error:
            return ShardOutcome(rows=[], counts=self._counts, error=bare(error))
        collector = _Collector(len(items))
        try:
            self._loop.call_soon_threadsafe(self._take, items, collector)
        except RuntimeError:  # the loop is closed
            self._answer(collector)
        while True:
            try:
                return collector.answer.result(_LOOK)
            except TimeoutError:
                if not self._thread.is_alive():  # it ended before it took them
                    self._answer(collector)

    def close(self) -> None:
        """Begin nothing more, finish what is in flight, and let go of the ledger."""
        self.drain()
        self._thread.join(_CLOSING)

    def drain(self) -> None:
        """Begin nothing more. What is in flight is finished."""
        self.ended = True
        try:
            self._loop.call_soon_threadsafe(self._drain)
        except RuntimeError:
            return

    def _run_loop(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._do_all())

    async def _do_all(self) -> None:
        work = self._job.work
        try:
            most, options = self._job.connections, self._job.client
            async with AsyncKycaid(self._key, max_connections=most, pace=self._pace, **options) as client:
                self._run = work.run(client, self._feed(), self._job.ledger_url)
                async with self._run as run:
                    async for result in run:
                        self._note(work.item_of(result), work.outcome_of(result))
        except KycaidError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - those who wait for results must get one
            self._error = KycaidError(f"a worker failed ({type(error).__name__})")
        finally:
            self.ended = True
            for collector in set(self._collectors.values()):
                self._answer(collector)

    async def _feed(self) -> AsyncIterator[RowBatch]:
        while (batch := await self._items.get()) is not None:
            yield batch

    def _take(self, items: list[Any], collector: _Collector) -> None:
        if self.ended or not items:
            self._answer(collector)
            return
        for item in items:
            self._collectors[id(item)], self._held[id(item)] = collector, item
        self._items.put_nowait(RowBatch(items))  # one by one, each would be looked up in the ledger alone

    def _note(self, item: object, outcome: object) -> None:
        del self._held[id(item)]
        collector = self._collectors.pop(id(item))
        collector.rows.append(outcome)
        if len(collector.rows) == collector.missing:
            self._answer(collector)

    def _answer(self, collector: _Collector) -> None:
        if self._run is not None:
            self._counts = Counts.of(self._name, self._run)
        is_whole = len(collector.rows) == collector.missing
        error = None if is_whole else self._error
        again = not is_whole and (error is None or error.retryable)
        if not collector.answer.done():
            outcome = ShardOutcome(rows=collector.rows, counts=self._counts, error=bare(error), again=again)
            collector.answer.set_result(outcome)

    def _drain(self) -> None:
        if self._run is not None:
            self._run.drain()
        self._items.put_nowait(None)


class KycaidPlugin(WorkerPlugin):
    """Gives a Dask worker what it needs for one run. No secret is in it: each worker reads them where it runs."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.name = job.name
        self._pipeline: Pipeline | None = None
        self._lock = threading.Lock()
        self._watch: asyncio.Task[None] | None = None
        self._heard = float("inf")
        """When the scheduler answered last."""

    def __reduce__(self) -> "tuple[type[KycaidPlugin], tuple[Job]]":
        """Travel as the job only. What arrives is whole at once: Dask lets tasks see it before it calls `setup`."""
        return KycaidPlugin, (self.job,)

    def setup(self, worker: "Worker") -> None:
        """Prepare for shards."""
        self._heard = suspend_clock()
        self._watch = asyncio.get_running_loop().create_task(self._watch_scheduler(worker))

    async def teardown(self, worker: "Worker") -> None:  # noqa: ARG002 - Dask's signature
        """Finish what is in flight: the worker goes, or the run is over."""
        if self._watch is not None:
            self._watch.cancel()
        if self._pipeline is not None:
            await asyncio.to_thread(self._pipeline.close)

    def deliver(self, shard: Any) -> ShardOutcome:
        """Bring a shard to its end, in a thread of the worker."""
        until = suspend_clock() + self._lease
        while self._is_cut_off:
            if suspend_clock() >= until:
                return ShardOutcome(rows=[], counts=Counts(process=self.name), again=True)
            time.sleep(self._lease / _LOOKS)
        with self._lock:
            if self._pipeline is None or self._pipeline.ended:
                self._pipeline = Pipeline(self.job, pace_of(self.job, get_worker()))
            pipeline = self._pipeline
        return pipeline.deliver(shard)

    @property
    def _lease(self) -> float:
        return self.job.lease or LEASE

    @property
    def _is_cut_off(self) -> bool:
        """True when the scheduler has not answered for a lease: by then it has given this worker's shards to others."""
        return suspend_clock() - self._heard >= self._lease

    async def _watch_scheduler(self, worker: "Worker") -> None:
        """Begin nothing more once the scheduler has not answered for a lease.

        A connection that is lost ends the worker by itself. This is for one that only falls silent.
        """
        scheduler: Any = worker.scheduler
        while True:
            try:
                await asyncio.wait_for(scheduler.echo(data=0), self._lease)
                self._heard = suspend_clock()
            except (OSError, TimeoutError):
                pipeline = self._pipeline
                if self._is_cut_off and pipeline is not None and not pipeline.ended:
                    _log.warning("the scheduler has not answered for %g s: nothing more is begun here", self._lease)
                    pipeline.drain()
            await asyncio.sleep(self._lease / _LOOKS)


class UnknownRunError(Exception):
    """Says that a worker knows nothing of a run: it is that of a scheduler which was started anew."""


def deliver(name: str, shard: Any) -> ShardOutcome:
    """Bring a shard of the run with this name to its end: what a task of Dask does. Raises `UnknownRunError`."""
    plugin = get_worker().plugins.get(name)
    if plugin is None:
        raise UnknownRunError(name)
    return cast("KycaidPlugin", plugin).deliver(shard)
