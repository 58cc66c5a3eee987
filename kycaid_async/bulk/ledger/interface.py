"""The interface of a ledger: what an upload needs, kept in a file or in a database that many machines share."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from kycaid_async.bulk.ledger.entries import ApplicantEntry, FirstFile, Intent, RowEntry
from kycaid_async.uploads.path_source import Origin


class Claims(Protocol):
    """Claims of one process among those that share a ledger: what one holds, no other works on."""

    async def try_claim(self, name: bytes) -> bool:
        """Claim ``name`` unless another process has it, and say whether it is this one's.

        Raises `LedgerError` when the lease of this process is over.
        """
        ...

    def release(self, name: bytes) -> None:
        """Let others have ``name``, once all that was recorded before is on the disk."""


class UploadLedger(Protocol):
    """The records of an upload. `Ledger` says what each method promises; it keeps them in a file."""

    @property
    def may_have_gaps(self) -> bool:
        """True when rows were perhaps sent that are not in it."""
        ...

    @property
    def knows_whole_files_only(self) -> bool:
        """True when files are known by the whole of their content only."""
        ...

    @property
    def claims(self) -> Claims | None:
        """The claims of this process; None where no other process can have the ledger open."""
        ...

    @property
    def guard(self) -> Callable[[], None] | None:
        """Raises `LedgerError` when nothing may be created now, since others may take over what is claimed.

        It is asked right before a creation leaves. None where nobody can take over.
        """
        ...

    def waited(self, entry: RowEntry | ApplicantEntry) -> float:
        """Return how many seconds have certainly passed since it was sent last."""
        ...

    def has_said(self, entry: RowEntry | ApplicantEntry, fingerprint: bytes | None) -> bool:
        """Say whether what was sent, or was to be, has this fingerprint."""
        ...

    async def row(self, digest: bytes) -> RowEntry | None:
        """Return what is known of a row."""
        ...

    async def rows_by_digest(self, digests: Sequence[bytes]) -> list[RowEntry | None]:
        """Return what is known of each row, in the order of their digests, with few looks."""
        ...

    async def rows_of(self, applicant_id: str, *, besides: bytes | None = None) -> list[RowEntry]:
        """Return what is known of all rows of an applicant, without the one whose digest is ``besides``."""
        ...

    def rows(self) -> AsyncIterator[RowEntry]:
        """Give all rows, those of an applicant together."""
        ...

    async def intend_row(self, digest: bytes, intent: Intent, fingerprint: bytes | None = None) -> None:
        """Write down that a document is about to be created."""

    async def claim_row(self, digest: bytes, document_id: str) -> bool:
        """Write down that a document which was found on the server is this row's: False when another row has it."""
        ...

    def created_row(self, digest: bytes, document_id: str) -> None:
        """Record the document of a row."""

    async def has_created(self, digest: bytes, document_id: str) -> bool:
        """Say whether a document is on record as this row's."""
        ...

    def uncertain_row(self, digest: bytes, code: str) -> None:
        """Record what was found out about a row that was sent, and stays unsettled."""

    def failed_row(self, digest: bytes, code: str) -> None:
        """Record that there is no document of a row, and why."""

    def forget_row(self, digest: bytes) -> None:
        """Remove an intent that was certainly not carried out."""

    async def file(self, digest: bytes) -> str | None:
        """Return the id of the file with this content."""
        ...

    def uploaded(self, digest: bytes, file_id: str) -> None:
        """Record the id of the file with this content."""

    def forget_file(self, digest: bytes, file_id: str) -> None:
        """Take back a file that the server no longer has."""

    async def first_file(self, partial: bytes) -> FirstFile | None:
        """Return the first file with these two ends."""
        ...

    def uploaded_first(self, partial: bytes, file_id: str, origin: Origin) -> None:
        """Record the id of the first file with these two ends, of which nothing more is known."""

    def hashed_first(self, partial: bytes) -> None:
        """Record that all files with these two ends are known by the whole of their content."""

    def forget_first(self, partial: bytes, file_id: str) -> None:
        """Take back the first file with these two ends, which the server no longer has."""

    async def applicant(self, digest: bytes) -> ApplicantEntry | None:
        """Return what is known of an applicant."""
        ...

    async def intend_applicant(self, digest: bytes, fingerprint: bytes) -> None:
        """Write down that an applicant is about to be created."""

    def created_applicant(self, digest: bytes, applicant_id: str) -> None:
        """Record the id of an applicant."""

    def failed_applicant(self, digest: bytes, code: str) -> None:
        """Record that an applicant was not made, and why."""

    async def close(self) -> None:
        """Write what is still queued, and let go of it. Raises `LedgerError` when that failed."""
