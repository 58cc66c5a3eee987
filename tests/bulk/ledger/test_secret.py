"""The secret of a ledger: what stands in the ledger gives nothing back, and is of no use without it."""

import hashlib
import os
import stat

import pytest

from kycaid_async import LedgerError
from kycaid_async.bulk.ledger import EntryState
from tests.bulk.ledger.formats import format_2
from tests.bulk.ledger.test_ledger import SENT, opened


def sha256(text):
    return hashlib.sha256(text.encode()).digest()


async def test_no_digest_that_could_be_guessed_stands_in_the_file(tmp_path):
    ledger = await opened(tmp_path / "l", folder="/people")
    guesses = [sha256(f"1990-01-{day:02}") for day in range(1, 32)]
    await ledger.intend_row(guesses[0], SENT, guesses[1][:16])
    await ledger.intend_applicant(guesses[2], guesses[3][:16])
    ledger.uploaded(guesses[4], "f" * 36)
    ledger.failed_row(guesses[5], "validation")
    await ledger.close()
    content = (tmp_path / "l").read_bytes()
    assert SENT.applicant_id.encode() in content
    assert not [digest for digest in [*guesses, sha256("/people")] if digest[:16] in content]


async def test_the_same_row_stands_differently_in_two_ledgers_and_as_another_kind(tmp_path):
    found = set()
    for name in "ab":
        ledger = await opened(tmp_path / name)
        await ledger.intend_row(b"1" * 32, SENT)
        ledger.uploaded(b"1" * 32, "f" * 36)
        found |= {(await ledger.row(b"1" * 32)).digest}
        found |= {values[0] for values in await ledger._database.read("SELECT digest FROM files")}
        await ledger.close()
    assert len(found) == 4


async def test_only_its_owner_can_read_the_secret_from_its_first_moment(tmp_path, monkeypatch):
    modes = []
    write = os.write

    def look_and_write(fd, data):
        modes.append(stat.S_IMODE(os.fstat(fd).st_mode))
        return write(fd, data)

    monkeypatch.setattr(os, "write", look_and_write)
    before = os.umask(0)
    try:
        ledger = await opened(tmp_path / "l")
    finally:
        os.umask(before)
    assert modes == [0o600]
    await ledger.close()


async def test_a_missing_or_wrong_secret_is_an_error_that_says_so_and_changes_nothing(tmp_path):
    ledger = await opened(tmp_path / "l")
    await ledger.intend_row(b"1" * 32, SENT)
    await ledger.close()
    secret = (tmp_path / "l.key").read_text()
    (tmp_path / "l.key").rename(tmp_path / "kept")
    for content in (None, "", "ab" * 32, "no secret"):
        if content is not None:
            (tmp_path / "l.key").write_text(content)
        with pytest.raises(LedgerError, match=r"its secret, the file .*l\.key, is missing.*Bring that file back"):
            await opened(tmp_path / "l")
    (tmp_path / "l.key").write_text(secret)
    again = await opened(tmp_path / "l")
    assert (await again.row(b"1" * 32)).state is EntryState.SENT
    await again.close()


async def test_a_secret_that_a_kill_left_before_any_row_is_used_or_made_anew(tmp_path):
    for name, content in (("a", "cd" * 32 + "\n"), ("b", "cd")):
        (tmp_path / f"{name}.key").write_text(content)
        await (await opened(tmp_path / name)).close()
        await (await opened(tmp_path / name)).close()
    assert (tmp_path / "a.key").read_text() == "cd" * 32 + "\n"


async def test_a_ledger_of_the_format_before_is_converted_once_and_all_its_rows_are_known(tmp_path):
    path = tmp_path / "l"
    format_2(
        path,
        rows=[
            (b"1" * 32, "created", "a" * 36, '{"front_side": "f", "type": "PASSPORT"}', "d" * 36, None, b"says"),
            (b"2" * 32, "sent", "a" * 36, '{"type": "PASSPORT"}', None, None, None),
            (b"3" * 32, "failed", "", "", None, "validation", None),
        ],
        applicants=[(b"p" * 32, "created", "a" * 36, None, b"said")],
        files=[(b"f" * 32, "f" * 36)],
    )
    for _ in range(2):
        ledger = await opened(path)
        assert (await ledger.row(b"1" * 32)).document_id == "d" * 36
        assert ledger.has_said(await ledger.row(b"1" * 32), b"says")
        assert (await ledger.row(b"2" * 32)).state is EntryState.SENT
        assert (await ledger.row(b"3" * 32)).code == "validation"
        assert (await ledger.applicant(b"p" * 32)).applicant_id == "a" * 36
        assert ledger.has_said(await ledger.applicant(b"p" * 32), b"said")
        assert await ledger.file(b"f" * 32) == "f" * 36
        await ledger.close()
    content = path.read_bytes()
    assert b"1" * 32 not in content


async def test_a_document_that_two_rows_had_in_the_format_before_leaves_both_unsettled(tmp_path):
    rows = [(b"%032d" % n, "created", "a" * 36, "", f"{max(n, 1):036}", None, None) for n in range(3)]
    format_2(tmp_path / "l", rows)
    ledger = await opened(tmp_path / "l")
    states = [(await ledger.row(b"%032d" % n)).state for n in range(3)]
    assert states == [EntryState.SENT, EntryState.SENT, EntryState.CREATED]
    await ledger.close()


async def test_an_applicant_that_two_had_in_the_format_before_is_neithers(tmp_path):
    applicants = [(b"%032d" % n, "created", f"{max(n, 1):036}", None, b"said") for n in range(3)]
    format_2(tmp_path / "l", applicants=applicants)
    ledger = await opened(tmp_path / "l")
    found = [await ledger.applicant(b"%032d" % n) for n in range(3)]
    assert [entry.state for entry in found] == [EntryState.SENT, EntryState.SENT, EntryState.CREATED]
    assert [entry.applicant_id for entry in found] == [None, None, f"{2:036}"]
    await ledger.close()


async def test_a_ledger_of_the_format_before_that_was_cut_off_needs_its_newest_part(tmp_path):
    format_2(tmp_path / "l", ended="")
    for _ in range(2):
        with pytest.raises(LedgerError, match="its newest part"):
            await opened(tmp_path / "l")


async def test_deleted_digests_of_the_format_before_do_not_stay_in_the_file(tmp_path):
    rows = [(sha256(str(n)), "created", "a" * 36, "", f"{n:036}", None, None) for n in range(500)]
    format_2(tmp_path / "l", rows)
    await (await opened(tmp_path / "l")).close()
    content = (tmp_path / "l").read_bytes()
    assert not [n for n in range(500) if sha256(str(n)) in content]
