"""The side of a worker: one client and one ledger for each process, in a loop of their own, for all its shards."""

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, cast

import attrs
from distributed import WorkerPlugin, get_worker

from kycaid_async.bulk.manifest.row import ManifestRow
from kycaid_async.bulk.row import BulkResult
from kycaid_async.client import AsyncKycaid
from kycaid_async.cluster.divided_pace import pace_of
from kycaid_async.cluster.messages import Counts, Job, RowOutcome, ShardOutcome, bare, secret_from
from kycaid_async.cluster.shards import Shard
from kycaid_async.errors import KycaidError
from kycaid_async.protocol.shared_pacing import PaceOption

if TYPE_CHECKING:
    from distributed import Worker

    from kycaid_async.bulk.upload import BulkUpload

_CLOSING: Final = 20.0
"""Seconds for which what is in flight is waited for when a worker goes."""


@attrs.define(eq=False)
class _Collector:
    """Collects the results of one shard's rows."""

    missing: int
    answer: "Future[ShardOutcome]" = attrs.field(factory=Future)
    rows: list[RowOutcome] = attrs.field(factory=list, repr=False)


class Pipeline:
    """The pipeline of one process for one upload. It ends with the first error that is of all rows."""

    def __init__(self, job: Job, pace: PaceOption) -> None:
        self._job = job
        self._pace = pace
        self._name = uuid.uuid4().hex[:12]
        self._key = secret_from(job.key_from)
        self._loop = asyncio.new_event_loop()
        self._rows: asyncio.Queue[ManifestRow | None] = asyncio.Queue()
        self._collectors: dict[int, _Collector] = {}
        """By the identity of each row that has no result yet."""
        self._held: dict[int, ManifestRow] = {}
        self._upload: BulkUpload | None = None
        self._error: KycaidError | None = None
        self._counts = Counts(process=self._name)
        self.ended = False
        self._thread = threading.Thread(target=self._run, name="kycaid pipeline", daemon=True)
        self._thread.start()

    def deliver(self, shard: Shard) -> ShardOutcome:
        """Deliver a shard. To be called in another thread, which waits."""
        try:
            rows = shard.rows(self._job.manifest, self._key)
        except KycaidError as error:
            return ShardOutcome(rows=[], counts=self._counts, error=bare(error))
        collector = _Collector(len(rows))
        try:
            self._loop.call_soon_threadsafe(self._take, rows, collector)
        except RuntimeError:  # the loop is closed
            self._answer(collector)
        return collector.answer.result()

    def close(self) -> None:
        """Begin no more rows, finish those in flight, and let go of the ledger."""
        try:
            self._loop.call_soon_threadsafe(self._drain)
        except RuntimeError:
            return
        self._thread.join(_CLOSING)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._deliver_all())

    async def _deliver_all(self) -> None:
        try:
            most, options = self._job.connections, self._job.client
            async with AsyncKycaid(self._key, max_connections=most, pace=self._pace, **options) as client:
                self._upload = client.bulk.upload(self._feed(), ledger=self._job.ledger_url, **self._job.upload)
                async with self._upload as upload:
                    async for result in upload:
                        self._note(result)
        except KycaidError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - those who wait for results must get one
            self._error = KycaidError(f"a worker failed ({type(error).__name__})")
        finally:
            self.ended = True
            for collector in set(self._collectors.values()):
                self._answer(collector)

    async def _feed(self) -> AsyncIterator[ManifestRow]:
        while (row := await self._rows.get()) is not None:
            yield row

    def _take(self, rows: list[ManifestRow], collector: _Collector) -> None:
        if self.ended or not rows:
            self._answer(collector)
            return
        for row in rows:
            self._collectors[id(row)], self._held[id(row)] = collector, row
            self._rows.put_nowait(row)

    def _note(self, result: BulkResult) -> None:
        del self._held[id(result.row)]
        collector = self._collectors.pop(id(result.row))
        collector.rows.append(RowOutcome.of(result))
        if len(collector.rows) == collector.missing:
            self._answer(collector)

    def _answer(self, collector: _Collector) -> None:
        if self._upload is not None:
            summary, progress = self._upload.summary, self._upload.progress
            names = ("requests", "refusals", "files", "files_shared", "files_unused", "applicants")
            counts = {name: getattr(summary, name) for name in names}
            self._counts = Counts(
                process=self._name, concurrency=progress.concurrency, trouble=progress.trouble, **counts
            )
        is_whole = len(collector.rows) == collector.missing
        error = None if is_whole else self._error
        again = not is_whole and (error is None or error.retryable)
        if not collector.answer.done():
            outcome = ShardOutcome(rows=collector.rows, counts=self._counts, error=bare(error), again=again)
            collector.answer.set_result(outcome)

    def _drain(self) -> None:
        if self._upload is not None:
            self._upload.drain()
        self._rows.put_nowait(None)


class KycaidPlugin(WorkerPlugin):
    """Gives a Dask worker what it needs for one upload. No secret is in it: each worker reads them where it runs."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.name = job.name
        self._pipeline: Pipeline | None = None

    def setup(self, worker: "Worker") -> None:
        """Prepare for shards."""
        self._worker = worker
        self._lock = threading.Lock()

    async def teardown(self, worker: "Worker") -> None:  # noqa: ARG002 - Dask's signature
        """Finish what is in flight: the worker goes, or the upload is over."""
        if self._pipeline is not None:
            await asyncio.to_thread(self._pipeline.close)

    def deliver(self, shard: Shard) -> ShardOutcome:
        """Deliver a shard, in a thread of the worker."""
        with self._lock:
            if self._pipeline is None or self._pipeline.ended:
                self._pipeline = Pipeline(self.job, pace_of(self.job, self._worker))
            pipeline = self._pipeline
        return pipeline.deliver(shard)


def deliver(name: str, shard: Shard) -> ShardOutcome:
    """Deliver a shard of the upload with this name: what a task of Dask does."""
    plugin = cast("KycaidPlugin", get_worker().plugins[name])
    return plugin.deliver(shard)
