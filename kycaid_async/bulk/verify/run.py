"""One run over many verifications: rows in, results out."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, Protocol, Required, cast, get_args

import attrs

from kycaid_async.api.section import Caller
from kycaid_async.api.verifications.fields import CheckType, CheckTypeName
from kycaid_async.bulk.claims import locks_of
from kycaid_async.bulk.ledger import Ledger, Path, UploadLedger, VerificationEntry, VerificationState
from kycaid_async.bulk.ledger.opening import ledger_exists
from kycaid_async.bulk.manifest.row import BadRow
from kycaid_async.bulk.options import RunOptions, RunPlan, engine_kind, hide_ledger
from kycaid_async.bulk.requests.limits import KeyedLock, Stopped
from kycaid_async.bulk.row import Meter
from kycaid_async.bulk.run import BulkRun
from kycaid_async.bulk.spool import Spool
from kycaid_async.bulk.verify import remarks
from kycaid_async.bulk.verify.applicant import (
    ApplicantVerifier,
    as_known,
    is_unsettled,
    known_verifications,
    unsettled_first,
)
from kycaid_async.bulk.verify.evidence import SharedReport
from kycaid_async.bulk.verify.result import VerifyProgress, VerifyResult, VerifyStatus, VerifySummary
from kycaid_async.bulk.verify.rows import KnownRow, VerifyRow, VerifyRows, asking_row, look_up
from kycaid_async.bulk.verify.start import Allowance, Starter
from kycaid_async.bulk.verify.wanted import AskingRow, WantedVerification, wanted_by
from kycaid_async.errors import (
    ConfigurationError,
    InsufficientFundsError,
    InvalidRequestError,
    ManifestError,
)
from kycaid_async.options import FLAG, TEXT, TEXTS, Kind, whole
from kycaid_async.timing import Timing
from kycaid_async.transport.settings import Settings
from kycaid_async.values.fields import ID_LENGTH

OnUncertain = Literal["set_aside", "create"]


class VerifyEngine(Protocol):
    """Carries verifications out on other processes or machines, such as `kycaid_async.cluster.DaskEngine`."""

    def verify(
        self, rows: VerifyRows, plan: "VerifyPlan", *, caller: Caller, settings: Settings, timing: Timing
    ) -> "BulkVerify":
        """Return a run over ``rows``. Raises `ConfigurationError` for what it cannot carry out."""
        ...


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
    engine: VerifyEngine | None


@attrs.frozen(kw_only=True, field_transformer=hide_ledger)
class VerifyPlan(RunPlan):
    """The options of one run, with their defaults."""

    kinds: ClassVar[Mapping[str, Kind]] = {
        "form_id": TEXT.or_none("that of the account"),
        "partial": FLAG,
        "limit": whole(1).or_none("no limit"),
        "dry_run": FLAG,
        "callback_url": TEXT.or_none("none"),
        "types": TEXTS.or_none("a form"),
        "engine": engine_kind("verify"),
    }

    ledger: Path
    form_id: str | None = None
    partial: bool = False
    limit: int | None = None
    dry_run: bool = False
    on_uncertain: OnUncertain = "set_aside"
    callback_url: str | None = None
    types: Sequence[CheckType | CheckTypeName] | None = None
    engine: VerifyEngine | None = None

    def __attrs_post_init__(self) -> None:
        if cast("object", self.ledger) is None:
            raise ConfigurationError("bulk: verifications cost a fee each, so they need a ledger")
        self.check_kinds()
        if self.on_uncertain not in get_args(OnUncertain):
            raise ConfigurationError("bulk: on_uncertain is set_aside or create")
        if self.form_id is not None and len(self.form_id) != ID_LENGTH:
            raise ConfigurationError(f"bulk: form_id has {ID_LENGTH} characters, and this one {len(self.form_id)}")
        super().__attrs_post_init__()


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

    async def _open(self) -> UploadLedger:
        if self._plan.dry_run and not await ledger_exists(self._plan.ledger):
            return await Ledger.open(None, server=self._settings.base_url, clock=self._timing.clock)
        return await super()._open()

    async def _do(self, ledger: UploadLedger) -> None:
        spool = Spool(AskingRow)
        try:
            await self._read(ledger, spool)
            await self._start_all(ledger, spool)
        finally:
            spool.close()

    # First all rows are read.

    async def _read(self, ledger: UploadLedger, spool: Spool[AskingRow]) -> None:
        async with self._reading(lambda rows: look_up(rows, ledger)) as feed:
            while (numbered := await feed.next()) is not None:
                self._summary.read += 1
                await self._take(*numbered, ledger, spool)
                self._summary.applicants = spool.applicants
        if self._summary.bad and not (self._plan.partial or self._plan.dry_run):
            raise ManifestError(
                f"bulk: {self._summary.bad:,} rows are bad, and nobody can tell whose they are, so nothing was "
                "started. Correct them, or start with partial=True"
            )

    async def _take(self, number: int, known: KnownRow, ledger: UploadLedger, spool: Spool[AskingRow]) -> None:
        if isinstance(known.row, BadRow):
            self._summary.bad += 1
            await self._tell(_of_bad(number, known.row))
        else:
            spool.add(*await asking_row(number, known, ledger))

    # Then verifications are started, an applicant at a time.

    async def _start_all(self, ledger: UploadLedger, spool: Spool[AskingRow]) -> None:
        verifier = self._verifier(ledger)
        allowance = Allowance(left=self._plan.limit)

        async def work() -> bool:
            applicant = None if self._workers.drained.is_set() else spool.next()
            if applicant is None:
                return False
            self._in_flight += 1
            try:
                await self._one(*applicant, verifier, allowance)
            except Stopped as stop:
                if stop.error is not None:
                    self._stop(stop.error)
            finally:
                self._in_flight -= 1
            return True

        await self._at_once(work)

    async def _one(
        self, applicant_id: str, rows: list[AskingRow], verifier: ApplicantVerifier, allowance: Allowance
    ) -> None:
        """Do the verifications of one applicant, or say what would be done in a dry run."""
        is_left = False

        async def tell(wanted: WantedVerification, result: VerifyResult | None) -> None:
            nonlocal is_left
            is_left = is_left or result is None
            if result is not None:
                await self._tell(named(result, wanted))

        all_wanted = self._wanted_by(rows)
        if not rows[0].is_known:
            for wanted in all_wanted:
                await tell(wanted, refused(None, wanted))
        elif self._plan.dry_run:
            known = await known_verifications(applicant_id, verifier.starter.ledger)
            for wanted in unsettled_first(all_wanted, known):
                spelt, one = as_known(applicant_id, wanted, known)
                await tell(wanted, _planned(spelt, one, known.get(wanted.form_id), verifier.starter, allowance))
        else:
            await verifier.verify(applicant_id, all_wanted, allowance, tell)
        self._summary.looked_at += not is_left

    def _wanted_by(self, rows: list[AskingRow]) -> list[WantedVerification]:
        all_wanted = wanted_by(rows, self._plan)
        self._summary.mixed_forms += any(wanted.silent for wanted in all_wanted)
        return all_wanted

    async def _tell(self, result: VerifyResult) -> None:
        self._summary.count(result)
        self._meter.note(self._timing.clock(), self._summary.started, 0)
        await self._results.put(result)
        if isinstance(result.error, InsufficientFundsError):
            self._stop(result.error)

    def _verifier(self, ledger: UploadLedger) -> ApplicantVerifier:
        starter = Starter(
            caller=self._caller,
            ledger=ledger,
            report=SharedReport(timing=self._timing, locks=KeyedLock(self._workers.idle)),
            timing=self._timing,
            settle_after=self._settle_after(),
            check=self._settings.check,
            create_uncertain=self._plan.on_uncertain == "create",
        )
        return ApplicantVerifier(starter=starter, locks=locks_of(ledger, self._timing.sleep, self._workers.idle))


def refused(applicant_id: str | None, wanted: WantedVerification) -> VerifyResult:
    """Return the result of one that is not to be started."""
    return VerifyResult(
        status=wanted.refused_as,
        applicant_id=applicant_id,
        form_id=wanted.form_id,
        reason=wanted.refusal,
        advice=remarks.ADVICE[wanted.refused_as],
    )


def _planned(
    applicant_id: str,
    wanted: WantedVerification,
    entry: VerificationEntry | None,
    starter: Starter,
    allowance: Allowance,
) -> VerifyResult | None:
    """Return what a run would do, without a question to the server; None when no more may be started."""
    one = VerifyResult(status=VerifyStatus.TO_START, applicant_id=applicant_id, form_id=wanted.form_id)
    if entry is not None and entry.state is VerificationState.CREATED:
        return attrs.evolve(one, status=VerifyStatus.DONE_BEFORE)
    if is_unsettled(entry):
        return attrs.evolve(one, status=VerifyStatus.UNCERTAIN, reason=remarks.TO_BE_ASKED, sent_before=True)
    if wanted.refusal:
        return refused(applicant_id, wanted)
    try:
        starter.body(applicant_id, wanted)
    except InvalidRequestError as error:
        status, advice = VerifyStatus.REFUSED, remarks.ADVICE[VerifyStatus.REFUSED]
        return attrs.evolve(one, status=status, reason=error.message, advice=advice, error=error)
    return one if allowance.take() else None


def named(result: VerifyResult, wanted: WantedVerification) -> VerifyResult:
    """Return a result with what its rows are called."""
    keys = dict.fromkeys(row.key for row in wanted.rows if row.key is not None)
    lines = tuple(row.line for row in wanted.rows if row.line is not None)
    numbers = tuple(row.number for row in wanted.rows)
    return attrs.evolve(result, keys=tuple(keys), lines=lines, numbers=numbers, note=wanted.note)


def _of_bad(number: int, row: BadRow) -> VerifyResult:
    return VerifyResult(
        status=VerifyStatus.NOT_DELIVERED,
        lines=(row.line,),
        numbers=(number,),
        reason=row.reason,
        advice=remarks.BAD_ROW_ADVICE,
    )
