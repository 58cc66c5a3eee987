"""The file of a ledger: whose it is, when its last run ended, and whether it is whole."""

import contextlib
import os
import shutil
import sqlite3
import sys

import pytest

from kycaid_async import LedgerError
from kycaid_async.bulk.ledger import Intent, file
from kycaid_async.bulk.ledger.entries import EntryState
from tests.bulk.ledger.test_ledger import SENT, opened


async def as_killed(folder, *names):
    """Leave the files of a ledger in another folder, as a process that was killed leaves them."""
    ledger = await opened(folder / "l", api_key="one")
    await ledger.intend_row(b"1", SENT)
    (folder / "copy").mkdir()
    for name in ("l.key", *names):
        shutil.copy(folder / name, folder / "copy" / name)
    await ledger.close()


async def test_a_ledger_of_a_killed_run_without_its_newest_part_is_refused(tmp_path):
    await as_killed(tmp_path, "l")
    with pytest.raises(LedgerError, match="l-wal, is missing"):
        await opened(tmp_path / "copy" / "l")


async def test_a_refusal_leaves_the_ledger_of_a_killed_run_fit_to_go_on_from(tmp_path):
    await as_killed(tmp_path, "l", "l-wal")
    with pytest.raises(LedgerError, match="another API key"):
        await opened(tmp_path / "copy" / "l", api_key="two")
    ledger = await opened(tmp_path / "copy" / "l", api_key="one")
    assert (await ledger.row(b"1")).intent == SENT
    await ledger.close()


async def test_a_ledger_whose_end_could_not_be_written_is_fit_to_go_on_from(tmp_path):
    ledger = await opened(tmp_path / "l")
    await ledger.intend_row(b"1", SENT)
    ledger._database._connection.set_authorizer(lambda action, *_: action == 23)  # no UPDATE any more
    with pytest.raises(LedgerError):
        await ledger.close()
    again = await opened(tmp_path / "l")
    assert (await again.row(b"1")).intent == SENT
    await again.close()


async def test_the_ledger_of_another_key_is_refused_unless_it_is_said_to_be_of_the_same_account(tmp_path):
    await (await opened(tmp_path / "l", api_key="old key")).close()
    with pytest.raises(LedgerError, match=r"another API key.*same_account=True") as caught:
        await opened(tmp_path / "l", api_key="new key")
    assert "key " not in str(caught.value).replace("API key", "").replace("a key ", "").replace("this key ", "")
    await (await opened(tmp_path / "l", api_key="new key", same_account=True)).close()
    await (await opened(tmp_path / "l", api_key="new key")).close()
    await (await opened(tmp_path / "l")).close()
    with pytest.raises(LedgerError, match="another API key"):
        await opened(tmp_path / "l", api_key="old key")


async def test_the_key_is_not_in_the_ledger_and_two_ledgers_of_a_key_differ(tmp_path):
    for name in "ab":
        await (await opened(tmp_path / name, api_key="0123456789abcdef")).close()
    assert b"0123456789abcdef" not in (tmp_path / "a").read_bytes() + (tmp_path / "b").read_bytes()
    assert fingerprint(tmp_path / "a") != fingerprint(tmp_path / "b")


def fingerprint(path):
    import sqlite3

    connection = sqlite3.connect(path)
    [(found,)] = connection.execute("SELECT value FROM about WHERE name = 'account'").fetchall()
    connection.close()
    return found


async def test_only_its_owner_can_read_a_ledger(tmp_path):
    before = os.umask(0o022)
    try:
        ledger = await opened(tmp_path / "l")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    await ledger.close()
    assert modes == {"l": 0o600, "l-wal": 0o600, "l.key": 0o600}


async def test_a_ledger_in_use_says_not_to_take_another(tmp_path):
    ledger = await opened(tmp_path / "l")
    with pytest.raises(LedgerError, match="Do not use another ledger for these rows"):
        await opened(tmp_path / "l")
    await ledger.close()


def cut_off_after(monkeypatch, checkpoints):
    """Let the next ones fail as if the process ended there."""
    real, left = file.LedgerFile._checkpoint, iter(range(checkpoints))

    def checkpoint(self):
        if next(left, None) is None:
            raise OSError("here it was cut off")
        real(self)

    monkeypatch.setattr(file.LedgerFile, "_checkpoint", checkpoint)


@pytest.mark.parametrize("checkpoints", [0, 1, 2])
async def test_a_look_that_is_cut_off_after_a_run_that_was_leaves_a_ledger_that_opens(
    tmp_path, monkeypatch, checkpoints
):
    """``python -m tests.bulk.crash closing --kills 200``: two kills, and the parts were said to be of two ledgers."""
    ledger = await opened(tmp_path / "l")
    await ledger.intend_row(b"1", SENT)
    await ledger.close()
    with monkeypatch.context() as run:
        cut_off_after(run, 0)
        with pytest.raises(LedgerError):
            await opened(tmp_path / "l")
    with monkeypatch.context() as look:
        ledger = await opened(tmp_path / "l", read_only=True)
        cut_off_after(look, checkpoints)
        with contextlib.suppress(LedgerError):
            await ledger.close()
    again = await opened(tmp_path / "l")
    assert (await again.row(b"1")).state is EntryState.SENT
    await again.close()


