"""Verifications to start, and what became of each, and of all of them."""

import enum
from collections.abc import Iterator
from typing import Any, Final

import attrs

from kycaid_async.errors import KycaidError
from kycaid_async.masking import Discreet
from kycaid_async.tracebacks import guarded


class VerifyStatus(enum.StrEnum):
    """The end of a verification to start."""

    STARTED = "started"
    """It was started, or found to have been started by a request whose answer was lost."""
    DONE_BEFORE = "done_before"
    """The ledger has it: nothing was sent."""
    TO_START = "to_start"
    """In a dry run: it would be started."""
    NOT_DELIVERED = "not_delivered"
    """Rows of its applicant are not delivered by this ledger: nothing was sent."""
    EXISTS = "exists"
    """Refused, because a verification of this applicant is running that the ledger does not know."""
    INSUFFICIENT_DATA = "insufficient_data"
    """Refused, because the applicant lacks data or documents that the form needs."""
    NO_RETRIES = "no_retries"
    """Refused, because the form forbids another attempt after what was found before."""
    NO_FUNDS = "no_funds"
    """Refused, because the balance is too low. It ended the run."""
    REFUSED = "refused"
    """Refused for another reason, by this side or by the server."""
    FAILED = "failed"
    """It could not be sent. The next run tries it again."""
    UNCERTAIN = "uncertain"
    """It was sent, no answer came, and nobody can tell whether it was started: it was set aside."""


WORDS: Final = {
    VerifyStatus.STARTED: "started",
    VerifyStatus.DONE_BEFORE: "done before",
    VerifyStatus.TO_START: "to start",
    VerifyStatus.NOT_DELIVERED: "not delivered",
    VerifyStatus.EXISTS: "running already",
    VerifyStatus.INSUFFICIENT_DATA: "with insufficient data",
    VerifyStatus.NO_RETRIES: "without a further attempt",
    VerifyStatus.NO_FUNDS: "without funds",
    VerifyStatus.REFUSED: "refused",
    VerifyStatus.FAILED: "failed",
    VerifyStatus.UNCERTAIN: "uncertain",
}
"""As people read them."""


@guarded
@attrs.frozen(kw_only=True, eq=False, repr=False)
class VerifyResult(Discreet):
    """The outcome of one verification's start."""

    status: VerifyStatus
    applicant_id: str | None = None
    """None of an applicant that the ledger does not know."""
    form_id: str | None = None
    verification_id: str | None = None
    keys: tuple[str, ...] = ()
    """Your own names of the applicant, or of its rows."""
    lines: tuple[int, ...] = ()
    """Where its rows stand in the manifest."""
    numbers: tuple[int, ...] = ()
    """The places of its rows in what was given, from 0."""
    count_before: int | None = None
    """How many verifications the applicant had before; None when that was not asked, or not said."""
    candidates: tuple[str, ...] = ()
    """Of one that is uncertain: the verifications in the report that it could be."""
    sent_before: bool = False
    """True when an earlier run had sent it, and no answer was on record."""
    reason: str = ""
    """Why it was not started, without a value of a row."""
    note: str = ""
    """What its rows leave open, such as which of an applicant's verifications this is. Empty for most."""
    advice: str = ""
    """What to do, so that nothing is lost and nothing is paid twice."""
    error: KycaidError | None = None
    attempts: int = 0
    """How many requests were made for it now, repetitions included."""
    seconds: float = 0.0

    def _shown(self) -> Iterator[tuple[str, Any]]:
        yield from (("status", self.status), ("lines", self.lines))


@guarded
@attrs.define(kw_only=True)
class VerifySummary:
    """Counts of all verifications of a run."""

    started: int = 0
    done_before: int = 0
    to_start: int = 0
    not_delivered: int = 0
    exists: int = 0
    insufficient_data: int = 0
    no_retries: int = 0
    no_funds: int = 0
    refused: int = 0
    failed: int = 0
    uncertain: int = 0
    read: int = 0
    """Rows that were read. Nothing is started before all are."""
    bad: int = 0
    """Rows that are bad. Unless ``partial``, nothing is started then: nobody can tell whose they are."""
    mixed_forms: int = 0
    """Applicants with rows that name no form beside rows that do, by which all of them go."""
    applicants: int = 0
    """Applicants that the rows are of."""
    looked_at: int = 0
    """Applicants that were come to."""
    requests: int = 0
    """Requests that were made, repetitions included."""
    refusals: int = 0
    """Requests that the server refused for now, because it got too many."""
    seconds: float = 0.0

    @property
    def verifications(self) -> int:
        """The number of verifications given out so far."""
        return sum(getattr(self, status.value) for status in VerifyStatus)

    @property
    def left(self) -> int:
        """Applicants that were not come to, because the run ended before, or for its limit."""
        return max(0, self.applicants - self.looked_at)

    @property
    def is_done(self) -> bool:
        """True when every verification was started, now or before."""
        return self.started + self.done_before == self.verifications and not self.left

    def count(self, result: VerifyResult) -> None:
        """Add ``result``."""
        name = result.status.value
        setattr(self, name, getattr(self, name) + 1)

    def words(self) -> str:
        """Return what became of them in words, without what became of none."""
        counts = {words: getattr(self, status.value) for status, words in WORDS.items()}
        return ", ".join(f"{number:,} {words}" for words, number in counts.items() if number) or "none"

    def __str__(self) -> str:
        if not self.verifications and not self.left:
            return "No verifications: no rows were read."
        left = f"; {self.left:,} applicants left" if self.left else ""
        return f"{self.verifications:,} verifications: {self.words()}{left}."


@guarded
@attrs.frozen(kw_only=True)
class VerifyProgress:
    """A run at one moment."""

    summary: VerifySummary
    """What is done so far."""
    in_flight: int
    """Applicants under way."""
    waiting: int
    """Applicants that wait: for the server, or to be asked for after a lost answer."""
    concurrency: int
    """How many applicants may be under way, as far as the server's answers have taught."""
    per_second: float
    """Verifications that were started, over the last ten seconds."""
    trouble: str
    """What came in place of the last answer: the text of an error. Empty while answers come."""
