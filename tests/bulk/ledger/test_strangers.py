"""The ledger of a stranger: what no run leaves there is refused, by a look and by a run, at once and unchanged."""

import os
import sqlite3
import sys
from functools import partial

import pytest

from kycaid_async import LedgerError
from kycaid_async.bulk.ledger.repair import repair, show
from tests.bulk.ledger.formats import format_2, hot_journal
from tests.bulk.ledger.test_ledger import SENT, SERVER, opened

ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT"
VIEWS = {
    "about": "'format' AS name, '5' AS value",
    "runs": "x AS number, 0.0 AS seconds, '' AS boot, 0.0 AS began, 0.0 AS beat",
    "rows": "x'00' AS digest, 'sent' AS state, '' AS applicant_id, '' AS intent, 0 AS run, 0.0 AS at",
    "files": "randomblob(32) AS digest, 'f' AS file_id",
    "partials": "randomblob(32) AS digest, 'f' AS file_id, NULL AS origin",
    "applicants": "randomblob(32) AS digest, 'sent' AS state",
    "verifications": "randomblob(32) AS digest, 'sent' AS state",
}
SHAPES = {
    f"a view for {name}": f"DROP TABLE {name}; CREATE VIEW {name} AS {ENDLESS} {VIEWS[name]} FROM c" for name in VIEWS
}
SHAPES |= {
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM rows; END",
    "a column that is computed": "ALTER TABLE files ADD COLUMN large BLOB AS (length(digest))",
    "an index over what is computed": "CREATE INDEX i ON rows (length(digest))",
    "a table of its own": "CREATE TABLE more (a)",
}


async def ledger(path):
    made = await opened(path)
    await made.intend_row(b"1", SENT)
    await made.close()
    return path


@pytest.mark.parametrize("sql", [pytest.param(sql, id=name) for name, sql in SHAPES.items()])
async def test_a_ledger_with_more_than_its_tables_is_refused(sql, tmp_path):
    connection = sqlite3.connect(await ledger(tmp_path / "l"))
    connection.executescript(sql)
    connection.close()
    before = (tmp_path / "l").read_bytes()
    assert "no ledger of a known version" in str(show(tmp_path / "l").problem)
    for use in (repair, partial(repair, server=SERVER, new_secret=True)):
        with pytest.raises(LedgerError, match="no ledger of a known version"):
            use(tmp_path / "l")
    with pytest.raises(LedgerError, match="no ledger of a known version"):
        await opened(tmp_path / "l")
    assert (tmp_path / "l").read_bytes() == before


def test_one_of_an_earlier_format_with_a_view_for_a_table_is_refused(tmp_path):
    format_2(tmp_path / "l")
    connection = sqlite3.connect(tmp_path / "l")
    connection.executescript(f"DROP TABLE rows; CREATE VIEW rows AS {ENDLESS} {VIEWS['rows']} FROM c")
    connection.close()
    assert show(tmp_path / "l").problem is not None


def a_pipe(path):
    os.mkfifo(path)


def an_endless_file(path):
    path.symlink_to("/dev/zero")


def a_folder(path):
    path.mkdir()


@pytest.mark.skipif(sys.platform == "win32", reason="special files of POSIX")
@pytest.mark.parametrize("make", [a_pipe, an_endless_file, a_folder])
@pytest.mark.parametrize("part", ["", ".key", "-wal", "-journal"])
async def test_a_part_that_is_no_regular_file_is_refused_and_not_read(part, make, tmp_path):
    await ledger(tmp_path / "l")
    (tmp_path / f"l{part}").unlink(missing_ok=True)
    make(tmp_path / f"l{part}")
    for use in (show, repair):
        with pytest.raises(LedgerError, match="is no regular file"):
            use(tmp_path / "l")
    with pytest.raises(LedgerError, match="is no regular file"):
        await opened(tmp_path / "l")


@pytest.mark.skipif(sys.platform == "win32", reason="links of POSIX")
@pytest.mark.parametrize("part", ["-wal", "-journal"])
async def test_no_link_beside_a_ledger_leads_what_is_written_to_another_file(part, tmp_path):
    await ledger(tmp_path / "l")
    (tmp_path / "other").write_bytes(b"")
    (tmp_path / f"l{part}").unlink(missing_ok=True)
    (tmp_path / f"l{part}").symlink_to(tmp_path / "other")
    with pytest.raises(LedgerError, match="is no regular file"):
        await opened(tmp_path / "l")
    assert (tmp_path / "other").read_bytes() == b""


async def test_a_journal_that_names_another_file_does_not_have_it_deleted(tmp_path):
    await ledger(tmp_path / "l")
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / "l-journal").write_bytes(hot_journal(os.fsencode(victim)))
    with pytest.raises(LedgerError, match="is damaged"):
        await opened(tmp_path / "l")
    assert victim.read_bytes() == b"precious"


async def test_a_wal_of_more_bytes_than_any_run_leaves_is_not_read(tmp_path):
    await ledger(tmp_path / "l")
    with (tmp_path / "l-wal").open("wb") as file:
        file.truncate(2**36)
    with pytest.raises(LedgerError, match="is damaged"):
        show(tmp_path / "l")


@pytest.mark.parametrize("change", ["state = x'00'", "state = 'odd'", "intent = '[1]'", "intent = '{'", "intent = 7"])
async def test_values_that_no_run_writes_are_an_error_of_the_ledger(change, tmp_path):
    connection = sqlite3.connect(await ledger(tmp_path / "l"))
    with connection:
        connection.execute(f"UPDATE rows SET {change}")  # noqa: S608
    connection.close()
    again = await opened(tmp_path / "l")
    with pytest.raises(LedgerError, match="is damaged"):
        await again.row(b"1")
    await again.close()
