"""``client.bulk`` of the blocking client."""

import asyncio
import os
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from itertools import islice
from typing import Any, Final, Self, TypeVar, Unpack, cast

from kycaid_async.bulk import bulk
from kycaid_async.bulk.audit import AuditOptions, AuditResult, AuditSummary, BulkAudit
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.places import AnyPath
from kycaid_async.bulk.manifest.row import BadRow
from kycaid_async.bulk.results import BulkResults, BulkVerdict, ResultsOptions, ResultsSummary
from kycaid_async.bulk.results.run import ResultsRow
from kycaid_async.bulk.row import BulkProgress, BulkResult, BulkRow, BulkSummary
from kycaid_async.bulk.run import BulkRun
from kycaid_async.bulk.upload import BulkUpload, UploadOptions
from kycaid_async.bulk.verify import BulkVerify, VerifyOptions, VerifyProgress, VerifyResult, VerifySummary, rows_of
from kycaid_async.bulk.verify.rows import VerifyRow
from kycaid_async.sync.blocking import Blocking, documented_as
from kycaid_async.sync.call import LoopCall
from kycaid_async.sync.handle import ClientHandle
from kycaid_async.sync.iteration import BlockingIterator
from kycaid_async.tracebacks import border

R = TypeVar("R")
T = TypeVar("T")

_BATCH: Final = 64
"""Rows that are read each time the loop asks for some."""


class _RowQueue(AsyncIterator[BulkRow]):
    """The rows on the loop's side: the iterating thread reads them on request."""

    def __init__(self) -> None:
        self.is_requested = False
        self.on_request: Callable[[], None]
        self.batches = 0
        """How many were added."""
        self._ready: deque[BulkRow] = deque()
        self._arrived = asyncio.Event()
        self._over = False
        self._error: Exception | None = None

    async def add(self, number: int, rows: list[BulkRow], error: Exception | None) -> None:
        """Add a batch of rows, unless it was added before; a short one is the last."""
        if number < self.batches:
            return
        self.batches = number + 1
        self._ready.extend(rows)
        self._over, self._error = len(rows) < _BATCH, error
        self.is_requested = False
        self._arrived.set()

    async def __anext__(self) -> BulkRow:
        while not self._ready and not self._over:
            self.is_requested = True
            self._arrived.clear()
            self.on_request()
            await self._arrived.wait()
        if self._ready:
            return self._ready.popleft()
        if self._error is not None:
            raise self._error
        raise StopAsyncIteration


class BlockingRun(BlockingIterator[R]):
    """A run over rows, which are read in the iterating thread, some dozens at a time, while it waits."""

    def __init__(self, handle: ClientHandle, source: Iterable[BulkRow], rows: _RowQueue, run: BulkRun[Any, R]) -> None:
        self._source = iter(source)
        self._read: list[BulkRow] = []
        self._failure: Exception | None = None
        self._sent = 0
        self._turn = threading.RLock()  # of threads that share the run: who gives the rows is asked by one at a time
        self._rows = rows
        self._run = run
        super().__init__(handle, aiter(run), lambda: self._rows.is_requested)
        self._rows.on_request = self._prefetcher.interrupt

    def drain(self) -> None:
        """Begin nothing more. What is in flight is finished, and then the iteration ends."""
        self._on_loop(self._run.drain)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take(self, call: LoopCall) -> None:
        while self._rows.is_requested:
            self._refuse_in_child()
            with self._turn:
                if self._rows.is_requested:
                    self._send_rows()
                    call = self._handle.new_call()
        super()._take(call)

    def _send_rows(self) -> None:
        """Read rows and add them. What an interruption leaves undone is done the next time, and only that."""
        if self._rows.batches > self._sent:
            self._read, self._sent = [], self._rows.batches
        try:
            for row in islice(self._source, _BATCH - len(self._read)):  # one by one, so that none is lost
                self._read.append(row)
        except Exception as caught:  # noqa: BLE001 - ends the run after the rows before it
            self._failure = caught
        self._handle.new_call().of(self._rows.add, self._sent, self._read, self._failure).run()

    def _on_loop(self, function: Callable[[], T]) -> T:
        async def run() -> T:
            return function()

        with border:
            answer: T = self._handle.new_call().of(run).run()
            return answer


class BlockingUpload(BlockingRun[BulkResult]):
    """A run of ``client.bulk.upload`` of `Kycaid`. Iterate over it once: ``for result in upload``.

    The results come as rows finish, in any order. It ends with an error when the whole run had to end; see
    `BulkUpload`. The rows are read in the thread that iterates, some dozens at a time, while it waits for results.
    """

    _run: BulkUpload

    @property
    def progress(self) -> BulkProgress:
        """The run's progress so far."""
        return self._on_loop(lambda: self._run.progress)

    @property
    def summary(self) -> BulkSummary:
        """Outcomes of the rows so far; of all of them once the iteration has ended."""
        return self._on_loop(lambda: self._run.summary)


