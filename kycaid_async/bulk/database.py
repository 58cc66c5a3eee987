"""The file of a ledger, and the thread that owns it."""

import asyncio
import contextlib
import os
import queue
import threading
from typing import TYPE_CHECKING, Any, Final, Self

import attrs

from kycaid_async.errors import LedgerError

if TYPE_CHECKING:
    import sqlite3

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
    """A SQLite database behind one thread, which commits all that waits for it at once."""

    def __init__(self, connection: "sqlite3.Connection", name: str) -> None:
        self._connection = connection
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._waiting: queue.SimpleQueue[_Statement | None] = queue.SimpleQueue()
        self._error: LedgerError | None = None
        self._ended = self._loop.create_future()
        self._thread = threading.Thread(target=self._work, name="kycaid ledger", daemon=True)
        self._thread.start()

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
        """Return what ``sql`` gives, once it is on the disk. Raises `LedgerError`."""
        if self._error is not None:
            raise LedgerError(*self._error.args)
        answer: asyncio.Future[Rows] = self._loop.create_future()
        self._waiting.put(_Statement(sql, values, answer))
        return await answer

    def tell(self, sql: str, *values: Any) -> None:
        """Queue a change. Raises `LedgerError` when an earlier one could not be written."""
        if self._error is not None:
            raise LedgerError(*self._error.args)
        self._waiting.put(_Statement(sql, values, None))

    async def close(self) -> None:
        """Write what is queued, and close the file. Raises `LedgerError` when something could not be written."""
        if self._thread.is_alive():
            self._waiting.put(None)
        await asyncio.shield(self._ended)
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        goes_on = True
        while goes_on:
            batch = self._batch()
            goes_on = batch[-1] is not None
            statements = [statement for statement in batch if statement is not None]
            try:
                answers = [] if self._error else _run(self._connection, statements)
            except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
                self._error = _ledger_error(self._name, error)
                answers = []
            self._call(_resolve, statements, answers, self._error)
        self._connection.close()
        self._call(self._ended.set_result, None)

    def _call(self, function: Any, *values: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
            self._loop.call_soon_threadsafe(function, *values)

    def _batch(self) -> list[_Statement | None]:
        """Wait for a statement, and return it with all that came meanwhile; None at the end stands for the end."""
        batch = [self._waiting.get()]
        while batch[-1] is not None:
            try:
                batch.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return batch


def _run(connection: "sqlite3.Connection", statements: list[_Statement]) -> list[Rows]:
    """Do all or nothing."""
    reads_only = all(statement.sql.startswith("SELECT") for statement in statements)
    if not reads_only:
        connection.execute("BEGIN")
    try:
        answers = [connection.execute(statement.sql, statement.values).fetchall() for statement in statements]
        if not reads_only:
            connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return answers


def _resolve(statements: list[_Statement], answers: list[Rows], error: LedgerError | None) -> None:
    for number, statement in enumerate(statements):
        if statement.answer is None or statement.answer.done():
            continue
        if error is None:
            statement.answer.set_result(answers[number])
        else:
            statement.answer.set_exception(LedgerError(*error.args))


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
