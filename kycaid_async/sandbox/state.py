"""What a running sandbox holds: its database, the folder of its files, its clock, its options."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import anyio
import attrs
from anyio import to_thread

from kycaid_async.bulk.ledger.lock import names_another_file
from kycaid_async.errors import ConfigurationError
from kycaid_async.sandbox.events.feed import Feed, StateChanged
from kycaid_async.sandbox.rules.script import Script
from kycaid_async.sandbox.settings import Settings
from kycaid_async.sandbox.storage import account
from kycaid_async.sandbox.storage.database import KINDS, MEMORY, Busy, Store, Transaction
from kycaid_async.sandbox.storage.temporary import temporary_folder
from kycaid_async.uploads.path_source import why_not_opened

T = TypeVar("T")

OWN = "kycaid-upload-"
"""How the names of stored files begin, so that they are never taken for somebody else's."""
_NAME = re.compile(rf"{OWN}[0-9a-f]{{36}}", re.ASCII)
_MOMENT = 0.01
"""Seconds that a read may hold the event loop up; a longer one is done in a thread."""


def _nothing(_done: object) -> None:
    """Let nothing follow."""


@attrs.frozen
class State:
    """The database, the folder of files, the clock, the options, who watches, and what is to come out."""

    store: Store
    folder: Path
    clock: Callable[[], datetime]
    settings: Settings
    feed: Feed = attrs.field(factory=Feed)
    script: Script = attrs.field(factory=Script)
    decoding: anyio.CapacityLimiter = attrs.field(factory=lambda: anyio.CapacityLimiter(1))
    """One image at a time is unpacked: each may take hundreds of megabytes."""
    # One at a time: transactions would wait for each other anyway, each holding a thread.
    _turn: anyio.CapacityLimiter = attrs.field(factory=lambda: anyio.CapacityLimiter(1))

    async def run(self, work: Callable[[Transaction], T], then: Callable[[T], None] = _nothing) -> T:
        """Do ``work`` in one transaction, off the event loop, and ``then`` what follows of it, on the loop.

        What is committed is told and followed also when this is cancelled meanwhile: nobody can stop a commit.
        """
        loop = asyncio.get_running_loop()

        def committed(changes: dict[tuple[str, str], str | None], done: T) -> None:
            self.feed.publish(StateChanged(kind=kind, id=id_, status=status) for (kind, id_), status in changes.items())
            then(done)

        def in_transaction() -> T:
            with self.store.transaction() as rows:
                done = work(rows)
            # Before the answer: the loop keeps the order of calls.
            loop.call_soon_threadsafe(committed, rows.changes, done)
            return done

        return await to_thread.run_sync(in_transaction, limiter=self._turn)

    async def look(self, work: Callable[[Transaction], T]) -> T:
        """Do ``work`` that only reads in one transaction.

        On the event loop where nothing runs in the database: a few rows are there in less time than a thread takes to
        begin. Nobody else has the file, so nobody can hold up a read. What turns out to be many rows is read again in
        a thread.
        """
        try:
            with self.store.transaction(wait=False, seconds=_MOMENT) as rows:
                return work(rows)
        except Busy:
            return await self.run(work)

    def counts(self) -> dict[str, int]:
        """Return how many objects of each kind there are."""
        with self.store.transaction() as rows:
            return {kind: rows.rows(f"SELECT count(*) AS n FROM {kind}")[0]["n"] for kind in KINDS}  # noqa: S608


@asynccontextmanager
async def opened(data: Path | None, clock: Callable[[], datetime], settings: Settings) -> AsyncIterator[State]:
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
def _open_state(data: Path | None, clock: Callable[[], datetime], settings: Settings) -> Iterator[State]:
    with temporary_folder() if data is None else nullcontext(data) as root:
        folder = root / "files"
        _make(folder)
        _refuse_links(folder, *root.glob("sandbox.sqlite3*"))
        if names_another_file(str(root / "sandbox.sqlite3-journal")):
            raise ConfigurationError("the sandbox's data hold a journal that names another file: they are not used")
        store = Store(str(root / "sandbox.sqlite3") if data else MEMORY)
        try:
            _sweep(store, folder)
            with store.transaction() as rows:
                account.open_account(rows, settings.balance)
            yield State(store, folder, clock, settings)
        finally:
            store.close()


def _refuse_links(*paths: Path) -> None:
    """Raise `ConfigurationError` for one that leads elsewhere: the data may be a stranger's."""
    for path in paths:
        if path.is_symlink() or (path.exists() and not (path.is_file() or path.is_dir())):
            raise ConfigurationError("the sandbox's data hold a link or a device in the place of a file: not used")


def _make(folder: Path) -> None:
    try:
        # What is uploaded is personal, also on a shared machine.
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        _refuse_links(folder)
        folder.chmod(0o700)
    except (OSError, UnicodeEncodeError) as error:
        reason = why_not_opened(str(folder), error)
        raise ConfigurationError(f"the sandbox cannot keep its data in {folder.parent}: {reason}") from error


def _sweep(store: Store, folder: Path) -> None:
    """Remove what an interrupted upload of a killed sandbox left behind, and nothing that is not ours."""
    with store.transaction() as rows:
        kept = {row["stored_as"] for row in rows.rows("SELECT stored_as FROM files")}
    if not all(isinstance(name, str) and _NAME.fullmatch(name) for name in kept):
        raise ConfigurationError("the sandbox's data name a file that no sandbox stored: they are not used")
    _refuse_links(*(folder / name for name in kept))
    for path in folder.glob(f"{OWN}*"):
        if path.name not in kept and path.is_file():
            path.unlink()
