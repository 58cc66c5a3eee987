"""One audit: rows in, results out. Nothing is written on the server, nor in the ledger."""

import contextlib
from collections.abc import AsyncIterable, Iterable, Mapping
from pathlib import Path as FilePath
from typing import ClassVar, Final, Required, cast

import attrs

from kycaid_async.api.section import Caller
from kycaid_async.bulk.audit import remarks
from kycaid_async.bulk.audit.auditor import Auditor, Entries, stamp
from kycaid_async.bulk.audit.result import AuditedRow, AuditResult, AuditStatus, AuditSummary
from kycaid_async.bulk.audit.state import AuditState
from kycaid_async.bulk.digests import as_sent
from kycaid_async.bulk.known_rows import known_row
from kycaid_async.bulk.ledger import EntryState, Path, RowEntry, UploadLedger
from kycaid_async.bulk.ledger.opening import ledger_exists, ledger_name
from kycaid_async.bulk.manifest.row import BadRow
from kycaid_async.bulk.options import RunOptions, RunPlan, hide_ledger
from kycaid_async.bulk.prerequisites import known_applicant
from kycaid_async.bulk.requests.limits import Stopped
from kycaid_async.bulk.row import BulkRow, identify
from kycaid_async.bulk.run import BulkRun
from kycaid_async.bulk.spool import Spool
from kycaid_async.errors import ConfigurationError, LedgerError
from kycaid_async.options import FLAG, PATH, Kind
from kycaid_async.timing import Timing
from kycaid_async.transport.settings import Settings

AuditRows = Iterable[BulkRow | BadRow] | AsyncIterable[BulkRow | BadRow]

_REMEMBERED: Final = 6 * 3600.0
"""Seconds for which an audit that was cut off is gone on from."""


class AuditOptions(RunOptions, total=False):
    """The options of ``client.bulk.audit``."""

    ledger: Required[Path]
    state: Path | None
    fresh: bool


@attrs.frozen(kw_only=True, field_transformer=hide_ledger)
class AuditPlan(RunPlan):
    """The options of one audit, with their defaults."""

    kinds: ClassVar[Mapping[str, Kind]] = {"fresh": FLAG, "state": PATH.or_none("no state")}

    ledger: Path
    state: Path | None = None
    fresh: bool = False

    def __attrs_post_init__(self) -> None:
        if cast("object", self.ledger) is None:
            raise ConfigurationError("bulk: an audit needs the ledger of the upload")
        super().__attrs_post_init__()


