"""One look at verdicts: rows in, an applicant's verdict out, as often as it takes until all are decided."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, ClassVar, Final, Required, cast

import attrs

from kycaid_async.api.section import Caller
from kycaid_async.bulk.known_rows import known_row
from kycaid_async.bulk.ledger import EntryState, Path, RowEntry, UploadLedger, VerificationEntry, VerificationState
from kycaid_async.bulk.ledger.opening import ledger_exists, ledger_name
from kycaid_async.bulk.manifest.row import BadRow
from kycaid_async.bulk.options import PATIENCE, RunOptions, RunPlan, hide_ledger
from kycaid_async.bulk.prerequisites import known_applicant
from kycaid_async.bulk.requests.limits import Stopped
from kycaid_async.bulk.results.lookup import Lookup
from kycaid_async.bulk.results.record import LookRecord
from kycaid_async.bulk.results.verdict import BulkVerdict, DocumentVerdict, ResultsSummary, Verdict
from kycaid_async.bulk.row import AskedVerification, BulkRow, BulkVerification, identify, plain_id
from kycaid_async.bulk.row_feed import RowFeed
from kycaid_async.bulk.run import BulkRun
from kycaid_async.bulk.spool import Spool, SpooledRow, is_nobody, nobody
from kycaid_async.errors import ConfigurationError, LedgerError
from kycaid_async.options import FLAG, Kind
from kycaid_async.timing import Timing
from kycaid_async.transport.settings import Settings

ResultsRow = BulkRow | BadRow | AskedVerification
ResultsRows = Iterable[ResultsRow] | AsyncIterable[ResultsRow]

_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 10.0, 300.0, 1.5
"""Seconds between two looks while it waits. A verdict takes from two minutes to six hours."""
_NONE_STARTED: Final = "no verification was started"


class ResultsOptions(RunOptions, total=False):
    """The options of ``client.bulk.results``."""

    ledger: Required[Path]
    wait: float | None
    per_document: bool
    fresh: bool


@attrs.frozen(kw_only=True, field_transformer=hide_ledger)
class ResultsPlan(RunPlan):
    """The options of one look, with their defaults."""

    kinds: ClassVar[Mapping[str, Kind]] = {
        "wait": PATIENCE.or_none("one look"),
        "per_document": FLAG,
        "fresh": FLAG,
    }

    ledger: Path
    wait: float | None = None
    per_document: bool = False
    fresh: bool = False

    def __attrs_post_init__(self) -> None:
        if cast("object", self.ledger) is None:
            raise ConfigurationError("bulk: verdicts need the ledger in which the verifications are")
        super().__attrs_post_init__()


@attrs.frozen(kw_only=True, eq=False, repr=False)
class JudgedRow(SpooledRow):
    """A row, as far as its applicant's verdict tells of it."""

    external_applicant_id: str | None = None
    type: str = ""
    document_id: str | None = None
    form_id: str | None = None
    doubt: str | None = None
    """Why it has no applicant; ``refused`` when there is none, ``sent`` when there may be one."""


