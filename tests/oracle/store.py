"""The oracle's state: one SQLite file, on the disk before any answer leaves. A test reads it beside the server."""

import json
import secrets
import sqlite3
import time
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL, since REAL NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
    number INTEGER PRIMARY KEY, received REAL NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    endpoint TEXT NOT NULL, fault TEXT NOT NULL, acted INTEGER NOT NULL DEFAULT 0, status INTEGER, answered REAL,
    name TEXT
);
CREATE TABLE IF NOT EXISTS applicants (id TEXT PRIMARY KEY, body TEXT NOT NULL, made REAL NOT NULL, request INTEGER);
CREATE TABLE IF NOT EXISTS updates (
    number INTEGER PRIMARY KEY, applicant_id TEXT NOT NULL, body TEXT NOT NULL, made REAL NOT NULL, request INTEGER
);
CREATE TABLE IF NOT EXISTS files (id TEXT PRIMARY KEY, sha256 TEXT NOT NULL, size INTEGER, made REAL, request INTEGER);
CREATE TABLE IF NOT EXISTS documents (
    id TEXT PRIMARY KEY, applicant_id TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL, made REAL NOT NULL,
    request INTEGER
);
CREATE INDEX IF NOT EXISTS documents_of ON documents (applicant_id);
CREATE TABLE IF NOT EXISTS verifications (
    id TEXT PRIMARY KEY, applicant_id TEXT NOT NULL, body TEXT NOT NULL, made REAL NOT NULL, request INTEGER
);
CREATE TABLE IF NOT EXISTS fees (number INTEGER PRIMARY KEY, cents INTEGER NOT NULL, request INTEGER);
"""
OBJECTS = ("applicants", "updates", "files", "documents", "verifications", "fees")


def new_id() -> str:
    """Return an id as KYCAID's: 36 hexadecimal digits."""
    return secrets.token_hex(18)


class Store:
    """Objects, settings and the audit log."""

    def __init__(self, folder: Path, *, outlives_kill: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        place = folder / "oracle.sqlite3" if outlives_kill else ":memory:"
        self._db = sqlite3.connect(place, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_TABLES)

    def change(self, sql: str, *values: Any) -> int:
        """Change something; `commit` brings it to the disk. Return the number of the last row that was inserted."""
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")
        return self._db.execute(sql, values).lastrowid or 0

    def commit(self) -> None:
        """Bring all to the disk."""
        if self._db.in_transaction:
            self._db.execute("COMMIT")

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Return what ``sql`` finds."""
        return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """Return the first that ``sql`` finds."""
        return next(iter(self.rows(sql, *values)), None)

    def settings(self) -> tuple[dict[str, Any], float]:
        """Return the settings, and when they were set."""
        found = self.row("SELECT value, since FROM settings WHERE name = 'all'")
        return (json.loads(found["value"]), found["since"]) if found else ({}, time.time())

    def set(self, settings: dict[str, Any]) -> None:
        """Put other settings in force; they outlive a restart."""
        values = ("all", json.dumps(settings), time.time())
        self.change("INSERT OR REPLACE INTO settings VALUES (?, ?, ?)", *values)
        self.commit()

    def wipe(self) -> None:
        """Forget all but the settings."""
        for table in ("requests", *OBJECTS):
            self.change(f"DELETE FROM {table}")  # noqa: S608 - a name of ours
        self.commit()

    def people(self, count: int) -> list[str]:
        """Make applicants of whom no request told, and return their ids."""
        made = [new_id() for _ in range(count)]
        for one in made:
            self.change("INSERT INTO applicants VALUES (?, ?, ?, 0)", one, '{"type": "PERSON"}', time.time())
        self.commit()
        return made

    def report(self) -> dict[str, list[dict[str, Any]]]:
        """Return all objects, and the log of all requests."""
        tables = ("requests", *OBJECTS)
        return {table: [dict(row) for row in self.rows(f"SELECT * FROM {table}")] for table in tables}  # noqa: S608

    def received(self, method: str, path: str, endpoint: str) -> int:
        """Note a request, and return its number."""
        insert = "INSERT INTO requests (received, method, path, endpoint, fault) VALUES (?, ?, ?, ?, '')"
        return self.change(insert, time.time(), method, path, endpoint)

    def named(self, number: int, name: str | None) -> None:
        """Note the client's own name for what a request asks for, once its body was read."""
        self.change("UPDATE requests SET name = ? WHERE number = ?", name, number)

    def acted(self, number: int) -> None:
        """Note that the server acted on a request, once more."""
        self.change("UPDATE requests SET acted = acted + 1 WHERE number = ?", number)

    def answered(self, number: int, fault: str, status: int | None) -> None:
        """Note how a request ended: with a status, or with none."""
        change = "UPDATE requests SET fault = ?, status = ?, answered = ? WHERE number = ?"
        self.change(change, fault, status, time.time(), number)