class BulkAudit(BulkRun[BulkRow | BadRow, AuditResult]):
    """A run of ``client.bulk.audit``. Iterate over it once: ``async for result in audit``.

    All rows are read first, and put together by applicant; then the results come, an applicant's together. The
    iteration ends with an error when the whole run had to end: the key was revoked, the server was away for too long,
    the ledger is of another account. Then nothing is said of the rows that were not told of.

    Leave it early inside ``async with``, or call `aclose`: then the ledger is closed when you go on.
    """

    _name = "audit"
    _only_reads = True
    _plan: AuditPlan

    def __init__(self, rows: AuditRows, plan: AuditPlan, *, caller: Caller, settings: Settings, timing: Timing) -> None:
        super().__init__(rows, plan, caller=caller, settings=settings, timing=timing)
        self._summary = AuditSummary()

    @property
    def summary(self) -> AuditSummary:
        """Verdicts so far; of all rows once the iteration has ended."""
        self._summary.requests, self._summary.seconds = self._caller.requests, self._lasted
        return self._summary

    @property
    def waiting(self) -> int:
        """The number of applicants that are asked for again soon, because a missing document was sent a moment ago."""
        return self._workers.waiting

    @property
    def silence(self) -> float:
        """For how many seconds the server has given no answer of use."""
        return self._caller.silence

    def drain(self) -> None:
        """Ask for no more applicants. Those that are asked for are told of, and then the iteration ends."""
        super().drain()

    async def _open(self) -> UploadLedger:
        if not await ledger_exists(self._plan.ledger):
            raise LedgerError(
                f"{ledger_name(self._plan.ledger)}: there is no such ledger, so nothing is known to be sent"
            )
        return await super()._open()

    async def _do(self, ledger: UploadLedger) -> None:
        path = None if self._plan.state is None else FilePath(self._plan.state)
        with contextlib.closing(Spool(AuditedRow)) as spool:
            state = AuditState.open(path, fresh=self._plan.fresh, remember=_REMEMBERED, now=self._timing.now)
            done = False
            try:
                await self._read(ledger, spool)
                await self._ask(ledger, spool, state)
                done = self._error is None and not self._workers.drained.is_set()
            finally:
                state.close(done=done)

    # First all rows are read.

    async def _read(self, ledger: UploadLedger, spool: Spool[AuditedRow]) -> None:
        async with self._reading() as feed:
            while (numbered := await feed.next()) is not None:
                await self._take(*numbered, ledger, spool)

    async def _take(self, number: int, row: BulkRow | BadRow, ledger: UploadLedger, spool: Spool[AuditedRow]) -> None:
        self._summary.read += 1
        if isinstance(row, BadRow):
            return await self._tell(_of_bad(number, row))
        if not isinstance(cast("object", row), BulkRow):
            raise TypeError(f"bulk: expected BulkRow, got {type(row).__name__}")
        known_by = identify(row)
        if isinstance(known_by, list):
            problems = "; ".join(map(str, known_by))
            return await self._tell(_alone(number, row, AuditStatus.NOT_SENT, remarks.bad(problems)))
        (_, fingerprint), entry = await known_row(row, known_by, ledger)
        applicant_id, is_uncertain = await known_applicant(row, entry, ledger)
        if applicant_id is not None:
            was_changed = entry is not None and not ledger.has_said(entry, fingerprint)
            return spool.add(applicant_id, _audited(number, row, entry, was_changed=was_changed))
        status = AuditStatus.UNCERTAIN if is_uncertain else AuditStatus.NOT_SENT
        remark = remarks.UNKNOWN_APPLICANT if is_uncertain else remarks.not_sent(_refusal(entry), None)
        return await self._tell(_alone(number, row, status, remark))

    # Then the server is asked, an applicant at a time.

    async def _ask(self, ledger: UploadLedger, spool: Spool[AuditedRow], state: AuditState) -> None:
        auditor = Auditor(caller=self._caller, ledger=ledger, settle_after=self._settle_after())

        async def work() -> bool:
            applicant = None if self._workers.drained.is_set() else spool.next()
            if applicant is None:
                return False
            try:
                await self._one(*applicant, auditor, state)
            except Stopped as stop:
                if stop.error is not None:
                    self._stop(stop.error)
            return True

        await self._at_once(work)

    async def _one(self, applicant_id: str, rows: list[AuditedRow], auditor: Auditor, state: AuditState) -> None:
        entries = await auditor.entries(applicant_id)
        mark = stamp(applicant_id, rows, entries)
        if mark is not None and state.knows(mark):
            self._summary.remembered += len(rows)
            results = [_remembered(applicant_id, row, entries) for row in rows]
        else:
            results = await auditor.audit(applicant_id, rows, entries)
            self._summary.applicants += 1
        for result in results:
            await self._tell(result)
        if mark is not None and all(result.status is AuditStatus.AS_SENT and not result.reason for result in results):
            state.note(mark)

    async def _tell(self, result: AuditResult) -> None:
        self._summary.count(result)
        await self._results.put(result)


def _audited(number: int, row: BulkRow, entry: RowEntry | None, *, was_changed: bool) -> AuditedRow:
    return AuditedRow(
        number=number,
        line=row.line,
        key=row.key,
        document=as_sent(row.document),
        entry=None if entry is None else entry.digest.hex(),
        refused=_refusal(entry),
        was_changed=was_changed,
        made_here=row.applicant is not None,
    )


def _refusal(entry: RowEntry | None) -> str | None:
    return (entry.code or "for good") if entry is not None and entry.state is EntryState.FAILED else None


def _alone(number: int, row: BulkRow, status: AuditStatus, remark: remarks.Remark) -> AuditResult:
    """Return what is said of a row of which nobody has to be asked."""
    return AuditResult(
        status=status,
        number=number,
        line=row.line,
        key=row.key if isinstance(cast("object", row.key), str) else None,
        applicant_id=row.applicant_id,
        reason=remark.reason,
        advice=remark.advice,
    )


def _of_bad(number: int, row: BadRow) -> AuditResult:
    remark = remarks.bad(row.reason)
    status = AuditStatus.NOT_SENT
    return AuditResult(status=status, number=number, line=row.line, reason=remark.reason, advice=remark.advice)


def _remembered(applicant_id: str, row: AuditedRow, entries: Entries) -> AuditResult:
    return AuditResult(
        status=AuditStatus.AS_SENT,
        number=row.number,
        line=row.line,
        key=row.key,
        applicant_id=applicant_id,
        document_ids=(entries[row.entry or ""].document_id or "",),
    )
