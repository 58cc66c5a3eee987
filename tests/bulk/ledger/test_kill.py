"""A run that is killed anywhere, also while its ledger opens and closes: no intent is forgotten without an error.

Each moment is the files as they stood before a statement, and, where SQLite writes the main file page by page, after
each page. They are opened again as they are; without the -wal; with an empty one; with the -wal of any other moment;
and with that of another ledger.
"""

import os
import shutil
from itertools import count, pairwise

import attrs
import pytest

from kycaid_async import LedgerError
from kycaid_async.bulk.ledger import database
from kycaid_async.bulk.ledger.database import commit
from kycaid_async.bulk.ledger.file import LedgerFile
from kycaid_async.bulk.ledger.schema import LedgerOwner
from kycaid_async.bulk.ledger.secret import read_secret
from kycaid_async.bulk.ledger.wal import _read
from tests.bulk.ledger.formats import format_2

OWNER = LedgerOwner(server="https://api.kycaid.com", api_key="k" * 36)
INSERT = "INSERT OR REPLACE INTO rows VALUES (?, 'sent', ?, ?, NULL, NULL, NULL, 1, 0)"
ROWS_OF_A_RUN = 5
PAGE = 4096


@attrs.frozen
class Moment:
    """The files of a ledger, and what was on record by then."""

    main: bytes
    wal: bytes | None
    recorded: frozenset[bytes]
    is_torn: bool = False
    """True in the middle of what SQLite writes to the main file: no copy that is made piece by piece is whole then."""


def opened(path, **options):
    return LedgerFile.open(path, OWNER, clock=lambda: 0.0, **options)


def digest(number):
    return b"%031d" % number + b"x"


@pytest.fixture(autouse=True)
def _nothing_waits_for_the_disk(monkeypatch):
    """A process that is killed leaves to the system what it wrote; only a power failure does not."""
    connect = LedgerFile._connect

    def connect_quickly(file):
        connect(file)
        file.connection.execute("PRAGMA synchronous = OFF")

    monkeypatch.setattr(LedgerFile, "_connect", connect_quickly)
    monkeypatch.setattr(os, "fsync", lambda fd: None)


@pytest.fixture
def moments(tmp_path, monkeypatch):
    """Run after run, each with some rows, and give every moment of them."""
    monkeypatch.setattr(database, "_CHANGES_BETWEEN_CHECKPOINTS", 3)
    path = tmp_path / "work" / "l"
    path.parent.mkdir()

    def run(runs=2, begin=None):
        if begin is not None:
            begin(path)
        taken: list[Moment] = []
        recorded = set()

        def take(*_):
            main = path.read_bytes() if path.exists() else b""
            wal = path.with_name("l-wal")
            moment = Moment(main, wal.read_bytes() if wal.exists() else None, frozenset(recorded))
            if not taken or moment != taken[-1]:
                taken.append(moment)

        connect = LedgerFile._connect

        def connect_and_watch(file):
            take()
            connect(file)
            file.connection.set_trace_callback(take)
            take()

        monkeypatch.setattr(LedgerFile, "_connect", connect_and_watch)
        numbers = count()
        for _ in range(runs):
            file = opened(path)
            for number in (next(numbers) for _ in range(ROWS_OF_A_RUN)):
                file.connection.execute("BEGIN")
                file.connection.execute(INSERT, (digest(number), f"{number % 5:036}", "{}" + " " * 900))
                commit(file)
                recorded.add(digest(number))
                take()
            file.close([], [])
            take()
        monkeypatch.setattr(LedgerFile, "_connect", connect)
        return list(with_torn_ones(taken)), path.with_name("l.key")

    return run


