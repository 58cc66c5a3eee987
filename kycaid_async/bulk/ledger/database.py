"""The file of a ledger."""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import attrs

from kycaid_async.bulk.ledger.file import LedgerFile, Owner, Path, ledger_error
from kycaid_async.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Sequence

Rows = list[tuple[Any, ...]]


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

    def __init__(self, file: LedgerFile) -> None:
        self.idle = file.idle
        """Seconds since the end of the run before; 0 when that is not known."""
        self._file = file
        self._connection = file.connection
        self._changed = False
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kycaid ledger")
        self._error: LedgerError | None = None
        self._committing: asyncio.Future[Any] | None = None
        self._uncommitted: list[tuple[asyncio.Future[Rows], Rows]] = []
        self._pending: list[_Statement] = []
        self._told: list[_Statement] = []
        """What was told since the last commit: it is tried once more at the end when that commit fails."""

    @classmethod
    async def open(cls, path: Path | None, owner: Owner) -> Self:
        """Open or make the database at ``path``, or one that is gone when it closes. Raises `LedgerError`."""
        opening = asyncio.get_running_loop().run_in_executor(None, LedgerFile.open, path, owner)
        try:
            return cls(await asyncio.shield(opening))
        except asyncio.CancelledError:
            opening.add_done_callback(_close_unused)
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
        statement = _Statement(sql, values, None)
        self._told.append(statement)
        self._do(statement)

    async def close(self) -> None:
        """Write what is left, and close the file. Raises `LedgerError` when something could not be written.

        What was told and could not be written is tried once more: by now there may be room.
        """
        while self._error is None and (self._committing is not None or self._connection.in_transaction):
            self._commit()
            await asyncio.wait([self._committing or self._loop.create_future()])
        rest = [(told.sql, told.values) for told in self._told]
        closing = self._loop.run_in_executor(self._thread, partial(self._file.close, rest, changed=self._changed))
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
            self._changed = True
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
            raise LedgerError(*ledger_error(self._file.name, error).args) from error

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
        self._told = [statement for statement in pending if statement.answer is None]
        for number, statement in enumerate(pending):
            try:
                self._do(statement)
            except LedgerError:
                self._refuse([left.answer for left in pending[number:]])
                return

    def _fail(self, error: BaseException) -> None:
        """Keep what is on the disk, and take nothing more."""
        self._error = ledger_error(self._file.name, error)
        with contextlib.suppress(Exception):
            self._connection.rollback()
        self._refuse([answer for answer, _ in self._uncommitted] + [left.answer for left in self._pending])

    def _refuse(self, answers: "Sequence[asyncio.Future[Rows] | None]") -> None:
        for answer in answers:
            if answer is not None and not answer.done() and self._error is not None:
                answer.set_exception(LedgerError(*self._error.args))


def _close_unused(opening: "asyncio.Future[LedgerFile]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close([], changed=False)
