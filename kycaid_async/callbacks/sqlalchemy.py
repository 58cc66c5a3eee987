"""A store of seen events in a database, with SQLAlchemy. It needs the extra ``sqlalchemy``."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, TypeVar

from kycaid_async.extras import missing

try:
    from sqlalchemy import (
        Column,
        ColumnElement,
        Connection,
        Double,
        Engine,
        MetaData,
        String,
        Table,
        and_,
        delete,
        insert,
        or_,
        select,
        update,
    )
    from sqlalchemy.exc import DBAPIError, IntegrityError
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement
except ImportError as error:
    raise missing("sqlalchemy", error) from error

from kycaid_async.callbacks.stores import WEEK
from kycaid_async.options import FUNCTION, SECONDS_OR_ENDLESS, TEXT, Kind
from kycaid_async.tracebacks import guarded

_PURGE_SECONDS: Final = 3600.0
"""How often each process deletes what is over."""

_ENGINE: Final = Kind(
    "an engine that create_async_engine or create_engine of SQLAlchemy made",
    lambda value: isinstance(value, AsyncEngine | Engine),
)

T = TypeVar("T")


@guarded
class SQLAlchemySeenStore:
    """Keeps identities of events in a table, for all processes that share it: a `SharedSeenStore`.

    ``engine`` is an ``AsyncEngine``, or an ``Engine`` where each request has an event loop of its own, as in Flask and
    Django's sync views. Each identity is kept for ``ttl`` seconds, and deleted within an hour after that. ``clock``
    returns the time in seconds; the clocks of machines that share a table may differ by less than a lease.

    The table comes into being by `create_table`, by a migration that runs the statements of `ddl`, or by Alembic's
    autogeneration where ``metadata`` is that of your models. Give SQLite a ``timeout`` of 30 seconds or more in
    ``connect_args``: it lets one process write at a time. Raises `ConfigurationError` for a time that is not positive.
    """

    def __init__(
        self,
        engine: AsyncEngine | Engine,
        ttl: float = WEEK,
        *,
        table: str = "kycaid_seen_callbacks",
        metadata: MetaData | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        _ENGINE.check("engine", engine)
        SECONDS_OR_ENDLESS.check("ttl", ttl)
        TEXT.check("table", table)
        FUNCTION.check("clock", clock)
        self._engine, self._ttl, self._clock = engine, ttl, clock
        self._next_purge = 0.0
        self.table = Table(
            table,
            MetaData() if metadata is None else metadata,
            Column("identity", String(64), primary_key=True),
            Column("holder", String(32)),  # who claims it; NULL once it was handled
            Column("until", Double, nullable=False, index=True),  # when the claim, or the memory of it, is over
        )
        """The table."""

    def ddl(self) -> list[str]:
        """Return the SQL statements that create the table, in the dialect of the engine: for a migration."""
        statements: list[DDLElement] = [CreateTable(self.table), *(CreateIndex(index) for index in self.table.indexes)]
        return [str(statement.compile(dialect=self._engine.dialect)).strip() for statement in statements]

    async def create_table(self) -> None:
        """Create the table when it is not there. Several processes may do so at once."""
        try:
            await self._run(lambda connection: self.table.create(connection, checkfirst=True))
        except DBAPIError:  # another process made it at the same moment, or the second try says what is wrong
            await self._run(lambda connection: self.table.create(connection, checkfirst=True))

    async def purge(self) -> int:
        """Delete what is over, and return how many rows that were. `add` does it once an hour."""
        columns, now = self.table.c, self._clock()
        return await self._run(lambda db: db.execute(delete(self.table).where(columns.until <= now)).rowcount)

    async def add(self, identity: str) -> bool:
        """Keep ``identity`` and return True when it was not kept before."""
        columns, now = self.table.c, self._clock()
        not_kept = or_(columns.holder.is_not(None), columns.until <= now)
        # Twice: another may have claimed it between the look and the insertion.
        is_new = False
        for _ in range(2):
            is_new = await self._take(identity, None, now + self._ttl, not_kept)
            if is_new or await self.has(identity):
                break
        if now >= self._next_purge:
            self._next_purge = now + _PURGE_SECONDS
            await self.purge()
        return is_new

    async def has(self, identity: str) -> bool:
        """Say whether ``identity`` is kept."""
        columns, now = self.table.c, self._clock()
        kept = select(columns.identity).where(
            columns.identity == identity, columns.holder.is_(None), columns.until > now
        )
        return await self._run(lambda db: db.execute(kept).first() is not None)

    async def claim(self, identity: str, holder: str, lease: float) -> bool:
        """Let ``holder`` have ``identity`` for ``lease`` seconds, unless it is kept or another has it."""
        columns, now = self.table.c, self._clock()
        return await self._take(identity, holder, now + lease, or_(columns.holder == holder, columns.until <= now))

    async def release(self, identity: str, holder: str) -> None:
        """End the claim of ``holder``, when there is one."""
        columns = self.table.c
        mine = delete(self.table).where(and_(columns.identity == identity, columns.holder == holder))
        await self._run(lambda db: db.execute(mine))

    async def _take(self, identity: str, holder: str | None, until: float, may_change: ColumnElement[bool]) -> bool:
        """Change the row where that is allowed, or insert it where there is none. Return whether either was done."""
        row = {"identity": identity, "holder": holder, "until": until}
        this = self.table.c.identity == identity
        # Read first, for who waits looks often: in SQLite each writer waits for the others, also one that changes
        # nothing, and servers log each insertion that is refused.
        there = await self._run(lambda db: db.execute(select(may_change).where(this)).first())
        try:
            if there is None:
                await self._run(lambda db: db.execute(insert(self.table).values(row)))
                return True
            changed = update(self.table).where(this, may_change).values(row)
            return bool(there[0]) and await self._run(lambda db: db.execute(changed).rowcount) == 1
        except IntegrityError:  # another one inserted it at the same moment
            return False

    async def _run(self, work: Callable[[Connection], T]) -> T:
        """Do ``work`` in a transaction of its own."""
        engine = self._engine
        if isinstance(engine, Engine):
            return await asyncio.to_thread(_in_transaction, engine, work)
        async with engine.begin() as connection:
            return await connection.run_sync(work)


def _in_transaction(engine: Engine, work: Callable[[Connection], T]) -> T:
    with engine.begin() as connection:
        return work(connection)
