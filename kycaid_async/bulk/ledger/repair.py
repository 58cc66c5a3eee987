"""Inspection of a ledger, whatever became of it, and repair that loses nothing.

What cannot be read any more counts as perhaps sent: see `Ledger.may_have_gaps`.
"""

import contextlib
import os
import secrets
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final

import attrs

from kycaid_async.bulk.ledger import schema
from kycaid_async.bulk.ledger.entries import Run
from kycaid_async.bulk.ledger.file import check_parts
from kycaid_async.bulk.ledger.lock import alone, check_kinds, claim, release
from kycaid_async.bulk.ledger.problems import damaged, ledger_error, without_newest_part, without_secret
from kycaid_async.bulk.ledger.schema import About
from kycaid_async.bulk.ledger.secret import (
    FROM_KEY,
    Secret,
    SecretFrom,
    made_from,
    make_secret,
    read_secret,
    secret_path,
    sync_folder,
)
from kycaid_async.bulk.ledger.wal import NO_MARK, Step, read_main, read_wal, wal_path
from kycaid_async.errors import LedgerError
from kycaid_async.masking import shown_name

_TABLES: Final = {"rows": 9, "applicants": 7, "files": 2, "partials": 3, "verifications": 14}
"""The tables that are keyed by digests, and how many columns each has."""

Values = tuple[Any, ...]


@attrs.frozen(kw_only=True)
class LedgerReport:
    """Report on the content of a ledger."""

    path: str
    format: str | None
    """None when it cannot be read."""
    server: str | None
    runs: int
    rows: dict[str, int]
    """How many there are in each state."""
    applicants: dict[str, int]
    files: int
    verifications: dict[str, int]
    may_have_gaps: bool
    """True when rows that are not in it were perhaps sent."""
    secret_from: SecretFrom
    problem: LedgerError | None
    """Why it cannot be opened as it is; None when it can."""


@attrs.define(kw_only=True)
class _Content:
    """Content of a ledger, as far as it could be read."""

    about: About
    secret: Secret | None
    """None when it is missing."""
    runs: list[Run] = attrs.field(factory=list)
    tables: dict[str, list[Values]] = attrs.field(factory=lambda: {name: [] for name in _TABLES})
    is_whole: bool = True


def show(path: str | os.PathLike[str]) -> LedgerReport:
    """Return what is in the ledger at ``path``, and change nothing. Raises `LedgerError` when a run is using it."""
    name, target = shown_name(path), os.path.realpath(path)
    with _held(target, name):
        problem, content = _look(target, name)
    return _report(os.fspath(path), content, problem)


def repair(
    path: str | os.PathLike[str], *, server: str | None = None, new_secret: bool = False
) -> tuple[LedgerReport, list[str]]:
    """Make the ledger at ``path`` fit to go on from, if it is not. Return what is in it, and where its old files are.

    Nothing is thrown away: the files as they were are kept beside it. What may be missing counts as perhaps sent.
    ``server`` is needed only where the ledger cannot say any more to which its rows went. ``new_secret`` gives up the
    old one, when it, or the API key that gives it, is gone for good: every row then counts as perhaps sent. Raises
    `LedgerError`.
    """
    name, target = shown_name(path), os.path.realpath(path)
    with contextlib.ExitStack() as held:
        held.enter_context(_held(target, name))
        problem, content = _look(target, name)
        # Whether somebody still has a key that gives the secret, no file says.
        if problem is None and not (new_secret and made_from(content.about) == FROM_KEY):
            return _report(os.fspath(path), content, None), []
        about = _about(name, content, server, new_secret=new_secret)
        _count_as_perhaps_sent(content)
        try:
            kept = [_kept(part) for part in _parts(target, new_secret=new_secret)]
            about |= _secret(content, target, new_secret=new_secret)
            repaired = _written(f"{target}.repairing", about, content)
            if sys.platform == "win32":
                held.close()  # there, nothing can be put in the place of an open file
            os.replace(repaired, target)
            Path(wal_path(target)).unlink(missing_ok=True)
            sync_folder(target)
        except OSError as error:
            raise ledger_error(name, error) from error
    content.about = about
    return _report(os.fspath(path), content, None), kept


