"""The database of a ledger: many changes share one write to the disk."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, Self

import attrs

from kycaid_async.bulk.ledger.bindings import bindable
from kycaid_async.bulk.ledger.file import LedgerFile, Statement
from kycaid_async.bulk.ledger.problems import ledger_error
from kycaid_async.bulk.ledger.thread import LedgerThread
from kycaid_async.errors import LedgerError
from kycaid_async.loops import finished

if TYPE_CHECKING:
    from concurrent.futures import Future

Rows = list[tuple[Any, ...]]
Answer = asyncio.Future[Any] | None
_CHANGES_BETWEEN_CHECKPOINTS: Final = 1000
_GATHERING: Final = 0.002
"""Seconds for which changes of more rows are waited for, when several share a commit: each costs as much for one."""
_LONGEST_GATHERING: Final = 5
"""How often that is done again, because some came."""
_ENOUGH: Final = 16
"""Durable changes that are waited for no longer."""
_LATER: Final = 0.01
"""Seconds after which changes are committed that nobody waits for: until then a commit for others may take them."""


@attrs.define(kw_only=True, eq=False)
class _Change:
    """A change, or a look, in its place in the order."""

    sql: str
    values: tuple[Any, ...]
    answer: Answer = None
    """Who waits for it; None when nobody does."""
    reads: bool = False
    unchanged: Callable[[], None] | None = None
    later: bool = False


@attrs.define(eq=False)
class _Commit:
    """A commit under way in the thread."""

    error: BaseException | None = None

    def run(self, file: LedgerFile) -> None:
        """Commit, and keep what went wrong: it is raised by the next change, and at the end."""
        try:
            commit(file)
        except BaseException as error:  # noqa: BLE001 - see above
            self.error = error


class Database:
    """A SQLite database. What changes in one step of the loop, or during a commit, is committed together, in a thread.

    Only commits wait for the disk. Statements run on the loop: they take microseconds, and a thread that takes turns
    with the loop for each of them would take milliseconds.
    """

    def __init__(self, file: LedgerFile, thread: LedgerThread) -> None:
        self.file = file
        self._connection = file.connection
        self._loop = asyncio.get_running_loop()
        self._thread = thread
        self._error: LedgerError | None = None
        self._refusal: LedgerError | None = None
        self._commit_in_thread: _Commit | None = None
        self._closing: Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._planned: asyncio.Handle | None = None
        self._transaction = 0
        """The number of the last one that was begun."""
        self._is_due = False
        """True when it is about to be committed for somebody who waits, or what must not get lost."""
        self._is_shared = False
        """True when the last commit was of more than one durable change."""
        self._uncommitted: list[tuple[asyncio.Future[Any], int]] = []
        self._pending: list[_Change] = []
        """What came while a commit is under way."""
        self._behind: list[Statement] = []
        """Write-behind statements since the last commit; replayed once on close if it fails."""

    @classmethod
    async def open(cls, opening: Callable[[], LedgerFile]) -> Self:
        """Open the file in a thread of its own. Raises `LedgerError`.

        It is closed again, in order, when nobody waits for it any more.
        """
        thread = LedgerThread()
        file = thread.submit(opening)
        try:
            return cls(await finished(file), thread)
        except BaseException as error:
            closing = thread.end_without(file)
            if isinstance(error, asyncio.CancelledError):
                await finished(closing)
            raise

    async def read(self, sql: str, *values: Any) -> Rows:
        """Return what ``sql`` gives, as of all changes before it. Raises `LedgerError`."""
        self._check()
        values = bindable(self.file.name, values)
        if self._commit_in_thread is None:
            return self._execute(sql, values)[0]
        answer: asyncio.Future[Rows] = self._loop.create_future()
        self._pending.append(_Change(sql=sql, values=values, answer=answer, reads=True))
        return await answer

    async def caught_up(self) -> None:
        """Return once all changes so far were made, on the disk or not. Raises `LedgerError`."""
        if self._commit_in_thread is not None:
            await self.read("SELECT 1")

    async def write_durable(self, sql: str, *values: Any) -> int:
        """Make a change, which is on the disk when this returns. Return how many rows changed. Raises `LedgerError`."""
        self._check_writable()
        if self._refusal is not None:
            raise LedgerError(*self._refusal.args)
        values = bindable(self.file.name, values)
        answer: asyncio.Future[int] = self._loop.create_future()
        if self._commit_in_thread is None:
            self._write(sql, values, answer)
        else:
            self._pending.append(_Change(sql=sql, values=values, answer=answer))
        return await answer

    def write_behind(
        self, sql: str, *values: Any, unchanged: Callable[[], None] | None = None, later: bool = False
    ) -> None:
        """Make a change, which will be on the disk soon. Raises `LedgerError`, also for earlier changes.

        ``unchanged`` is called when it turns out to change nothing. ``later`` is for what can be found out again when
        it gets lost: it may wait a moment for a commit that others need.
        """
        values = bindable(self.file.name, values)
        if self._error is not None and self._closing is None:
            self._behind.append((sql, values))
        self._check_writable()
        if self._commit_in_thread is None:
            self._write(sql, values, None, unchanged, later=later)
        else:
            self._pending.append(_Change(sql=sql, values=values, unchanged=unchanged, later=later))

    def refuse(self, error: LedgerError) -> None:
        """Take no more durable writes, for this reason, which is raised at the end too. Other changes are recorded."""
        self._refusal = self._refusal or error

    def every(self, seconds: float, do: Callable[[], None]) -> None:
        """Call ``do`` again and again, as long as it is open and can be written."""

        def call() -> None:
            with contextlib.suppress(LedgerError):  # which is raised by the next change, and at the end
                do()
                self.every(seconds, do)

        self._timer = self._loop.call_later(seconds, call)

    async def close(self) -> None:
        """Write what is left, and close the file. Raises `LedgerError` when something could not be written.

        What was written behind and failed is tried once more: by now there may be room. A cancellation does not keep it
        from closing: it is raised afterwards.
        """
        if self._closing is None:
            self._closing = self._thread.submit(self._close_in_thread)
            self._thread.end()
            for timer in filter(None, (self._timer, self._planned)):
                timer.cancel()
            self._refuse_all(LedgerError(f"{self.file.name}: is closed"))
        await finished(self._closing)

    def _close_in_thread(self) -> None:
        """Close after the last commit."""
        commit = self._commit_in_thread
        error = commit.error if commit is not None else None
        executed = [] if commit is not None and error is None else self._behind
        pending = [(one.sql, one.values) for one in self._pending if not one.reads and one.answer is None]
        try:
            self.file.close(executed, pending)
        except Exception as raised:  # noqa: BLE001 - what went wrong first is what counts
            error = error or raised
        failure = self._error or self._refusal or (error and ledger_error(self.file.name, error))
        if failure is not None:
            raise LedgerError(*failure.args) from error

    def _check(self) -> None:
        if self._closing is not None:
            raise LedgerError(f"{self.file.name}: is closed")
        if self._error is not None:
            raise LedgerError(*self._error.args)

    def _check_writable(self) -> None:
        self._check()
        if self.file.read_only:
            raise LedgerError(f"{self.file.name}: was opened to be read only")

    def _do(self, change: _Change) -> None:
        if self._commit_in_thread is not None:
            self._pending.append(change)
        elif change.reads:
            _answer(change.answer, self._execute(change.sql, change.values)[0])
        else:
            self._write(change.sql, change.values, change.answer, change.unchanged, later=change.later)

    def _write(
        self,
        sql: str,
        values: tuple[Any, ...],
        answer: Answer,
        unchanged: Callable[[], None] | None = None,
        *,
        later: bool = False,
    ) -> None:
        """Make a change now, while no commit is under way."""
        if not self._connection.in_transaction:
            self._execute("BEGIN", ())
            self._transaction += 1
            self._is_due = False
            if later:
                self._plan(self._loop.call_later(_LATER, self._commit, self._transaction))
        if not later and not self._is_due:
            self._is_due = True
            if self._is_shared:
                self._plan(self._loop.call_later(_GATHERING, self._gather, self._transaction, 1, _LONGEST_GATHERING))
            else:
                self._plan(self._loop.call_soon(self._commit, self._transaction))
        if answer is None:
            self._behind.append((sql, values))
        _, changed = self._execute(sql, values)
        if answer is not None:
            self._uncommitted.append((answer, changed))
            if len(self._uncommitted) == _ENOUGH:
                self._plan(self._loop.call_soon(self._commit, self._transaction))
        if not changed and unchanged is not None:
            unchanged()

    def _execute(self, sql: str, values: tuple[Any, ...]) -> tuple[Rows, int]:
        """Return the rows that ``sql`` gives, and how many it changed."""
        if self._error is not None or self._closing is not None:
            self._check()
        try:
            cursor = self._connection.execute(sql, values)
            return cursor.fetchall(), cursor.rowcount
        except Exception as error:
            self._fail(error)
            raise LedgerError(*ledger_error(self.file.name, error).args) from error

    def _plan(self, commit: asyncio.Handle) -> None:
        """Let ``commit`` commit the last transaction, in the place of what would have done so."""
        if self._planned is not None:
            self._planned.cancel()
        self._planned = commit

    def _gather(self, transaction: int, before: int, times: int) -> None:
        """Commit, unless more has come since there were so many changes, and may go on to come."""
        count = len(self._uncommitted)
        if transaction == self._transaction and before < count < _ENOUGH and times:
            self._plan(self._loop.call_later(_GATHERING, self._gather, transaction, count, times - 1))
        else:
            self._commit(transaction)

    def _commit(self, transaction: int) -> None:
        idle = self._commit_in_thread is None and self._closing is None and transaction == self._transaction
        if idle and self._error is None and self._connection.in_transaction:
            self._commit_in_thread = under_way = _Commit()
            self._thread.put(lambda: self._commit_here(under_way))

    def _commit_here(self, under_way: _Commit) -> None:
        under_way.run(self.file)
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._committed, under_way.error)

    def _committed(self, error: BaseException | None) -> None:
        if self._closing is not None:
            return
        self._commit_in_thread = None
        if error is not None:
            self._fail(error)
            return
        done, self._uncommitted = self._uncommitted, []
        self._is_shared = len(done) > 1
        pending, self._pending = self._pending, []
        self._behind = []
        for answer, changed in done:
            _answer(answer, changed)
        for number, change in enumerate(pending):
            try:
                self._do(change)
            except LedgerError as problem:
                left = pending[number:]
                self._behind += [(late.sql, late.values) for late in left if late.answer is None]
                _refuse([late.answer for late in left], problem)
                return

    def _fail(self, error: BaseException) -> None:
        """Keep what is on the disk, and take nothing more."""
        self._error = ledger_error(self.file.name, error)
        with contextlib.suppress(Exception):
            self._connection.rollback()
        self._behind += [(late.sql, late.values) for late in self._pending if late.answer is None]
        self._refuse_all(self._error)
        self._pending = []

    def _refuse_all(self, error: LedgerError) -> None:
        _refuse([answer for answer, _ in self._uncommitted] + [late.answer for late in self._pending], error)


def commit(file: LedgerFile) -> None:
    """Let all changes be on the disk, and now and then in the main file."""
    file.connection.execute("COMMIT")
    if file.connection.total_changes - file.moved > _CHANGES_BETWEEN_CHECKPOINTS:
        file.checkpoint()


def _answer(answer: Answer, result: Any) -> None:
    if answer is not None and not answer.done():
        answer.set_result(result)


def _refuse(answers: Iterable[Answer], error: LedgerError) -> None:
    for answer in answers:
        if answer is not None and not answer.done():
            answer.set_exception(LedgerError(*error.args))
