"""The ledger: one run at a time, one server, nothing personal, and a full disk loses nothing that was recorded."""

import asyncio
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

import kycaid_async
from kycaid_async import LedgerError
from kycaid_async.bulk.ledger import DOCUMENT_TAKEN, EntryState, Intent, Ledger
from kycaid_async.bulk.ledger import ledger as module
from kycaid_async.bulk.ledger.secret import make_secret

SERVER = "https://api.kycaid.com"
SENT = Intent(applicant_id="a" * 36, type="PASSPORT", file_ids={"front_side": "f" * 36})


async def opened(path, server=SERVER, **options):
    return await Ledger.open(path, server=server, **options)


async def test_what_was_intended_and_recorded_is_there_in_the_next_run(tmp_path):
    ledger = await opened(tmp_path / "l")
    await ledger.intend_row(b"1", SENT)
    await ledger.intend_row(b"2", SENT)
    ledger.created_row(b"2", "d" * 36)
    ledger.failed_row(b"3", "validation")
    ledger.uploaded(b"content", "f" * 36)
    await ledger.intend_applicant(b"x", b"says")
    ledger.created_applicant(b"x", "a" * 36)
    await ledger.close()
    again = await opened(tmp_path / "l")
    assert (await again.row(b"1")).state is EntryState.SENT
    assert (await again.row(b"1")).intent == SENT
    assert (await again.row(b"2")).document_id == "d" * 36
    assert (await again.row(b"3")).state is EntryState.FAILED
    assert await again.row(b"4") is None
    assert await again.file(b"content") == "f" * 36
    assert (await again.applicant(b"x")).applicant_id == "a" * 36
    assert again.has_said(await again.applicant(b"x"), b"says")
    assert not again.has_said(await again.applicant(b"x"), b"other")
    assert {row.document_id for row in await again.rows_of("a" * 36)} == {None, "d" * 36}
    assert [row.document_id for row in await again.rows_of("a" * 36, besides=b"2")] == [None]
    await again.close()


async def test_an_intent_is_on_the_disk_when_the_call_returns(tmp_path):
    ledger = await opened(tmp_path / "l")
    await ledger.intend_row(b"1", SENT)
    files = {
        name: (tmp_path / name).read_bytes() for name in ("l", "l-wal", "l.key")
    }  # as a killed process leaves them
    await ledger.close()
    for name, content in files.items():
        (tmp_path / name.replace("l", "copy", 1)).write_bytes(content)
    copy = await opened(tmp_path / "copy")
    assert (await copy.row(b"1")).state is EntryState.SENT
    await copy.close()


async def test_intents_of_many_tasks_share_commits(tmp_path, monkeypatch):
    ledger = await opened(tmp_path / "l")
    commits = []
    monkeypatch.setattr(type(ledger._database), "_commit", counting(type(ledger._database)._commit, commits))
    await asyncio.gather(*(ledger.intend_row(b"%d" % n, SENT) for n in range(100)))
    assert len(commits) < 5
    await ledger.close()


def counting(function, calls):
    def counted(*args):
        calls.append(args)
        return function(*args)

    return counted


async def test_a_ledger_in_use_is_refused_and_named(tmp_path):
    ledger = await opened(tmp_path / "l")
    with pytest.raises(LedgerError, match=r"^l: is in use by another run"):
        await opened(tmp_path / "l")
    assert await asyncio.to_thread(as_another_process, tmp_path / "l") == "database is locked"
    await ledger.close()
    await (await opened(tmp_path / "l")).close()


def as_another_process(path):
    code = """
import sqlite3, sys
try: sqlite3.connect(sys.argv[1], timeout=0).execute("DELETE FROM rows")
except sqlite3.OperationalError as error: print(error)
"""
    command = [sys.executable, "-c", code, str(path)]
    return subprocess.run(command, capture_output=True, check=True, timeout=60, text=True).stdout.strip()


async def test_the_ledger_of_another_server_is_refused(tmp_path):
    await (await opened(tmp_path / "l")).close()
    with pytest.raises(LedgerError, match=r"uploads to https://api.kycaid.com, and this client talks to http://x"):
        await opened(tmp_path / "l", "http://x")


@pytest.mark.parametrize("content", [b"something else" * 100, None])
async def test_what_is_no_ledger_is_refused(content, tmp_path):
    if content is None:
        with sqlite3.connect(tmp_path / "l") as other:
            other.execute("CREATE TABLE things (a)")
        other.close()
    else:
        (tmp_path / "l").write_bytes(content)
    with pytest.raises(LedgerError, match=r"no ledger|not a ledger"):
        await opened(tmp_path / "l")


async def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(LedgerError, match=r"^l: cannot be used as a ledger"):
        await opened(tmp_path / "nowhere" / "l")


async def test_a_full_disk_is_an_error_and_what_is_told_after_it_is_recorded_at_the_end(tmp_path):
    ledger = await opened(tmp_path / "l")
    await ledger.intend_row(b"1", SENT)
    await ledger._database.read("PRAGMA max_page_count = 1")
    with pytest.raises(LedgerError, match="the disk is full"):
        await asyncio.gather(*(ledger.intend_row(b"more %d" % n, SENT) for n in range(1000)))
    with pytest.raises(LedgerError, match="the disk is full"):
        ledger.created_row(b"1", "d" * 36)
    with pytest.raises(LedgerError, match="the disk is full"):
        await ledger.close()
    again = await opened(tmp_path / "l")
    assert (await again.row(b"1")).document_id == "d" * 36
    assert await again.row(b"more 999") is None
    await again.close()


