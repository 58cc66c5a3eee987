"""How the file of a ledger is opened and closed, and whose it is."""

import contextlib
import hmac
import os
import pathlib
import secrets
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, Self

import attrs

from kycaid_async.errors import LedgerError

if TYPE_CHECKING:
    import sqlite3

Path = str | os.PathLike[str]

_FORMAT: Final = "2"
_PAGES_BETWEEN_CHECKPOINTS: Final = 1000
_CACHE_KIBIBYTES: Final = 512
"""Little: what does not fit is in the memory of the system anyway, and a run takes as much for many rows as for few."""
_TABLES: Final = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE rows (
    digest BLOB PRIMARY KEY, state TEXT NOT NULL, applicant_id TEXT NOT NULL, sent TEXT NOT NULL,
    document_id TEXT, code TEXT, says BLOB
) WITHOUT ROWID;
CREATE INDEX rows_of_applicants ON rows (applicant_id);
CREATE TABLE files (digest BLOB PRIMARY KEY, file_id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE applicants (
    digest BLOB PRIMARY KEY, state TEXT NOT NULL, applicant_id TEXT, code TEXT, says BLOB NOT NULL
) WITHOUT ROWID;
"""
_SET: Final = "INSERT OR REPLACE INTO about VALUES (?, ?)"


@attrs.frozen(kw_only=True)
class Owner:
    """Whose uploads a ledger records."""

    server: str
    api_key: str | None = attrs.field(default=None, repr=False)
    """None for one who only reads: then any key's will do."""
    same_account: bool = False
    """True when another key than before is known to be of the same account."""
    now: Callable[[], float] = time.time
    """Seconds since 1970."""


@attrs.define
class LedgerFile:
    """An open file. Without a path it is one that nobody sees and that goes with its connection."""

    connection: "sqlite3.Connection"
    name: str
    idle: float
    """Seconds since the end of the run before; 0 when that is not known, because it was killed."""
    _path: str
    _owner: Owner
    _ended: float

    @classmethod
    def open(cls, path: Path | None, owner: Owner) -> Self:
        """Open or make the file. Raises `LedgerError`."""
        import sqlite3

        name = "the ledger" if path is None else os.fspath(path)
        target = "" if path is None else os.path.realpath(path)
        wal = pathlib.Path(_wal(target)).exists()
        connection = None
        try:
            if target:
                _make(target)
            connection = sqlite3.connect(target, isolation_level=None, check_same_thread=False, timeout=0)
            if target:
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_BETWEEN_CHECKPOINTS}")
                connection.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
            connection.execute("BEGIN IMMEDIATE")
            last = _prepare(connection, name, owner, wal=wal)
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # from here on the main file says that it is in use
        except BaseException as error:
            if connection is not None:
                connection.close()
            if wal:
                _touch(target)
            if isinstance(error, LedgerError):
                raise
            raise ledger_error(name, error) from error
        now = owner.now()
        ended = now if last is None else last
        return cls(connection, name, max(0.0, now - ended), target, owner, ended)

    def close(self, rest: Iterable[tuple[str, tuple[Any, ...]]], *, changed: bool) -> None:
        """Make the changes of ``rest`` if possible, note when the run ended if it ``changed`` anything, and close."""
        noted = not self._path
        with contextlib.suppress(Exception):
            if not noted:
                self.connection.execute("PRAGMA wal_checkpoint")  # makes room, when the disk is full
                self._note(rest, self._owner.now() if changed else self._ended)
                noted = True
        self.connection.close()
        if not noted:
            _touch(self._path)

    def _note(self, rest: Iterable[tuple[str, tuple[Any, ...]]], ended: float) -> None:
        self.connection.execute("BEGIN")
        for sql, values in rest:
            self.connection.execute(sql, values)
        self.connection.execute(_SET, ("ended", repr(ended)))
        self.connection.execute("COMMIT")


def _make(path: str) -> None:
    """Make the file when there is none, for its owner only; SQLite gives the -wal file the same permissions."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _wal(path: str) -> str:
    return f"{path}-wal"


def _touch(path: str) -> None:
    """Let there be a -wal file: SQLite took it away on closing, after it moved all into the main file."""
    with contextlib.suppress(OSError):
        os.close(os.open(_wal(path), os.O_CREAT, 0o600))


def _prepare(connection: "sqlite3.Connection", name: str, owner: Owner, *, wal: bool) -> float | None:
    """Make or check the tables, and mark the file as in use. Return when the run before ended, if that is known."""
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    about = {"format": _FORMAT, "server": owner.server, "ended": repr(owner.now()), "salt": secrets.token_hex(16)}
    if not tables:
        for table in _TABLES.split(";"):
            connection.execute(table)
    elif ("about",) not in tables:
        raise LedgerError(f"{name}: is a database of something else, and no ledger")
    else:
        for (table,) in tables:  # into the cache: later, nothing should wait for the disk
            connection.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608 - names of our own tables
        about = dict(connection.execute("SELECT name, value FROM about").fetchall())
        _check(about, name, owner, wal=wal)
    ended = about.get("ended")
    if owner.api_key is not None:
        about["account"] = _fingerprint(about["salt"], owner.api_key)
    connection.executemany(_SET, list((about | {"ended": ""}).items()))
    return float(ended) if ended else None


def _check(about: dict[str, str], name: str, owner: Owner, *, wal: bool) -> None:
    """Raise `LedgerError` for a ledger that is not fit for this run."""
    if about.get("format") != _FORMAT:
        raise LedgerError(f"{name}: is a ledger of another version of this package")
    if not about.get("ended") and not wal:
        raise LedgerError(
            f"{name}: its newest part, the file {name}-wal, is missing. The last run was cut off, and what it did "
            "stands there. Bring that file back: without it, rows would be sent again."
        )
    if about.get("server") != owner.server:
        raise LedgerError(
            f"{name}: is the ledger of uploads to {about.get('server')}, and this client talks to {owner.server}; "
            "rows that were sent there are not here, and each server needs a ledger of its own"
        )
    known = about.get("account")
    if owner.api_key is None or known is None or owner.same_account:
        return
    if not hmac.compare_digest(known, _fingerprint(about["salt"], owner.api_key)):
        raise LedgerError(
            f"{name}: is the ledger of uploads with another API key, and a key sees one account only. If this key is "
            "a new one of the same account, say so: same_account=True, or --same-account. Each other account needs a "
            "ledger of its own."
        )


def _fingerprint(salt: str, api_key: str) -> str:
    """Return 8 bytes that tell keys apart, as text. The key cannot be had from them."""
    return hmac.digest(bytes.fromhex(salt), api_key.encode(), "sha256")[:8].hex()


def ledger_error(name: str, error: BaseException) -> LedgerError:
    """Return what to tell the user of a fault of SQLite or of the disk."""
    reason = getattr(error, "sqlite_errorname", type(error).__name__)
    if reason.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return LedgerError(
            f"{name}: is in use by another run. Wait for its end. Do not use another ledger for these rows: they "
            "would be sent again."
        )
    if reason.startswith("SQLITE_NOTADB"):
        return LedgerError(f"{name}: is not a ledger")
    if reason.startswith("SQLITE_CORRUPT"):
        return LedgerError(
            f"{name}: is damaged. Do not delete it, and do not go on with another: rows would be sent again. Bring it "
            f"back from a copy, with its {name}-wal."
        )
    if reason.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return LedgerError(
            f"{name}: the disk is full or cannot be written ({reason}). What was done is recorded; make room, and run "
            "it again."
        )
    return LedgerError(f"{name}: cannot be used as a ledger ({reason})")
