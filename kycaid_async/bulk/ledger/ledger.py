"""The ledger: a record before each creation and after it, so that a run can be cut off anywhere.

Changes of many rows share one write to the disk. There are keyed digests, ids, states and codes in it: it is
pseudonymous, and without its secret nobody can tell from it whose documents were sent.
"""

import contextlib
import functools
import time
from collections.abc import AsyncIterator, Callable, Sequence
from operator import itemgetter
from typing import Final, Self

import attrs

from kycaid_async.bulk.ledger.database import Database
from kycaid_async.bulk.ledger.entries import (
    DOCUMENT_TAKEN,
    ApplicantEntry,
    BootTime,
    EntryState,
    FirstFile,
    Intent,
    RowEntry,
    RunClock,
    boot_time,
    in_pages,
)
from kycaid_async.bulk.ledger.file import LedgerFile, Path
from kycaid_async.bulk.ledger.problems import given_twice
from kycaid_async.bulk.ledger.schema import LedgerOwner
from kycaid_async.bulk.ledger.secret import Secret, SecretFrom
from kycaid_async.bulk.ledger.verifications import VerificationEntries
from kycaid_async.errors import LedgerError
from kycaid_async.uploads.path_source import Origin
from kycaid_async.values.secret import ApiKey

_SECONDS_BETWEEN_BEATS: Final = 1.0
_AT_ONCE: Final = 500
"""Rows that are read together, when all are read."""
_AT_A_LOOK: Final = 100
"""Rows that are looked up together: a statement of its own for each number of them is kept prepared."""
_REMEMBERED: Final = 1000
"""Digests whose keyed form is at hand: those of the rows under way are needed several times each."""

_ROW: Final = "SELECT digest, state, applicant_id, intent, document_id, code, fingerprint, run, at FROM rows"
_APPLICANT: Final = "UPDATE OR IGNORE applicants SET state = ?, applicant_id = ?, code = ? WHERE digest = ?"
_BEAT: Final = "UPDATE runs SET seconds = ?, beat = ? WHERE number = ?"


