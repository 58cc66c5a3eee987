"""The parts of an audit that ask nobody: the rows it keeps, what it remembers, and its rules."""

import asyncio
import gc
import os
import sqlite3
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest

from kycaid_async import AsyncKycaid, AuditStatus, BulkRow, LedgerError
from kycaid_async.bulk.audit.judge import Judge, View
from kycaid_async.bulk.audit.result import WORDS, AuditedRow
from kycaid_async.bulk.audit.state import AuditState
from kycaid_async.bulk.bulk import Bulk
from kycaid_async.bulk.ledger import EntryState, Intent, Ledger, RowEntry
from kycaid_async.bulk.spool import Spool

START = datetime(2026, 11, 28, tzinfo=UTC)
APPLICANT, FILE, OTHER_FILE = "a" * 36, "f" * 36, "e" * 36
SIDES = ("back_side_id", "other_side_1_id", "other_side_2_id", "other_side_3_id")


def audited(number=0, **fields):
    given = {
        "number": number,
        "line": number + 2,
        "key": None,
        "document": {"type": "PASSPORT", "document_number": f"N{number}"},
        "entry": f"{number:064x}",
        "refused": None,
        "was_changed": False,
        "made_here": False,
    }
    return AuditedRow(**given | fields)


# The rows.


def test_rows_come_back_by_applicant_in_the_order_of_their_first_row():
    spool = Spool(AuditedRow)
    for number, applicant in enumerate("abcba"):
        spool.add(applicant, audited(number))
    found = []
    while (group := spool.next()) is not None:
        found.append((group[0], [row.number for row in group[1]]))
    spool.close()
    assert found == [("a", [0, 4]), ("b", [1, 3]), ("c", [2])]


def test_what_was_kept_is_what_comes_back():
    spool, row = (
        Spool(AuditedRow),
        audited(7, key="k\ud800", document={"type": "PASSPORT", "annual_income": 1.5, "x": None}),
    )
    spool.add("a\u00e9", row)
    assert spool.next() == ("a\u00e9", [row])
    spool.close()


def test_no_row_stands_in_the_file_as_it_is(monkeypatch, tmp_path):
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda _, **options: connect(tmp_path / "spool", **options))
    spool = Spool(AuditedRow)
    spool.add(APPLICANT, audited(0, key="Jane Doe", document={"type": "PASSPORT", "document_number": "AB123456"}))
    spool._db.execute("COMMIT")
    spool.close()
    text = (tmp_path / "spool").read_bytes()
    assert not any(secret in text for secret in (b"Jane", b"AB123456", b"PASSPORT", APPLICANT.encode()))


# What is remembered.


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


def opened(path, clock, *, fresh=False):
    return AuditState.open(path, fresh=fresh, remember=3600, now=clock)


def test_what_was_found_is_remembered_for_some_hours_and_only_until_an_audit_is_done(tmp_path):
    clock, path = Clock(), tmp_path / "people.csv.audit"
    state = opened(path, clock)
    state.note(b"one")
    state.close(done=False)
    state = opened(path, clock)
    assert (state.knows(b"one"), state.knows(b"two")) == (True, False)
    clock.now = START + timedelta(hours=2)
    assert not state.knows(b"one")
    clock.now = START - timedelta(hours=1)  # the time of day was set back
    assert not state.knows(b"one")
    state.close(done=True)
    assert list(tmp_path.iterdir()) == []


def test_fresh_begins_anew(tmp_path):
    path = tmp_path / "people.csv.audit"
    state = opened(path, Clock())
    state.note(b"one")
    state.close(done=False)
    state = opened(path, Clock(), fresh=True)
    assert not state.knows(b"one")
    state.close(done=False)


