"""The upload: rows in, results out as they finish."""

import asyncio
import os
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from typing import ClassVar, Literal, Protocol, cast, get_args

import attrs

from kycaid_async.api.section import Caller
from kycaid_async.bulk.claims import locks_of
from kycaid_async.bulk.delivery import Deliverer, PreparedRow
from kycaid_async.bulk.ledger import Path, UploadLedger
from kycaid_async.bulk.manifest.column_names import ColumnMap
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.options import READING, ManifestKeywords, ManifestOptions
from kycaid_async.bulk.manifest.places import AnyPath
from kycaid_async.bulk.manifest_rows import CheckedManifest, ManifestFile, rows_of_manifest
from kycaid_async.bulk.options import RunOptions, RunPlan, engine_kind, hide_ledger
from kycaid_async.bulk.prerequisites import Prerequisites
from kycaid_async.bulk.reconcile import Reconciler
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.bulk.requests.limits import Stopped
from kycaid_async.bulk.row import BulkProgress, BulkResult, BulkRow, BulkStatus, BulkSummary, Meter
from kycaid_async.bulk.row_feed import RowFeed
from kycaid_async.bulk.run import BulkRun
from kycaid_async.errors import ConfigurationError
from kycaid_async.options import Kind, whole
from kycaid_async.timing import Timing
from kycaid_async.transport.settings import Settings

Rows = Iterable[BulkRow] | AsyncIterable[BulkRow]
Source = Rows | Manifest | ManifestFile | CheckedManifest
OnUncertain = Literal["set_aside", "create"]
OnError = Literal["continue", "stop"]


class UploadEngine(Protocol):
    """Carries an upload out on other processes or machines, such as `kycaid_async.cluster.DaskEngine`."""

    def upload(
        self, source: "Source", plan: "UploadPlan", *, caller: Caller, settings: Settings, timing: Timing
    ) -> "BulkUpload":
        """Return a run over ``source``. Raises `ConfigurationError` for what it cannot carry out."""
        ...


class UploadOptions(RunOptions, ManifestKeywords, total=False):
    """The options of ``client.bulk.upload``."""

    ledger: Path | None
    on_uncertain: OnUncertain
    on_error: OnError
    applicants_at_once: int
    engine: UploadEngine | None
    urls: UrlRules | None


@attrs.frozen(kw_only=True, field_transformer=hide_ledger)
class UploadPlan(RunPlan):
    """The options of one upload, with their defaults."""

    kinds: ClassVar[Mapping[str, Kind]] = {
        "applicants_at_once": whole(1),
        "engine": engine_kind("upload"),
        **READING,
    }

    ledger: Path | None = None
    on_uncertain: OnUncertain = "set_aside"
    on_error: OnError = "continue"
    applicants_at_once: int = 4
    engine: UploadEngine | None = None
    urls: UrlRules | None = None

    outside: Sequence[AnyPath] = ()
    columns: ColumnMap | None = None
    date_format: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    transliterate: bool = False
    allow_same_files: bool = False
    convert: Mapping[str, str] | None = None

    def source_of(self, rows: "Rows | AnyPath | Manifest | CheckedManifest") -> "Source":
        """Return where the rows come from. Raises `ConfigurationError` when options of a manifest are for none."""
        fields = {name: getattr(self, name) for name in ManifestKeywords.__annotations__}
        reading = {name: value for name, value in fields.items() if value or value == {}}
        if isinstance(rows, str | os.PathLike):
            return ManifestFile(rows, ManifestOptions(urls=self.urls, **reading))
        if reading:
            raise ConfigurationError(f"bulk: {', '.join(reading)}: is for the path of a manifest, not for rows")
        return rows

    def __attrs_post_init__(self) -> None:
        self.check_kinds()
        if self.on_uncertain not in get_args(OnUncertain) or self.on_error not in get_args(OnError):
            raise ConfigurationError("bulk: on_uncertain is set_aside or create, on_error is continue or stop")
        super().__attrs_post_init__()


def _rows_of(source: Rows | CheckedManifest) -> Rows:
    return source.rows if isinstance(source, CheckedManifest) else source


