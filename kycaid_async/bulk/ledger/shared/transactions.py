"""The database of a shared ledger: what many rows ask for at one time is one transaction, with few statements."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Any, Final, Self, TypeVar

from kycaid_async.bulk.ledger.bindings import bindable
from kycaid_async.bulk.ledger.shared import statements
from kycaid_async.bulk.ledger.shared.lease import Lease
from kycaid_async.bulk.ledger.shared.statements import Statement
from kycaid_async.bulk.ledger.shared.works import Batch, Found, Work, batches_of, by_key, tell
from kycaid_async.errors import LedgerError
from kycaid_async.extras import missing
from kycaid_async.loops import finished

try:
    from sqlalchemy import event
    from sqlalchemy import text as _text
    from sqlalchemy.engine import Connection
    from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
    from sqlalchemy.pool import NullPool
except ImportError as error:
    raise missing("cluster", error) from error

_GATHERING: Final = 0.002
"""Seconds for which more is waited for, when several share a transaction: each costs as much for one."""
_PATIENCE: Final = 120.0
"""Seconds for which a database that is away is waited for."""
_PATIENCE_AT_FIRST: Final = 10.0
_PAUSES: Final = (0.05, 0.1, 0.2, 0.5, 1.0)
_AGAIN: Final = ("40001", "40P01")
"""Codes of a transaction that met another one, and is done again at once."""
_CLAIMING: Final = 4
"""The phase of claims. With the looks behind them they are a transaction of their own, which changes nothing else: so
nothing is held while others are waited for, and a look shows all that was recorded by who had the claim before."""

text = cache(_text)  # to read a statement anew takes as long as to send it
T = TypeVar("T")


class SharedDatabase:
    """Does what it is given, in order. One connection, one task, and one transaction at a time."""

    def __init__(self, engine: AsyncEngine, lease: Lease, *, read_only: bool) -> None:
        self._engine, self._lease, self._read_only = engine, lease, read_only
        self._loop = asyncio.get_running_loop()
        self._connection: AsyncConnection | None = None
        self._queue: list[Work] = []
        self._facts: list[Work] = []
        """What is known for sure, and could not be written before the lease was over."""
        self._news = asyncio.Event()
        self._closing: asyncio.Task[None] | None = None
        self._error: LedgerError | None = None
        self._refusal: LedgerError | None = None
        self._is_shared = False
        self._renewal: asyncio.TimerHandle | None = None
        self._is_due = False
        self._worker: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls, url: str, lease: Lease, prepare: Callable[[AsyncConnection], Any], *, read_only: bool = False
    ) -> Self:
        """Connect, let ``prepare`` look at the tables, and become an owner. Raises `LedgerError`."""
        engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True)
        event.listen(engine.sync_engine, "connect", _send_binary_arrays)
        store = cls(engine, lease, read_only=read_only)
        try:
            await store._again_and_again(lambda: store._begin(prepare), patience=_PATIENCE_AT_FIRST)
        except BaseException:
            await store._let_go()
            raise
        store._worker = asyncio.create_task(store._work())
        store._renew_soon()
        return store

    async def _begin(self, prepare: Callable[[AsyncConnection], Any]) -> None:
        connection = await self._connected()
        asked = self._lease.clock()
        async with connection.begin():
            await prepare(connection)
            if not self._read_only:
                begun = await connection.execute(text(statements.BEGIN_OWNER), {"lease": self._lease.seconds})
                self._lease.number = begun.scalar_one()
                await connection.execute(text(statements.FORGET_DEAD))
        if not self._read_only:
            self._lease.renewed(asked)

    # What the ledger asks for.

    async def read(self, statement: Statement, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows that a look gives, after all that was written or claimed before. Raises `LedgerError`."""
        rows: list[tuple[Any, ...]] = await self.ask(statement, *values)
        return rows

    async def read_all(self, statement: Statement, keys: Sequence[Any]) -> list[list[tuple[Any, ...]]]:
        """Return the rows that a look gives for each key: all keys share one statement. Raises `LedgerError`."""
        answers = [self.ask(statement, key) for key in keys]
        return [await answer for answer in answers]

    async def write_durable(self, statement: Statement, *values: Any) -> bool:
        """Do it, and say whether it changed something, once that is on the disk. Raises `LedgerError`."""
        return bool(await self.ask(statement, *values))

    def ask(self, statement: Statement, *values: Any) -> "asyncio.Future[Any]":
        """Do it soon, also when nobody waits for it yet, and give what it shows, or whether it changed something."""
        self._check()
        values = bindable(self._lease.name, values)
        if statement.phase == 1 and self._refusal is not None:
            raise _copy_of(self._refusal)
        answer = self._loop.create_future()
        self._add(Work(statement, values, answer))
        return answer

    def write_behind(self, statement: Statement, *values: Any, undone: Callable[[], None] | None = None) -> None:
        """Do it soon. Raises `LedgerError`, also for what was given before."""
        work = Work(statement, bindable(self._lease.name, values), undone=undone)
        if self._error is not None and self._closing is None and statement.is_fact:
            self._facts.append(work)
        self._check()
        self._add(work)

    async def outcome(self, statement: Statement, *values: Any) -> bool | None:
        """Say whether what was to be done behind changed something; None when that is over. Raises `LedgerError`."""
        values = bindable(self._lease.name, values)
        work = next((work for work in reversed(self._queue) if work.is_of(statement, values)), None)
        if work is None:
            return None
        work.answer = work.answer or self._loop.create_future()
        return bool(await work.answer)

    async def page(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """Return what one query gives, on a connection of its own, after all that was written. Raises `LedgerError`."""
        await self.read(statements.ROW, b"")  # what was given before is written by then

        async def look() -> list[tuple[Any, ...]]:
            async with self._engine.connect() as connection:
                return [tuple(row) for row in await connection.execute(text(sql), values)]

        return await self._again_and_again(look, own=False)

    def refuse(self, error: LedgerError) -> None:
        """Take no more intents, for this reason, which is raised at the end too."""
        self._refusal = self._refusal or error

    async def close(self) -> None:
        """Write what is left, and let others have what is claimed. Raises `LedgerError` when something is not written.

        It comes to its end, however often it is cancelled.
        """
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await finished(self._closing)

    async def _close(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
        self._news.set()
        try:
            if self._worker is not None:
                await self._worker
            if not self._read_only:
                await self._end()
        finally:
            await self._let_go()
        failure = self._error or self._refusal
        if failure is not None:
            raise _copy_of(failure)

    async def _end(self) -> None:
        """Write the facts of one whose lease is over, or end a lease in order."""

        async def last() -> None:
            connection = await self._connected()
            async with connection.begin():
                for batch in batches_of(self._facts):
                    await connection.execute(text(batch.statement.sql), batch.parameters(self._lease.number))
                if self._error is None:
                    me = {"me": self._lease.number}
                    await connection.execute(text(statements.END_CLAIMS), me)
                    await connection.execute(text(statements.END_OWNER), me)

        try:
            await self._again_and_again(last)
        except LedgerError as error:
            self._error = self._error or error

    def _check(self) -> None:
        if self._closing is not None:
            raise LedgerError(f"{self._lease.name}: is closed")
        if self._error is not None:
            raise _copy_of(self._error)

    # The task.

    def _add(self, work: Work) -> None:
        self._queue.append(work)
        self._news.set()

    def _renew_soon(self) -> None:
        if not self._read_only:
            self._renewal = self._loop.call_later(self._lease.pause, self._renew_now)

    def _renew_now(self) -> None:
        self._is_due = True
        self._news.set()
        self._renew_soon()

    async def _work(self) -> None:
        while self._error is None:
            if not self._queue and not self._is_due:
                if self._closing is not None:
                    return
                self._news.clear()
                await self._news.wait()
            if self._is_shared and self._closing is None:
                await asyncio.sleep(_GATHERING)
            works, self._queue = self._queue, []
            self._is_shared = len(works) > 1
            try:
                await self._carry_out(works)
            except Exception as error:  # noqa: BLE001 - those who wait for it must not wait for ever
                self._fail(error if isinstance(error, LedgerError) else self._unusable(error), works)

    async def _carry_out(self, works: list[Work]) -> None:
        """Do all of it, and tell everybody. Claims come last, and apart."""
        due, self._is_due = self._is_due, False
        entries = [work for work in works if work.statement.phase < _CLAIMING]
        claims = [work for work in works if work.statement.phase >= _CLAIMING]
        if entries or due:
            await self._all_or_each(entries, due=due)
        if claims:
            await self._all_or_each(claims, due=False)

    async def _all_or_each(self, works: list[Work], *, due: bool) -> None:
        """Do all in one transaction; each in its own where two owners recorded the same at one moment."""
        try:
            found = await self._again_and_again(lambda: self._transact(works, due=due))
        except IntegrityError:
            if len(works) == 1:
                tell(works[0], {})
            else:
                for work in works:
                    await self._all_or_each([work], due=False)
            return
        for batch, rows in found:
            for work in batch.works:
                tell(work, rows)

    async def _transact(self, works: list[Work], *, due: bool) -> list[tuple[Batch, Found]]:
        connection = await self._connected()
        is_claiming = bool(works) and works[0].statement.phase >= _CLAIMING
        renews = not self._read_only and not is_claiming
        asked = self._lease.clock()
        # In one go: a greenlet for each statement would take longer than the statement.
        found = await connection.run_sync(self._do_within, batches_of(works), renews=renews, due=due)
        if renews:
            self._lease.renewed(asked)
        return found

    def _do_within(
        self, connection: Connection, batches: list[Batch], *, renews: bool, due: bool
    ) -> list[tuple[Batch, Found]]:
        with connection.begin():
            if renews:
                self._renew(connection, due=due)
            me = self._lease.number
            return [
                (each, by_key(connection.execute(text(each.statement.sql), each.parameters(me)))) for each in batches
            ]

    def _renew(self, connection: Connection, *, due: bool) -> None:
        mine = {"lease": self._lease.seconds, "me": self._lease.number}
        if connection.execute(text(statements.RENEW), mine).first() is None:
            self._lease.is_lost = True
            raise self._lease.error()
        if due:
            connection.execute(text(statements.DECLARE_DEAD))

    async def _again_and_again(
        self, work: Callable[[], Awaitable[T]], *, patience: float = _PATIENCE, own: bool = True
    ) -> T:
        """Return what ``work`` returns; do it again while the database is away. Raises `LedgerError`."""
        began, tries = self._lease.clock(), 0
        while True:
            try:
                return await work()
            except IntegrityError:
                raise
            except (SQLAlchemyError, OSError) as error:
                code, is_away, fault = _code(error), _is_away(error), self._unusable(error)
            # Not from within the handler: the driver's error holds its connection, and that the password.
            if (code not in _AGAIN and not is_away) or self._lease.clock() - began > patience:
                raise fault
            if code not in _AGAIN and own:
                await self._disconnect()
            await asyncio.sleep(_PAUSES[min(tries, len(_PAUSES) - 1)])
            tries += 1

    def _unusable(self, error: BaseException) -> LedgerError:
        """Return what is told of a fault of the database: no text of its own, which may quote values."""
        code = _code(error)
        why = f"{type(getattr(error, 'orig', None) or error).__name__}{f' {code}' if code else ''}"
        return LedgerError(
            f"{self._lease.name}: the database cannot be used as a ledger ({why})", retryable=_is_away(error)
        )

    def _fail(self, error: LedgerError, works: list[Work]) -> None:
        """Take nothing more. Of what was not written, keep what is known for sure."""
        self._error = error
        works, self._queue = works + self._queue, []
        self._facts += [work for work in works if work.statement.is_fact]
        for work in works:
            if work.answer is not None and not work.answer.done():
                work.answer.set_exception(_copy_of(error))
                work.answer.exception()  # who asked for several things hears of the first

    # The connection.

    async def _connected(self) -> AsyncConnection:
        if self._connection is None:
            connection = await self._engine.connect()
            self._connection = connection
            idle = str(int(self._lease.seconds * 1000))
            await connection.execute(text(statements.SESSION), {"idle": idle})
            await connection.commit()
        return self._connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.invalidate()
                await connection.close()
            except (SQLAlchemyError, OSError):
                return

    async def _let_go(self) -> None:
        await self._disconnect()
        await self._engine.dispose()


def _send_binary_arrays(connection: Any, _: object) -> None:
    """Let psycopg send arrays as asyncpg does: as text, each digest in them is quoted, escaped and parsed."""
    if (adapters := getattr(connection.driver_connection, "adapters", None)) is not None:
        from psycopg.types.array import ListBinaryDumper

        adapters.register_dumper(list, ListBinaryDumper)


def _copy_of(error: LedgerError) -> LedgerError:
    """Return the same error for one more who is told of it: each has a traceback of its own."""
    return LedgerError(*error.args, retryable=error.retryable)


def _code(error: BaseException) -> str:
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def _is_away(error: BaseException) -> bool:
    """Say whether it is the way to the database that failed, or the database that is being started or shut down."""
    if isinstance(error, OSError) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return True
    code = _code(error)
    kind = type(getattr(error, "orig", None)).__name__
    return code[:2] in ("08", "57", "53", "25") or (not code and kind in ("OperationalError", "InterfaceError"))