@pytest.mark.parametrize("fresh", [False, True])
def test_a_file_of_something_else_is_left_alone(fresh, tmp_path):
    path = tmp_path / "people.csv.audit"
    for content in (b"my own notes", sqlite_file(tmp_path)):
        path.write_bytes(content)
        with pytest.raises(LedgerError, match="something else"):
            opened(path, Clock(), fresh=fresh)
        assert path.read_bytes() == content


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="a process cannot see what it has open there")
def test_a_file_that_is_damaged_is_refused_and_not_left_open(tmp_path):
    path = tmp_path / "people.csv.audit"
    opened(path, Clock()).close(done=False)
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))
    with pytest.raises(LedgerError, match="cannot be kept there"):
        opened(path, Clock())
    assert str(path) not in {os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")}


def sqlite_file(folder: Path) -> bytes:
    connection = sqlite3.connect(folder / "other")
    connection.execute("CREATE TABLE t (x)")
    connection.close()
    return (folder / "other").read_bytes()


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="links are followed there")
def test_no_link_is_followed(tmp_path):
    (tmp_path / "target").write_bytes(b"")
    (tmp_path / "people.csv.audit").symlink_to(tmp_path / "target")
    with pytest.raises(LedgerError):
        opened(tmp_path / "people.csv.audit", Clock())
    assert (tmp_path / "target").read_bytes() == b""


def test_an_empty_file_that_a_kill_left_is_taken(tmp_path):
    (tmp_path / "people.csv.audit").write_bytes(b"")
    opened(tmp_path / "people.csv.audit", Clock()).close(done=True)


# The rules.


def entry(number=0, *, state=EntryState.CREATED, document_id="d0", files=None):
    return RowEntry(
        digest=number.to_bytes(32, "big"),
        state=state,
        intent=Intent(
            applicant_id=APPLICANT, type="PASSPORT", file_ids={"front_side": FILE} if files is None else files
        ),
        document_id=document_id,
        code=None,
        fingerprint=None,
        run=1,
        at=0.0,
    )


def document(name="d0", number="N0", **fields):
    shown = {"document_id": name, "type": "PASSPORT", "document_number": number, "front_side_id": FILE}
    return shown | dict.fromkeys(SIDES) | fields


def judged(rows, entries, *documents, has_gaps=False, **view):
    judge = Judge(
        applicant_id=APPLICANT,
        rows=rows,
        entries={one.digest.hex(): one for one in entries},
        view=View(documents={one["document_id"]: one for one in documents}, **view),
        has_gaps=has_gaps,
    )
    return [(result.status.value, *result.document_ids) for result in judge.results()]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({}, "twice"),
        ({"document_number": None}, "twice"),  # what is not shown contradicts nothing
        ({"document_number": "N7"}, "twice"),  # it has the files that were uploaded for this ledger
        ({"front_side_id": OTHER_FILE}, "twice"),  # the same document of the person, sent another way
        ({"front_side_id": OTHER_FILE, "document_number": "N7"}, "as_sent"),
        ({"type": "VISA"}, "as_sent"),
        ({"front_side_id": None, "document_number": None}, "uncertain"),
        ({"front_side_id": None, "front_side": "https://x/1", "document_number": None}, "uncertain"),
    ],
)
def test_what_counts_as_a_second_document(second, expected):
    [(status, *_)] = judged([audited()], [entry()], document(), document("d9", **second))
    assert status == expected


def test_each_of_two_more_documents_counts_for_a_row_of_its_own():
    same = {"document": {"type": "PASSPORT"}}
    rows = [audited(0, **same), audited(1, **same)]
    found = judged(
        rows, [entry(0), entry(1, document_id="d1")], document(), document("d1"), document("d8"), document("d9")
    )
    assert sorted(name for _, *ids in found for name in ids) == ["d0", "d1", "d8", "d9"]
    assert "twice" in {status for status, *_ in found}


def test_a_document_may_be_that_of_a_row_without_an_answer_and_so_no_second_one():
    sent = entry(1, state=EntryState.SENT, document_id=None)
    found = judged(
        [audited(0, document={"type": "PASSPORT"})], [entry(0), sent], document(), document("d9", number=None)
    )
    assert found == [("as_sent", "d0")]


