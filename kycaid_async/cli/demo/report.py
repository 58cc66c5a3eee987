"""The outcome of a demo, file by file and in numbers."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import attrs

from kycaid_async.api.documents.document import Document
from kycaid_async.api.documents.fields import DocumentStatus
from kycaid_async.bulk.results import BulkVerdict
from kycaid_async.bulk.results.verdict import WORDS
from kycaid_async.cli.demo.files import DemoFile, Holder
from kycaid_async.cli.problems import one_line
from kycaid_async.errors import InvalidFileError, KycaidError
from kycaid_async.masking import shown_path
from kycaid_async.values.decline_reasons import DeclineReason


@attrs.define(eq=False)
class FileOutcome:
    """The outcome of one file so far."""

    file: DemoFile
    document_id: str = ""
    """Empty as long as there is none."""
    document: Document | None = None
    """As it was last read."""
    error: KycaidError | None = None
    bytes: int = 0
    """What was uploaded."""

    @property
    def status(self) -> str:
        """The status of the document, ``failed`` when the file or the reading of its review failed."""
        if self.error is not None:
            return "failed"
        return one_line((self.document and self.document.status) or "unknown")

    @property
    def waits(self) -> bool:
        """True while the review is not known and may still come."""
        return self.error is None and (self.document is None or self.document.status == DocumentStatus.NEW)

    @property
    def reasons(self) -> list[DeclineReason]:
        """The reasons against the document."""
        return self.document.reasons if self.document is not None and self.error is None else []

    @property
    def problem(self) -> str:
        """The failure, in one line, without the path in front; empty when there is none."""
        if self.error is None:
            return ""
        text = self.error.message
        if isinstance(self.error, InvalidFileError):
            text = text.removeprefix(f"{shown_path(self.error.file or '')}: ")
        return one_line(text)


@attrs.frozen
class PersonOutcome:
    """The verdict about a holder of documents."""

    holder: Holder
    verdict: BulkVerdict


@attrs.frozen(kw_only=True)
class DemoReport:
    """The outcome of all files."""

    outcomes: Sequence[FileOutcome]
    seconds: float
    """From the first upload to the last review."""
    people: Sequence[PersonOutcome] = ()
    """Empty where nobody was verified."""

    @property
    def failures(self) -> list[FileOutcome]:
        """The files that did not go through, or whose review could not be read."""
        return [outcome for outcome in self.outcomes if outcome.error is not None]

    @property
    def documents(self) -> int:
        """The number of documents created."""
        return sum(bool(outcome.document_id) for outcome in self.outcomes)

    @property
    def bytes(self) -> int:
        """The number of bytes uploaded."""
        return sum(outcome.bytes for outcome in self.outcomes)

    def by_status(self) -> dict[str, int]:
        """Count the documents that could be read by their status."""
        return dict(sorted(Counter(outcome.status for outcome in self.outcomes if outcome.error is None).items()))

    def by_verdict(self) -> dict[str, int]:
        """Count the people by the verdict about them."""
        return dict(sorted(Counter(WORDS[person.verdict.verdict] for person in self.people).items(), reverse=True))

    def by_reason(self) -> list[tuple[DeclineReason, int]]:
        """Count the documents by reason: by id, those without one last."""
        counted = Counter(reason for outcome in self.outcomes for reason in outcome.reasons)
        return sorted(counted.items(), key=lambda pair: (pair[0].id is None, pair[0].id or 0, str(pair[0])))

    def as_json(self) -> dict[str, Any]:
        """Return the object that ``--json`` prints."""
        return {
            "files": len(self.outcomes),
            "documents": self.documents,
            "failed": len(self.failures),
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
            "documents_by_status": self.by_status(),
            "decline_reasons": [
                {"id": reason.id, "name": str(reason), "meaning": reason.meaning, "documents": count}
                for reason, count in self.by_reason()
            ],
            "verdicts": self.by_verdict(),
            "failures": [{"file": outcome.file.name, "error": outcome.problem} for outcome in self.failures],
        }