class BulkResults(BulkRun[ResultsRow, BulkVerdict]):
    """A run of ``client.bulk.results``. Iterate over it once: ``async for verdict in results``.

    The verdicts come when all that can be known now is known, in the order of the rows; those that are open come last
    of all as what they are. When the run had to end early, because the key was revoked or the server was away for too
    long, the verdicts come by what is on record, and the error after them.
    """

    _name = "results"
    _plan: ResultsPlan

    def __init__(
        self, rows: ResultsRows | None, plan: ResultsPlan, *, caller: Caller, settings: Settings, timing: Timing
    ) -> None:
        super().__init__(() if rows is None else rows, plan, caller=caller, settings=settings, timing=timing)
        self._has_rows = rows is not None
        self._summary = ResultsSummary()
        self._still_open = 0

    @property
    def summary(self) -> ResultsSummary:
        """Verdicts so far; of all applicants once the iteration has ended."""
        self._summary.requests, self._summary.seconds = self._caller.requests, self._lasted
        return self._summary

    @property
    def open(self) -> int:
        """The number of verifications that had no verdict at the last look."""
        return self._still_open

    @property
    def silence(self) -> float:
        """For how many seconds the server has given no answer of use."""
        return self._caller.silence

    def drain(self) -> None:
        """Ask for nothing more, and wait no longer. The verdicts come by what is known."""
        super().drain()

    async def _open(self) -> UploadLedger:
        if not await ledger_exists(self._plan.ledger):
            raise LedgerError(
                f"{ledger_name(self._plan.ledger)}: there is no such ledger, so nothing is known to be started"
            )
        return await super()._open()

    async def _do(self, ledger: UploadLedger) -> None:
        spool = Spool(JudgedRow)
        lookup = Lookup(
            caller=self._caller,
            ledger=ledger,
            timing=self._timing,
            summary=self._summary,
            per_document=self._plan.per_document,
            fresh=self._plan.fresh,
        )
        try:
            await self._read(ledger, spool)
            await self._look(ledger, lookup)
            async for applicant_id, rows in self._applicants(ledger, spool):
                for verdict in await self._verdicts(ledger, lookup, applicant_id, rows):
                    self._summary.count(verdict)
                    await self._results.put(verdict)
        finally:
            spool.close()

    # First all rows are read.

    async def _read(self, ledger: UploadLedger, spool: Spool[JudgedRow]) -> None:
        async with self._reading() as feed:
            while (numbered := await feed.next()) is not None:
                self._summary.read += 1
                applicant, judged = await _judged(*numbered, ledger)
                self._summary.documents += judged.document_id is not None
                spool.add(applicant, judged)

    # Then the server is asked, until all is decided or the time is up.

    async def _look(self, ledger: UploadLedger, lookup: Lookup) -> None:
        until, pause = self._timing.clock() + (self._plan.wait or 0.0), _FIRST_PAUSE
        try:
            while not self._workers.drained.is_set():
                await self._round(lookup)
                self._still_open = await _count(ledger.verifications.open())
                left = until - self._timing.clock()
                if not self._still_open or left <= 0:
                    return
                await self._caller.rest(min(left, pause * (0.5 + self._timing.chance() / 2)))
                pause = min(_LONGEST_PAUSE, pause * _GROWTH)
        except Stopped:
            return

    async def _round(self, lookup: Lookup) -> None:
        """Look at all that is open."""
        feed: RowFeed[Any] = RowFeed(cast("AsyncIterable[Any]", _quietly(lookup.to_ask(), self._stop)))
        self._feed = feed

        async def work() -> bool:
            numbered = await feed.next()
            if numbered is None:
                return False
            try:
                await lookup.look(numbered[1])
            except Stopped as stop:
                if stop.error is not None:
                    self._stop(stop.error)
            return True

        try:
            await self._at_once(work)
        finally:
            await feed.aclose()

    # Then each applicant is told of, by what the ledger has.

    async def _applicants(
        self, ledger: UploadLedger, spool: Spool[JudgedRow]
    ) -> AsyncIterator[tuple[str, list[JudgedRow]]]:
        if self._has_rows:
            while (applicant := spool.next()) is not None:
                yield applicant
            return
        async for applicant_id in ledger.applicant_ids():
            yield applicant_id, []

    async def _verdicts(
        self, ledger: UploadLedger, lookup: Lookup, applicant_id: str, rows: list[JudgedRow]
    ) -> list[BulkVerdict]:
        told = _of_rows(rows)
        if is_nobody(applicant_id):
            doubt = rows[0].doubt or ""
            if doubt == EntryState.SENT:
                reason = "its applicant was sent and got no answer: run the same upload again"
                return [BulkVerdict(verdict=Verdict.UNCERTAIN, reason=reason, **told)]
            return [BulkVerdict(verdict=Verdict.NOT_STARTED, reason=doubt, **told)]
        told["applicant_id"] = applicant_id
        entries = await ledger.verifications.of(applicant_id)
        if not entries:
            return [BulkVerdict(verdict=Verdict.NOT_STARTED, reason=_NONE_STARTED, **told)]
        made = []
        for entry in _in_order(entries):
            own = _rows_with(entry.form_id, rows)
            made.append(_verdict_of(entry, lookup.record_of(entry), own, told | _of_rows(own)))
        made += [
            BulkVerdict(
                verdict=Verdict.NOT_STARTED,
                reason=f"{_NONE_STARTED} with this form",
                form_id=form_id,
                **told | _of_rows(_rows_with(form_id, rows)),
            )
            for form_id in _not_among(entries, rows)
        ]
        return made if self._plan.per_document else [attrs.evolve(verdict, documents=()) for verdict in made]


