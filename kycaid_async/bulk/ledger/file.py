"""Opening and closing of a ledger's file, so that a kill at any moment loses nothing, or is told."""

import contextlib
import math
import os
import pathlib
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, Self

from kycaid_async.bulk.ledger import schema
from kycaid_async.bulk.ledger.entries import BootTime, RunClock, boot_time
from kycaid_async.bulk.ledger.lock import Claim, alone, claim, release
from kycaid_async.bulk.ledger.problems import (
    damaged,
    ledger_error,
    not_a_ledger,
    with_another_part,
    without_main_part,
    without_newest_part,
)
from kycaid_async.bulk.ledger.schema import About, LedgerOwner
from kycaid_async.bulk.ledger.wal import (
    NO_MARK,
    Mark,
    Step,
    WalFile,
    close_connection,
    make_main,
    pin,
    read_main,
    read_wal,
    size_of,
    wal_path,
)
from kycaid_async.errors import LedgerError
from kycaid_async.masking import shown_name

if TYPE_CHECKING:
    from kycaid_async.bulk.ledger.secret import Secret

Path = str | os.PathLike[str]
Statement = tuple[str, tuple[Any, ...]]

_CACHE_KIBIBYTES: Final = 512
"""Little: what does not fit is in the memory of the system anyway, and a run takes as much for many rows as for few."""


