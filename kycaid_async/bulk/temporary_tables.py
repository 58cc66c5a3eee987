"""Tables for what a run would otherwise hold in memory."""

import sqlite3


def temporary_tables(script: str) -> sqlite3.Connection:
    """Open a temporary SQLite file with these tables, for one transaction that is never committed.

    The file is SQLite's own: it has no name, and is gone when the connection is closed or the process ends.
    Raises `sqlite3.Error` where it cannot be made, as on a full disk.
    """
    connection = sqlite3.connect("", check_same_thread=False, isolation_level=None)
    try:
        connection.executescript(f"PRAGMA journal_mode = OFF; {script}; BEGIN")
    except BaseException:
        connection.close()
        raise
    return connection
