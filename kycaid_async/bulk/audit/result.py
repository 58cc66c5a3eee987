"""Rows of an audit, and their results."""

import enum
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from kycaid_async.bulk.spool import SpooledRow
from kycaid_async.masking import Discreet
from kycaid_async.tracebacks import guarded


class AuditStatus(enum.StrEnum):
    """The verdict of an audit about a row."""

    AS_SENT = "as_sent"
    """Its document is there, once, and nothing that is shown contradicts what was sent."""
    TWICE = "twice"
    """Its document is there, and so is another one that no row accounts for and that says the same."""
    MISSING = "missing"
    """It was sent, and there is no such document."""
    DIFFERENT = "different"
    """A document is there that is not what the row, or the ledger, says."""
    NOT_SENT = "not_sent"
    """It was never sent, or it was refused: there should be no document of it, and there is none."""
    UNCERTAIN = "uncertain"
    """It cannot be told."""
    SURPLUS = "surplus"
    """Of no row: a document, of an applicant that this ledger made, that no row accounts for. It is information."""


WORDS: Final = {
    AuditStatus.AS_SENT: "there as sent",
    AuditStatus.TWICE: "there twice",
    AuditStatus.MISSING: "missing",
    AuditStatus.DIFFERENT: "different",
    AuditStatus.NOT_SENT: "not sent",
    AuditStatus.UNCERTAIN: "not to be told",
    AuditStatus.SURPLUS: "of no row",
}
"""As people read them."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class AuditedRow(SpooledRow):
    """A row to audit, without its files, and where the ledger has it."""

    document: Mapping[str, Any]
    """Its type and fields, as JSON can carry them."""
    entry: str | None
    """The digest of its entry in the ledger, keyed, as text; None when there is none."""
    refused: str | None
    """Why it was refused, by the ledger; None when it was not."""
    was_changed: bool
    """True when its key stands in the ledger for something else."""
    made_here: bool
    """True when the ledger made its applicant."""


@guarded
@attrs.frozen(kw_only=True, eq=False, repr=False)
class AuditResult(Discreet):
    """The server's state of a row."""

    status: AuditStatus
    number: int | None = None
    """The row's place in what was given, from 0; None for a document of no row."""
    line: int | None = None
    key: str | None = None
    applicant_id: str | None = None
    document_ids: Sequence[str] = ()
    """Of a row that is there twice, the one of the ledger first."""
    reason: str = ""
    """What was found, without a value of the row. Empty when all is well."""
    advice: str = ""
    """What to do, so that nothing is lost and nothing sent twice."""

    def _shown(self) -> Iterator[tuple[str, Any]]:
        yield from (("status", self.status), ("number", self.number), ("line", self.line))


@guarded
@attrs.define(kw_only=True)
class AuditSummary:
    """Counts of what the server has of all rows."""

    as_sent: int = 0
    twice: int = 0
    missing: int = 0
    different: int = 0
    not_sent: int = 0
    uncertain: int = 0
    surplus: int = 0
    """Documents of no row."""
    read: int = 0
    """Rows that were read. Nothing is told of any before all are."""
    remembered: int = 0
    """Rows there as sent, of which the server was asked by an audit that was cut off a short time ago."""
    applicants: int = 0
    """Applicants that the server was asked for."""
    requests: int = 0
    """Requests that were made, repetitions included."""
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        """The number of rows with a verdict."""
        return self.as_sent + self.twice + self.missing + self.different + self.not_sent + self.uncertain

    @property
    def is_proven(self) -> bool:
        """True when every row that was read is there as sent."""
        return self.as_sent == self.read

    def count(self, result: AuditResult) -> None:
        """Add ``result``."""
        name = result.status.value
        setattr(self, name, getattr(self, name) + 1)

    def __str__(self) -> str:
        if not self.rows:
            return "No rows were audited."
        counts = {words: getattr(self, status.value) for status, words in WORDS.items()}
        surplus = counts.pop(WORDS[AuditStatus.SURPLUS])
        first, *others = counts.items()
        words = ", ".join(f"{number:,} {word}" for word, number in [first, *((w, n) for w, n in others if n)])
        more = f"\n{surplus:,} more of applicants that this ledger made: of no row." if surplus else ""
        return f"{self.rows:,} rows: {words}.{more}"
