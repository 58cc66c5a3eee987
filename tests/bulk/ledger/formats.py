"""Files of ledgers that this version does not write."""

import gzip
import sqlite3
from pathlib import Path

from tests.pictures import PNG_START

_WRITTEN = Path(__file__).parent / "written"

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


def as_format_3(path):
    """Make a ledger that was closed one of the format without verifications, as that version left it."""
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE verifications")
    connection.execute("DROP TABLE partials")
    connection.execute("UPDATE about SET value = '3' WHERE name = 'format'")
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def format_4(path):
    """Write one that the version with that format wrote: two files, a row that is done, one that was sent, an owner."""
    path.write_bytes(gzip.decompress((_WRITTEN / "format_4.ledger.gz").read_bytes()))
    Path(f"{path}.key").write_bytes((_WRITTEN / "format_4.ledger.key").read_bytes())


def picture_of_format_4(number):
    """Return the content of one of its files, numbered from 1; the second is the large one."""
    return PNG_START[:8] + bytes([number]) * (2_000, 60_000)[number - 1]


def hot_journal(names):
    """Return a journal of no pages that says it is one of several: SQLite then deletes the file that it names."""
    header = bytes.fromhex("d9d505f920a163d7") + bytes(4) + bytes(4) + (7).to_bytes(4, "big")
    header += (512).to_bytes(4, "big") + (4096).to_bytes(4, "big")
    end = (
        (4096).to_bytes(4, "big") + names + len(names).to_bytes(4, "big") + (sum(names) & 0xFFFFFFFF).to_bytes(4, "big")
    )
    return header.ljust(512, b"\0") + end + bytes.fromhex("d9d505f920a163d7")