class BlockingAudit(BlockingRun[AuditResult]):
    """A run of ``client.bulk.audit`` of `Kycaid`. Iterate over it once: ``for result in audit``.

    All rows are read before the first result comes. It ends with an error when the whole run had to end; see
    `BulkAudit`.
    """

    _run: BulkAudit

    @property
    def summary(self) -> AuditSummary:
        """Verdicts so far; of all rows once the iteration has ended."""
        return self._on_loop(lambda: self._run.summary)


class BlockingResults(BlockingRun[BulkVerdict]):
    """A run of ``client.bulk.results`` of `Kycaid`. Iterate over it once: ``for verdict in results``.

    All rows are read before the first verdict comes. It ends with an error when the whole run had to end; see
    `BulkResults`.
    """

    _run: BulkResults

    @property
    def open(self) -> int:
        """The number of verifications that had no verdict at the last look."""
        return self._on_loop(lambda: self._run.open)

    @property
    def summary(self) -> ResultsSummary:
        """Verdicts so far; of all applicants once the iteration has ended."""
        return self._on_loop(lambda: self._run.summary)


class BlockingVerify(BlockingRun[VerifyResult]):
    """A run of ``client.bulk.verify`` of `Kycaid`. Iterate over it once: ``for result in verify``.

    All rows are read before anything is started. It ends with an error when the whole run had to end; see
    `BulkVerify`.
    """

    _run: BulkVerify

    @property
    def progress(self) -> VerifyProgress:
        """The run's progress so far."""
        return self._on_loop(lambda: self._run.progress)

    @property
    def summary(self) -> VerifySummary:
        """Outcomes so far; of all verifications once the iteration has ended."""
        return self._on_loop(lambda: self._run.summary)


class Bulk(Blocking, of=bulk.Bulk):
    @documented_as(bulk.Bulk.upload)
    def upload(self, rows: Iterable[BulkRow] | AnyPath | Manifest, **options: Unpack[UploadOptions]) -> BlockingUpload:
        with border:
            queue = _RowQueue()
            if isinstance(rows, str | os.PathLike | Manifest):
                return BlockingUpload(self._handle, (), queue, bulk.Bulk.upload(self._target, rows, **options))
            return BlockingUpload(self._handle, rows, queue, bulk.Bulk.upload(self._target, queue, **options))

    @documented_as(bulk.Bulk.audit)
    def audit(self, rows: Iterable[BulkRow | BadRow] | Manifest, **options: Unpack[AuditOptions]) -> BlockingAudit:
        with border:
            queue = _RowQueue()
            audit = bulk.Bulk.audit(self._target, queue, **options)
            source = rows.rows() if isinstance(rows, Manifest) else rows
            return BlockingAudit(self._handle, cast("Iterable[BulkRow]", source), queue, audit)

    @documented_as(bulk.Bulk.verify)
    def verify(self, rows: Iterable[VerifyRow] | Manifest, **options: Unpack[VerifyOptions]) -> BlockingVerify:
        with border:
            queue = _RowQueue()
            run = bulk.Bulk.verify(self._target, queue, **options)
            source = rows_of(rows) if isinstance(rows, Manifest) else rows
            return BlockingVerify(self._handle, cast("Iterable[BulkRow]", source), queue, run)

    @documented_as(bulk.Bulk.verify_all)
    def verify_all(
        self, rows: Iterable[VerifyRow] | Manifest, **options: Unpack[VerifyOptions]
    ) -> tuple[list[VerifyResult], VerifySummary]:
        with border, self.verify(rows, **options) as run:
            return sorted(run, key=lambda result: result.numbers), run.summary

    @documented_as(bulk.Bulk.results)
    def results(
        self, rows: Iterable[ResultsRow] | Manifest | None = None, **options: Unpack[ResultsOptions]
    ) -> BlockingResults:
        with border:
            queue = _RowQueue()
            results = bulk.Bulk.results(self._target, None if rows is None else queue, **options)
            source = rows_of(rows) if isinstance(rows, Manifest) else rows or ()
            return BlockingResults(self._handle, cast("Iterable[BulkRow]", source), queue, results)

    @documented_as(bulk.Bulk.results_all)
    def results_all(
        self, rows: Iterable[ResultsRow] | Manifest | None = None, **options: Unpack[ResultsOptions]
    ) -> tuple[list[BulkVerdict], ResultsSummary]:
        with border, self.results(rows, **options) as results:
            return list(results), results.summary

    @documented_as(bulk.Bulk.upload_all)
    def upload_all(
        self, rows: Iterable[BulkRow] | AnyPath | Manifest, **options: Unpack[UploadOptions]
    ) -> tuple[list[BulkResult], BulkSummary]:
        with border, self.upload(rows, **options) as upload:
            return sorted(upload, key=lambda result: result.number), upload.summary