async def _judged(number: int, row: ResultsRow, ledger: UploadLedger) -> tuple[str, JudgedRow]:
    """Return a row as it is spooled, and what stands for its applicant."""
    if isinstance(row, BadRow):
        return nobody(number), JudgedRow(number=number, line=row.line, key=None, doubt=row.reason)
    if not isinstance(row, BulkRow):
        asked = BulkVerification.of(row)
        judged = JudgedRow(number=number, line=asked.line, key=asked.key, form_id=asked.form_id)
        return plain_id(asked.applicant_id), judged
    known_by, entry, applicant_id, is_uncertain, problems = identify(row), None, None, False, ""
    if isinstance(known_by, list):
        problems = "; ".join(map(str, known_by))
    else:
        _, entry = await known_row(row, known_by, ledger)
        applicant_id, is_uncertain = await known_applicant(row, entry, ledger)
    external_id = getattr(row.applicant, "external_applicant_id", None)
    judged = JudgedRow(
        number=number,
        line=row.line,
        key=row.key if isinstance(cast("object", row.key), str) else None,
        external_applicant_id=external_id if isinstance(external_id, str) else None,
        type="" if problems else str(row.document.get("type") or ""),
        document_id=None if entry is None else entry.document_id,
        form_id=row.form_id if isinstance(cast("object", row.form_id), str) else None,
        doubt=problems or (str(EntryState.SENT) if is_uncertain else _why_not(entry)),
    )
    if applicant_id is None:
        return nobody(judged.external_applicant_id or number), judged
    return plain_id(applicant_id), judged


def _why_not(entry: RowEntry | None) -> str:
    if entry is not None and entry.state is EntryState.FAILED:
        return f"its row was refused ({entry.code or 'for good'})"
    return "its applicant was not made"


def _of_rows(rows: list[JudgedRow]) -> dict[str, Any]:
    """Return what is said of an applicant by its rows."""
    external = (row.external_applicant_id for row in rows if row.external_applicant_id)
    return {
        "number": rows[0].number if rows else 0,
        "lines": tuple(row.line for row in rows if row.line is not None),
        "keys": tuple(dict.fromkeys(row.key for row in rows if row.key is not None)),
        "external_applicant_id": next(external, None),
    }


def _rows_with(form_id: str | None, rows: list[JudgedRow]) -> list[JudgedRow]:
    """Return the rows that a verification with this form is for: of documents also those that name none."""
    form_id = None if form_id is None else plain_id(form_id)
    forms = [None if row.form_id is None else plain_id(row.form_id) for row in rows]
    silent = [row for row, form in zip(rows, forms, strict=True) if form is None]
    if form_id not in forms:
        return silent or rows
    return [row for row, form in zip(rows, forms, strict=True) if form == form_id or (form is None and row.type)]


def _not_among(entries: list[VerificationEntry], rows: list[JudgedRow]) -> list[str]:
    """Return the forms that rows name and no entry has."""
    known = {plain_id(entry.form_id) for entry in entries if entry.form_id is not None}
    named = dict.fromkeys(plain_id(row.form_id) for row in rows if row.form_id is not None)
    return [form_id for form_id in named if form_id not in known]


def _in_order(entries: list[VerificationEntry]) -> list[VerificationEntry]:
    return sorted(entries, key=lambda entry: (entry.intended_at, entry.form_id or ""))


def _verdict_of(
    entry: VerificationEntry, record: LookRecord, rows: list[JudgedRow], told: dict[str, Any]
) -> BulkVerdict:
    verdict, reason = _judge(entry, record)
    return BulkVerdict(
        verdict=verdict,
        reason=reason,
        form_id=entry.form_id,
        verification_id=entry.verification_id,
        checks=tuple(record.checks),
        documents=tuple(_documents(rows, record)),
        sent_at=entry.intended_at,
        created_at=record.created_at,
        looked_at=entry.looked_at,
        **told,
    )


def _judge(entry: VerificationEntry, record: LookRecord) -> tuple[Verdict, str]:
    """Return the verdict of an entry of the ledger, and why it is none of KYCAID's."""
    if entry.state is VerificationState.FAILED:
        return Verdict.REFUSED, entry.code or "for good"
    if entry.state is VerificationState.SENT:
        return Verdict.UNCERTAIN, entry.code or "its start was sent and got no answer"
    if entry.verdict in (Verdict.PASSED, Verdict.DECLINED):
        return Verdict(entry.verdict), ""
    if record.trouble.startswith("NotFoundError"):
        return Verdict.UNCERTAIN, "KYCAID says that there is no such verification"
    return Verdict.PENDING, record.trouble


def _documents(rows: list[JudgedRow], record: LookRecord) -> Iterator[DocumentVerdict]:
    for row in rows:
        review = (record.documents or {}).get(row.document_id or "", {})
        yield DocumentVerdict(line=row.line, key=row.key, type=row.type, document_id=row.document_id, **review)


async def _count(entries: AsyncIterator[Any]) -> int:
    count = 0
    async for _ in entries:
        count += 1
    return count


async def _quietly(items: AsyncIterator[Any], stop: Any) -> AsyncIterator[Any]:
    """Give ``items`` until the run has to end, which is no error of theirs."""
    try:
        async for item in items:
            yield item
    except Stopped as stopped:
        if stopped.error is not None:
            stop(stopped.error)
