"""Memory of an audit that was cut off: rows that were there as sent, so that the next one asks for the rest only."""

import contextlib
import os
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from kycaid_async.errors import LedgerError

_ID: Final = 0x6B796361
"""Of the file, in the place that SQLite has for it."""
_ID_AT: Final = 68
_MAGIC: Final = b"SQLite format 3\0"
_PARTS: Final = ("", "-journal")


class AuditState:
    """A small file of digests, each with a time: of an applicant's rows and documents, when all of them were as sent.

    None of them can be guessed without the secret of the ledger. The file is gone when an audit comes to its end.
    """

    def __init__(self, path: Path | None, *, remember: float, now: Callable[[], datetime]) -> None:
        self._path = path
        self._remember = remember
        self._now = now
        self._db = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)

    @classmethod
    def open(cls, path: Path | None, *, fresh: bool, remember: float, now: Callable[[], datetime]) -> Self:
        """Open or make the file. Without a path nothing outlasts the run. Raises `LedgerError`."""
        try:
            if path is not None:
                _make(path, fresh=fresh)
            state = cls(path, remember=remember, now=now)
            try:
                state._begin()
            except sqlite3.Error:
                state._db.close()
                raise
        except (OSError, sqlite3.Error) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise LedgerError(f"{path}: the state of the audit cannot be kept there ({reason})") from error
        return state

    def _begin(self) -> None:
        self._db.execute("PRAGMA synchronous = OFF")  # lost with the power, it costs some requests
        self._db.execute("PRAGMA journal_mode = TRUNCATE")
        self._db.execute(f"PRAGMA application_id = {_ID}")
        self._db.execute("CREATE TABLE IF NOT EXISTS told (digest BLOB PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID")

    def knows(self, digest: bytes) -> bool:
        """Say whether this was found as sent a short time ago."""
        noted = self._db.execute("SELECT at FROM told WHERE digest = ?", (digest,)).fetchone()
        return noted is not None and 0 <= self._now().timestamp() - noted[0] < self._remember

    def note(self, digest: bytes) -> None:
        """Note that this was found as sent now. Raises `LedgerError`."""
        if self._path is None:
            return
        try:
            self._db.execute("INSERT OR REPLACE INTO told VALUES (?, ?)", (digest, self._now().timestamp()))
        except sqlite3.Error as error:
            raise LedgerError(f"{self._path}: the state of the audit cannot be written ({error})") from error

    def close(self, *, done: bool) -> None:
        """Let go of the file; take it away when all is ``done``."""
        self._db.close()
        if done and self._path is not None:
            _remove(self._path)


def _make(path: Path, *, fresh: bool) -> None:
    """Make the file for its owner only. Raises `LedgerError` when something else stands there."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        return
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as file:
        head = file.read(_ID_AT + 4)
    if head and not (head.startswith(_MAGIC) and head[_ID_AT:] == _ID.to_bytes(4, "big")):
        raise LedgerError(f"{path}: is something else than the state of an audit, so it is left alone")
    if fresh:
        _remove(path)
        _make(path, fresh=False)


def _remove(path: Path) -> None:
    for part in _PARTS:
        with contextlib.suppress(OSError):
            os.unlink(f"{path}{part}")  # noqa: PTH108 - a Path would change how it is spelt
