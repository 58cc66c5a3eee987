"""What was seen in a manifest already, however long it is."""

import hashlib
import secrets
import sqlite3
import threading
from typing import Self


class Seen:
    """Remembers digests with their lines, in a temporary SQLite file: memory stays as it is, for a million rows too.

    The file is SQLite's own: it has no name, and is gone when this is closed or the process ends. What stands in it is
    keyed with a secret of this object. It may be closed in one thread while another uses it: what comes after is an
    error there.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        """SQLite itself does not survive a connection that is closed while it is used."""
        self._db = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY, line INTEGER, says BLOB) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def first(self, digest: bytes, line: int, says: bytes = b"") -> tuple[int, bytes]:
        """Return the line on which ``digest`` was seen first, which may be this one, and what was said with it."""
        key, said = self._keyed(digest), self._keyed(says)
        with self._lock:
            added = self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (key, line, said))
            if added.rowcount:
                return line, says
            first, before = self._db.execute("SELECT line, says FROM seen WHERE digest = ?", (key,)).fetchone()
        return first, says if before == said else before

    def _keyed(self, digest: bytes) -> bytes:
        return hashlib.blake2b(digest, key=self._key, digest_size=32).digest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._db.close()
