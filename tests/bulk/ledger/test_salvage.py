"""What is damaged is told from what is whole, and all that can be read around it is kept."""

import contextlib
import sqlite3

import pytest

from kycaid_async import LedgerError
from kycaid_async.bulk.ledger import EntryState
from kycaid_async.bulk.ledger.repair import repair, show
from kycaid_async.bulk.ledger.schema import TABLES
from tests.bulk.ledger.test_ledger import opened
from tests.bulk.ledger.test_repair import ROWS, SERVER, WHOLE, intent, ledger_with_rows, states


@pytest.mark.parametrize("mask", [0x01, 0x10, 0x80, 0xFF])
@pytest.mark.parametrize("step", [97, 997, 5003])
async def test_what_show_promises_repair_keeps_and_what_is_repaired_can_be_used(tmp_path, step, mask):
    await (await ledger_with_rows(tmp_path / "l")).close()
    content = bytearray((tmp_path / "l").read_bytes())
    for at in range(5000, len(content), step):
        content[at] ^= mask
    (tmp_path / "l").write_bytes(content)
    seen = show(tmp_path / "l")
    assert seen.problem is not None
    if seen.refusal is not None:
        assert "key" not in str(seen.refusal), "it is there"
        with pytest.raises(LedgerError) as told:
            repair(tmp_path / "l")
        assert str(told.value) == str(seen.refusal)
    report, _ = repair(tmp_path / "l", server=None if seen.repaired else SERVER)
    if seen.repaired:
        assert report == seen.repaired
    found, gaps = await states_of_another_key(tmp_path / "l", report.server)
    assert gaps
    assert all(state in (None, expected) for state, expected in zip(found, WHOLE, strict=True))
    assert show(tmp_path / "l").problem is None


TEXTS = {
    "rows": ("state", "applicant_id", "intent", "document_id"),
    "applicants": ("state", "applicant_id"),
    "files": ("file_id",),
    "runs": ("boot",),
    "about": ("name", "value"),
}


@pytest.mark.parametrize(("table", "column"), [(table, column) for table in TEXTS for column in TEXTS[table]])
async def test_a_text_that_became_bytes_is_damage_although_sqlite_finds_none(tmp_path, table, column):
    """One flipped bit of a file makes one of the other."""
    await (await ledger_with_rows(tmp_path / "l")).close()
    with contextlib.closing(sqlite3.connect(tmp_path / "l")) as connection, connection:
        connection.execute(f"UPDATE {table} SET {column} = CAST({column} AS BLOB) WHERE {column} IS NOT NULL")  # noqa: S608 - our own names
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert "is damaged" in str(show(tmp_path / "l").problem)
    if column.endswith("_id") and table != "files":
        with pytest.raises(LedgerError, match="is damaged"):
            await states_of_another_key(tmp_path / "l", SERVER)
    report, _ = repair(tmp_path / "l", server=SERVER)
    found, gaps = await states_of_another_key(tmp_path / "l", report.server)
    assert gaps
    assert all(state in (None, expected) for state, expected in zip(found, WHOLE, strict=True))
    assert show(tmp_path / "l").problem is None


async def states_of_another_key(path, server):
    """As `states`, of a ledger that may not know any more whose it is."""
    ledger = await opened(path, server=server, api_key="k" * 36, same_account=True)
    try:
        found = [entry and entry.state for entry in await ledger.rows_by_digest(ROWS)]
        rows = [entry async for entry in ledger.rows()]
        entries = [await ledger.applicant(name) for name in (b"made", b"failed", b"sent")]
        assert len(rows) >= len(list(filter(None, found)))
        assert len(entries) == 3
        return found, ledger.may_have_gaps
    finally:
        await ledger.close()


async def test_an_entry_that_no_run_can_read_is_left_out_and_so_perhaps_sent(tmp_path):
    await (await ledger_with_rows(tmp_path / "l")).close()
    with contextlib.closing(sqlite3.connect(tmp_path / "l")) as connection, connection:
        connection.execute("UPDATE rows SET state = 'creaved' WHERE document_id = ?", (f"{0:036}",))
        connection.execute("UPDATE rows SET intent = '[' WHERE document_id = ?", (f"{3:036}",))
        connection.execute("UPDATE rows SET applicant_id = CAST(x'ff' AS TEXT) WHERE document_id = ?", (f"{6:036}",))
        connection.execute("UPDATE runs SET seconds = 'long'")
    seen = show(tmp_path / "l")
    assert "is damaged" in str(seen.problem)
    assert seen.rows == {"created": 97, "sent": 100, "failed": 100}
    assert repair(tmp_path / "l")[0] == seen.repaired
    found, _ = await states(tmp_path / "l")
    assert [found[number] for number in (0, 3, 6, 9)] == [None, None, None, EntryState.CREATED]
    assert show(tmp_path / "l").problem is None


@pytest.mark.parametrize("name", ["people.csv", "v.png"])
@pytest.mark.parametrize("content", [b"applicant_id,type\n", b"\x89PNG\r\n" + bytes(200)])
def test_what_never_was_a_ledger_stays_as_it_is(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    report = show(tmp_path / name)
    assert str(report.problem) == str(report.refusal) == f"{name}: is not a ledger [LedgerError]"
    for options in ({}, {"server": SERVER}, {"server": SERVER, "new_secret": True}):
        with pytest.raises(LedgerError, match="is not a ledger"):
            repair(tmp_path / name, **options)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {name: content}


async def test_a_ledger_without_a_key_file_whose_head_is_damaged_was_one(tmp_path):
    path = tmp_path / "l"
    ledger = await opened(path, api_key="k" * 40, secret_from="api-key")
    await ledger.intend_row(b"1", intent(1))
    await ledger.close()
    with path.open("r+b") as file:
        file.write(bytes(100))
    with pytest.raises(LedgerError, match="Say it with --base-url: all rows then count as perhaps sent"):
        repair(path)
    assert repair(path, server=SERVER)[0].may_have_gaps


def test_the_database_of_another_program_stays_as_it_is(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "places.sqlite")) as connection:
        connection.execute("CREATE TABLE places (url)")
    before = (tmp_path / "places.sqlite").read_bytes()
    with pytest.raises(LedgerError, match="a database of something else"):
        repair(tmp_path / "places.sqlite", server=SERVER, new_secret=True)
    assert (tmp_path / "places.sqlite").read_bytes() == before


def test_all_tables_with_digests_are_salvaged():
    from kycaid_async.bulk.ledger.salvage import TABLES as SALVAGED

    assert all(f"CREATE TABLE {name} (" in TABLES for name in SALVAGED)
    assert TABLES.count("digest BLOB PRIMARY KEY") == len(SALVAGED)