@contextlib.contextmanager
def _held(path: str, name: str) -> Iterator[None]:
    """Let no run open the ledger meanwhile."""
    if not os.path.exists(path) and not os.path.exists(wal_path(path)):
        raise LedgerError(f"{name}: there is no ledger")
    if not os.path.exists(path):
        check_kinds(path, name)
        yield
        return
    place = claim(path, name)
    try:
        with alone(path, name):
            yield
    finally:
        release(place)


def _look(path: str, name: str) -> tuple[LedgerError | None, _Content]:
    """Return why it cannot be opened, if it cannot, and what can be read of it."""
    problem: LedgerError | None = None
    try:
        check_parts(path, name)
    except LedgerError as error:
        problem = error
    with tempfile.TemporaryDirectory(prefix="kycaid-") as folder:
        copy = os.path.join(folder, "ledger")
        if os.path.exists(path):
            shutil.copyfile(path, copy)
            if os.path.exists(wal_path(path)) and _belongs(path):
                shutil.copyfile(wal_path(path), wal_path(copy))
        content = _read(copy, path)
    if problem is None and not content.is_whole:
        problem = damaged(name)
    if problem is None:
        problem = _unfit(path, name, content)
    return problem, content


def _unfit(path: str, name: str, content: _Content) -> LedgerError | None:
    if schema.was_cut_off(content.about) and not _belongs(path):
        return without_newest_part(name)
    if schema.is_old(content.about) or not content.about or _has_secret(content):
        return None
    return without_secret(name)


def _has_secret(content: _Content) -> bool:
    """Say whether its rows can be recognised. Of an API key that gives the secret, that is taken for granted."""
    if made_from(content.about) == FROM_KEY:
        return {"secret", "secret_salt"} <= content.about.keys()
    return content.secret is not None and content.secret.fits(content.about)


def _belongs(path: str) -> bool:
    """Say whether what counts in the -wal is of this main file."""
    main, wal = read_main(path), read_wal(path)
    mark = NO_MARK if main is None else main.mark
    return wal is not None and wal.frames > 0 and (mark.fits(wal.mark) or not (mark.ledger or wal.mark.ledger))


def _read(copy: str, path: str) -> _Content:
    content = _Content(about={}, secret=read_secret(path))
    with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        try:
            content.about = schema.read_about(connection, path)
            if content.about:
                connection.execute("BEGIN")
                if schema.is_old(content.about):
                    content.secret = content.secret or Secret.new()
                converted = schema.convert(connection, content.about, content.secret or Secret.new())
                content.about = converted | {"format": content.about["format"]}
                connection.execute("COMMIT")
            content.runs = schema.read_runs(connection, content.about)
            content.is_whole = connection.execute("PRAGMA integrity_check(1)").fetchall() == [("ok",)]
        except (sqlite3.Error, LedgerError):
            content.is_whole = False
        for table in _TABLES if content.about else ():
            content.tables[table] = _all_of(connection, table)
    return content


def _all_of(connection: sqlite3.Connection, table: str) -> list[Values]:
    """Return all rows that can be read, around what is damaged."""
    rows: dict[bytes, Values] = {}
    for first in range(256):
        low, high = bytes([first]), bytes([first + 1]) if first < 255 else b"\xff" * 64  # noqa: PLR2004 - the last byte
        for order in ("ASC", "DESC"):
            query = f"SELECT * FROM {table} WHERE digest >= ? AND digest < ? ORDER BY digest {order}"  # noqa: S608 - names of our own tables
            try:
                seen: set[bytes] = set()
                for values in connection.execute(query, (low, high)):
                    if values[0] in seen:  # a damaged tree can lead round and round
                        break
                    seen.add(values[0])
                    rows[values[0]] = values
                else:
                    break
            except sqlite3.Error:
                continue
    return list(rows.values())


