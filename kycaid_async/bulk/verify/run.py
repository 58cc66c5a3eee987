"""One run over many verifications: rows in, results out."""

import os
from collections.abc import AsyncIterable, Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, Final, Literal, Required, cast, get_args

import attrs

from kycaid_async.api.section import Caller
from kycaid_async.api.verifications.fields import CheckType, CheckTypeName
from kycaid_async.bulk.ledger import EntryState, Ledger, Path, RowEntry, VerificationState
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.row import BadRow
from kycaid_async.bulk.options import RunOptions, RunPlan
from kycaid_async.bulk.prerequisites import known_applicant
from kycaid_async.bulk.requests.limits import KeyedLock, Stopped
from kycaid_async.bulk.row import BulkRow, BulkVerification, Meter
from kycaid_async.bulk.run import BulkRun
from kycaid_async.bulk.spool import Spool, SpooledRow
from kycaid_async.bulk.verify import remarks
from kycaid_async.bulk.verify.evidence import SharedReport
from kycaid_async.bulk.verify.result import VerifyProgress, VerifyResult, VerifyStatus, VerifySummary
from kycaid_async.bulk.verify.start import Allowance, Starter
from kycaid_async.errors import (
    ConfigurationError,
    FieldProblem,
    InsufficientFundsError,
    InvalidRequestError,
    ManifestError,
)
from kycaid_async.options import FLAG, TEXT, Kind, whole
from kycaid_async.timing import Timing
from kycaid_async.transport.settings import Settings
from kycaid_async.values.fields import ID_LENGTH

VerifyRow = BulkRow | BadRow | BulkVerification | str | tuple[str, str]
"""A row that was uploaded, or a verification: one of its own, the id of an applicant, or that and the id of a form."""
VerifyRows = Iterable[VerifyRow] | AsyncIterable[VerifyRow]
OnUncertain = Literal["set_aside", "create"]

_GIVEN: Final = "given"
_DELIVERED: Final = "delivered"


class VerifyOptions(RunOptions, total=False):
    """The options of ``client.bulk.verify``."""

    ledger: Required[Path]
    form_id: str | None
    partial: bool
    limit: int | None
    dry_run: bool
    on_uncertain: OnUncertain
    callback_url: str | None
    types: Sequence[CheckType | CheckTypeName] | None


@attrs.frozen(kw_only=True)
class VerifyPlan(RunPlan):
    """The options of one run, with their defaults."""

    kinds: ClassVar[Mapping[str, Kind]] = {
        "form_id": TEXT.or_none("that of the account"),
        "partial": FLAG,
        "limit": whole(1).or_none("no limit"),
        "dry_run": FLAG,
        "callback_url": TEXT.or_none("none"),
    }

    ledger: Path
    form_id: str | None = None
    partial: bool = False
    limit: int | None = None
    dry_run: bool = False
    on_uncertain: OnUncertain = "set_aside"
    callback_url: str | None = None
    types: Sequence[CheckType | CheckTypeName] | None = None

    def __attrs_post_init__(self) -> None:
        if cast("object", self.ledger) is None:
            raise ConfigurationError("bulk: verifications cost a fee each, so they need a ledger")
        self.check_kinds()
        if self.on_uncertain not in get_args(OnUncertain):
            raise ConfigurationError("bulk: on_uncertain is set_aside or create")
        if self.form_id is not None and len(self.form_id) != ID_LENGTH:
            raise ConfigurationError(f"bulk: form_id has {ID_LENGTH} characters, and this one {len(self.form_id)}")
        super().__attrs_post_init__()


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Row(SpooledRow):
    """A row of an applicant: what the ledger says of it."""

    form_id: str | None
    state: str
    is_known: bool
    """False when the ledger does not know its applicant."""
    is_lost: bool = False
    """True when its applicant was perhaps made, and nobody knows its id."""


