"""Verdicts of a run: of an applicant, of its checks and its documents, and of all of them."""

import enum
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import attrs

from kycaid_async.masking import Discreet
from kycaid_async.tracebacks import guarded
from kycaid_async.values.decline_reasons import DeclineReason

_KINDS_OF_REASONS: Final = 500
"""So many are counted by name: a strange server could give any number."""


class Verdict(enum.StrEnum):
    """The end of a verification, or why it has none."""

    PASSED = "passed"
    DECLINED = "declined"
    PENDING = "pending"
    """It runs. Ask again later."""
    UNCERTAIN = "uncertain"
    """Its start was sent and no answer is on record, or the server does not show it."""
    REFUSED = "refused"
    """The server refused to start it."""
    NOT_STARTED = "not_started"
    """None was started by this ledger."""

    @property
    def is_final(self) -> bool:
        """True for passed and declined."""
        return self in (Verdict.PASSED, Verdict.DECLINED)


WORDS: Final = {verdict: verdict.value.replace("_", " ") for verdict in Verdict}
"""As people read them."""


@guarded
@attrs.frozen(kw_only=True, eq=False, repr=False)
class CheckVerdict(Discreet):
    """The verdict of one check."""

    name: str
    """As KYCAID has it: profile, document, facial, address, and more."""
    passed: bool | None
    reasons: Sequence[DeclineReason] = ()
    comment: str = ""
    """A person's remark. It may say who somebody is."""

    def _shown(self) -> Iterator[tuple[str, Any]]:
        yield from (("name", self.name), ("passed", self.passed), ("reasons", [*self.reasons]))


@guarded
@attrs.frozen(kw_only=True, eq=False, repr=False)
class DocumentVerdict(Discreet):
    """The review of the document of one row."""

    line: int | None
    key: str | None
    type: str
    document_id: str | None
    status: str | None = None
    """``new``, ``valid`` or ``invalid``, as KYCAID has it; None when it was not asked for, or was not shown."""
    reasons: Sequence[DeclineReason] = ()
    comment: str = ""

    def _shown(self) -> Iterator[tuple[str, Any]]:
        yield from (("line", self.line), ("status", self.status), ("reasons", [*self.reasons]))


@guarded
@attrs.frozen(kw_only=True, eq=False, repr=False)
class BulkVerdict(Discreet):
    """The verdict about an applicant: one for each verification that was started, or the one that none was."""

    verdict: Verdict
    number: int = 0
    """The place of the applicant's first row in what was given, from 0."""
    lines: Sequence[int] = ()
    """Where its rows stand in the manifest."""
    keys: Sequence[str] = ()
    """The keys of its rows, each once."""
    external_applicant_id: str | None = None
    applicant_id: str | None = None
    form_id: str | None = None
    verification_id: str | None = None
    checks: Sequence[CheckVerdict] = ()
    documents: Sequence[DocumentVerdict] = ()
    """With ``per_document``."""
    sent_at: datetime | None = None
    """When its start was sent, by this machine's clock."""
    created_at: datetime | None = None
    """When KYCAID created it, as its report says."""
    looked_at: datetime | None = None
    """When it was looked at last."""
    reason: str = ""
    """Why there is no verdict, without a value of the row."""

    @property
    def reasons(self) -> list[DeclineReason]:
        """The decline reasons of all checks, each once."""
        return list(dict.fromkeys(reason for check in self.checks for reason in check.reasons))

    @property
    def comment(self) -> str:
        """The comments of all checks, each once, a line each."""
        return "\n".join(dict.fromkeys(check.comment for check in self.checks if check.comment))

    def _shown(self) -> Iterator[tuple[str, Any]]:
        yield from (("verdict", self.verdict), ("number", self.number), ("reasons", self.reasons))


@guarded
@attrs.define(kw_only=True)
class ResultsSummary:
    """Counts of verdicts."""

    passed: int = 0
    declined: int = 0
    pending: int = 0
    uncertain: int = 0
    refused: int = 0
    not_started: int = 0
    read: int = 0
    """Rows that were read."""
    documents: int = 0
    """Rows whose document was delivered, as the ledger says."""
    pages: int = 0
    """Pages of the report that were asked for."""
    asked: int = 0
    """Verifications that were asked for one by one."""
    requests: int = 0
    """Requests that were made, repetitions included."""
    seconds: float = 0.0
    reasons: Counter[DeclineReason] = attrs.field(factory=Counter)
    """How many were declined for each reason."""

    @property
    def verdicts(self) -> int:
        """The number of verdicts, those that are open included."""
        return sum(self.counts().values())

    @property
    def started(self) -> int:
        """The number of verifications that were started, or may have been."""
        return self.passed + self.declined + self.pending + self.uncertain

    @property
    def is_final(self) -> bool:
        """True when all are passed or declined."""
        return self.verdicts == self.passed + self.declined

    def counts(self) -> Mapping[Verdict, int]:
        """Return how many there are of each verdict."""
        return {verdict: getattr(self, verdict.value) for verdict in Verdict}

    def count(self, verdict: BulkVerdict) -> None:
        """Add a verdict."""
        setattr(self, verdict.verdict.value, getattr(self, verdict.verdict.value) + 1)
        if verdict.verdict is Verdict.DECLINED:
            known = (r for r in verdict.reasons if r in self.reasons or len(self.reasons) < _KINDS_OF_REASONS)
            self.reasons.update(known)

    def __str__(self) -> str:
        if not self.verdicts:
            return "No verdicts."  # why, only who saw the end of the run can say
        told = {WORDS[verdict]: count for verdict, count in self.counts().items()}
        words = ", ".join(f"{count:,} {word}" for word, count in told.items() if count or word == "passed")
        return f"{self.verdicts:,} {'applicants' if self.verdicts > 1 else 'applicant'}: {words}."
