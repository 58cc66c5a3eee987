"""The start of one verification: once, whatever becomes of the answer."""

from typing import Final

import attrs

from kycaid_async.api import verifications
from kycaid_async.api.verifications.models import VerificationCreate
from kycaid_async.bulk.ledger import UploadLedger, VerificationEntry, VerificationState
from kycaid_async.bulk.prerequisites import code_of
from kycaid_async.bulk.reconcile import look_until_settled
from kycaid_async.bulk.requests.limits import Stopped
from kycaid_async.bulk.requests.resilient_caller import CountedCalls, IntentRecord, ResilientCaller
from kycaid_async.bulk.verify import remarks
from kycaid_async.bulk.verify.evidence import (
    ApplicantVerifications,
    PerhapsStarted,
    Rows,
    SharedReport,
    choose,
    standing_of,
)
from kycaid_async.bulk.verify.result import VerifyResult, VerifyStatus
from kycaid_async.bulk.verify.wanted import WantedVerification
from kycaid_async.errors import ConflictError, FieldProblem, InsufficientFundsError, KycaidError, LedgerError
from kycaid_async.protocol.request import invalid_request
from kycaid_async.timing import Timing
from kycaid_async.tracebacks import hide_locals
from kycaid_async.values.check import check_request
from kycaid_async.values.unset import UNSET

_ROUNDS: Final = 4
"""How often one is sent, when each time the answer is lost and the server turns out not to have acted."""


@attrs.define(kw_only=True, eq=False)
class Allowance:
    """The number of verifications that may still be started; None for any number."""

    left: int | None

    def take(self) -> bool:
        """Take one, if there is one left."""
        if self.left is None:
            return True
        self.left -= 1
        if self.left < 0:
            self.left = 0
            return False
        return True

    def give_back(self) -> None:
        """Give one back that certainly was not started."""
        if self.left is not None:
            self.left += 1


@attrs.define(kw_only=True, eq=False)
class Starter:
    """Starts verifications, those of an applicant one after the other.

    Raises `Stopped` and `LedgerError`, which end the run; all else becomes a result.
    """

    caller: ResilientCaller
    ledger: UploadLedger
    report: SharedReport
    timing: Timing
    settle_after: float
    """Seconds after which a verification that the server does not show is taken as not started."""
    check: bool
    create_uncertain: bool
    _set_aside: set[bytes] = attrs.field(factory=set)
    """Entries that this run set aside: they are not created anew before the next."""

    async def start(self, applicant_id: str, wanted: WantedVerification, allowance: Allowance) -> VerifyResult | None:
        """Return what became of a verification of an applicant; None when no more may be started.

        Where it is not to be started, one that was sent before is still asked for. To be called within the lock of the
        applicant.
        """
        began = self.timing.clock()
        calls = self.caller.counted()
        start = _Start(run=self, applicant_id=applicant_id, wanted=wanted, allowance=allowance, calls=calls)
        result = await _end_of(start)
        if result is None:
            return None
        if result.error is not None:
            hide_locals(result.error)  # users report what stands in a result, too
        return attrs.evolve(result, attempts=start.calls.requests, seconds=self.timing.clock() - began)

    def set_aside(self, entry: VerificationEntry, code: str) -> None:
        """Leave one that is uncertain to the next run."""
        self._set_aside.add(entry.digest)
        self.ledger.verifications.uncertain(entry, code)

    def may_create_anew(self, digest: bytes) -> bool:
        """Say whether one that is uncertain is to be started anew."""
        return self.create_uncertain and digest not in self._set_aside and not self.caller.drained.is_set()

    def body(self, applicant_id: str, wanted: WantedVerification) -> VerificationCreate:
        """Return what is sent. Raises `InvalidRequestError`."""
        body = VerificationCreate(
            applicant_id=applicant_id,
            form_id=UNSET if wanted.form_id is None else wanted.form_id,
            types=UNSET if wanted.types is None else wanted.types,
            callback_url=UNSET if wanted.callback_url is None else wanted.callback_url,
        )
        problems: list[FieldProblem] = []
        if wanted.form_id is None and wanted.types is None:
            problems.append(FieldProblem("form_id", "that of the run or of the row", "none"))
        if self.check:
            problems += check_request(body)
        if problems:
            raise invalid_request(verifications.CREATE.name, problems)
        return body


