"""The interface of a ledger: what runs need, kept in a file or in a database that many machines share."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

from kycaid_async.bulk.ledger.entries import ApplicantEntry, FirstFile, Intent, RowEntry
from kycaid_async.bulk.ledger.verifications import VerificationEntry
from kycaid_async.uploads.path_source import Origin


class Claims(Protocol):
    """Claims of one process among those that share a ledger: what one holds, no other works on."""

    def try_claim(self, name: bytes) -> Awaitable[bool]:
        """Claim ``name`` unless another process has it, and say whether it is this one's.

        It begins at once. What is read from the ledger after this call shows what was so when the claim was had, also
        when it is awaited before the claim is. Raises `LedgerError` when the lease of this process is over.
        """
        ...

    def release(self, name: bytes) -> None:
        """Let others have ``name``, once all that was recorded before is on the disk."""


class VerificationLedger(Protocol):
    """The records of verifications. `VerificationEntries` says what each method promises; it keeps them in a file."""

    async def entry(self, applicant_id: str, form_id: str | None) -> VerificationEntry | None:
        """Return what is known of the verification of an applicant with a form."""
        ...

    async def of(self, applicant_id: str) -> list[VerificationEntry]:
        """Return what is known of all verifications of an applicant."""
        ...

    async def by_id(self, verification_id: str) -> VerificationEntry | None:
        """Return the entry which has this verification."""
        ...

    async def among(self, verification_ids: Sequence[str]) -> dict[str, VerificationEntry]:
        """Return the entries which have these verifications, by their ids."""
        ...

    def all(self) -> AsyncIterator[VerificationEntry]:
        """Give all entries."""
        ...

    def unsettled(self) -> AsyncIterator[VerificationEntry]:
        """Give every one that was sent and has no answer on record."""
        ...

    def open(self) -> AsyncIterator[VerificationEntry]:
        """Give every one that was started and has no verdict on record."""
        ...

    def waited(self, entry: VerificationEntry) -> float:
        """Return how many seconds have certainly passed since it was sent last."""
        ...

    async def intend(
        self, applicant_id: str, form_id: str | None, *, count_before: int | None, now: datetime
    ) -> VerificationEntry:
        """Write down that a verification is about to be started, and return the entry."""
        ...

    async def claim(self, entry: VerificationEntry, verification_id: str) -> bool:
        """Write down that a verification found on the server is this one: False when another entry has it."""
        ...

    def created(self, entry: VerificationEntry, verification_id: str) -> None:
        """Record the id of a verification that was started."""

    def failed(self, entry: VerificationEntry, code: str) -> None:
        """Record that none was started, and why."""

    def restore(self, entry: VerificationEntry) -> None:
        """Record an earlier intent anew: the one in its place was not carried out."""

    def uncertain(self, entry: VerificationEntry, code: str) -> None:
        """Record what was found out about one that was sent, and stays unsettled."""

    def forget(self, entry: VerificationEntry) -> None:
        """Remove an intent that was certainly not carried out."""

    def record_result(
        self, verification_id: str, *, status: str | None, verdict: str | None, result: str | None, now: datetime
    ) -> None:
        """Record what a look at a verification showed."""

    def seal(self, text: str) -> str:
        """Return a text of others as it can stand in a ``result``."""
        ...

    def unseal(self, sealed: str) -> str | None:
        """Return what `seal` got; None for what the ledger's secret does not open."""
        ...


class UploadLedger(Protocol):
    """The records of an upload, and of what follows it. `Ledger` says what each method promises, for a file."""

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

    def applicant_ids(self) -> AsyncIterator[str]:
        """Give every applicant that has a row or a verification, once."""
        ...

    @property
    def verifications(self) -> VerificationLedger:
        """Records of the verifications of the applicants."""
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
