"""The ledger of an upload in PostgreSQL, for many processes at once."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final, Self

import attrs

from kycaid_async.bulk.ledger import schema
from kycaid_async.bulk.ledger.entries import DOCUMENT_TAKEN, ApplicantEntry, FirstFile, Intent, RowEntry
from kycaid_async.bulk.ledger.problems import given_twice, of_another_folder, with_other_secret
from kycaid_async.bulk.ledger.schema import LedgerOwner
from kycaid_async.bulk.ledger.secret import FROM_KEY, Secret
from kycaid_async.bulk.ledger.shared import statements
from kycaid_async.bulk.ledger.shared.lease import LEASE, Lease, suspend_clock
from kycaid_async.bulk.ledger.shared.transactions import SharedDatabase
from kycaid_async.bulk.ledger.shared.verifications import SharedVerifications
from kycaid_async.errors import LedgerError
from kycaid_async.extras import missing
from kycaid_async.uploads.path_source import Origin

try:
    from sqlalchemy import text
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError
    from sqlalchemy.ext.asyncio import AsyncConnection
except ImportError as error:
    raise missing("cluster", error) from error

_AT_ONCE: Final = 500
"""Rows that are read together, when all are read."""
_DRIVERS: Final = ("postgresql+psycopg", "postgresql+psycopg_async", "postgresql+asyncpg")


@attrs.frozen
class SharedLedger:
    """The records of an upload, in a database. What `Ledger` promises of a file holds of it, for all who share it.

    Its secret comes from the API key, so that nothing has to be copied between machines. Files are known by the whole
    of their content: where one was read says nothing to another machine.
    """

    _database: SharedDatabase
    _lease: Lease
    _secret: Secret = attrs.field(repr=False)
    name: str
    may_have_gaps: bool = False
    knows_whole_files_only: bool = True

    @classmethod
    async def open(
        cls,
        url: str,
        owner: LedgerOwner,
        *,
        read_only: bool = False,
        lease: float | None = None,
        clock: Callable[[], float] = suspend_clock,
    ) -> Self:
        """Open the ledger, or make its tables where there are none, and become an owner. Raises `LedgerError`.

        ``lease``: seconds after which others take over from a process that says nothing, 30 by default.
        """
        held = Lease(name=name_of(url), seconds=lease or LEASE, clock=clock)
        preparing = _Preparing(held.name, owner, read_only)
        store = await SharedDatabase.open(url, held, preparing.prepare, read_only=read_only)
        return cls(store, held, preparing.secret, held.name)

    @classmethod
    async def exists(cls, url: str) -> bool:
        """Say whether there is a ledger in a database. Raises `LedgerError` when it cannot be reached."""
        found = False

        async def look(connection: AsyncConnection) -> None:
            nonlocal found
            found = (await connection.execute(text(statements.HAS_ABOUT))).scalar_one()

        await (await SharedDatabase.open(url, Lease(name=name_of(url)), look, read_only=True)).close()
        return found

    @property
    def claims(self) -> "SharedLedger":
        """The claims of this process."""
        return self

    @property
    def guard(self) -> Callable[[], None]:
        """Raises `LedgerError` when the lease of this process may be over by now."""
        return self._lease.check

    def try_claim(self, name: bytes) -> Awaitable[bool]:
        """Claim ``name`` unless another process has it, and say whether it is this one's; see `Claims.try_claim`."""
        return self._database.ask(statements.CLAIM, self._secret.keyed("claim", name))

    def release(self, name: bytes) -> None:
        """Let others have ``name``, once all that was recorded before is on the disk."""
        self._database.write_behind(statements.RELEASE, self._secret.keyed("claim", name))

    def waited(self, entry: RowEntry | ApplicantEntry) -> float:
        """Return how many seconds have certainly passed since it was sent last.

        Where its owner died, they count from the end of that owner's lease, until which it may have been sent.
        """
        return max(0.0, self._lease.clock() - entry.at)

    def has_said(self, entry: RowEntry | ApplicantEntry, fingerprint: bytes | None) -> bool:
        """Say whether what was sent, or was to be, has this fingerprint."""
        return entry.fingerprint == self._fingerprint(fingerprint)

    async def row(self, digest: bytes) -> RowEntry | None:
        """Return what is known of a row."""
        return next(map(self._entry, await self._database.read(statements.ROW, self._row(digest))), None)

    async def rows_by_digest(self, digests: Sequence[bytes]) -> list[RowEntry | None]:
        """Return what is known of each row, in the order of their digests: one statement for what is asked together."""
        known = await self._database.read_all(statements.ROW, list(map(self._row, digests)))
        return [next(map(self._entry, rows), None) for rows in known]

    async def rows_of(self, applicant_id: str, *, besides: bytes | None = None) -> list[RowEntry]:
        """Return what is known of all rows of an applicant, without the one whose digest is ``besides``."""
        other = None if besides is None else self._row(besides)
        entries = map(self._entry, await self._database.read(statements.ROWS_OF, applicant_id))
        return [entry for entry in entries if entry.digest != other]

    async def rows(self) -> AsyncIterator[RowEntry]:
        """Give all rows, those of an applicant together."""
        last: tuple[str, bytes] = ("", b"")
        while batch := await self._database.page(
            statements.PAGE_OF_ROWS, applicant_id=last[0], digest=last[1], most=_AT_ONCE
        ):
            for values in batch:
                yield self._entry(values)
            last = (batch[-1][2], batch[-1][0])

    async def applicant_ids(self) -> AsyncIterator[str]:
        """Give every applicant that has a row or a verification, once."""
        last = ""
        while batch := await self._database.page(statements.PAGE_OF_APPLICANTS, applicant_id=last, most=_AT_ONCE):
            for (applicant_id,) in batch:
                yield applicant_id
            last = batch[-1][0]

    @property
    def verifications(self) -> SharedVerifications:
        """Records of the verifications of the applicants."""
        return SharedVerifications(self._database, self._lease, self._secret, self._given_twice, self._made_meanwhile)

    async def intend_row(self, digest: bytes, intent: Intent, fingerprint: bytes | None = None) -> None:
        """Write down that a document is about to be created."""
        values = (self._row(digest), intent.applicant_id, intent.text, self._fingerprint(fingerprint))
        if not await self._database.write_durable(statements.INTEND_ROW, *values):
            raise self._made_meanwhile()

    async def claim_row(self, digest: bytes, document_id: str) -> bool:
        """Write down that a document which was found on the server is this row's: False when another row has it."""
        return await self._database.write_durable(statements.CLAIM_ROW, self._row(digest), document_id)

    def created_row(self, digest: bytes, document_id: str) -> None:
        """Record the document of a row; see `Ledger.created_row`."""
        key = self._row(digest)
        self._database.write_behind(statements.CREATED_ROW, key, document_id, undone=lambda: self._document_taken(key))

    async def has_created(self, digest: bytes, document_id: str) -> bool:
        """Say whether a document is on record as this row's: not when the server gave the id of another row's."""
        is_recorded = await self._database.outcome(statements.CREATED_ROW, self._row(digest), document_id)
        if is_recorded is not None:
            return is_recorded
        entry = await self.row(digest)
        return entry is not None and entry.document_id == document_id

    def uncertain_row(self, digest: bytes, code: str) -> None:
        """Record what was found out about a row that was sent, and stays unsettled."""
        self._database.write_behind(statements.UNCERTAIN_ROW, self._row(digest), code)

    def failed_row(self, digest: bytes, code: str) -> None:
        """Record that there is no document of a row, and why."""
        self._database.write_behind(statements.FAILED_ROW, self._row(digest), code)

    def forget_row(self, digest: bytes) -> None:
        """Remove an intent that was certainly not carried out."""
        self._database.write_behind(statements.FORGET_ROW, self._row(digest))

    async def file(self, digest: bytes) -> str | None:
        """Return the id of the file with this content."""
        rows = await self._database.read(statements.FILE, self._secret.keyed("file", digest))
        return rows[0][0] if rows else None

    def uploaded(self, digest: bytes, file_id: str) -> None:
        """Record the id of the file with this content."""
        self._database.write_behind(statements.UPLOADED, self._secret.keyed("file", digest), file_id)

    def forget_file(self, digest: bytes, file_id: str) -> None:
        """Take back a file that the server no longer has."""
        self._database.write_behind(statements.FORGET_FILE, self._secret.keyed("file", digest), file_id)

    async def first_file(self, partial: bytes) -> FirstFile | None:  # noqa: ARG002 - the interface's
        """Return None: no file is known by its ends."""
        return None

    def uploaded_first(self, partial: bytes, file_id: str, origin: Origin) -> None:
        """Do nothing: see `first_file`."""

    def hashed_first(self, partial: bytes) -> None:
        """Do nothing: see `first_file`."""

    def forget_first(self, partial: bytes, file_id: str) -> None:
        """Do nothing: see `first_file`."""

    async def applicant(self, digest: bytes) -> ApplicantEntry | None:
        """Return what is known of an applicant."""
        rows = await self._database.read(statements.APPLICANT, self._applicant(digest))
        return next((ApplicantEntry.of((*values[:-1], 0, self._at(values[-1]))) for values in rows), None)

    async def intend_applicant(self, digest: bytes, fingerprint: bytes) -> None:
        """Write down that an applicant is about to be created."""
        values = (self._applicant(digest), self._fingerprint(fingerprint))
        if not await self._database.write_durable(statements.INTEND_APPLICANT, *values):
            raise self._made_meanwhile()

    def created_applicant(self, digest: bytes, applicant_id: str) -> None:
        """Record the id of an applicant; see `Ledger.created_applicant`."""
        values = (self._applicant(digest), applicant_id)
        self._database.write_behind(
            statements.CREATED_APPLICANT, *values, undone=lambda: self._given_twice("applicant")
        )

    def failed_applicant(self, digest: bytes, code: str) -> None:
        """Record that an applicant was not made, and why."""
        self._database.write_behind(statements.FAILED_APPLICANT, self._applicant(digest), code)

    async def close(self) -> None:
        """Write what is still queued, and let others have what is claimed. Raises `LedgerError` when that failed."""
        await self._database.close()

    def _document_taken(self, key: bytes) -> None:
        self._database.write_behind(statements.UNCERTAIN_ROW, key, DOCUMENT_TAKEN)
        self._given_twice("document")

    def _given_twice(self, kind: str) -> None:
        self._database.refuse(given_twice(self.name, kind))

    def _made_meanwhile(self) -> LedgerError:
        return LedgerError(
            f"{self.name}: another process recorded what this one was about to send, so it was not sent. Run it again",
            retryable=True,
        )

    def _entry(self, values: tuple[Any, ...]) -> RowEntry:
        return RowEntry.of((*values[:-1], 0, self._at(values[-1])))

    def _at(self, age: float) -> float:
        """Return when it was sent at the latest, by the clock of this machine."""
        return self._lease.clock() - age

    def _row(self, digest: bytes) -> bytes:
        return self._secret.keyed("row", digest)

    def _applicant(self, digest: bytes) -> bytes:
        return self._secret.keyed("applicant", digest)

    def _fingerprint(self, digest: bytes | None) -> bytes | None:
        return None if digest is None else self._secret.keyed("fingerprint", digest)


