"""An upload that workers carry out: the rows, the results and the report are here, and the work is elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

import attrs

from kycaid_async.api.section import Caller
from kycaid_async.bulk.manifest_rows import CheckedManifest, checked_manifest
from kycaid_async.bulk.row import BulkProgress, BulkResult, BulkStatus, BulkSummary
from kycaid_async.bulk.upload import BulkUpload, Source, UploadPlan
from kycaid_async.cluster.messages import COUNTED, RowOutcome, ShardOutcome, WorkerCounts, client_options, run_options
from kycaid_async.cluster.shards import Shard, UploadWork, cut, everywhere
from kycaid_async.errors import ConfigurationError, KycaidError
from kycaid_async.timing import Timing
from kycaid_async.transport.settings import Settings

if TYPE_CHECKING:
    from kycaid_async.bulk.manifest.row import ManifestRow
    from kycaid_async.cluster.dispatch import Dispatch, Dispatching

_DELIVERED: Final = (BulkStatus.CREATED, BulkStatus.DONE_BEFORE)


class ClusterUpload(BulkUpload):
    """A run of ``client.bulk.upload`` with an engine. It is used as any other."""

    def __init__(
        self,
        engine: "Dispatching",
        source: Source,
        plan: UploadPlan,
        *,
        caller: Caller,
        settings: Settings,
        timing: Timing,
    ) -> None:
        super().__init__(source, plan, caller=caller, settings=settings, timing=timing)
        client_options(settings)  # now, and not when the work begins
        self._engine = engine
        self._source = source
        self._counts = WorkerCounts()
        self._earlier: dict[int, dict[int, RowOutcome]] = {}
        """By shard and line: results of shards that are sent again."""

    @property
    def progress(self) -> BulkProgress:
        """The run's progress so far."""
        summary = self.summary
        documents, size = self._meter.rates(self._timing.clock(), summary.created, summary.bytes)
        return BulkProgress(
            summary=attrs.evolve(summary),
            in_flight=self._in_flight,
            concurrency=max(1, self._counts.total("concurrency")),
            documents_per_second=documents,
            bytes_per_second=size,
            trouble=self._counts.trouble,
        )

    @property
    def summary(self) -> BulkSummary:
        """Outcomes of the rows so far; of all of them once the iteration has ended."""
        for name in COUNTED:
            setattr(self._summary, name, self._counts.total(name))
        self._summary.seconds = self._lasted
        return self._summary

    async def _with_ledger(self) -> None:
        checked = await self._checked()
        work = UploadWork(everywhere(checked.manifest), run_options(self._plan))
        parts = self._engine.dispatch(
            work, self._plan, settings=self._settings, timing=self._timing, drained=self._workers.drained
        )
        async with parts as dispatch:
            await self._collect(dispatch, checked)

    async def _checked(self) -> CheckedManifest:
        """Check the manifest as a whole, beside what the ledger knows, unless somebody did."""
        source = self._source
        if isinstance(source, CheckedManifest):
            return source
        if self._manifest is None:
            raise ConfigurationError(
                "engine: rows must stand in a manifest that all workers can read, for they travel as references: pass "
                "its path, or a Manifest"
            )
        ledger = await self._open()
        try:
            return await checked_manifest(self._manifest, ledger)
        finally:
            await ledger.close()

    async def _collect(self, dispatch: "Dispatch", checked: CheckedManifest) -> None:
        shards = cut(checked.manifest, checked.rows, self._settings.api_key.reveal())
        number = 0
        outcomes = dispatch.outcomes(lambda: asyncio.to_thread(next, shards, None))
        try:
            async for shard, rows, outcome in outcomes:
                self._counts.note(outcome.counts)
                self._remember(shard, outcome)
                if outcome.again:
                    continue
                async for result in self._results_of(shard, rows, outcome, number):
                    await self._results.put(result)
                    self._end_when_told(result)
                number += len(rows)
                if outcome.error is not None:
                    raise outcome.error
        finally:
            await outcomes.aclose()

    def _remember(self, shard: Shard, outcome: ShardOutcome) -> None:
        """Keep the results of a shard that is sent again: then its delivered rows would be said to be done before."""
        known = self._earlier.setdefault(shard.number, {})
        for row in outcome.rows:
            if row.line not in known or known[row.line].status not in _DELIVERED:
                known[row.line] = row

    async def _results_of(
        self, shard: Shard, rows: "list[ManifestRow]", outcome: ShardOutcome, number: int
    ) -> AsyncIterator[BulkResult]:
        known = self._earlier.pop(shard.number)
        for place, row in enumerate(rows):
            told = known.get(row.line or 0)
            if told is None:
                if outcome.error is None:
                    raise KycaidError("bulk: a worker told nothing of a row")
                continue
            fields: dict[str, Any] = attrs.asdict(told, recurse=False)
            del fields["line"]
            result = BulkResult(row=row, number=number + place, **fields)
            self._summary.count(result)
            self._meter.note(self._timing.clock(), self._summary.created, self.summary.bytes)
            yield result

    def _end_when_told(self, result: BulkResult) -> None:
        if result.status is BulkStatus.FAILED and self._plan.on_error == "stop" and result.error is not None:
            self._stop(result.error)
