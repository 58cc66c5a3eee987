"""Whatever state a ledger is in, it can be looked into and repaired, and nothing that was perhaps sent is unsent."""

import contextlib
import os
import shutil
import sqlite3

import pytest

from kycaid_async import LedgerError
from kycaid_async.bulk.ledger import EntryState, Intent
from kycaid_async.bulk.ledger.repair import repair, show
from tests.bulk.ledger.formats import format_2
from tests.bulk.ledger.test_ledger import opened

SERVER = "https://api.kycaid.com"
ROWS = [b"%032d" % n for n in range(300)]


def intent(number=0):
    return Intent(applicant_id=f"{number:036}", type="PASSPORT", file_ids={"front_side": "f" * 36})


async def ledger_with_rows(path):
    """A third each: created, sent, failed; and an applicant of each kind."""
    ledger = await opened(path, api_key="k" * 36)
    for number, digest in enumerate(ROWS):
        if number % 3 == 2:
            ledger.failed_row(digest, "validation")
        else:
            await ledger.intend_row(digest, intent(number))
        if number % 3 == 0:
            ledger.created_row(digest, f"{number:036}")
    for name in (b"made", b"failed"):
        await ledger.intend_applicant(name, b"data")
    ledger.created_applicant(b"made", "a" * 36)
    ledger.failed_applicant(b"failed", "validation")
    ledger.uploaded(b"content", "f" * 36)
    await ledger.intend_applicant(b"sent", b"data")  # all before it is on the disk by then
    return ledger


@pytest.fixture
async def killed(tmp_path):
    """The files of a ledger, as a run that was killed leaves them."""
    ledger = await ledger_with_rows(tmp_path / "l")
    folder = tmp_path / "killed"
    folder.mkdir()
    for part in ("", "-wal", ".key"):
        shutil.copy(tmp_path / f"l{part}", folder / f"l{part}")
    await ledger.close()
    return folder / "l"


async def states(path):
    ledger = await opened(path, api_key="k" * 36)
    found = [await ledger.row(digest) for digest in ROWS]
    gaps = ledger.may_have_gaps
    await ledger.close()
    return [None if entry is None else entry.state for entry in found], gaps


WHOLE = [EntryState.CREATED, EntryState.SENT, EntryState.FAILED] * 100


async def test_a_ledger_that_is_fit_is_shown_and_left_as_it_is(killed):
    before = {path.name: path.read_bytes() for path in killed.parent.iterdir()}
    report, kept = repair(killed)
    assert report == show(killed)
    assert report.problem is None
    assert (report.format, report.server, report.runs) == ("5", SERVER, 1)
    assert report.rows == {"created": 100, "sent": 100, "failed": 100}
    assert report.applicants == {"created": 1, "sent": 1, "failed": 1}
    assert (report.files, report.may_have_gaps, kept) == (1, False, [])
    assert {path.name: path.read_bytes() for path in killed.parent.iterdir()} == before
    assert await states(killed) == (WHOLE, False)


async def test_without_its_newest_part_it_is_repaired_and_unknown_rows_count_as_perhaps_sent(killed):
    os.remove(f"{killed}-wal")
    assert "newest part" in str(show(killed).problem)
    report, kept = repair(killed)
    assert report.may_have_gaps
    assert [os.path.exists(name) for name in kept] == [True]
    found, gaps = await states(killed)
    assert gaps
    assert all(state in (None, expected) for state, expected in zip(found, WHOLE, strict=True))
    assert EntryState.FAILED not in found, "a failed row may have been tried again in the part that is lost"
    assert show(killed).problem is None


async def test_a_ledger_keeps_saying_that_it_may_have_gaps(killed):
    os.remove(f"{killed}-wal")
    repair(killed)
    for _ in range(3):
        assert (await states(killed))[1]