@attrs.define
class _Preparing:
    """Makes the tables, or brings them to this version, and checks whose ledger it is."""

    _name: str
    _owner: LedgerOwner
    _read_only: bool
    secret: Secret = attrs.field(init=False, factory=Secret.new)

    async def prepare(self, connection: AsyncConnection) -> None:
        """Do it within the transaction that is open. Raises `LedgerError`."""
        await connection.execute(text(statements.LOCK))
        if not (await connection.execute(text(statements.HAS_ABOUT))).scalar_one():
            if self._read_only:
                raise LedgerError(f"{self._name}: there is no ledger yet")
            await connection.execute(text(statements.ABOUT))
        about = dict(map(tuple, await connection.execute(text(statements.READ_ABOUT))))
        version = int(about.get("version", "0"))
        if version > statements.NEWEST:
            raise LedgerError(f"{self._name}: is a ledger of a newer version of this package")
        said = self._checked(about)
        if self._read_only and version < statements.NEWEST:
            raise LedgerError(f"{self._name}: is a ledger of an older version; the next upload brings it to this one")
        if self._read_only:
            return
        for number in range(version + 1, statements.NEWEST + 1):
            for statement in statements.MIGRATIONS[number]:
                await connection.execute(text(statement))
        for name, value in said.items():
            if about.get(name) != value:
                await connection.execute(text(statements.SET_ABOUT), {"name": name, "value": value})

    def _checked(self, about: dict[str, str]) -> dict[str, str]:
        """Return what the ledger should say of itself. Raises `LedgerError` when it is not fit for this owner."""
        owner = self._owner
        if owner.secret_from not in (None, FROM_KEY):
            raise with_other_secret(self._name, gives_secret=True)
        if about:
            schema.check(about, self._name, owner, has_wal=False)
            self.secret = schema.secret_by_key(about, self._name, owner)
        else:
            self.secret = schema.secret_from_key(self._name, owner)
        said = {"version": str(statements.NEWEST), "server": owner.server, **self.secret.about}
        said["salt"] = about.get("salt") or secrets.token_hex(16)
        if owner.api_key is not None:
            said["account"] = schema.account_of(said["salt"], owner.api_key)
        if owner.folder is not None:
            said["folder"] = schema.folder_of(owner.folder, self.secret)
            if about.get("folder", said["folder"]) != said["folder"]:
                raise of_another_folder(self._name)
        return said


def name_of(url: str) -> str:
    """Return how a ledger in a database is named: without user and password. Raises `LedgerError`."""
    parsed = None
    with suppress(ArgumentError, ValueError):  # raised outside, for what it says may hold the password
        parsed = make_url(url)
    if parsed is None:
        raise LedgerError("the ledger: is no URL as postgresql+psycopg://user@host/database")
    if parsed.drivername not in _DRIVERS:
        raise LedgerError(
            "the ledger: only PostgreSQL can be shared, through an asynchronous driver: postgresql+psycopg://…"
        )
    port = f":{parsed.port}" if parsed.port else ""
    return f"{parsed.drivername}://{parsed.host or ''}{port}/{parsed.database or ''}"
