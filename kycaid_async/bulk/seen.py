"""What was seen in a manifest already, however long it is."""

import sqlite3
from typing import Self


class Seen:
    """Remembers digests with their lines, in a temporary SQLite file: memory stays as it is, for a million rows too.

    The file is SQLite's own: it has no name, and is gone when this is closed or the process ends.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY, line INTEGER, says BLOB) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def first(self, digest: bytes, line: int, says: bytes = b"") -> tuple[int, bytes]:
        """Return the line on which ``digest`` was seen first, which may be this one, and what was said with it."""
        added = self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (digest, line, says))
        if added.rowcount:
            return line, says
        found: tuple[int, bytes] = self._db.execute(
            "SELECT line, says FROM seen WHERE digest = ?", (digest,)
        ).fetchone()
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()