@attrs.frozen
class Ledger:
    """The records of a run. Raises `LedgerError` where they cannot be read or written.

    What is intended is on the disk when the call returns. What is recorded follows in order, without a wait. Digests
    are given as they are, and stand in the ledger keyed with its secret.
    """

    _database: Database
    _clock: RunClock
    _secret: Secret = attrs.field(repr=False)
    name: str
    may_have_gaps: bool
    """True when rows were perhaps sent that are not in it: its newest part was lost for good, and `kycaid ledger
    repair` made it fit to go on from.

    A row that it does not know counts as *perhaps sent* then. Its applicant's documents on the server say whether it
    was, as for a row of which an intent is on record; an applicant that it does not know, and that would have to be
    made, is uncertain. What this ledger records from then on it knows as ever. It never becomes False again.
    """
    knows_whole_files_only: bool
    """True when an earlier version recorded files, by the whole of their content only: `first_file` is not enough."""
    _keyed: Callable[[str, bytes], bytes] = attrs.field(
        init=False,
        repr=False,
        default=attrs.Factory(lambda self: functools.lru_cache(_REMEMBERED)(self._secret.keyed), takes_self=True),
    )
    _taken: set[bytes] = attrs.field(init=False, factory=set)
    """Rows for which the server gave another row's document now: the first of them ends the run."""

    @classmethod
    async def open(
        cls,
        path: Path | None,
        *,
        server: str,
        api_key: str | None = None,
        same_account: bool = False,
        folder: str | None = None,
        secret_from: SecretFrom | None = None,
        secret_key: ApiKey | None = None,
        read_only: bool = False,
        clock: Callable[[], float] = time.monotonic,
        boot: Callable[[], BootTime] = boot_time,
    ) -> Self:
        """Open or make the ledger at ``path``, as `LedgerOwner` says. Without a path it lasts as long as the run.

        ``read_only`` is for a look: it makes no ledger, begins no run, and takes no change. ``clock`` gives seconds
        that only go forward.
        """
        owner = LedgerOwner(
            server=server,
            api_key=api_key,
            same_account=same_account,
            folder=folder,
            secret_from=secret_from,
            secret_key=secret_key,
        )
        database = await Database.open(
            lambda: LedgerFile.open(path, owner, read_only=read_only, clock=clock, boot=boot)
        )
        file = database.file
        ledger = cls(database, file.clock, file.secret, file.name, file.may_have_gaps, file.knows_whole_files_only)
        if not read_only:
            database.every(_SECONDS_BETWEEN_BEATS, ledger.beat)
        return ledger

    @property
    def claims(self) -> None:
        """None: no other process can have the file open."""
        return

    @property
    def guard(self) -> None:
        """None: nobody can take over what this process is at."""
        return

    def beat(self) -> None:
        """Record for how long this run has been going on. It happens by itself, every second."""
        run = self._clock.record()
        self._database.write_behind(_BEAT, run.seconds, run.beat, run.number)

    def waited(self, entry: RowEntry | ApplicantEntry) -> float:
        """Return how many seconds have certainly passed since it was sent last, whatever the time of day says.

        Counted are the seconds for which runs went on since then, and all of them where the machine has a clock that
        nobody can set and has not been started anew. So a run that is killed again and again makes progress, too.
        """
        return self._clock.waited(entry.run, entry.at)

    def has_said(self, entry: RowEntry | ApplicantEntry, fingerprint: bytes | None) -> bool:
        """Say whether what was sent, or was to be, has this fingerprint."""
        return entry.fingerprint == self._fingerprint(fingerprint)

    async def row(self, digest: bytes) -> RowEntry | None:
        """Return what is known of a row."""
        return next(map(RowEntry.of, await self._database.read(f"{_ROW} WHERE digest = ?", self._row(digest))), None)

    async def rows_by_digest(self, digests: Sequence[bytes]) -> list[RowEntry | None]:
        """Return what is known of each row, in the order of their digests: one look for a hundred of them."""
        found: dict[bytes, RowEntry] = {}
        keys = list(map(self._row, digests))
        for start in range(0, len(keys), _AT_A_LOOK):
            some = keys[start : start + _AT_A_LOOK]
            query = f"{_ROW} WHERE digest IN ({', '.join('?' * len(some))})"
            found |= {values[0]: RowEntry.of(values) for values in await self._database.read(query, *some)}
        return [found.get(key) for key in keys]

    async def rows_of(self, applicant_id: str, *, besides: bytes | None = None) -> list[RowEntry]:
        """Return what is known of all rows of an applicant, without the one whose digest is ``besides``."""
        rows = await self._database.read(f"{_ROW} WHERE applicant_id = ?", applicant_id)
        other = None if besides is None else self._row(besides)
        return [entry for entry in map(RowEntry.of, rows) if entry.digest != other]

    async def unsettled(self) -> AsyncIterator[RowEntry]:
        """Give every row that was sent and has no answer on record."""
        query = f"{_ROW} WHERE digest > ? AND state = ? ORDER BY digest LIMIT ?"
        pages = in_pages(self._database.read, query, EntryState.SENT, _AT_ONCE, key=itemgetter(0), last=b"")
        async for values in pages:
            yield RowEntry.of(values)

    async def rows(self) -> AsyncIterator[RowEntry]:
        """Give all rows, those of an applicant together."""
        query = f"{_ROW} WHERE (applicant_id, digest) > (?, ?) ORDER BY applicant_id, digest LIMIT ?"
        async for values in in_pages(self._database.read, query, _AT_ONCE, key=itemgetter(2, 0), last=("", b"")):
            yield RowEntry.of(values)

    async def applicant_ids(self) -> AsyncIterator[str]:
        """Give every applicant that has a row or a verification, once."""
        # A parameter with a number, used twice, is a deprecated one to Python 3.12.0 and 3.12.1.
        one = "SELECT applicant_id FROM {} WHERE applicant_id > (SELECT last FROM before)"
        both = f"{one.format('rows')} UNION {one.format('verifications')}"
        query = f"WITH before(last) AS (SELECT ?) {both} ORDER BY applicant_id LIMIT ?"
        async for (applicant_id,) in in_pages(self._database.read, query, _AT_ONCE, key=itemgetter(0), last=""):
            yield applicant_id

    async def intend_row(self, digest: bytes, intent: Intent, fingerprint: bytes | None = None) -> None:
        """Write down that a document is about to be created."""
        values = (self._row(digest), EntryState.SENT, intent.applicant_id, intent.text, None, None)
        await self._database.write_durable(
            "INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *values,
            self._fingerprint(fingerprint),
            self._clock.number,
            self._clock.elapsed,
        )

    async def claim_row(self, digest: bytes, document_id: str) -> bool:
        """Write down that a document which was found on the server is this row's: False when another row has it."""
        change = "UPDATE OR IGNORE rows SET state = ?, document_id = ?, code = NULL WHERE digest = ?"
        return await self._database.write_durable(change, EntryState.CREATED, document_id, self._row(digest)) > 0

    def created_row(self, digest: bytes, document_id: str) -> None:
        """Record the document of a row.

        When another row has it, this one stays unsettled, with the code `DOCUMENT_TAKEN`, and nothing more is intended:
        a server that gives one document twice is not to be trusted with more. Then or later, `LedgerError` is raised.
        """
        key = self._row(digest)
        change = "UPDATE OR IGNORE rows SET state = ?, document_id = ?, code = NULL WHERE digest = ?"
        self._database.write_behind(
            change, EntryState.CREATED, document_id, key, unchanged=lambda: self._document_taken(key), later=True
        )

    async def has_created(self, digest: bytes, document_id: str) -> bool:  # noqa: ARG002 - the interface's
        """Say whether what `created_row` was told now is on record: not when the server gave another row's document."""
        await self._database.caught_up()
        return self._row(digest) not in self._taken

    def uncertain_row(self, digest: bytes, code: str) -> None:
        """Record what was found out about a row that was sent, and stays unsettled."""
        self._database.write_behind(
            "UPDATE rows SET code = ? WHERE digest = ? AND state = ?", code, self._row(digest), EntryState.SENT
        )

    def failed_row(self, digest: bytes, code: str) -> None:
        """Record that there is no document of a row, and why."""
        values = (self._row(digest), EntryState.FAILED, "", "", code, self._clock.number, self._clock.elapsed, code)
        insert = "INSERT INTO rows (digest, state, applicant_id, intent, code, run, at) VALUES (?, ?, ?, ?, ?, ?, ?)"
        change = f"ON CONFLICT (digest) DO UPDATE SET state = '{EntryState.FAILED}', code = ?"
        self._database.write_behind(f"{insert} {change}", *values)

    def forget_row(self, digest: bytes) -> None:
        """Remove an intent that was certainly not carried out."""
        self._database.write_behind("DELETE FROM rows WHERE digest = ?", self._row(digest))

    async def file(self, digest: bytes) -> str | None:
        """Return the id of the file with this content."""
        rows = await self._database.read("SELECT file_id FROM files WHERE digest = ?", self._file(digest))
        return rows[0][0] if rows else None

    def uploaded(self, digest: bytes, file_id: str) -> None:
        """Record the id of the file with this content."""
        change = "INSERT OR REPLACE INTO files VALUES (?, ?)"
        self._database.write_behind(change, self._file(digest), file_id, later=True)

    def forget_file(self, digest: bytes, file_id: str) -> None:
        """Take back a file that the server no longer has."""
        self._database.write_behind("DELETE FROM files WHERE digest = ? AND file_id = ?", self._file(digest), file_id)

    async def first_file(self, partial: bytes) -> FirstFile | None:
        """Return the first file with these two ends."""
        rows = await self._database.read(
            "SELECT file_id, origin FROM partials WHERE digest = ?", self._partial(partial)
        )
        if not rows:
            return None
        file_id, sealed = rows[0]
        text = None if sealed is None else self._secret.unseal(sealed)
        return FirstFile(file_id, None if text is None else Origin.from_text(text))

    def uploaded_first(self, partial: bytes, file_id: str, origin: Origin) -> None:
        """Record the id of the first file with these two ends, of which nothing more is known."""
        self._write_first(partial, file_id, self._secret.seal(origin.as_text()))

    def hashed_first(self, partial: bytes) -> None:
        """Record that all files with these two ends are known by the whole of their content, from the first on."""
        self._write_first(partial, None, None)

    def _write_first(self, partial: bytes, file_id: str | None, origin: str | None) -> None:
        change = "INSERT OR REPLACE INTO partials VALUES (?, ?, ?)"
        self._database.write_behind(change, self._partial(partial), file_id, origin, later=True)

    def forget_first(self, partial: bytes, file_id: str) -> None:
        """Take back the first file with these two ends, which the server no longer has."""

        def known_by_now() -> None:
            self._database.write_behind("DELETE FROM files WHERE file_id = ?", file_id)

        change = "DELETE FROM partials WHERE digest = ? AND file_id = ?"
        self._database.write_behind(change, self._partial(partial), file_id, unchanged=known_by_now)

    async def applicant(self, digest: bytes) -> ApplicantEntry | None:
        """Return what is known of an applicant."""
        rows = await self._database.read(
            "SELECT state, applicant_id, code, fingerprint, run, at FROM applicants WHERE digest = ?",
            self._applicant(digest),
        )
        return next(map(ApplicantEntry.of, rows), None)

    async def intend_applicant(self, digest: bytes, fingerprint: bytes) -> None:
        """Write down that an applicant is about to be created."""
        values = (self._applicant(digest), EntryState.SENT, None, None, self._fingerprint(fingerprint))
        await self._database.write_durable(
            "INSERT OR REPLACE INTO applicants VALUES (?, ?, ?, ?, ?, ?, ?)",
            *values,
            self._clock.number,
            self._clock.elapsed,
        )

    def created_applicant(self, digest: bytes, applicant_id: str) -> None:
        """Record the id of an applicant. When another has it, it is as with documents: see `created_row`."""
        values = (EntryState.CREATED, applicant_id, None, self._applicant(digest))
        self._database.write_behind(_APPLICANT, *values, unchanged=lambda: self._given_twice("applicant"))

    def failed_applicant(self, digest: bytes, code: str) -> None:
        """Record that an applicant was not made, and why."""
        self._database.write_behind(_APPLICANT, EntryState.FAILED, None, code, self._applicant(digest))

    @property
    def verifications(self) -> VerificationEntries:
        """Records of the verifications of the applicants."""
        return VerificationEntries(self._database, self._clock, self._secret, self._given_twice)

    async def close(self) -> None:
        """Write what is still queued, and close the file. Raises `LedgerError` when that failed.

        It comes to its end, however often it is cancelled; a second call waits for the first.
        """
        with contextlib.suppress(LedgerError, RuntimeError):  # closed before; of a loop that is gone; told by closing
            self.beat()
        await self._database.close()

    def _document_taken(self, key: bytes) -> None:
        self._database.write_behind(
            "UPDATE rows SET code = ? WHERE digest = ? AND state = ?", DOCUMENT_TAKEN, key, EntryState.SENT
        )
        self._taken.add(key)
        self._given_twice("document")

    def _given_twice(self, kind: str) -> None:
        self._database.refuse(given_twice(self.name, kind))

    def _row(self, digest: bytes) -> bytes:
        return self._keyed("row", digest)

    def _file(self, digest: bytes) -> bytes:
        return self._keyed("file", digest)

    def _partial(self, digest: bytes) -> bytes:
        return self._keyed("partial", digest)

    def _applicant(self, digest: bytes) -> bytes:
        return self._keyed("applicant", digest)

    def _fingerprint(self, digest: bytes | None) -> bytes | None:
        return None if digest is None else self._keyed("fingerprint", digest)
