"""``client.bulk`` of the blocking client."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from itertools import islice
from typing import Any, Self, TypeVar, Unpack, cast

from kycaid_async.bulk import bulk
from kycaid_async.bulk.audit import AuditOptions, AuditResult, AuditSummary, BulkAudit
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.places import AnyPath
from kycaid_async.bulk.manifest.row import BadRow
from kycaid_async.bulk.row import BulkProgress, BulkResult, BulkRow, BulkSummary
from kycaid_async.bulk.run import BulkRun
from kycaid_async.bulk.upload import BulkUpload, UploadOptions
from kycaid_async.sync.blocking import Blocking, documented_as
from kycaid_async.sync.call import Call
from kycaid_async.sync.handle import Link
from kycaid_async.sync.iteration import BlockingIterator
from kycaid_async.tracebacks import border, bordered

R = TypeVar("R")
T = TypeVar("T")

_AT_ONCE = 64
"""Rows that are read whenever the loop wants some."""


class _Rows(AsyncIterator[BulkRow]):
    """The rows on the loop's side. Another thread has to be asked for them."""

    def __init__(self) -> None:
        self.wanted = False
        self.when_wanted: Callable[[], None]
        self._ready: deque[BulkRow] = deque()
        self._arrived = asyncio.Event()
        self._over = False
        self._error: Exception | None = None

    async def give(self, rows: list[BulkRow], error: Exception | None) -> None:
        """Add ``rows``; fewer than asked for are the last ones."""
        self._ready.extend(rows)
        self._over, self._error = len(rows) < _AT_ONCE, error
        self.wanted = False
        self._arrived.set()

    async def __anext__(self) -> BulkRow:
        while not self._ready and not self._over:
            self.wanted = True
            self._arrived.clear()
            self.when_wanted()
            await self._arrived.wait()
        if self._ready:
            return self._ready.popleft()
        if self._error is not None:
            raise self._error
        raise StopAsyncIteration


class BlockingRun(BlockingIterator[R]):
    """A run over rows, which are read in the thread that iterates, some dozens at a time, while it waits."""

    def __init__(self, link: Link, source: Iterable[BulkRow], rows: _Rows, run: BulkRun[Any, R]) -> None:
        self._source = iter(source)
        self._read: list[BulkRow] = []
        self._rows = rows
        self._run = run
        super().__init__(link, aiter(run), lambda: self._rows.wanted)
        self._rows.when_wanted = self._pump.nudge

    def drain(self) -> None:
        """Begin nothing more. What is in flight is finished, and then the iteration ends."""
        self._on_loop(self._run.drain)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take(self, call: Call) -> list[R]:
        taken: list[R] = []
        while not taken:
            if self._rows.wanted:
                self._give_rows()
                call = self._link.enter()
            taken = super()._take(call)
            if not self._rows.wanted:
                break
        return taken

    def _give_rows(self) -> None:
        error = None
        try:
            # One by one: those that were read before an interruption are not lost by it.
            for row in islice(self._source, _AT_ONCE - len(self._read)):
                self._read.append(row)
        except Exception as caught:  # noqa: BLE001 - it ends the run, once the rows before it are done
            error = caught
        rows, self._read = self._read, []
        self._link.enter().run(self._rows.give(rows, error))

    def _on_loop(self, function: Callable[[], T]) -> T:
        async def run() -> T:
            return function()

        with border:
            return self._link.enter().run(run())


class BlockingUpload(BlockingRun[BulkResult]):
    """A run of ``client.bulk.upload`` of `Kycaid`. Iterate over it once: ``for result in upload``.

    The results come as rows finish, in any order. It ends with an error when the whole run had to end; see
    `BulkUpload`. The rows are read in the thread that iterates, some dozens at a time, while it waits for results.
    """

    _run: BulkUpload

    @property
    def progress(self) -> BulkProgress:
        """How far it is now."""
        return self._on_loop(lambda: self._run.progress)

    @property
    def summary(self) -> BulkSummary:
        """What became of the rows so far; of all of them, once the iteration has ended."""
        return self._on_loop(lambda: self._run.summary)


class BlockingAudit(BlockingRun[AuditResult]):
    """A run of ``client.bulk.audit`` of `Kycaid`. Iterate over it once: ``for result in audit``.

    All rows are read before the first result comes. It ends with an error when the whole run had to end; see
    `BulkAudit`.
    """

    _run: BulkAudit

    @property
    def summary(self) -> AuditSummary:
        """What is told so far; of all rows, once the iteration has ended."""
        return self._on_loop(lambda: self._run.summary)


class Bulk(Blocking, of=bulk.Bulk):
    @documented_as(bulk.Bulk.upload)
    @bordered
    def upload(self, rows: Iterable[BulkRow] | AnyPath | Manifest, **options: Unpack[UploadOptions]) -> BlockingUpload:
        feed = _Rows()
        if isinstance(rows, str | os.PathLike | Manifest):
            return BlockingUpload(self._link, (), feed, bulk.Bulk.upload(self._target, rows, **options))
        return BlockingUpload(self._link, rows, feed, bulk.Bulk.upload(self._target, feed, **options))

    @documented_as(bulk.Bulk.audit)
    @bordered
    def audit(self, rows: Iterable[BulkRow | BadRow], **options: Unpack[AuditOptions]) -> BlockingAudit:
        feed = _Rows()
        audit = bulk.Bulk.audit(self._target, feed, **options)
        return BlockingAudit(self._link, cast("Iterable[BulkRow]", rows), feed, audit)

    @documented_as(bulk.Bulk.upload_all)
    @bordered
    def upload_all(
        self, rows: Iterable[BulkRow] | AnyPath | Manifest, **options: Unpack[UploadOptions]
    ) -> tuple[list[BulkResult], BulkSummary]:
        with self.upload(rows, **options) as upload:
            return sorted(upload, key=lambda result: result.number), upload.summary
