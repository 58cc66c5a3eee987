"""The SQLite database of a sandbox: its tables, its transactions, one at a time, and what all repositories share."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, ClassVar, Final

import attrs

from kycaid_async.api.documents.fields import DocumentStatus, DocumentType
from kycaid_async.errors import ConfigurationError
from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.outcome import SandboxOutcome
from kycaid_async.sandbox.rules.rules import IDENTITY, SELFIES
from kycaid_async.values.json import dumps, loads

VERSION: Final = 6
KINDS: Final = ("applicants", "documents", "files", "addresses", "affiliated_persons", "verifications")
"""The tables of what an account holds, as `StateChanged.kind` names them."""
IN_JSON: Final = frozenset({"body", "reasons", "checks", "message", "types"})
"""The columns that hold JSON."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS applicants (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS words (word TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (word, seq)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS words_applicant ON words (seq);
CREATE TABLE IF NOT EXISTS addresses (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, owner_key TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
    created_at TEXT NOT NULL, current INTEGER NOT NULL DEFAULT 1, copy_of TEXT
);
CREATE INDEX IF NOT EXISTS addresses_owner ON addresses (owner);
CREATE TABLE IF NOT EXISTS affiliated_persons (
    id TEXT PRIMARY KEY, applicant_id TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL,
    current INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX IF NOT EXISTS affiliated_persons_applicant ON affiliated_persons (applicant_id);
CREATE TABLE IF NOT EXISTS files (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, mime_type TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
    stored_as TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS documents (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, owner_key TEXT NOT NULL,
    type TEXT NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL, document_number TEXT, card_number TEXT,
    status TEXT NOT NULL, reasons TEXT NOT NULL, changed_at REAL NOT NULL, version INTEGER NOT NULL,
    current INTEGER NOT NULL DEFAULT 1, outcome TEXT, comment TEXT
);
CREATE INDEX IF NOT EXISTS documents_owner ON documents (owner);
CREATE INDEX IF NOT EXISTS documents_new ON documents (status) WHERE status = 'new';
CREATE INDEX IF NOT EXISTS documents_number_holder ON documents (document_number, (status = 'valid') DESC, seq);
CREATE INDEX IF NOT EXISTS documents_card_holder ON documents (card_number, (status = 'valid') DESC, seq);
CREATE TABLE IF NOT EXISTS attachments (
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE, file_id TEXT NOT NULL REFERENCES files (id)
);
CREATE INDEX IF NOT EXISTS attachments_document ON attachments (document_id);
CREATE INDEX IF NOT EXISTS attachments_file ON attachments (file_id);
CREATE TABLE IF NOT EXISTS portraits (
    sha256 TEXT NOT NULL, is_accepted INTEGER NOT NULL,
    seq INTEGER NOT NULL REFERENCES documents (seq) ON DELETE CASCADE,
    PRIMARY KEY (sha256, is_accepted DESC, seq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS portraits_document ON portraits (seq);
CREATE TABLE IF NOT EXISTS verifications (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, applicant_id TEXT, external_applicant_id TEXT, form_id TEXT,
    form_token TEXT, callback_url TEXT, status TEXT NOT NULL, verified INTEGER, checks TEXT NOT NULL,
    created_at TEXT NOT NULL, started_at REAL NOT NULL, finished_at REAL, cents INTEGER NOT NULL DEFAULT 0,
    attempts_left INTEGER, outcome TEXT, comment TEXT, redirect_url TEXT, language_code TEXT,
    types TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX IF NOT EXISTS verifications_applicant ON verifications (applicant_id);
CREATE INDEX IF NOT EXISTS verifications_form ON verifications (form_token);
CREATE INDEX IF NOT EXISTS verifications_running ON verifications (status) WHERE status = 'pending';
CREATE INDEX IF NOT EXISTS verifications_day ON verifications (created_at);
CREATE TABLE IF NOT EXISTS parts (object_id TEXT NOT NULL, verification_id TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS parts_object ON parts (object_id);
CREATE INDEX IF NOT EXISTS parts_verification ON parts (verification_id);
CREATE TABLE IF NOT EXISTS services (
    seq INTEGER PRIMARY KEY, method TEXT NOT NULL, cents INTEGER NOT NULL, created_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS services_day ON services (created_at);
CREATE TABLE IF NOT EXISTS account (id TEXT PRIMARY KEY, cents INTEGER);
CREATE TABLE IF NOT EXISTS forms (
    id TEXT PRIMARY KEY, applicant_in_callback INTEGER NOT NULL, status_callback INTEGER NOT NULL,
    test_mode INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS callbacks (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, url TEXT NOT NULL, message TEXT NOT NULL,
    status INTEGER, attempts INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (due);
CREATE TABLE IF NOT EXISTS attempts (
    id TEXT PRIMARY KEY REFERENCES callbacks (id) ON DELETE CASCADE, error TEXT, tried_at TEXT NOT NULL
);
"""
"""The tables. ``portraits`` holds the digest of each file of a document that shows a person, in the order in which
`DocumentRepository.is_content_taken` looks for the first: one read, however many documents have the same picture."""
_SHOWING_A_PERSON: Final = ", ".join(f"'{DocumentType(kind).value}'" for kind in sorted(IDENTITY | SELFIES))
PORTRAITS: Final = (
    f"INSERT INTO portraits SELECT DISTINCT f.sha256, d.status = '{DocumentStatus.VALID.value}', d.seq "  # noqa: S608 - no values of others
    "FROM documents d JOIN attachments a ON a.document_id = d.id JOIN files f ON f.id = a.file_id "
    f"WHERE d.type IN ({_SHOWING_A_PERSON})"
)
"""Fills ``portraits``."""
MIGRATIONS: Final = {
    4: (
        " ".join(f"DROP INDEX IF EXISTS {name};" for name in ("documents_number", "documents_card", "files_content")),
        PORTRAITS,
    ),
    5: ("", ""),
}
"""By the version of the data: what changes the tables, and what fills them once they are known to be ours."""

Row = dict[str, Any]

_BATCH = 100


class Statements:
    """The statements of one transaction. Names of tables and columns come from this room only."""

    def __init__(self, db: sqlite3.Connection, known: dict[str, tuple[int, bool]], until: float | None = None) -> None:
        self._db = db
        self._known = known
        self._until = until
        """When reading must be over, on the clock of `time.perf_counter`."""
        self.on_commit: list[Callable[[], object]] = []
        """What is done once the commit has succeeded."""
        self.on_rollback: list[Callable[[], object]] = []
        """What is done when it is rolled back, the last first."""
        self.changes: dict[tuple[str, str], str | None] = {}
        """The objects that were made, changed or removed, by kind and id, with the status that was set."""

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """Return the rows of a query. JSON columns are decoded. Raises `Busy` when the time is over."""
        if self._until is None:
            return self._db.execute(sql, values).fetchall()
        cursor = self._db.execute(sql, values)
        rows: list[Row] = []
        while True:
            batch = cursor.fetchmany(_BATCH)
            if batch and time.perf_counter() > self._until:
                cursor.close()
                raise Busy
            rows += batch
            if len(batch) < _BATCH:
                return rows

    def first(self, sql: str, *values: Any) -> Row | None:
        """Return the first row of a query, or None."""
        rows = self.rows(sql, *values)
        return rows[0] if rows else None

    def exists(self, sql: str) -> bool:
        """Say whether a query has a row. It is not asked again as long as nothing changes."""
        changes, exists = self._known.get(sql, (-1, False))
        if changes != self._db.total_changes:
            exists = self.first(sql) is not None
            self._known[sql] = self._db.total_changes, exists
        return exists

    def execute(self, sql: str, *values: Any) -> None:
        """Do a statement that returns nothing."""
        self._db.execute(sql, values)

    def insert(self, table: str, **columns: Any) -> None:
        """Add a row."""
        self._note(table, columns.get("id"), columns)
        marks = ", ".join("?" * len(columns))
        self.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", *_encoded(columns))  # noqa: S608 - names of ours

    def change(self, table: str, id_: str, **columns: Any) -> None:
        """Change columns of the row with this id."""
        self._note(table, id_, columns)
        sets = ", ".join(f"{name} = ?" for name in columns)
        self.execute(f"UPDATE {table} SET {sets} WHERE id = ?", *_encoded(columns), id_)  # noqa: S608 - names of ours

    def remove(self, table: str, id_: str) -> None:
        """Remove the row with this id."""
        self._note(table, id_, {})
        self.execute(f"DELETE FROM {table} WHERE id = ?", id_)  # noqa: S608 - names of ours

    def _note(self, table: str, id_: str | None, columns: Row) -> None:
        if table in KINDS and id_ is not None:
            self.changes[table, id_] = columns.get("status", self.changes.get((table, id_)))


@attrs.define(eq=False, repr=False)  # made for each use: one that is frozen takes three times as long
class Repository(ValueObject):
    """The objects of one kind, in one transaction."""

    _db: Statements
    table: ClassVar[str]

    def find(self, id_: str | None) -> Row | None:
        """Return the row with this id."""
        return self._db.first(f"SELECT * FROM {self.table} WHERE id = ?", id_)  # noqa: S608 - a name of ours

    def insert(self, **columns: Any) -> None:
        """Add a row."""
        self._db.insert(self.table, **columns)

    def change(self, id_: str, **columns: Any) -> None:
        """Change columns of the row with this id."""
        self._db.change(self.table, id_, **columns)

    def remove(self, id_: str) -> None:
        """Remove the row with this id."""
        self._db.remove(self.table, id_)

    def _page(self, offset: int, count: int, *, key: str = "", value: str | None = None) -> list[Row]:
        """Return rows, newest first: all, or those whose column ``key`` holds ``value``."""
        condition, values = ("", ()) if value is None else (f"WHERE {key} = ?", (value,))
        sql = f"SELECT * FROM {self.table} {condition} ORDER BY rowid DESC LIMIT ? OFFSET ?"  # noqa: S608 - names of ours
        return self._db.rows(sql, *values, count, offset)


class Busy(SandboxOutcome):
    """Another transaction is running, or this one takes longer than it may."""


MEMORY = ":memory:"


class Store:
    """An open database. Transactions run one at a time, from whatever thread; a committed one survives a kill."""

    def __init__(self, path: str) -> None:
        """Open or make the database. Raises `ConfigurationError` when it is in use or not one of a sandbox."""
        self._lock = threading.Lock()
        self._known: dict[str, tuple[int, bool]] = {}
        """What `Statements.exists` said, and after how many changes."""
        self.is_in_memory = path == MEMORY
        """Whether no commit waits for a disk."""
        try:
            if not self.is_in_memory:
                # Before SQLite makes it, readable by all: what stands in it is personal.
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(f"the sandbox cannot use {path}: {error}") from error
        self._db.row_factory = _row
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._db.close()
            hint = ". Is another sandbox running on it?" if "locked" in str(error) else ""
            raise ConfigurationError(f"the sandbox cannot use {path}: {error}{hint}") from error
        except ConfigurationError:
            self._db.close()
            raise

    def _prepare(self) -> None:
        # Exclusive: a second sandbox on the same data would take the first one's unfinished uploads for rubbish.
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            self._db.execute(f"PRAGMA {pragma}")
        (version,) = self._db.execute("PRAGMA user_version").fetchone().values()
        if version not in (0, *MIGRATIONS, VERSION):
            raise ConfigurationError(
                f"the sandbox's data are of version {version}; this package reads {VERSION}. Take another folder"
            )
        alter, fill = MIGRATIONS.get(version, ("", ""))
        # One transaction: data that are refused, or whose sandbox is killed meanwhile, stay as they were.
        self._db.executescript(f"BEGIN IMMEDIATE; {alter} {SCHEMA}")
        with closing(sqlite3.connect(MEMORY)) as fresh:
            fresh.executescript(SCHEMA)
            # The data may be a stranger's: a trigger or a view of theirs would act in our transactions.
            if _structure(self._db) != _structure(fresh):
                raise ConfigurationError("the sandbox's data hold more than a sandbox stores: they are not used")
        self._db.execute(fill)
        self._db.execute(f"PRAGMA user_version = {VERSION}")
        self._db.execute("COMMIT")

    @contextmanager
    def transaction(self, *, wait: bool = True, seconds: float | None = None) -> Iterator[Statements]:
        """Do everything inside, or nothing when it raises.

        Raises `Busy` where it may not ``wait`` and must, and where reading takes longer than ``seconds``.
        """
        if not self._lock.acquire(blocking=wait):
            raise Busy
        try:
            self._db.execute("BEGIN")
            statements = Statements(self._db, self._known, None if seconds is None else time.perf_counter() + seconds)
            try:
                yield statements
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                self._known.clear()  # what was undone is no change to SQLite
                for undo in reversed(statements.on_rollback):
                    undo()
                raise
        finally:
            self._lock.release()
        for follow in statements.on_commit:
            follow()

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()


def _structure(db: sqlite3.Connection) -> set[str]:
    with closing(db.cursor()) as cursor:
        cursor.row_factory = None
        return {sql for (sql,) in cursor.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}


def _row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    row = {column[0]: value for column, value in zip(cursor.description, values, strict=True)}
    for name in IN_JSON & row.keys():
        row[name] = loads(row[name])
    return row


def _encoded(columns: Row) -> list[Any]:
    return [dumps(value).decode() if name in IN_JSON else value for name, value in columns.items()]