def _about(name: str, content: _Content, server: str | None, *, new_secret: bool) -> About:
    """Return what the repaired ledger says of itself. Raises `LedgerError` when somebody has to decide."""
    lost = {"ended", "format"} | ({"secret_from", "secret_salt"} if new_secret else set())
    about = {key: value for key, value in content.about.items() if key not in lost}
    if "server" not in about and server is None:
        raise LedgerError(
            f"{name}: does not say any more to which server its rows went. Say it with --base-url: all rows then count "
            "as perhaps sent"
        )
    if about and not schema.is_old(content.about) and not _has_secret(content) and not new_secret:
        raise LedgerError(
            f"{name}: its secret, the file {secret_path(name)}, is missing, so its rows cannot be recognised. Bring it "
            "back. If it is gone for good, repair with --new-secret: all rows then count as perhaps sent"
        )
    defaults = {"format": schema.FORMAT, "server": server or "", "salt": secrets.token_hex(16)}
    return defaults | about | {"gaps": "1"}


def _parts(path: str, *, new_secret: bool) -> list[str]:
    """Return the files of a ledger that are there and will be replaced."""
    parts = [path, wal_path(path), *([secret_path(path)] if new_secret else [])]
    return [part for part in parts if os.path.exists(part)]


def _secret(content: _Content, path: str, *, new_secret: bool) -> About:
    """Return what the repaired ledger says of its secret, which is on the disk, or given by an API key.

    With a new one, no row is known any more.
    """
    if made_from(content.about) == FROM_KEY and not new_secret:
        return {}
    known = content.secret
    if new_secret:
        Path(secret_path(path)).unlink(missing_ok=True)
        known, content.tables = None, {name: [] for name in _TABLES}
    if known is not None and read_secret(path) is None:
        known.write(path)
    return (known or make_secret(path)).about


def _count_as_perhaps_sent(content: _Content) -> None:
    """Let what may have been done since what could be read count as perhaps done.

    A row that had failed is tried again by each run: it is left out, and so unknown. One that was sent may have been
    sent again: of when, nobody knows more than that it was before the next run.
    """
    last = max((run.number for run in content.runs), default=0) + 1
    content.runs.append(Run(number=last, seconds=0.0, boot="", began=0.0, beat=0.0))
    for name in ("rows", "applicants", "verifications"):
        kept = [values for values in content.tables[name] if values[1] != "failed"]
        content.tables[name] = [(*v[:-2], last, 0.0) if v[1] == "sent" else v for v in kept]


def _kept(part: str) -> str:
    """Copy a file to a new name beside it, and return that."""
    for number in count(1):
        name = f"{part}.before-repair-{number}"
        with contextlib.suppress(FileExistsError), open(part, "rb") as old:
            fd = os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with open(fd, "wb") as new:
                shutil.copyfileobj(old, new)
                new.flush()
                os.fsync(new.fileno())
            return name
    raise AssertionError  # there are always more numbers


def _written(path: str, about: About, content: _Content) -> str:
    """Write a ledger that nobody opened yet, and return its path."""
    for left in (path, f"{path}-journal"):
        Path(left).unlink(missing_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("BEGIN")
        schema.make_tables(connection)
        connection.executemany(schema.SET, list(about.items()))
        connection.executemany("INSERT INTO runs VALUES (?, ?, ?, ?, ?)", list(map(attrs.astuple, content.runs)))
        for table, columns in _TABLES.items():
            marks = ", ".join("?" * columns)
            # What contradicts itself, as a damaged file may, is left out, and so perhaps sent.
            connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", content.tables[table])  # noqa: S608 - names of our own tables
        mark = attrs.evolve(NO_MARK.sealed, step=Step.CLOSED)
        connection.execute(f"PRAGMA application_id = {mark.ledger}")
        connection.execute(f"PRAGMA user_version = {mark.user_version}")
        connection.execute("COMMIT")
    finally:
        connection.close()
    return path


def _report(path: str, content: _Content, problem: LedgerError | None) -> LedgerReport:
    about = content.about
    return LedgerReport(
        path=path,
        format=about.get("format"),
        server=about.get("server"),
        runs=len(content.runs),
        rows=dict(Counter(str(values[1]) for values in content.tables["rows"])),
        applicants=dict(Counter(str(values[1]) for values in content.tables["applicants"])),
        files=len(content.tables["files"]) + sum(values[1] is not None for values in content.tables["partials"]),
        verifications=dict(Counter(str(values[1]) for values in content.tables["verifications"])),
        may_have_gaps="gaps" in about,
        secret_from=made_from(about),
        problem=problem,
    )