async def _end_of(start: "_Start") -> VerifyResult | None:
    try:
        status = await start.start()
        return None if status is None else start.result(status)
    except PerhapsStarted as perhaps:
        return start.set_aside(perhaps)
    except Stopped as stop:
        if not isinstance(stop.error, InsufficientFundsError):
            raise
        return start.result(VerifyStatus.NO_FUNDS, stop.error)
    except LedgerError:
        raise
    except KycaidError as error:
        return start.refused(error)


@attrs.define(kw_only=True, eq=False)
class _Start:
    """The start of one verification. It keeps what is known so far."""

    run: Starter
    applicant_id: str
    wanted: WantedVerification
    allowance: Allowance
    calls: CountedCalls
    verification_id: str | None = None
    sent_before: bool = False
    _entry: VerificationEntry | None = None
    """What stands in the ledger, and is nothing but what this run made of it or may put something in place of."""
    _in_doubt: VerificationEntry | None = None
    """An earlier intent, as long as nobody knows what came of it."""
    _was_sent: bool = False
    """True when it was sent and got no answer, now or by an earlier run, whatever was found out since."""
    _count: int | None = None

    @property
    def form_id(self) -> str | None:
        return self.wanted.form_id

    async def start(self) -> VerifyStatus | None:
        """Bring it to its end, if it is not there yet."""
        entry = await self.run.ledger.verifications.entry(self.applicant_id, self.form_id)
        if entry is not None and entry.state is VerificationState.CREATED:
            self.verification_id = entry.verification_id
            return VerifyStatus.DONE_BEFORE
        if entry is not None and entry.state is VerificationState.SENT and await self._is_found(entry):
            return VerifyStatus.STARTED
        if self.wanted.refusal and self._in_doubt is None:
            return self.wanted.refused_as
        self._entry = entry
        body = self.run.body(self.applicant_id, self.wanted)
        await self._see_to_others()
        if not self.allowance.take():
            return None
        try:
            self.verification_id = await self._create(body)
        except KycaidError as error:
            if not error.maybe_processed:
                self.allowance.give_back()
            raise
        return VerifyStatus.STARTED

    async def _is_found(self, entry: VerificationEntry) -> bool:
        """Find a verification that an earlier run sent, and say whether it was started."""
        run = self.run
        self.sent_before = self._was_sent = True
        self._in_doubt = entry
        since = run.timing.clock() - run.ledger.verifications.waited(entry)
        try:
            self.verification_id = await self._find(entry, since=since)
        except PerhapsStarted:
            if self.wanted.refusal or not run.may_create_anew(entry.digest):
                raise
            return False
        self._in_doubt = None
        return self.verification_id is not None

    async def _see_to_others(self) -> None:
        """Raise `KycaidError` when another verification of the applicant is uncertain: the two would look alike."""
        others = await self.run.ledger.verifications.of(self.applicant_id)
        if any(o.state is VerificationState.SENT and o.form_id != self.form_id for o in others):
            operation = verifications.CREATE.name
            raise KycaidError(f"{operation}: {remarks.OTHER_UNSETTLED}", operation=operation)

    async def _create(self, body: VerificationCreate) -> str:
        """Return the id of the verification, which is sent until it is known whether it was started."""
        is_unknown = self._entry is None and self.run.ledger.may_have_gaps
        lost: KycaidError | None = None
        for _ in range(_ROUNDS):
            before = await standing_of(self.calls, self.applicant_id)
            self._count = before.count
            if is_unknown and not before.has_none:
                await self._doubt_what_was_lost(before)
            answer = await self._send(body, before)
            if isinstance(answer, str):
                return answer
            lost, is_unknown = answer, False
            assert self._entry is not None  # noqa: S101 - its intent was written before it was sent
            found = await self._find(self._entry, since=self.run.timing.clock())
            if found is not None:
                return found
            self._was_sent = True
        raise PerhapsStarted("", lost)

    async def _doubt_what_was_lost(self, before: ApplicantVerifications) -> None:
        """Set one aside that an incomplete ledger does not know, and that may have been started."""
        # Without a count: what was there before that is just what nobody knows.
        self._in_doubt = await self._intend(attrs.evolve(before, count=None))
        if not self.run.may_create_anew(self._in_doubt.digest):
            raise PerhapsStarted(remarks.LOST_RECORDS, code="gaps")

    async def _send(self, body: VerificationCreate, before: ApplicantVerifications) -> str | KycaidError:
        """Start it; return its id, or the error when nobody knows whether it was started."""
        records = self.run.ledger.verifications

        async def write() -> None:
            self._entry = await self._intend(before)

        def withdraw() -> None:
            if self._in_doubt is not None:
                records.restore(self._in_doubt)
            elif self._entry is not None:
                records.forget(self._entry)

        record = IntentRecord(write=write, withdraw=withdraw, guard=self.run.ledger.guard)
        try:
            verification_id = await self.calls.create(verifications.CREATE, record, body=body)
        except KycaidError as error:
            if error.maybe_processed:
                return error
            return await self._refused_anew(error)
        assert self._entry is not None  # noqa: S101 - its intent was written before it was sent
        records.created(self._entry, verification_id)
        known = await records.entry(self.applicant_id, self.form_id)
        if known is None or known.verification_id != verification_id:
            raise PerhapsStarted(remarks.TAKEN, code="taken")
        return verification_id

    async def _refused_anew(self, error: KycaidError) -> str:
        """Look once more for one that was refused, perhaps because it was started before. Raises ``error`` if not."""
        if self._in_doubt is not None:
            raise PerhapsStarted("", _perhaps(error)) from error
        if not self._was_sent or not isinstance(error, ConflictError) or self._entry is None:
            raise error
        self.run.ledger.verifications.restore(self._entry)
        found = await self._find(self._entry, since=float("-inf"))
        if found is None:
            raise PerhapsStarted("", _perhaps(error)) from error
        return found

    async def _find(self, entry: VerificationEntry, *, since: float) -> str | None:
        """Return the id of the verification that was started, and is recorded then; None when none was."""
        run = self.run
        try:
            look = look_until_settled(lambda: self._look(entry), caller=run.caller, until=since + run.settle_after)
            return await look
        except Stopped as stop:
            if stop.error is not None:
                raise
            raise PerhapsStarted(remarks.NOT_YET) from None

    async def _look(self, entry: VerificationEntry) -> str | None:
        rows = await self.run.report.rows_of(entry, self.calls)
        try:
            standing = await standing_of(self.calls, self.applicant_id)
        except KycaidError as error:
            raise PerhapsStarted("", error, shown=await self._unclaimed(entry, rows)) from error
        found = choose(entry, await self._unclaimed(entry, rows), standing)
        if found is not None and not await self.run.ledger.verifications.claim(entry, found):
            raise PerhapsStarted(remarks.TAKEN, code="taken")
        return found

    async def _unclaimed(self, entry: VerificationEntry, rows: Rows) -> Rows:
        """Return the rows that no other entry has."""
        records, kept = self.run.ledger.verifications, Rows()
        for row in rows:
            owner = None if row.verification_id is None else await records.by_id(row.verification_id)
            if owner is None or owner.digest == entry.digest:
                kept.append(row)
        return kept

    async def _intend(self, before: ApplicantVerifications) -> VerificationEntry:
        return await self.run.ledger.verifications.intend(
            self.applicant_id, self.form_id, count_before=before.count, now=self.run.timing.now()
        )

    # Its end.

    def set_aside(self, perhaps: PerhapsStarted) -> VerifyResult:
        """Return the result of one that is uncertain, and leave it to the next run."""
        entry = self._in_doubt or self._entry
        if entry is not None:
            self.run.set_aside(entry, perhaps.code or code_of(perhaps.error))
        result = self.result(VerifyStatus.UNCERTAIN, perhaps.error)
        return attrs.evolve(result, candidates=perhaps.candidates)

    def refused(self, error: KycaidError) -> VerifyResult:
        """Return the result of one that was certainly not started, and record it."""
        if self._in_doubt is not None:
            return self.set_aside(PerhapsStarted("", _perhaps(error)))
        if self._entry is not None:
            self.run.ledger.verifications.failed(self._entry, code_of(error))
        return self.result(remarks.status_of(error), error)

    def result(self, status: VerifyStatus, error: KycaidError | None = None) -> VerifyResult:
        """Return a result with what is known."""
        return VerifyResult(
            status=status,
            applicant_id=self.applicant_id,
            form_id=self.form_id,
            verification_id=self.verification_id,
            count_before=self._count,
            sent_before=self.sent_before,
            reason=error.message
            if error is not None
            else self.wanted.refusal
            if status is self.wanted.refused_as
            else "",
            advice=remarks.ADVICE.get(status, ""),
            error=error,
        )


def _perhaps(error: KycaidError) -> KycaidError:
    """Return the error of one that was perhaps started before, and then met ``error``."""
    told = f"{verifications.CREATE.name}: it was sent before and got no answer; now it met this: {error.message}"
    return KycaidError(told, operation=verifications.CREATE.name, maybe_processed=True)