def with_torn_ones(moments):
    """Give all, and between two of them what a kill leaves that stops the writing of the main file."""
    for before, after in pairwise(moments):
        yield before
        longer = max(len(before.main), len(after.main))
        for written in range(PAGE, longer, PAGE):
            torn = after.main[:written] + before.main[written:]
            if torn not in (before.main, after.main):
                yield attrs.evolve(before, main=torn, is_torn=True)
        for written in range(0, len(after.wal or b""), 1500):
            if before.wal is not None and after.wal is not None and before.wal != after.wal:
                yield attrs.evolve(before, wal=after.wal[:written] + before.wal[written:])
    yield moments[-1]


def known(path):
    file = opened(path, read_only=False)
    rows = [row for (row,) in file.connection.execute("SELECT digest FROM rows")]
    file.close([], [])
    return rows


def mark(moment):
    return moment.main[60:72]


def newest(moment):
    return _read(moment.wal) if moment.wal else None


def laid_out(folder, moment, wal, key):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "l").write_bytes(moment.main)
    if wal is not None:
        (folder / "l-wal").write_bytes(wal)
    shutil.copy(key, folder / "l.key")
    return folder / "l"


def forgotten(path, moment):
    """Return what was on record and is not, or None when the ledger is refused, now and again."""
    try:
        return moment.recorded - set(known(path))
    except LedgerError as error:
        with pytest.raises(LedgerError, match="kycaid ledger repair") as again:
            known(path)
        return None if str(again.value) == str(error) else moment.recorded


def test_a_ledger_is_whole_and_can_be_opened_at_every_moment_at_which_its_run_is_killed(moments, tmp_path):
    taken, key = moments()
    assert len(taken) > 80
    for number, moment in enumerate(taken):
        assert forgotten(laid_out(tmp_path / "copy", moment, moment.wal, key), moment) == set(), number


@pytest.mark.parametrize("wal", [None, b""], ids=["missing", "empty"])
def test_no_row_is_forgotten_without_an_error_when_the_newest_part_is_lost_at_any_moment(moments, tmp_path, wal):
    taken, key = moments()
    found = [forgotten(laid_out(tmp_path / "copy", moment, wal, key), moment) for moment in taken]
    assert all(not rows for rows in found)
    assert None in found


def test_no_row_is_forgotten_without_an_error_when_the_newest_part_is_of_another_moment(moments, tmp_path):
    taken, key = moments()
    for number, moment in list(enumerate(taken))[::9]:
        # One that lay there since the main file was last written, and was put back or cut short: no file can tell.
        excused = {newest(before) for before in taken[:number] if mark(before) == mark(moment)}
        for other in (taken[:number] if moment.is_torn else taken)[number % 17 :: 17]:
            if newest(other) not in excused:
                assert not forgotten(laid_out(tmp_path / "copy", moment, other.wal, key), moment)


def test_no_row_is_forgotten_without_an_error_when_the_newest_part_is_of_another_ledger(moments, tmp_path):
    taken, key = moments()
    key = key.rename(tmp_path / "key")
    shutil.rmtree(tmp_path / "work")
    (tmp_path / "work").mkdir()
    others, _ = moments()
    for moment, other in zip(taken[::2], others[::2], strict=False):
        if other.wal:
            assert not forgotten(laid_out(tmp_path / "copy", moment, other.wal, key), moment)


def test_a_ledger_of_the_format_before_is_converted_whole_at_every_moment_at_which_that_is_killed(moments, tmp_path):
    rows = [(digest(n), "created", f"{n % 5:036}", "{}", f"{n:036}", None, b"says") for n in range(1000, 1100)]
    taken, key = moments(runs=1, begin=lambda path: format_2(path, rows))
    secret = read_secret(str(key.with_suffix("")))
    converted = {secret.keyed("row", values[0]) for values in rows}
    for moment in [attrs.evolve(moment, recorded=moment.recorded | converted) for moment in taken[::5]]:
        assert forgotten(laid_out(tmp_path / "copy", moment, moment.wal, key), moment) == set()
        assert not forgotten(laid_out(tmp_path / "copy", moment, None, key), moment)
