import sqlite3

import pytest

from kycaid_async.bulk.temporary_tables import temporary_tables


def test_what_was_opened_for_tables_that_cannot_be_made_is_closed(monkeypatch):
    connect, opened = sqlite3.connect, []
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **options: opened.append(connect(*args, **options)) or opened[0]
    )
    with pytest.raises(sqlite3.OperationalError):
        temporary_tables("CREATE TABLE no name (x)")
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


def test_what_is_written_is_read_back():
    connection = temporary_tables("CREATE TABLE numbers (x); CREATE TABLE names (x)")
    connection.execute("INSERT INTO numbers VALUES (7)")
    assert connection.execute("SELECT x FROM numbers").fetchall() == [(7,)]
    assert connection.in_transaction
    connection.close()
