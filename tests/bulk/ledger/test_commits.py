"""Changes share commits: what can wait does, and what nobody waits for is written all the same."""

import asyncio

import pytest

from kycaid_async.bulk.ledger import database
from tests.bulk.ledger.test_ledger import SENT, opened


@pytest.fixture
def commits(monkeypatch):
    """The files that were committed to, once for each commit."""
    files, commit = [], database.commit

    def counted(file):
        commit(file)
        files.append(file)

    monkeypatch.setattr(database, "commit", counted)
    return files


async def test_what_came_of_a_row_is_committed_with_the_intent_of_the_next(tmp_path, commits, monkeypatch):
    monkeypatch.setattr(database, "_LATER", 3600)
    ledger = await opened(tmp_path / "l")
    for number in range(20):
        ledger.uploaded(b"file %d" % number, f"f{number:035}")
        await ledger.intend_row(b"%d" % number, SENT)
        ledger.created_row(b"%d" % number, f"{number:036}")
        assert await ledger.has_created(b"%d" % number, f"{number:036}")
    assert len(commits) == 20
    await ledger.close()
    again = await opened(tmp_path / "l")
    assert [(await again.row(b"%d" % number)).document_id for number in range(20)] == [f"{n:036}" for n in range(20)]
    await again.close()


async def test_what_came_of_the_last_row_is_committed_soon(tmp_path, commits):
    ledger = await opened(tmp_path / "l")
    await ledger.intend_row(b"1", SENT)
    ledger.created_row(b"1", "d" * 36)
    async with asyncio.timeout(20):
        while len(commits) < 2:
            await asyncio.sleep(0.001)
    await ledger.close()


async def test_an_applicant_that_was_made_waits_for_nothing_since_nobody_could_find_it_again(
    tmp_path, commits, monkeypatch
):
    monkeypatch.setattr(database, "_LATER", 3600)
    ledger = await opened(tmp_path / "l")
    await ledger.intend_applicant(b"1", b"2" * 16)
    ledger.created_applicant(b"1", "a" * 36)
    async with asyncio.timeout(20):
        while len(commits) < 2:
            await asyncio.sleep(0.001)
    await ledger.close()


async def test_intents_of_rows_at_once_are_committed_together_and_none_waits_for_ever(tmp_path, commits):
    ledger = await opened(tmp_path / "l")

    async def row(number):
        for step in range(10):
            await ledger.intend_row(b"%d %d" % (number, step), SENT)
            ledger.created_row(b"%d %d" % (number, step), f"{number:018}{step:018}")

    async with asyncio.timeout(60):
        await asyncio.gather(*map(row, range(40)))
    assert len(commits) <= 100, "of 800 changes"
    await ledger.close()


async def test_a_ledger_that_is_closed_leaves_no_timer_behind(tmp_path):
    """``python -m tests.chaos --seed 20``: a run that is cut off, of rows whose results could still wait."""
    ledger = await opened(tmp_path / "l")
    for number in range(3):
        await ledger.intend_row(b"%d" % number, SENT)
        ledger.uploaded(b"file %d" % number, f"f{number:035}")
    await ledger.close()
    left = [timer for timer in asyncio.get_running_loop()._scheduled if not timer.cancelled()]
    assert [timer for timer in left if "Database" in repr(timer)] == []