class BulkUpload(BulkRun[BulkRow, BulkResult]):
    """A run of ``client.bulk.upload``. Iterate over it once: ``async for result in upload``.

    The results come as rows finish, in any order. The iteration ends with an error when the whole run had to end: the
    key was revoked, the balance is too low, the ledger cannot be written, the server was away for too long, or the
    rows could not be read. What was done until then is on record, and the same call goes on from there.

    Leaving the loop early cancels what is in flight; so does the end of an ``async with`` block around it. The ledger
    stays fit to go on from.
    """

    _name = "upload"
    _plan: UploadPlan

    def __init__(
        self,
        rows: Source,
        plan: UploadPlan,
        *,
        caller: Caller,
        settings: Settings,
        timing: Timing,
    ) -> None:
        self._manifest = rows if isinstance(rows, Manifest | ManifestFile) else None
        given: Rows = () if isinstance(rows, Manifest | ManifestFile) else _rows_of(rows)
        super().__init__(given, plan, caller=caller, settings=settings, timing=timing)
        self._summary = BulkSummary()
        self._meter = Meter(self._started)
        self._prerequisites: Prerequisites | None = None
        self._in_flight = 0

    @property
    def progress(self) -> BulkProgress:
        """The run's progress so far. Cheap enough to be asked often."""
        summary = self.summary
        documents, size = self._meter.rates(self._timing.clock(), summary.created, summary.bytes)
        return BulkProgress(
            summary=attrs.evolve(summary),
            in_flight=self._in_flight - self._workers.waiting,
            waiting=self._workers.waiting,
            concurrency=self._workers.concurrency.value,
            documents_per_second=documents,
            bytes_per_second=size,
            trouble=self._caller.trouble,
        )

    @property
    def summary(self) -> BulkSummary:
        """Outcomes of the rows so far; of all of them once the iteration has ended."""
        summary, prerequisites = self._summary, self._prerequisites
        summary.requests, summary.refusals = self._caller.requests, self._caller.refusals
        if prerequisites is not None:
            summary.files, summary.files_shared = prerequisites.files, prerequisites.files_shared
            summary.files_unused, summary.applicants = len(prerequisites.unused), prerequisites.applicants
            summary.bytes = prerequisites.files_size
        summary.seconds = self._lasted
        return summary

    def drain(self) -> None:
        """Take no more rows. What is in flight is finished and recorded, and then the iteration ends.

        Rows that wait for the server, or for the applicant that another row makes, are left for the next run; those
        that were sent and got no answer are uncertain until then.
        """
        super().drain()

    async def _do(self, ledger: UploadLedger) -> None:
        if self._manifest is not None:
            self._rows = rows_of_manifest(self._manifest, ledger)
        deliverer = self._deliverer(ledger)
        async with self._reading(deliverer.prepare) as feed:
            await self._at_once(lambda: self._next(deliverer, feed))

    async def _next(self, deliverer: Deliverer, feed: RowFeed[PreparedRow]) -> bool:
        """Deliver the next row, and say whether there was one."""
        numbered = await feed.next()
        if numbered is None:
            return False
        number, prepared = numbered
        row = prepared.row
        if not isinstance(cast("object", row), BulkRow):
            raise TypeError(f"bulk: expected BulkRow, got {type(row).__name__}")
        self._in_flight += 1
        self._workers.hold(prepared.brought)
        try:
            result = await deliverer.deliver(number, prepared)
        except Stopped as stop:
            if stop.error is not None:
                self._stop(stop.error)
            return True
        finally:
            self._in_flight -= 1
            self._workers.let_go(prepared.brought)
        self._summary.count(result)
        self._meter.note(self._timing.clock(), self._summary.created, self.summary.bytes)
        await self._results.put(result)
        if result.status is BulkStatus.FAILED and self._plan.on_error == "stop" and result.error is not None:
            self._stop(result.error)
        return True

    def _deliverer(self, ledger: UploadLedger) -> Deliverer:
        caller, timing, idle = self._caller, self._timing, self._workers.idle
        locks, create_uncertain = locks_of(ledger, timing.sleep, idle), self._plan.on_uncertain == "create"
        self._prerequisites = prerequisites = Prerequisites(
            caller=caller,
            ledger=ledger,
            locks=locks,
            contents=locks_of(ledger, timing.sleep),
            idle=idle,
            rules=self._settings.files,
            urls=self._plan.urls or UrlRules(),
            create_uncertain=create_uncertain,
            at_once=asyncio.Semaphore(self._plan.applicants_at_once),
        )
        reconciler = Reconciler(caller=caller, ledger=ledger, locks=locks, settle_after=self._settle_after())
        return Deliverer(
            caller=caller,
            ledger=ledger,
            locks=locks,
            prerequisites=prerequisites,
            reconciler=reconciler,
            timing=timing,
            check=self._settings.check,
            create_uncertain=create_uncertain,
            started=timing.clock(),
        )
