"""What was sent, and what came of it: written before each creation and after it, so that a run can be cut off anywhere.

Changes of many rows share one write to the disk. There are digests, ids, states and codes in it, and no personal data.
"""

import enum
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Self

import attrs

from kycaid_async.bulk.ledger.database import Database
from kycaid_async.bulk.ledger.file import Owner, Path

# Made once: `json.dumps` with options makes an encoder for each call.
_as_text = json.JSONEncoder(sort_keys=True).encode


class State(enum.StrEnum):
    """How far a creation is."""

    SENT = "sent"
    """About to be sent, or sent, and no answer is on record."""
    CREATED = "created"
    FAILED = "failed"
    """Refused: nothing was made."""


@attrs.frozen(kw_only=True)
class Sent:
    """What was sent to create a document, as far as the server shows it again."""

    applicant_id: str
    type: str
    file_ids: Mapping[str, str]
    """By side."""

    def as_text(self) -> str:
        """Return the type and the files as one text, which is the same for the same."""
        return _as_text({"type": self.type, **self.file_ids})

    @classmethod
    def of(cls, applicant_id: str, text: str) -> Self:
        """Return what `as_text` wrote."""
        says = json.loads(text)
        return cls(applicant_id=applicant_id, type=says.pop("type"), file_ids=says)


@attrs.frozen(kw_only=True)
class RowEntry:
    """What the ledger knows of a row."""

    digest: bytes
    state: State
    sent: Sent
    document_id: str | None
    says: bytes | None
    """Digest of what the row said, if it has a key of its own."""


@attrs.frozen(kw_only=True)
class ApplicantEntry:
    """What the ledger knows of an applicant that was to be made."""

    state: State
    applicant_id: str | None
    says: bytes
    """Digest of its data."""


_ROW = "SELECT digest, state, applicant_id, sent, document_id, says FROM rows"
_APPLICANT = "UPDATE applicants SET state = ?, applicant_id = ?, code = ? WHERE digest = ?"


@attrs.frozen
class Ledger:
    """The records of a run. Raises `LedgerError` where they cannot be read or written.

    What is intended is on the disk when the call returns. What is recorded follows in order, without a wait.
    """

    _database: Database

    @classmethod
    async def open(
        cls,
        path: Path | None,
        *,
        server: str,
        api_key: str | None = None,
        same_account: bool = False,
        now: Callable[[], float] = time.time,
    ) -> Self:
        """Open or make the ledger at ``path``, as `Owner` says. Without a path it lasts as long as the run."""
        owner = Owner(server=server, api_key=api_key, same_account=same_account, now=now)
        return cls(await Database.open(path, owner))

    @property
    def idle(self) -> float:
        """Seconds since the end of the run before; 0 when that is not known, because it was killed."""
        return self._database.idle

    async def row(self, digest: bytes) -> RowEntry | None:
        """Return what is known of a row."""
        return next(map(_row_entry, await self._database.ask(f"{_ROW} WHERE digest = ?", digest)), None)

    async def rows_of(self, applicant_id: str) -> list[RowEntry]:
        """Return what is known of all rows of an applicant."""
        return list(map(_row_entry, await self._database.ask(f"{_ROW} WHERE applicant_id = ?", applicant_id)))

    async def intend_row(self, digest: bytes, sent: Sent, says: bytes | None = None) -> None:
        """Write down that a document is about to be created."""
        values = (digest, State.SENT, sent.applicant_id, sent.as_text(), None, None, says)
        await self._database.ask("INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", *values)

    def created_row(self, digest: bytes, document_id: str) -> None:
        """Record the document of a row."""
        change = "UPDATE rows SET state = ?, document_id = ?, code = NULL WHERE digest = ?"
        self._database.tell(change, State.CREATED, document_id, digest)

    def failed_row(self, digest: bytes, code: str) -> None:
        """Record that there is no document of a row, and why."""
        values = (digest, State.FAILED, "", "", code, code)
        insert = "INSERT INTO rows (digest, state, applicant_id, sent, code) VALUES (?, ?, ?, ?, ?)"
        change = f"ON CONFLICT (digest) DO UPDATE SET state = '{State.FAILED}', code = ?"
        self._database.tell(f"{insert} {change}", *values)

    def forget_row(self, digest: bytes) -> None:
        """Take back what was intended for a row: it was certainly not done."""
        self._database.tell("DELETE FROM rows WHERE digest = ?", digest)

    async def file(self, digest: bytes) -> str | None:
        """Return the id of the file with this content."""
        found = await self._database.ask("SELECT file_id FROM files WHERE digest = ?", digest)
        return found[0][0] if found else None

    def uploaded(self, digest: bytes, file_id: str) -> None:
        """Record the id of the file with this content."""
        self._database.tell("INSERT OR REPLACE INTO files VALUES (?, ?)", digest, file_id)

    def forget_file(self, digest: bytes, file_id: str) -> None:
        """Take back a file that the server no longer has."""
        self._database.tell("DELETE FROM files WHERE digest = ? AND file_id = ?", digest, file_id)

    async def applicant(self, digest: bytes) -> ApplicantEntry | None:
        """Return what is known of an applicant."""
        found = await self._database.ask("SELECT state, applicant_id, says FROM applicants WHERE digest = ?", digest)
        return next((ApplicantEntry(state=State(a), applicant_id=b, says=c) for a, b, c in found), None)

    async def intend_applicant(self, digest: bytes, says: bytes) -> None:
        """Write down that an applicant is about to be created."""
        await self._database.ask(
            "INSERT OR REPLACE INTO applicants VALUES (?, ?, ?, ?, ?)", digest, State.SENT, None, None, says
        )

    def created_applicant(self, digest: bytes, applicant_id: str) -> None:
        """Record the id of an applicant."""
        self._database.tell(_APPLICANT, State.CREATED, applicant_id, None, digest)

    def failed_applicant(self, digest: bytes, code: str) -> None:
        """Record that an applicant was not made, and why."""
        self._database.tell(_APPLICANT, State.FAILED, None, code, digest)

    async def close(self) -> None:
        """Write what is still queued, and close the file. Raises `LedgerError` when that failed."""
        await self._database.close()


def _row_entry(values: tuple[Any, ...]) -> RowEntry:
    digest, state, applicant_id, sent, document_id, said = values
    says = Sent.of(applicant_id, sent) if sent else Sent(applicant_id=applicant_id, type="", file_ids={})
    return RowEntry(digest=digest, state=State(state), sent=says, document_id=document_id, says=said)
