"""Evidence after a lost answer: the report of the days since, and what the applicant itself says.

Documented is neither. Observed is that the report is the only way to enumerate verifications, that its rows carry a
short number in place of the form's id, and that the applicant has a count. That a verification is shown by both at
once is inferred. So only where both say the same, something follows.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import attrs

from kycaid_async.api import applicants, verifications
from kycaid_async.api.applicants import Applicant, ApplicantStatus
from kycaid_async.api.verifications.models import VerificationReportRow
from kycaid_async.api.verifications.section import CLOCKS_APART
from kycaid_async.bulk.evidence import Unreconciled
from kycaid_async.bulk.ledger import VerificationEntry
from kycaid_async.bulk.requests.limits import KeyedLock
from kycaid_async.bulk.requests.resilient_caller import CountedCalls
from kycaid_async.bulk.verify import remarks
from kycaid_async.errors import KycaidError
from kycaid_async.protocol.plain_text import is_plain
from kycaid_async.timing import Timing
from kycaid_async.values.fields import ID_LENGTH

_LONGEST: Final = timedelta(days=7)
"""After an intent, in which the report is looked through. A request does not stay under way for longer."""
_COUNTS: Final = 10**9
"""More than any applicant has verifications: a number from here on is no count, and no ledger need hold it."""
_NONE_YET: Final = (None, "", ApplicantStatus.NEW, "unused")
"""Statuses of an applicant that say that it has no verification."""

Rows = list[VerificationReportRow]


class PerhapsStarted(Unreconciled):
    """Ends the work on a verification of which nobody can tell whether it was started."""

    def __init__(
        self,
        reason: str,
        error: KycaidError | None = None,
        *,
        code: str = "",
        shown: Sequence[VerificationReportRow] = (),
    ) -> None:
        super().__init__(reason, error, operation=verifications.CREATE.name, code=code)
        self.candidates = tuple(row.verification_id for row in shown if row.verification_id is not None)


@attrs.frozen(kw_only=True)
class ApplicantVerifications:
    """The count and status that an applicant shows of its verifications."""

    count: int | None
    """None when the server does not say it."""
    says_none: bool
    """False when its status says that there is one."""

    @classmethod
    def of(cls, applicant: Applicant) -> "ApplicantVerifications":
        """Read it."""
        count = applicant.verifications_count
        is_one = count is not None and 0 <= count < _COUNTS
        return cls(count=count if is_one else None, says_none=applicant.verification_status in _NONE_YET)

    @property
    def has_none(self) -> bool:
        """True when it certainly has no verification."""
        return self.count == 0 and self.says_none


async def standing_of(calls: CountedCalls, applicant_id: str) -> ApplicantVerifications:
    """Ask for an applicant. Raises `KycaidError`."""
    path = {"applicant_id": applicant_id}
    applicant = await calls.call(applicants.GET, path=path, query={"verification_id": None})
    if applicant.raw.get("applicant_id") not in (None, applicant_id):
        raise KycaidError(f"{applicants.GET.name}: the answer shows another applicant", operation=applicants.GET.name)
    return ApplicantVerifications.of(applicant)


def choose(entry: VerificationEntry, shown: Rows, now: ApplicantVerifications) -> str | None:
    """Return the id of the verification that was started, None when none was. Raises `PerhapsStarted`.

    ``shown`` are the rows of the report since the intent that no other entry of the ledger accounts for.
    """
    if entry.count_before is None or now.count is None:
        raise PerhapsStarted(remarks.NO_COUNT, code="no_count", shown=shown)
    more = now.count - entry.count_before
    if more == 0 and not shown:
        if now.count == 0 and not now.says_none:
            raise PerhapsStarted(remarks.STATUS_SAYS_OTHERWISE, code="status")
        return None
    if more == 1 and len(shown) == 1 and is_plain(shown[0].verification_id) and _may_be(shown[0], entry):
        return shown[0].verification_id
    told = remarks.DISAGREE.format(shown=len(shown), before=entry.count_before, after=now.count)
    raise PerhapsStarted(told, code="disagree", shown=shown)


def _may_be(row: VerificationReportRow, entry: VerificationEntry) -> bool:
    """Say whether a row may be of the form: most show a short number, which proves nothing."""
    shown = row.form_id
    return not isinstance(shown, str) or len(shown) != ID_LENGTH or entry.form_id in (None, shown)


@attrs.define(kw_only=True, eq=False)
class _Question:
    applicant_id: str
    since: datetime
    days: frozenset[date]
    rows: Rows | None = None
    error: KycaidError | None = None


@attrs.define(kw_only=True, eq=False)
class SharedReport:
    """Reads the report of some days once for all who ask at a time: each day may have many pages."""

    timing: Timing
    locks: KeyedLock
    _asking: list[_Question] = attrs.field(factory=list)

    async def rows_of(self, entry: VerificationEntry, calls: CountedCalls) -> Rows:
        """Return the applicant's rows since the intent, of a report read from now on. Raises `PerhapsStarted`."""
        since = entry.intended_at - CLOCKS_APART
        days = _days(since, min(self.timing.now() + CLOCKS_APART, entry.intended_at + _LONGEST))
        question = _Question(applicant_id=entry.applicant_id, since=since, days=days)
        self._asking.append(question)
        try:
            async with self.locks.of("report"):
                if question.rows is None and question.error is None:
                    await self._read(calls)
        finally:
            if question in self._asking:
                self._asking.remove(question)
        if question.rows is None:
            raise PerhapsStarted("", question.error) from question.error
        return question.rows

    async def _read(self, calls: CountedCalls) -> None:
        """Answer all that is asked by now. When this is cut off, the next one reads for the others."""
        questions = list(self._asking)
        wanted: dict[str, Rows] = {question.applicant_id: [] for question in questions}
        section = verifications.Verifications(calls.call, self.timing)
        try:
            for day in sorted(frozenset[date]().union(*(question.days for question in questions))):
                async for row in section.report(day):
                    if row.applicant_id in wanted:
                        wanted[row.applicant_id].append(row)
        except KycaidError as error:
            for question in questions:
                question.error = error
        else:
            for question in questions:
                question.rows = _since(question.since, wanted[question.applicant_id])
        self._asking = [question for question in self._asking if question not in questions]


def _days(first: datetime, last: datetime) -> frozenset[date]:
    days = max(0, (last.date() - first.date()).days)
    return frozenset(first.date() + timedelta(number) for number in range(days + 1))


def _since(moment: datetime, rows: Sequence[VerificationReportRow]) -> Rows:
    """Return the rows from ``moment`` on, each once: a page may repeat what the one before it had."""
    kept = [row for row in rows if row.created_at is None or row.created_at >= moment]
    return list({row.verification_id or id(row): row for row in kept}.values())
