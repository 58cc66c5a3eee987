"""The results of an upload: of a row, of all of them, and how far it is."""

import enum
from collections import deque
from typing import Final

import attrs

from kycaid_async.bulk.row import BulkRow
from kycaid_async.errors import KycaidError

_WINDOW: Final = 10.0
_STEP: Final = 0.25
"""Seconds."""


class BulkStatus(enum.StrEnum):
    """The end of a row."""

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
    """The result of a row. It is made once, when the row has come to its end."""

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
    """The sum of the results of a run."""

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


@attrs.frozen(kw_only=True)
class BulkProgress:
    """An upload at one moment."""

    summary: BulkSummary
    """What is done so far."""
    in_flight: int
    """Rows under way."""
    waiting: int = 0
    """Rows that wait: for the server, for an applicant that another row makes, or to be asked for after a lost answer.
    They hold up no other row."""
    concurrency: int
    """How many rows may be under way, as far as the server's answers have taught."""
    documents_per_second: float
    """Over the last ten seconds."""
    bytes_per_second: float
    """Over the last ten seconds."""
    trouble: str = ""
    """What came in place of the last answer: the text of an error. Empty while answers come."""


class Meter:
    """Measures rates over the last seconds, from samples that are never closer than a quarter of a second."""

    def __init__(self, now: float) -> None:
        self._samples: deque[tuple[float, int, int]] = deque([(now, 0, 0)])

    def note(self, now: float, documents: int, size: int) -> None:
        """Note how many documents and bytes were done until now."""
        samples = self._samples
        if now - samples[-1][0] < _STEP:
            return
        samples.append((now, documents, size))
        while len(samples) > 2 and samples[1][0] <= now - _WINDOW:  # noqa: PLR2004 - two points make a rate
            samples.popleft()

    def rates(self, now: float, documents: int, size: int) -> tuple[float, float]:
        """Return documents and bytes per second."""
        then, earlier_documents, earlier_size = self._samples[0]
        seconds = max(now - then, _STEP)
        return (documents - earlier_documents) / seconds, (size - earlier_size) / seconds