async def test_with_the_newest_part_of_another_ledger_that_is_kept_aside_and_its_own_rows_stay(killed, tmp_path):
    other = await ledger_with_rows(tmp_path / "other")
    shutil.copy(tmp_path / "other-wal", f"{killed}-wal")
    await other.close()
    assert "belongs to another ledger" in str(show(killed).problem)
    _, kept = repair(killed)
    assert len(kept) == 2
    assert not os.path.exists(f"{killed}-wal")
    assert (await states(killed))[1]


async def test_what_can_be_read_of_a_damaged_file_is_kept(tmp_path):
    await (await ledger_with_rows(tmp_path / "l")).close()
    content = bytearray((tmp_path / "l").read_bytes())
    pages = [at for at in range(0, len(content), 4096) if ROWS and content[at] == 0x0A]
    at = pages[len(pages) // 2]
    content[at : at + 4096] = b"\7" * 4096
    (tmp_path / "l").write_bytes(content)
    assert "damaged" in str(show(tmp_path / "l").problem)
    repair(tmp_path / "l")
    found, gaps = await states(tmp_path / "l")
    assert gaps
    assert found.count(EntryState.CREATED) > 20
    assert all(state in (None, expected) for state, expected in zip(found, WHOLE, strict=True))


async def test_a_newest_part_that_is_damaged_in_the_middle_is_told_and_repaired(killed):
    wal = bytearray((killed.parent / "l-wal").read_bytes())
    middle = len(wal) // 3
    wal[middle : middle + 100] = b"\7" * 100
    (killed.parent / "l-wal").write_bytes(wal)
    with pytest.raises(LedgerError, match="damaged"):
        await opened(killed)
    repair(killed)
    found, gaps = await states(killed)
    assert gaps
    assert all(state in (None, EntryState.SENT, expected) for state, expected in zip(found, WHOLE, strict=True))


async def test_without_its_secret_somebody_has_to_say_that_it_is_gone_for_good(killed):
    os.remove(f"{killed}.key")
    assert "its secret" in str(show(killed).problem)
    with pytest.raises(LedgerError, match="repair with --new-secret"):
        repair(killed)
    assert not os.path.exists(f"{killed}.key")
    report, _ = repair(killed, new_secret=True)
    assert report.may_have_gaps
    assert await states(killed) == ([None] * 300, True)


async def test_when_the_main_file_is_gone_or_no_database_the_server_has_to_be_said(killed):
    for content in (None, b"", b"something else" * 1000):
        os.remove(killed) if killed.exists() else None
        if content is not None:
            killed.write_bytes(content)
        with pytest.raises(LedgerError):
            await opened(killed)
        with pytest.raises(LedgerError, match="--base-url"):
            repair(killed)
    report, kept = repair(killed, server=SERVER)
    assert (report.server, report.may_have_gaps, len(kept)) == (SERVER, True, 2)
    assert await states(killed) == ([None] * 300, True)


async def test_a_row_of_a_repaired_ledger_may_have_been_sent_again_until_the_next_run_began(killed):
    os.remove(f"{killed}-wal")
    ledger = await ledger_with_rows(killed.parent / "whole")
    await ledger.close()
    shutil.copy(killed.parent / "whole", killed)
    shutil.copy(killed.parent / "whole.key", f"{killed}.key")
    shutil.copy(killed.parent / "l", f"{killed}-wal")  # no -wal at all
    repair(killed)
    ledger = await opened(killed, clock=iter(range(100)).__next__)
    assert ledger.waited(await ledger.row(ROWS[1])) < 100
    assert (await ledger.row(ROWS[1])).run > 1
    await ledger.close()


async def test_a_ledger_of_the_format_before_is_repaired_into_this_one(tmp_path):
    rows = [(digest, "created", "a" * 36, "", f"{n:036}", None, None) for n, digest in enumerate(ROWS)]
    format_2(tmp_path / "l", rows, ended="")
    assert "newest part" in str(show(tmp_path / "l").problem)
    assert not (tmp_path / "l.key").exists()
    repair(tmp_path / "l")
    assert await states(tmp_path / "l") == ([EntryState.CREATED] * 300, True)


async def test_a_ledger_in_use_is_not_touched(tmp_path):
    ledger = await ledger_with_rows(tmp_path / "l")
    for touch in (show, repair):
        with pytest.raises(LedgerError, match="in use by another run"):
            touch(tmp_path / "l")
    await ledger.close()
    with pytest.raises(LedgerError, match="there is no ledger"):
        show(tmp_path / "none")


async def test_a_repair_that_is_cut_off_anywhere_can_be_done_again(killed, monkeypatch):
    os.remove(f"{killed}-wal")
    for name in ("replace", "fsync", "open"):
        for at in range(6):
            calls = iter(range(1000))
            function = getattr(os, name)

            def cut_off(*args, function=function, calls=calls, at=at, **options):
                if next(calls) >= at:
                    raise InterruptedError
                return function(*args, **options)

            monkeypatch.setattr(os, name, cut_off)
            with contextlib.suppress(LedgerError, OSError):
                repair(killed)
            monkeypatch.setattr(os, name, function)
            assert killed.exists()
            if show(killed).problem is not None:
                with pytest.raises(LedgerError):
                    await opened(killed)
    repair(killed)
    assert (await states(killed))[1]


async def test_nothing_is_put_in_the_place_of_an_open_file_or_removed_while_it_is_open(killed, monkeypatch):
    """As on Windows, where neither can be done."""
    import sys

    from kycaid_async.bulk.ledger import repair as module

    def closed(path):
        if os.path.exists("/proc/self/fd"):
            targets = [os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")]
            assert os.path.realpath(path) not in targets
        return path

    replace, unlink = os.replace, os.unlink
    monkeypatch.setattr(os, "replace", lambda old, new: replace(closed(old), closed(new)))
    monkeypatch.setattr(os, "unlink", lambda path, **options: unlink(closed(path), **options))
    monkeypatch.setattr(module, "sys", type("Windows", (), {"platform": "win32"}))
    assert sys.platform != "none"
    os.remove(f"{killed}-wal")
    repair(killed)
    assert (await states(killed))[1]


async def test_after_a_new_secret_the_next_upload_says_for_which_folder_it_is_good(tmp_path):
    folder, other = str(tmp_path / "people"), str(tmp_path / "others")
    await (await opened(tmp_path / "l", folder=folder)).close()
    os.remove(tmp_path / "l.key")
    repair(tmp_path / "l", new_secret=True)
    assert show(tmp_path / "l").problem is None
    await (await opened(tmp_path / "l", folder=other, read_only=True)).close()
    await (await opened(tmp_path / "l", folder=folder)).close()
    await (await opened(tmp_path / "l", folder=folder)).close()
    with pytest.raises(LedgerError, match="was not begun for the manifest's folder"):
        await opened(tmp_path / "l", folder=other)


async def test_where_all_rows_are_lost_the_next_upload_says_for_which_folder_it_is_good_too(killed, tmp_path):
    killed.write_bytes(b"")
    repair(killed, server=SERVER)
    await (await opened(killed, folder=str(tmp_path / "people"))).close()


async def test_a_repair_with_the_secret_at_hand_keeps_the_folder(tmp_path):
    ledger = await opened(tmp_path / "l", folder=str(tmp_path / "people"))
    for part in ("", ".key"):
        shutil.copy(tmp_path / f"l{part}", tmp_path / f"copy{part}")
    await ledger.close()
    repair(tmp_path / "copy")
    with pytest.raises(LedgerError, match="was not begun for the manifest's folder"):
        await opened(tmp_path / "copy", folder=str(tmp_path / "others"))


NEWER = {
    "the format": "UPDATE about SET value = '6' WHERE name = 'format'",
    "the format and a table": "UPDATE about SET value = '12' WHERE name = 'format'; CREATE TABLE more (a)",
    "a column": "ALTER TABLE rows ADD COLUMN more TEXT",
}


@pytest.mark.parametrize("sql", NEWER.values(), ids=NEWER)
async def test_a_ledger_of_a_newer_version_is_called_so_and_stays_as_it_is(sql, tmp_path):
    await (await ledger_with_rows(tmp_path / "l")).close()
    with contextlib.closing(sqlite3.connect(tmp_path / "l")) as connection:
        connection.executescript(sql)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(LedgerError) as told:
        await opened(tmp_path / "l")
    (tmp_path / "l-wal").unlink(missing_ok=True)  # from Python 3.12 on an empty one stays
    report = show(tmp_path / "l")
    assert str(report.problem) == str(report.refusal) == str(told.value)
    assert ("another version" in str(told.value)) == ("format" in sql)
    for options in ({}, {"server": SERVER, "new_secret": True}):
        with pytest.raises(LedgerError) as refused:
            repair(tmp_path / "l", **options)
        assert str(refused.value) == str(told.value)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("said", ["", "x", "4"])
async def test_a_format_that_no_version_has_with_these_tables_is_damage(said, tmp_path):
    await (await ledger_with_rows(tmp_path / "l")).close()
    with contextlib.closing(sqlite3.connect(tmp_path / "l")) as connection, connection:
        connection.execute("UPDATE about SET value = ? WHERE name = 'format'", (said,))
    assert "is damaged" in str(show(tmp_path / "l").problem)
    with pytest.raises(LedgerError, match="is damaged"):
        await opened(tmp_path / "l")
    repair(tmp_path / "l")
    found, _ = await states(tmp_path / "l")
    assert found == [EntryState.CREATED, EntryState.SENT, None] * 100


def damage(path, name, change):
    """Let what a ledger says of itself read otherwise."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        (value,) = connection.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()
        connection.execute("UPDATE about SET value = CAST(? AS TEXT) WHERE name = ?", (change(value.encode()), name))


@pytest.mark.parametrize(
    "change",
    [
        lambda said: (b"0" if said[:1] != b"0" else b"1") + said[1:],
        lambda said: b"\xff" + said[1:],
        lambda said: b"?" + said[1:],
        lambda said: said[:-1],
    ],
)
async def test_a_damaged_check_of_the_secret_is_no_missing_secret(change, tmp_path):
    await (await ledger_with_rows(tmp_path / "l")).close()
    damage(tmp_path / "l", "secret", change)
    assert "is damaged" in str(show(tmp_path / "l").problem)
    assert show(tmp_path / "l").repaired.rows == {"created": 100, "sent": 100}
    repair(tmp_path / "l")
    assert await states(tmp_path / "l") == ([EntryState.CREATED, EntryState.SENT, None] * 100, True)


async def test_the_secret_of_another_ledger_is_told_from_one_that_is_missing(killed, tmp_path):
    await (await opened(tmp_path / "other")).close()
    shutil.copy(tmp_path / "other.key", f"{killed}.key")
    assert "is the secret of another ledger" in str(show(killed).refusal)
    with pytest.raises(LedgerError, match="is the secret of another ledger"):
        repair(killed)
    os.remove(f"{killed}.key")
    assert "is missing or cannot be read" in str(show(killed).refusal)


async def test_a_damaged_salt_and_server_do_not_make_a_repaired_ledger_unusable(tmp_path):
    await (await ledger_with_rows(tmp_path / "l")).close()
    damage(tmp_path / "l", "salt", lambda said: b"?" + said[1:])
    damage(tmp_path / "l", "server", lambda said: b"\xff" + said[1:])
    assert "--base-url" in str(show(tmp_path / "l").refusal)
    repair(tmp_path / "l", server=SERVER)
    assert await states(tmp_path / "l") == ([EntryState.CREATED, EntryState.SENT, None] * 100, True)