class BulkVerify(BulkRun[VerifyRow, VerifyResult]):
    """A run of ``client.bulk.verify``. Iterate over it once: ``async for result in verify``.

    All rows are read first, and put together by applicant; then verifications are started, and the results come as
    they finish, in any order. The iteration ends with an error when the whole run had to end: the balance is too low,
    the key was revoked, the ledger cannot be written, the server was away for too long, or a row is bad. What was
    done until then is on record, and the same call goes on from there.
    """

    _name = "verify"
    _plan: VerifyPlan

    def __init__(
        self, rows: VerifyRows, plan: VerifyPlan, *, caller: Caller, settings: Settings, timing: Timing
    ) -> None:
        if isinstance(rows, str):
            raise ConfigurationError("bulk: rows is one text; give a list of ids, or the rows of a manifest")
        super().__init__(rows, plan, caller=caller, settings=settings, timing=timing)
        self._only_reads = plan.dry_run
        self._summary = VerifySummary()
        self._meter = Meter(self._started)
        self._in_flight = 0

    @property
    def progress(self) -> VerifyProgress:
        """The progress up to now. Cheap enough to be asked often."""
        rate, _ = self._meter.rates(self._timing.clock(), self._summary.started, 0)
        return VerifyProgress(
            summary=attrs.evolve(self.summary),
            in_flight=self._in_flight - self._workers.waiting,
            waiting=self._workers.waiting,
            concurrency=self._workers.concurrency.value,
            per_second=rate,
            trouble=self._caller.trouble,
        )

    @property
    def summary(self) -> VerifySummary:
        """Counts of what became of them so far; of all of them, once the iteration has ended."""
        summary = self._summary
        summary.requests, summary.refusals = self._caller.requests, self._caller.refusals
        summary.seconds = self._lasted
        return summary

    def drain(self) -> None:
        """Start no more. What is in flight is finished and recorded, and then the iteration ends.

        Those that were sent and got no answer are uncertain until the next run, which asks for them.
        """
        super().drain()

    async def _open(self) -> Ledger:
        if self._plan.dry_run and not os.path.exists(self._plan.ledger):  # noqa: ASYNC240, PTH110 - one look
            return await Ledger.open(None, server=self._settings.base_url, clock=self._timing.clock)
        return await super()._open()

    async def _do(self, ledger: Ledger) -> None:
        spool = Spool(_Row)
        try:
            await self._read(ledger, spool)
            await self._start_all(ledger, spool)
        finally:
            spool.close()

    # First all rows are read.

    async def _read(self, ledger: Ledger, spool: Spool[_Row]) -> None:
        async with self._reading() as feed:
            while (numbered := await feed.next()) is not None:
                self._summary.read += 1
                await self._take(*numbered, ledger, spool)
                self._summary.applicants = spool.applicants
        if self._summary.bad and not (self._plan.partial or self._plan.dry_run):
            raise ManifestError(
                f"bulk: {self._summary.bad:,} rows are bad, and nobody can tell whose they are, so nothing was "
                "started. Correct them, or start with partial=True"
            )

    async def _take(self, number: int, row: VerifyRow, ledger: Ledger, spool: Spool[_Row]) -> None:
        if isinstance(row, BadRow):
            self._summary.bad += 1
            await self._tell(_of_bad(number, row))
            return
        if isinstance(row, BulkRow):
            await self._take_uploaded(number, row, ledger, spool)
            return
        given = _verification_row(row)
        taken = _Row(number=number, line=given.line, key=given.key, form_id=given.form_id, state=_GIVEN, is_known=True)
        spool.add(given.applicant_id, taken)

    async def _take_uploaded(self, number: int, row: BulkRow, ledger: Ledger, spool: Spool[_Row]) -> None:
        state, entry = await _state_of(row, ledger)
        applicant_id, is_lost = (None, False) if state == "bad" else await known_applicant(row, entry, ledger)
        external = None if row.applicant is None else row.applicant.external_applicant_id
        taken = _Row(
            number=number,
            line=row.line,
            key=str(external) if external else row.key,
            form_id=row.form_id,
            state=state,
            is_known=applicant_id is not None,
            is_lost=is_lost,
        )
        spool.add(applicant_id or f"\0{external or number}", taken)

    # Then verifications are started, an applicant at a time.

    async def _start_all(self, ledger: Ledger, spool: Spool[_Row]) -> None:
        starter = self._starter(ledger)

        async def work() -> bool:
            applicant = None if self._workers.drained.is_set() else spool.next()
            if applicant is None:
                return False
            self._in_flight += 1
            try:
                await self._one(*applicant, starter)
            except Stopped as stop:
                if stop.error is not None:
                    self._stop(stop.error)
            finally:
                self._in_flight -= 1
            return True

        await self._at_once(work)

    async def _one(self, applicant_id: str, rows: list[_Row], starter: Starter) -> None:
        """Do the verifications of one applicant, those that an earlier run left open first."""
        refusal = self._refusal(rows)
        named = list(dict.fromkeys(row.form_id for row in rows if row.form_id is not None))
        forms: list[str | None] = [*named] or [self._plan.form_id]
        known = {entry.form_id: entry.state for entry in await starter.ledger.verifications.of(applicant_id)}
        is_left = False
        for form_id in sorted(forms, key=lambda form: known.get(form) is not VerificationState.SENT):
            result: VerifyResult | None
            if not rows[0].is_known:
                result = _not_delivered(None, form_id, refusal)
            elif self._plan.dry_run:
                result = _planned(applicant_id, form_id, known.get(form_id), refusal, starter)
            else:
                result = await starter.start(applicant_id, form_id, refusal=refusal)
            if result is not None:
                await self._tell(_named(result, rows))
            is_left = is_left or result is None
        self._summary.looked_at += not is_left

    def _refusal(self, rows: Sequence[_Row]) -> str:
        """Return why an applicant is not verified; nothing when it is."""
        if not rows[0].is_known:
            return remarks.LOST_APPLICANT if any(row.is_lost for row in rows) else remarks.UNKNOWN_APPLICANT
        states = [row.state for row in rows if row.state != _GIVEN]
        delivered = states.count(_DELIVERED)
        if delivered == len(states) or (self._plan.partial and delivered):
            return ""
        return remarks.not_delivered(states)

    async def _tell(self, result: VerifyResult) -> None:
        self._summary.count(result)
        self._meter.note(self._timing.clock(), self._summary.started, 0)
        await self._results.put(result)
        if isinstance(result.error, InsufficientFundsError):
            self._stop(result.error)

    def _starter(self, ledger: Ledger) -> Starter:
        plan = self._plan
        return Starter(
            caller=self._caller,
            ledger=ledger,
            report=SharedReport(timing=self._timing, locks=KeyedLock(self._workers.idle)),
            timing=self._timing,
            settle_after=self._settle_after(),
            callback_url=plan.callback_url,
            types=plan.types,
            check=self._settings.check,
            create_uncertain=plan.on_uncertain == "create",
            allowance=Allowance(left=plan.limit),
        )


