"""Ledgers of earlier formats, as the versions that wrote them left them."""

import sqlite3

FORMAT_2 = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE rows (
    digest BLOB PRIMARY KEY, state TEXT NOT NULL, applicant_id TEXT NOT NULL, sent TEXT NOT NULL,
    document_id TEXT, code TEXT, says BLOB
) WITHOUT ROWID;
CREATE INDEX rows_of_applicants ON rows (applicant_id);
CREATE TABLE files (digest BLOB PRIMARY KEY, file_id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE applicants (
    digest BLOB PRIMARY KEY, state TEXT NOT NULL, applicant_id TEXT, code TEXT, says BLOB NOT NULL
) WITHOUT ROWID;
"""


def format_2(path, rows=(), applicants=(), files=(), *, ended="1000.0", server="https://api.kycaid.com"):
    """Write one, closed as its run left it."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(FORMAT_2)
    about = {"format": "2", "server": server, "ended": ended, "salt": "00" * 16}
    connection.executemany("INSERT INTO about VALUES (?, ?)", about.items())
    connection.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    connection.executemany("INSERT INTO applicants VALUES (?, ?, ?, ?, ?)", applicants)
    connection.executemany("INSERT INTO files VALUES (?, ?)", files)
    connection.commit()
    connection.close()
