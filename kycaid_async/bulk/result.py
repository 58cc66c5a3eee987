"""What became of a row, and of all of them."""

import enum

import attrs

from kycaid_async.bulk.row import BulkRow
from kycaid_async.errors import KycaidError


class BulkStatus(enum.StrEnum):
    """What became of a row."""

    CREATED = "created"
    """Its document was made, or found to have been made by an earlier run that was cut off."""
    DONE_BEFORE = "done_before"
    """The ledger has its document: nothing was sent."""
    FAILED = "failed"
    """Refused, by this side or by the server: no document was made. The next run tries it again."""
    UNCERTAIN = "uncertain"
    """Something was sent, no answer came, and nobody can tell whether the server acted: it was set aside."""


@attrs.define(kw_only=True)
class BulkResult:
    """What became of a row."""

    row: BulkRow
    status: BulkStatus
    number: int = 0
    """Its place in what was given, from 0."""
    applicant_id: str | None = None
    document_id: str | None = None
    file_ids: dict[str, str] = attrs.field(factory=dict)
    """Ids of files by side, such as ``{"front_side": "…"}``."""
    attempts: int = 0
    """How many requests were made for it now, repetitions included."""
    seconds: float = 0.0
    """From its turn to its end."""
    bytes: int = 0
    """Bytes of files that were uploaded for it now: none for a file whose content the server has already."""
    sent_before: bool = False
    """True when an earlier run had sent it, or its applicant, or may have, and nobody knew what came of that."""
    error: KycaidError | None = None
    """Why it failed or was set aside."""


@attrs.define(kw_only=True)
class BulkSummary:
    """What became of all rows of a run."""

    created: int = 0
    done_before: int = 0
    failed: int = 0
    uncertain: int = 0
    applicants: int = 0
    """Applicants that were made."""
    files: int = 0
    """Files that were uploaded."""
    files_shared: int = 0
    """Files that needed no upload, because the same content had been uploaded already."""
    files_unused: int = 0
    """Files that were uploaded and that no document has so far. The ledger knows them: the next run uses them."""
    bytes: int = 0
    """Bytes of files that were uploaded."""
    requests: int = 0
    """Requests that were made, repetitions included."""
    refusals: int = 0
    """Requests that the server refused for now, because it got too many."""
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        """How many rows were looked at."""
        return self.created + self.done_before + self.failed + self.uncertain

    def count(self, result: BulkResult) -> None:
        """Add ``result``."""
        name = result.status.value
        setattr(self, name, getattr(self, name) + 1)
        self.bytes += result.bytes

    def __str__(self) -> str:
        if not self.rows:
            return "Nothing to do: there were no rows."
        if self.rows == self.done_before:
            return f"Nothing to do: all {self.rows:,} rows were done before."
        counts = {"created": self.created, "done before": self.done_before}
        counts |= {"failed": self.failed, "set aside as uncertain": self.uncertain}
        rows = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number or name == "created")
        rate = self.created / self.seconds if self.seconds else 0.0
        return (
            f"{self.rows:,} rows in {self.seconds:,.1f} s: {rows}.\n"
            f"{self.files:,} files uploaded ({self.bytes / 1e6:,.1f} MB), {self.files_shared:,} shared; "
            f"{rate:,.1f} documents per second."
        )