async def _state_of(row: BulkRow, ledger: Ledger) -> tuple[str, RowEntry | None]:
    """Return whether a row is delivered, in a word, and its entry in the ledger."""
    try:
        if row.misfits():
            return "bad", None
        digest, fingerprint = row.digest, row.says
    except (AttributeError, TypeError, ValueError, OverflowError, RecursionError):
        return "bad", None
    entry = await ledger.row(digest)
    if entry is None or entry.state is not EntryState.CREATED:
        return ("unknown" if entry is None else entry.state.value), entry
    return (_DELIVERED if ledger.has_said(entry, fingerprint) else "changed"), entry


def rows_of(manifest: Manifest) -> Iterator[BulkRow | BadRow | BulkVerification]:
    """Give the rows of a manifest: those that were uploaded, or, where it names no documents, applicants."""
    if manifest.names_documents:
        yield from manifest.rows()
        return
    for found in manifest.values():
        yield found if isinstance(found, BadRow) else _applicant_row(*found)


def _applicant_row(line: int, values: Mapping[str, str]) -> BadRow | BulkVerification:
    applicant_id, form_id, key = (values.get(name) for name in ("applicant_id", "form_id", "key"))
    problems = [
        FieldProblem(name, f"{ID_LENGTH} characters", f"{len(value)} characters" if value else "nothing")
        for name, value in (("applicant_id", applicant_id or ""), *(() if form_id is None else (("form_id", form_id),)))
        if len(value) != ID_LENGTH
    ]
    if problems or applicant_id is None:
        return BadRow(line=line, problems=tuple(problems), key=key)
    return BulkVerification(applicant_id=applicant_id, form_id=form_id, key=key, line=line)


def _verification_row(row: BulkVerification | str | tuple[str, str]) -> BulkVerification:
    if isinstance(row, str):
        return BulkVerification(applicant_id=row)
    if isinstance(row, tuple):
        applicant_id, form_id = row
        return BulkVerification(applicant_id=applicant_id, form_id=form_id)
    if not isinstance(cast("object", row), BulkVerification):
        raise TypeError(f"bulk: expected BulkRow, BulkVerification, or ids, got {type(row).__name__}")
    return row


def _not_delivered(applicant_id: str | None, form_id: str | None, refusal: str) -> VerifyResult:
    status = VerifyStatus.NOT_DELIVERED
    return VerifyResult(
        status=status, applicant_id=applicant_id, form_id=form_id, reason=refusal, advice=remarks.ADVICE[status]
    )


def _planned(
    applicant_id: str, form_id: str | None, state: VerificationState | None, refusal: str, starter: Starter
) -> VerifyResult | None:
    """Return what a run would do, without a question to the server; None when no more may be started."""
    if state is VerificationState.CREATED:
        return VerifyResult(status=VerifyStatus.DONE_BEFORE, applicant_id=applicant_id, form_id=form_id)
    if state is VerificationState.SENT:
        return VerifyResult(
            status=VerifyStatus.UNCERTAIN,
            applicant_id=applicant_id,
            form_id=form_id,
            reason=remarks.TO_BE_ASKED,
            sent_before=True,
        )
    if refusal:
        return _not_delivered(applicant_id, form_id, refusal)
    try:
        starter.body(applicant_id, form_id)
    except InvalidRequestError as error:
        status, advice = VerifyStatus.REFUSED, remarks.ADVICE[VerifyStatus.REFUSED]
        return VerifyResult(
            status=status, applicant_id=applicant_id, form_id=form_id, reason=str(error), advice=advice, error=error
        )
    if not starter.allowance.take():
        return None
    return VerifyResult(status=VerifyStatus.TO_START, applicant_id=applicant_id, form_id=form_id)


def _named(result: VerifyResult, rows: Sequence[_Row]) -> VerifyResult:
    """Return a result with what its rows are called."""
    keys = dict.fromkeys(row.key for row in rows if row.key is not None)
    lines = tuple(row.line for row in rows if row.line is not None)
    return attrs.evolve(result, keys=tuple(keys), lines=lines, numbers=tuple(row.number for row in rows))


def _of_bad(number: int, row: BadRow) -> VerifyResult:
    advice = remarks.ADVICE[VerifyStatus.NOT_DELIVERED]
    status = VerifyStatus.NOT_DELIVERED
    return VerifyResult(status=status, lines=(row.line,), numbers=(number,), reason=row.reason, advice=advice)