class LedgerFile:
    """An open file. Without a path it is one that nobody sees and that goes with its connection.

    All but opening happens in one thread, or on the loop while that thread does nothing.
    """

    def __init__(self, name: str, path: str, place: Claim | None, *, read_only: bool) -> None:
        self.name = name
        self.read_only = read_only
        self.may_have_gaps = False
        self.knows_whole_files_only = False
        self.secret: Secret
        self.clock: RunClock
        self.connection: sqlite3.Connection
        self._path = path
        self._place = place
        self._mark = NO_MARK
        self._process = os.getpid()
        self._keep_wal = True
        """True when the -wal holds, or may hold, what the main file has not."""
        self.moved = 0 if path else math.inf
        """How many changes there were when the -wal was last moved to the main file."""

    @classmethod
    def open(
        cls,
        path: Path | None,
        owner: LedgerOwner,
        *,
        read_only: bool = False,
        clock: Callable[[], float] = time.monotonic,
        boot: Callable[[], BootTime] = boot_time,
    ) -> Self:
        """Open or make the file. Raises `LedgerError`."""
        name = "the ledger" if path is None else shown_name(path)
        try:
            target = "" if path is None else os.path.realpath(path)  # it fails when the working folder is gone
            place = _place(target, name, read_only=read_only) if target else None
        except OSError as error:
            raise ledger_error(name, error) from error
        file = cls(name, target, place, read_only=read_only)
        try:
            wal = check_parts(target, name) if target else None
            if read_only and wal is not None and wal.frames and not os.access(target, os.W_OK):
                raise LedgerError(f"{name}: was cut off, and cannot be written here. Copy it, with its -wal and .key")
            file._connect()
            file._begin(owner, wal, clock, boot)
        except LedgerError:
            file._let_go()
            raise
        except BaseException as error:
            file._let_go()
            raise ledger_error(name, error) from error
        return file

    def _connect(self) -> None:
        target: str = self._path
        if target and self.read_only and not size_of(target):
            target = ""  # a look into what is empty, and stays so
        immutable = bool(target) and self.read_only and not os.access(target, os.W_OK)
        if immutable:
            target = f"{pathlib.Path(target).as_uri()}?immutable=1"
        self.connection = sqlite3.connect(
            target, isolation_level=None, check_same_thread=False, timeout=0, uri=immutable
        )
        if not self._path or immutable:
            self._keep_wal = False
            return
        if sys.version_info >= (3, 12):
            # However the connection goes, the -wal stays, unless it is closed in order.
            self.connection.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, True)
        else:
            pin(self.connection, pinned=True)
        self.connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        if sys.platform == "darwin":  # there, fsync leaves what it was given in the cache of the disk
            self.connection.execute("PRAGMA fullfsync = 1")
            self.connection.execute("PRAGMA checkpoint_fullfsync = 1")
        self.connection.execute("PRAGMA wal_autocheckpoint = 0")
        self.connection.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")

    def _begin(
        self, owner: LedgerOwner, wal: WalFile | None, clock: Callable[[], float], boot: Callable[[], BootTime]
    ) -> None:
        about = schema.read_about(self.connection, self.name)
        schema.read_ahead(self.connection, about)
        self._read_mark(about)
        schema.check(about, self.name, owner, has_wal=wal is not None and wal.frames > 0)
        self.secret = schema.secret_of(about, self._path, self.name, owner, read_only=self.read_only)
        schema.check_folder(about, self._path, self.name, owner, self.secret)
        self.clock = RunClock(schema.read_runs(self.connection, about), clock, boot)
        self.may_have_gaps = "gaps" in about
        self.knows_whole_files_only = schema.knows_whole_files_only(about)
        if self.read_only and not schema.is_old(about):
            schema.stand_in(self.connection, about)
            return
        if self._mark.step is Step.BEGUN:
            self._write((), self._mark.sealed)
        if self._mark.step is Step.SEALED:
            self._checkpoint()
        self._start_run(about, owner)

    def _read_mark(self, about: About) -> None:
        if about and not schema.is_old(about):
            (number,) = self.connection.execute("PRAGMA application_id").fetchone()
            (version,) = self.connection.execute("PRAGMA user_version").fetchone()
            self._mark = Mark.of(number, version)
        self._keep_wal = self._mark.step is not Step.CLOSED or schema.is_old(about)

    def _start_run(self, about: About, owner: LedgerOwner) -> None:
        """Record a run. From here on the main file says that it needs its -wal."""
        closed = self._mark.step is Step.CLOSED
        self.connection.execute("BEGIN IMMEDIATE")
        about = schema.prepare(self.connection, about, owner, self.secret, self.clock.record())
        self.knows_whole_files_only = schema.knows_whole_files_only(about)
        self._commit(self._mark.sealed if closed else self._mark.begun)
        if closed and self._path:
            self._checkpoint()
            self._write((), self._mark.begun)

    def checkpoint(self) -> None:
        """Move what was committed to the main file."""
        self._write((), self._mark.sealed)
        self._checkpoint()
        self._write((), self._mark.begun)

    def close(self, executed: Iterable[Statement], pending: Iterable[Statement]) -> None:
        """Commit, make the changes of ``pending``, move all to the main file, and close. Raises what SQLite does.

        ``executed`` is done again when it turns out that it cannot be committed. Whatever fails, what was committed
        stays, and can be opened again.
        """
        try:
            if self._process == os.getpid():
                self._finish([*self._commit_or_undo(executed), *pending])
        finally:
            self._let_go()

    def _commit_or_undo(self, executed: Iterable[Statement]) -> Iterable[Statement]:
        """Return what is to be done again."""
        try:
            if self.connection.in_transaction:
                self.connection.execute("COMMIT")
                return ()
        except Exception:  # noqa: BLE001 - the disk is full, say; by now there may be room
            with contextlib.suppress(Exception):
                self.connection.execute("ROLLBACK")
        return executed

    def _finish(self, rest: list[Statement]) -> None:
        if not self._path or (self._mark.step is Step.CLOSED and self.read_only):
            return
        if self._mark.step is Step.SEALED:  # by a run that was cut off: the main file knows a -wal by one seal, not two
            self._checkpoint()
        try:
            self._write(rest, self._mark.sealed)
        except Exception:  # noqa: BLE001 - the disk is full: what is moved to the main file makes room
            with contextlib.suppress(Exception):
                self.connection.execute("ROLLBACK")
            self._checkpoint()
            self._write(rest, self._mark.sealed)
        self._checkpoint()
        # Nothing but the first page, which is written at once: a main file that says it is closed has everything.
        self._write((), self._mark.closed)
        self._checkpoint()
        self._keep_wal = False

    def _let_go(self) -> None:
        """Close the connection. When the file is not closed in order, all its parts stay as they are."""
        if os.getpid() != self._process:
            return  # a fork: the file is its parent's
        connection: sqlite3.Connection | None = getattr(self, "connection", None)
        if connection is not None:
            close_connection(connection, self._path, keep_wal=self._keep_wal)
        if self._place is not None:
            release(self._place)
            self._place = None

    def _write(self, statements: Iterable[Statement], mark: Mark) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        for sql, values in statements:
            self.connection.execute(sql, values)
        self._commit(mark)

    def _commit(self, mark: Mark) -> None:
        self.connection.execute(f"PRAGMA application_id = {mark.ledger}")
        self.connection.execute(f"PRAGMA user_version = {mark.user_version}")
        self.connection.execute("COMMIT")
        self._mark, self._keep_wal = mark, True

    def _checkpoint(self) -> None:
        """Move all of the -wal to the main file. The -wal keeps it until something new is written."""
        busy, pages, moved = self.connection.execute("PRAGMA wal_checkpoint").fetchone()
        if busy or pages != moved:
            raise LedgerError(f"{self.name}: cannot be written to its end")
        self.moved = self.connection.total_changes


def _place(path: str, name: str, *, read_only: bool) -> Claim:
    """Make the file when there is none, and say that it is ours. Raises `LedgerError` and `OSError`."""
    if not size_of(path) and size_of(wal_path(path)):
        raise without_main_part(name)
    if not read_only:
        make_main(path)
    return claim(path, name)


def check_parts(path: str, name: str) -> WalFile | None:
    """Return the -wal. Raises `LedgerError` when the parts of the ledger do not belong together."""
    with alone(path, name):
        main, wal = read_main(path), read_wal(path)
    if main is not None and not main.is_database:
        raise not_a_ledger(name)
    if wal is not None and wal.is_damaged:
        raise damaged(name)
    mark = NO_MARK if main is None else main.mark
    if wal is not None and wal.frames:
        if (mark.ledger or wal.mark.ledger) and not mark.fits(wal.mark):
            raise with_another_part(name)
    elif mark.step is not Step.CLOSED and not (wal is not None and wal.is_written_anew):
        raise without_newest_part(name)
    return wal
