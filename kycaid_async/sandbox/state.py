"""The state of a running sandbox: its database, the folder of its files, its clock, its options."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import anyio
import attrs
from anyio import to_thread

from kycaid_async.sandbox.events.feed import EventFeed, StateChanged
from kycaid_async.sandbox.rules.outcome import OutcomeScript
from kycaid_async.sandbox.settings import SandboxSettings
from kycaid_async.sandbox.storage.database import Busy, Store
from kycaid_async.sandbox.storage.folder import opened_folder
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork

T = TypeVar("T")

_MOMENT: Final = 0.01
"""Seconds that a read may hold the event loop up; a longer one is done in a thread."""


def _nothing(_done: object) -> None:
    """Let nothing follow."""


@attrs.frozen
class SandboxState:
    """The database, the folder of files, the clock, the options, the event feed, and outcomes that wait."""

    store: Store
    folder: Path
    clock: Callable[[], datetime]
    settings: SandboxSettings
    feed: EventFeed = attrs.field(factory=EventFeed)
    script: OutcomeScript = attrs.field(factory=OutcomeScript)
    decoding: anyio.CapacityLimiter = attrs.field(factory=lambda: anyio.CapacityLimiter(1))
    """One image at a time is unpacked: each may take hundreds of megabytes."""
    # One at a time: transactions would wait for each other anyway, each holding a thread.
    _writing: anyio.CapacityLimiter = attrs.field(factory=lambda: anyio.CapacityLimiter(1))

    async def run(self, work: Callable[[UnitOfWork], T], then: Callable[[T], None] = _nothing) -> T:
        """Do ``work`` in one transaction, off the event loop, and ``then`` what follows of it, on the loop.

        After a commit, events and follow-ups run even if the caller is cancelled.
        """
        loop = asyncio.get_running_loop()

        def committed(changes: dict[tuple[str, str], str | None], done: T) -> None:
            self.feed.publish(StateChanged(kind=kind, id=id_, status=status) for (kind, id_), status in changes.items())
            then(done)

        def in_transaction() -> T:
            with self.store.transaction() as statements:
                done = work(UnitOfWork(statements))
            # Before the answer: the loop keeps the order of calls.
            loop.call_soon_threadsafe(committed, statements.changes, done)
            return done

        return await to_thread.run_sync(in_transaction, limiter=self._writing)

    async def look(self, work: Callable[[UnitOfWork], T]) -> T:
        """Do ``work`` that only reads in one transaction.

        On the event loop where nothing runs in the database: a few rows are there in less time than a thread takes to
        begin. Nobody else has the file, so nobody can hold up a read. What turns out to be many rows is read again in
        a thread.
        """
        try:
            with self.store.transaction(wait=False, seconds=_MOMENT) as statements:
                return work(UnitOfWork(statements))
        except Busy:
            return await self.run(work)

    def look_blocking(self, work: Callable[[UnitOfWork], T]) -> T:
        """Do ``work`` that only reads in one transaction, in the calling thread."""
        with self.store.transaction() as statements:
            return work(UnitOfWork(statements))


@asynccontextmanager
async def opened(
    data: Path | None, clock: Callable[[], datetime], settings: SandboxSettings
) -> AsyncIterator[SandboxState]:
    """Open the state kept in ``data``, or a new one that is gone at the end, also when this is cancelled."""
    state = _open_state(data, clock, settings)
    # A task of its own, because a thread cannot be cancelled: what it opens is closed, whoever has given up.
    opening = asyncio.ensure_future(to_thread.run_sync(state.__enter__))
    try:
        yield await asyncio.shield(opening)
    finally:
        with anyio.CancelScope(shield=True):
            await asyncio.wait([opening])
            if opening.exception() is None:
                await to_thread.run_sync(state.__exit__, None, None, None)


@contextmanager
def _open_state(data: Path | None, clock: Callable[[], datetime], settings: SandboxSettings) -> Iterator[SandboxState]:
    with opened_folder(data) as (store, folder):
        with store.transaction() as statements:
            UnitOfWork(statements).account.open(settings.balance)
        yield SandboxState(store, folder, clock, settings)
