"""The texts of a workbook that its cells name by number."""

import sqlite3
from functools import lru_cache

_IN_MEMORY = 2**20
"""Characters. What is beyond them goes to a temporary file of SQLite, which has no name and ends with its owner."""
_AT_ONCE = 1000


class SharedStrings:
    """Texts by number: memory stays as it is however many there are."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._size = 0
        self._later: list[tuple[int, str]] = []
        self._count = 0
        self._db: sqlite3.Connection | None = None
        self._stored = lru_cache(4096)(self._read)

    def add(self, text: str) -> None:
        """Add the next text."""
        if self._size < _IN_MEMORY:
            self._first.append(text)
            self._size += len(text) + 64
        else:
            self._later.append((self._count, text))
            if len(self._later) == _AT_ONCE:
                self._flush()
        self._count += 1

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < self._count:
            raise IndexError(number)
        return self._first[number] if number < len(self._first) else self._stored(number)

    def _flush(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = sqlite3.connect("", check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = OFF")
            self._db.execute("CREATE TABLE strings (number INTEGER PRIMARY KEY, text TEXT)")
            self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO strings VALUES (?, ?)", self._later)
        self._later = []
        return self._db

    def _read(self, number: int) -> str:
        (text,) = self._flush().execute("SELECT text FROM strings WHERE number = ?", (number,)).fetchone()
        return str(text)

    def close(self) -> None:
        """Let go of the temporary file."""
        if self._db is not None:
            self._db.close()