async def test_without_a_path_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ledger = await opened(None)
    await ledger.intend_row(b"1", SENT)
    assert (await ledger.row(b"1")).intent == SENT
    await ledger.close()
    assert list(tmp_path.iterdir()) == []


async def test_a_document_is_of_one_row_only(tmp_path):
    ledger = await opened(tmp_path / "l")
    for digest in (b"1", b"2"):
        await ledger.intend_row(digest, SENT)
    assert await ledger.claim_row(b"1", "d" * 36)
    assert await ledger.claim_row(b"1", "d" * 36)
    assert not await ledger.claim_row(b"2", "d" * 36)
    assert not await ledger.claim_row(b"unknown", "e" * 36)
    assert (await ledger.row(b"1")).state is EntryState.CREATED
    assert (await ledger.row(b"2")).state is EntryState.SENT
    await ledger.close()


@pytest.mark.parametrize("while_committing", [False, True])
async def test_a_document_that_the_server_gives_twice_ends_the_run_and_leaves_the_row_unsettled(
    tmp_path, while_committing
):
    ledger = await opened(tmp_path / "l")
    for digest in (b"1", b"2", b"3"):
        await ledger.intend_row(digest, SENT)
    assert await ledger.claim_row(b"1", "d" * 36)
    if while_committing:
        ledger.uncertain_row(b"3", "something")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    ledger.created_row(b"2", "d" * 36)
    ledger.created_row(b"3", "e" * 36)
    await ledger.row(b"3")
    with pytest.raises(LedgerError, match=r"the id of one that another row has.*uncertain"):
        await ledger.intend_row(b"4", SENT)
    with pytest.raises(LedgerError, match="the id of one that another row has"):
        await ledger.close()
    again = await opened(tmp_path / "l")
    assert (await again.row(b"2")).state is EntryState.SENT
    assert (await again.row(b"2")).code == DOCUMENT_TAKEN
    assert (await again.row(b"3")).document_id == "e" * 36
    assert await again.row(b"4") is None
    await again.close()


async def test_unsettled_rows_and_all_rows_are_given_piece_by_piece(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_AT_ONCE", 7)
    ledger = await opened(tmp_path / "l")
    for number in range(40):
        await ledger.intend_row(b"%d" % number, attrs.evolve(SENT, applicant_id=f"{number % 4}" * 36))
    for number in range(0, 40, 2):
        ledger.created_row(b"%d" % number, f"{number:036}")
    ledger.uncertain_row(b"1", "timeout")
    ledger.uncertain_row(b"2", "timeout")
    await ledger.close()
    look = await opened(tmp_path / "l", read_only=True)
    unsettled = [entry async for entry in look.unsettled()]
    assert {entry.state for entry in unsettled} == {EntryState.SENT}
    assert len(unsettled) == 20
    assert [entry.code for entry in unsettled if entry.code] == ["timeout"]
    everything = [entry async for entry in look.rows()]
    assert len({entry.digest for entry in everything}) == len(everything) == 40
    owners = [entry.intent.applicant_id for entry in everything]
    assert owners == sorted(owners)
    await look.close()


async def test_a_look_makes_no_ledger_and_begins_no_run_and_changes_nothing(tmp_path):
    with pytest.raises(LedgerError, match="No such file"):
        await opened(tmp_path / "l", read_only=True)
    assert list(tmp_path.iterdir()) == []
    ledger = await opened(tmp_path / "l")
    await ledger.intend_row(b"1", SENT)
    await ledger.close()
    before = (tmp_path / "l").read_bytes()
    look = await opened(tmp_path / "l", read_only=True)
    with pytest.raises(LedgerError, match="to be read only"):
        await look.intend_row(b"2", SENT)
    with pytest.raises(LedgerError, match="to be read only"):
        look.created_row(b"1", "d" * 36)
    assert (await look.row(b"1")).state is EntryState.SENT
    await look.close()
    assert (tmp_path / "l").read_bytes() == before


def nothing(path):
    path.touch()


def no_tables(path):
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def a_secret_beside_nothing(path):
    path.touch()
    make_secret(str(path))


def an_empty_wal(path):
    no_tables(path)
    path.with_name("l-wal").touch()


@pytest.mark.parametrize("begun", [nothing, no_tables, a_secret_beside_nothing, an_empty_wal])
async def test_a_run_that_was_killed_before_it_wrote_anything_leaves_a_ledger_that_knows_nothing(begun, tmp_path):
    path = tmp_path / "l"
    begun(path)
    look = await opened(path, read_only=True)
    assert await look.row(b"1") is None
    assert [entry async for entry in look.rows()] == []
    assert [entry async for entry in look.unsettled()] == []
    assert await look.rows_of("a" * 36, besides=b"1") == []
    assert await look.applicant(b"1") is None
    await look.close()
    ledger = await opened(path)
    await ledger.intend_row(b"1", SENT)
    await ledger.close()
    again = await opened(path, read_only=True)
    assert (await again.row(b"1")).state is EntryState.SENT
    await again.close()


def test_no_parameter_of_a_statement_has_a_number():
    """Python 3.12.0 and 3.12.1 take one for a name, and warn of it; it was an error where warnings are."""
    package = Path(kycaid_async.__file__).parent
    sources = [path for path in package.rglob("*.py") if "sqlite3" in path.read_text("utf-8") or "ledger" in path.parts]
    assert len(sources) > 5
    assert not [path.name for path in sources if re.search(r"[ (]\?\d", path.read_text("utf-8"))]