async def test_an_index_that_is_no_longer_in_order_is_told_and_gives_no_row_twice(tmp_path):
    """``python -m tests.fuzz --seed 20 --target ledgers``: one led round and round, for ever."""
    ledger = await opened(tmp_path / "l")
    for number in range(6):
        intent = Intent(applicant_id=f"{number:036}", type="PASSPORT", file_ids={})
        await ledger.intend_row(b"%d" % number, intent)
    await ledger.close()
    connection = sqlite3.connect(tmp_path / "l")
    ((size,),) = connection.execute("PRAGMA page_size")
    ((page,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'rows_of_applicants'")
    connection.close()
    whole, start = (tmp_path / "l").read_bytes(), (page - 1) * size
    spoilt = whole[start : start + size].replace(b"5".zfill(36), b"0".zfill(36))
    (tmp_path / "l").write_bytes(whole[:start] + spoilt + whole[start + size :])
    again = await opened(tmp_path / "l")
    with pytest.raises(LedgerError, match="damaged"):
        _ = [entry async for entry in again.rows()]
    await again.close()


async def test_a_damaged_ledger_says_not_to_delete_it(tmp_path):
    ledger = await opened(tmp_path / "l")
    for n in range(200):
        await ledger.intend_row(b"%d" % n, SENT)
    await ledger.close()
    whole = bytearray((tmp_path / "l").read_bytes())
    whole[2 * 4096 :] = b"\7" * (len(whole) - 2 * 4096)
    (tmp_path / "l").write_bytes(whole)
    with pytest.raises(LedgerError, match="Do not delete it"):
        await opened(tmp_path / "l")


@pytest.mark.parametrize(("system", "expected"), [("darwin", 1), ("linux", 0)])
async def test_on_macos_what_is_written_reaches_the_disk_and_not_only_its_cache(
    tmp_path, monkeypatch, system, expected
):
    monkeypatch.setattr(file.sys, "platform", system)
    ledger = await opened(tmp_path / "l")
    for pragma in ("fullfsync", "checkpoint_fullfsync"):
        assert await ledger._database.read(f"PRAGMA {pragma}") == [(expected,)]
    assert await ledger._database.read("PRAGMA synchronous") == [(2,)]
    await ledger.close()


async def test_a_ledger_that_stands_elsewhere_is_good_for_the_folder_that_it_was_begun_for(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    path = tmp_path / "elsewhere" / "l"
    await (await opened(path, folder=str(tmp_path / "people"))).close()
    await (await opened(path, folder=str(tmp_path / "people"))).close()
    await (await opened(path)).close()
    with pytest.raises(LedgerError, match="was not begun for the manifest's folder"):
        await opened(path, folder=str(tmp_path / "other"))
    assert b"people" not in path.read_bytes()


async def test_a_ledger_that_stands_elsewhere_stays_good_for_its_folder_when_a_manifest_beside_it_used_it(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    path = tmp_path / "elsewhere" / "l"
    await (await opened(path, folder=str(tmp_path / "people"))).close()
    await (await opened(path, folder=str(tmp_path / "elsewhere"))).close()  # as of rows that were set aside there
    await (await opened(path, folder=str(tmp_path / "people"))).close()


async def test_a_ledger_beside_its_manifest_moves_with_it(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    await (await opened(tmp_path / "one" / "l", folder=str(tmp_path / "one"))).close()
    for part in ("l", "l.key"):
        (tmp_path / "one" / part).rename(tmp_path / "two" / part)
    await (await opened(tmp_path / "two" / "l", folder=str(tmp_path / "two"))).close()


async def test_a_fault_of_the_system_is_told_in_its_words(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match=r"cannot be used as a ledger: Not a directory\. It needs a folder"):
        await opened(tmp_path / "file" / "l")


async def test_where_nothing_can_be_written_a_closed_ledger_can_be_read(tmp_path, monkeypatch):
    ledger = await opened(tmp_path / "l")
    await ledger.intend_row(b"1", SENT)
    await ledger.close()
    monkeypatch.setattr(file.os, "access", lambda path, mode: False)
    look = await opened(tmp_path / "l", read_only=True)
    assert (await look.row(b"1")).intent == SENT
    await look.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["l", "l.key"]


@pytest.mark.skipif(sys.platform == "win32", reason="there a folder in which a program works stays")
async def test_a_working_folder_that_is_gone_is_an_error_of_the_ledger(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(LedgerError, match=r"people\.ledger"):
        await opened("people.ledger")


async def test_a_look_into_an_empty_file_leaves_it_empty(tmp_path):
    (tmp_path / "l").touch()
    ledger = await opened(tmp_path / "l", read_only=True)
    assert await ledger.row(b"1") is None
    await ledger.close()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"l": b""}
