"""The file of a ledger."""

import asyncio
import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, Self

import attrs

from kycaid_async.errors import LedgerError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

Path = str | os.PathLike[str]
Rows = list[tuple[Any, ...]]

_FORMAT: Final = "1"
_PAGES_BETWEEN_CHECKPOINTS: Final = 4000
_TABLES: Final = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE rows (
    digest BLOB PRIMARY KEY, state TEXT NOT NULL, applicant_id TEXT NOT NULL, sent TEXT NOT NULL,
    document_id TEXT, code TEXT
) WITHOUT ROWID;
CREATE INDEX rows_of_applicants ON rows (applicant_id);
CREATE TABLE files (digest BLOB PRIMARY KEY, file_id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE applicants (
    digest BLOB PRIMARY KEY, state TEXT NOT NULL, applicant_id TEXT, code TEXT
) WITHOUT ROWID;
"""


@attrs.frozen
class _Statement:
    sql: str
    values: tuple[Any, ...]
    answer: "asyncio.Future[Rows] | None"


class Database:
    """A SQLite database. What changes in one step of the loop, or during a commit, is committed together, in a thread.

    Only commits wait for the disk. Statements run on the loop: they take microseconds, and a thread that takes turns
    with the loop for each of them would take milliseconds.
    """

    def __init__(self, connection: "sqlite3.Connection", name: str) -> None:
        self._connection = connection
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kycaid ledger")
        self._error: LedgerError | None = None
        self._committing: asyncio.Future[Any] | None = None
        self._uncommitted: list[tuple[asyncio.Future[Rows], Rows]] = []
        self._pending: list[_Statement] = []

    @classmethod
    async def open(cls, path: Path | None, *, server: str) -> Self:
        """Open or make the database at ``path``, or one that is gone when it closes. Raises `LedgerError`."""
        name = "the ledger" if path is None else os.fspath(path)
        connecting = asyncio.get_running_loop().run_in_executor(None, _connect, path, name, server)
        try:
            return cls(await asyncio.shield(connecting), name)
        except asyncio.CancelledError:
            connecting.add_done_callback(_close_unused)
            raise

    async def ask(self, sql: str, *values: Any) -> Rows:
        """Return what ``sql`` gives, and what it changes is on the disk by then. Raises `LedgerError`."""
        if self._committing is None and sql.startswith("SELECT"):
            return self._execute(sql, values)
        answer: asyncio.Future[Rows] = self._loop.create_future()
        self._do(_Statement(sql, values, answer))
        return await answer

    def tell(self, sql: str, *values: Any) -> None:
        """Make a change, which will be on the disk soon. Raises `LedgerError`, also for earlier changes."""
        self._do(_Statement(sql, values, None))

    async def close(self) -> None:
        """Write what is left, and close the file. Raises `LedgerError` when something could not be written."""
        while self._error is None and (self._committing is not None or self._connection.in_transaction):
            self._commit()
            await asyncio.wait([self._committing or self._loop.create_future()])
        closing = self._loop.run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown(wait=False)
        await asyncio.shield(closing)
        if self._error is not None:
            raise self._error

    def _do(self, statement: _Statement) -> None:
        if self._error is not None:
            raise LedgerError(*self._error.args)
        if self._committing is not None:
            self._pending.append(statement)
            return
        writes = not statement.sql.startswith("SELECT")
        if writes and not self._connection.in_transaction:
            self._execute("BEGIN", ())
            self._loop.call_soon(self._commit)
        rows = self._execute(statement.sql, statement.values)
        if statement.answer is not None and writes:
            self._uncommitted.append((statement.answer, rows))
        elif statement.answer is not None and not statement.answer.done():
            statement.answer.set_result(rows)

    def _execute(self, sql: str, values: tuple[Any, ...]) -> Rows:
        if self._error is not None:
            raise LedgerError(*self._error.args)
        try:
            return self._connection.execute(sql, values).fetchall()
        except Exception as error:
            self._fail(error)
            raise LedgerError(*_ledger_error(self._name, error).args) from error

    def _commit(self) -> None:
        if self._error is None and self._committing is None and self._connection.in_transaction:
            self._committing = self._loop.run_in_executor(self._thread, self._connection.execute, "COMMIT")
            self._committing.add_done_callback(self._committed)

    def _committed(self, commit: "asyncio.Future[Any]") -> None:
        self._committing = None
        error = commit.exception()
        if error is not None:
            self._fail(error)
            return
        done, self._uncommitted = self._uncommitted, []
        for answer, rows in done:
            if not answer.done():
                answer.set_result(rows)
        pending, self._pending = self._pending, []
        for number, statement in enumerate(pending):
            try:
                self._do(statement)
            except LedgerError:
                self._refuse([left.answer for left in pending[number:]])
                return

    def _fail(self, error: BaseException) -> None:
        """Keep what is on the disk, and take nothing more."""
        self._error = _ledger_error(self._name, error)
        with contextlib.suppress(Exception):
            self._connection.rollback()
        self._refuse([answer for answer, _ in self._uncommitted] + [left.answer for left in self._pending])

    def _refuse(self, answers: "Sequence[asyncio.Future[Rows] | None]") -> None:
        for answer in answers:
            if answer is not None and not answer.done() and self._error is not None:
                answer.set_exception(LedgerError(*self._error.args))


def _connect(path: Path | None, name: str, server: str) -> "sqlite3.Connection":
    import sqlite3

    connection = None
    try:
        # An empty name is a database on the disk that nobody sees and that goes with its connection.
        target = "" if path is None else os.fspath(path)
        connection = sqlite3.connect(target, isolation_level=None, check_same_thread=False, timeout=0)
        if path is not None:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_BETWEEN_CHECKPOINTS}")
        connection.execute("BEGIN IMMEDIATE")
        _prepare(connection, name, server)
        connection.execute("COMMIT")
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, LedgerError):
            raise
        raise _ledger_error(name, error) from error
    return connection


def _prepare(connection: "sqlite3.Connection", name: str, server: str) -> None:
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    if not tables:
        for table in _TABLES.split(";"):
            connection.execute(table)
        connection.execute("INSERT INTO about VALUES ('format', ?), ('server', ?)", (_FORMAT, server))
        return
    if ("about",) not in tables:
        raise LedgerError(f"{name}: is a database of something else, and no ledger")
    for (table,) in tables:  # into the cache: later, nothing should wait for the disk
        connection.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608 - names of our own tables
    about = dict(connection.execute("SELECT name, value FROM about").fetchall())
    if about.get("format") != _FORMAT:
        raise LedgerError(f"{name}: is a ledger of another version of this package")
    if about.get("server") != server:
        raise LedgerError(
            f"{name}: is the ledger of uploads to {about.get('server')}, and this client talks to {server}; "
            "use another file for each server"
        )


def _close_unused(connecting: "asyncio.Future[sqlite3.Connection]") -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().close()


def _ledger_error(name: str, error: BaseException) -> LedgerError:
    reason = getattr(error, "sqlite_errorname", type(error).__name__)
    if reason.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return LedgerError(f"{name}: is in use by another run. Wait for its end, or use another ledger.")
    if reason.startswith("SQLITE_NOTADB"):
        return LedgerError(f"{name}: is not a ledger")
    if reason.startswith("SQLITE_FULL"):
        return LedgerError(f"{name}: the disk is full. What was done is recorded; make room, and run it again.")
    return LedgerError(f"{name}: cannot be used as a ledger ({reason})")