def test_of_two_rows_without_an_answer_neither_can_be_told_by_one_document_that_fits_both():
    rows = [audited(n, document={"type": "PASSPORT"}) for n in range(2)]
    sent = [entry(n, state=EntryState.SENT, document_id=None) for n in range(2)]
    assert {status for status, *_ in judged(rows, sent, document("d9"))} == {"uncertain"}


@pytest.mark.parametrize("state", [EntryState.SENT, EntryState.CREATED])
def test_rows_that_say_the_same_are_one(state):
    rows = [audited(0), attrs.evolve(audited(0), number=5, line=9)]
    known = entry(0, state=state, document_id="d0" if state is EntryState.CREATED else None)
    assert judged(rows, [known], document()) == [("as_sent", "d0")] * 2
    assert judged(rows, [known], document(), document("d9")) == [("twice", "d0", "d9")] * 2


def test_a_ledger_with_gaps_takes_a_row_that_it_does_not_know_as_perhaps_sent():
    row = audited(0, entry=None)
    assert judged([row], [], document(), has_gaps=True) == [("as_sent", "d0")]
    assert judged([row], [], document(number="N7"), has_gaps=True) == [("uncertain",)]
    assert judged([row], [], has_gaps=True) == [("not_sent",)]
    assert judged([row], [], doubt="not all", has_gaps=True) == [("uncertain",)]


def test_a_document_that_shows_another_owner_is_different():
    assert judged([audited()], [entry()], document(applicant_id="b" * 36)) == [("different", "d0")]


@pytest.mark.parametrize(
    ("hidden", "expected"),
    [
        ({"front_side_id": None}, "uncertain"),
        ({"type": None}, "uncertain"),
        ({"document_number": None}, "as_sent"),
        ({"document_number": "****6"}, "as_sent"),
        ({"document_number": "n 0"}, "as_sent"),
        ({"back_side_id": OTHER_FILE}, "different"),
    ],
)
def test_what_is_not_shown_proves_nothing_and_what_is_written_another_way_contradicts_nothing(hidden, expected):
    [(status, _)] = judged([audited()], [entry()], document(**hidden))
    assert status == expected


def test_every_status_has_words():
    assert set(WORDS) == set(AuditStatus)


# All of it, without a server.


@attrs.frozen
class Answer:
    raw: dict


async def audit_of(rows, folder):
    """Audit so many rows of half as many applicants, and return the summary and the peak of the memory."""
    path, key = folder / f"{rows}.ledger", "k" * 36

    def row(number):
        return BulkRow(
            document={"type": "PASSPORT", "document_number": f"N{number}"}, applicant_id=f"{number // 2:036}"
        )

    async def answer(endpoint, *, path, **_):
        assert endpoint.name == "applicants.get"
        first = int(path["applicant_id"]) * 2
        own = [document(f"d{first + n}", f"N{first + n}", front_side_id=None, front_side=None) for n in range(2)]
        return Answer({"applicant_id": path["applicant_id"], "documents": own})

    ledger = await Ledger.open(path, server="http://127.0.0.1", api_key=key)
    for start in range(0, rows, 500):
        some = range(start, start + 500)
        intents = [Intent(applicant_id=f"{n // 2:036}", type="PASSPORT", file_ids={}) for n in some]
        await asyncio.gather(*(ledger.intend_row(row(n).digest, of) for n, of in zip(some, intents, strict=True)))
        for n in some:
            ledger.created_row(row(n).digest, f"d{n}")
    await ledger.close()
    async with AsyncKycaid(key, base_url="http://127.0.0.1") as client:
        bulk = Bulk(answer, client.bulk._settings, client.bulk._timing)
        gc.collect()
        tracemalloc.start()
        audit = bulk.audit(map(row, range(rows)), ledger=path, state=folder / "state")
        async for result in audit:
            assert result.status == "as_sent", result.reason
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return audit.summary, peak


async def test_memory_stays_as_it_is_for_many_applicants(tmp_path):
    _, few = await audit_of(1_000, tmp_path)
    summary, many = await audit_of(6_000, tmp_path)
    assert (summary.as_sent, summary.applicants, summary.is_proven) == (6_000, 3_000, True)
    assert many < 1.5 * few + 500_000
