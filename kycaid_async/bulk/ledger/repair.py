"""Inspection of a ledger, whatever became of it, and repair that loses nothing.

What cannot be read any more counts as perhaps sent: see `Ledger.may_have_gaps`.
"""

import contextlib
import os
import re
import secrets
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

import attrs

from kycaid_async.bulk.ledger import schema
from kycaid_async.bulk.ledger.entries import Run
from kycaid_async.bulk.ledger.lock import alone, check_kinds, claim, release
from kycaid_async.bulk.ledger.problems import ledger_error
from kycaid_async.bulk.ledger.salvage import TABLES, Content, look, read, secret_problem
from kycaid_async.bulk.ledger.schema import About
from kycaid_async.bulk.ledger.secret import (
    FROM_KEY,
    SecretFrom,
    made_from,
    make_secret,
    read_secret,
    secret_path,
    sync_folder,
)
from kycaid_async.bulk.ledger.wal import NO_MARK, Step, wal_path
from kycaid_async.errors import LedgerError
from kycaid_async.masking import shown_name

_SALT: Final = re.compile("[0-9a-f]{32}")


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
    repaired: "LedgerReport | None" = None
    """What repair would make of one that cannot be opened; None when somebody has to decide something before."""
    refusal: LedgerError | None = None
    """What somebody has to decide before it can be repaired, or why it is not repaired at all."""


def show(path: str | os.PathLike[str]) -> LedgerReport:
    """Return what is in the ledger at ``path``, and change nothing. Raises `LedgerError` when a run is using it."""
    name, target = shown_name(path), os.path.realpath(path)
    with _held(target, name):
        problem, content = look(target, name)
        report = _report(os.fspath(path), content, problem)
        return report if problem is None else _with_prospect(report, target, name, content)


def _with_prospect(report: LedgerReport, target: str, name: str, content: Content) -> LedgerReport:
    """Return a report that also says what repair would make of the ledger, which is tried elsewhere."""
    try:
        about = _about(name, content, None, new_secret=False)
    except LedgerError as error:
        return attrs.evolve(report, refusal=error)
    _count_as_perhaps_sent(content)
    with tempfile.TemporaryDirectory(prefix="kycaid-") as folder:
        written = _written(os.path.join(folder, "ledger"), about, content)
        return attrs.evolve(report, repaired=_report(report.path, read(written, target, name), None))


def repair(
    path: str | os.PathLike[str], *, server: str | None = None, new_secret: bool = False
) -> tuple[LedgerReport, list[str]]:
    """Make the ledger at ``path`` fit to go on from, if it is not. Return what is in it, and where its old files are.

    Nothing is thrown away: the files as they were are kept beside it. What may be missing counts as perhaps sent.
    ``server`` is needed only where the ledger cannot say any more to which its rows went. ``new_secret`` gives up the
    old one, when it, or the API key that gives it, is gone for good: every row then counts as perhaps sent. Raises
    `LedgerError`, also for a file that never was a ledger, or that a newer version made: it stays as it is.
    """
    name, target = shown_name(path), os.path.realpath(path)
    with contextlib.ExitStack() as held:
        held.enter_context(_held(target, name))
        problem, content = look(target, name)
        # Whether somebody still has a key that gives the secret, no file says.
        if problem is None and not (new_secret and made_from(content.about) == FROM_KEY):
            return _report(os.fspath(path), content, None), []
        about = _about(name, content, server, new_secret=new_secret)
        _count_as_perhaps_sent(content)
        try:
            kept = [_kept(part) for part in _parts(target, new_secret=new_secret)]
            about |= _secret(content, target, new_secret=new_secret)
            repaired = _written(f"{target}.repairing", about, content)
            report = _report(os.fspath(path), read(repaired, target, name), None)
            if sys.platform == "win32":
                held.close()  # there, nothing can be put in the place of an open file
            os.replace(repaired, target)
            Path(wal_path(target)).unlink(missing_ok=True)
            sync_folder(target)
        except OSError as error:
            raise ledger_error(name, error) from error
    return report, kept


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


def _about(name: str, content: Content, server: str | None, *, new_secret: bool) -> About:
    """Return what the repaired ledger says of itself. Raises `LedgerError` when somebody has to decide."""
    if content.stranger is not None:
        raise content.stranger
    lost = {"ended", "format"} | ({"secret_from", "secret_salt", "folder"} if new_secret else set())
    about = {key: value for key, value in content.about.items() if key not in lost}
    if "server" not in about and server is None:
        raise LedgerError(
            f"{name}: does not say any more to which server its rows went. Say it with --base-url: all rows then count "
            "as perhaps sent"
        )
    problem = None if new_secret else secret_problem(name, content)
    if problem is not None:
        raise problem
    if not _SALT.fullmatch(about.get("salt", "")):
        about = {key: value for key, value in about.items() if key not in ("salt", "account")}
    defaults = {"format": schema.FORMAT, "server": server or "", "salt": secrets.token_hex(16)}
    if new_secret or not content.about:  # it is keyed with the secret, or lost: and so are all rows
        defaults["folder"] = schema.ANY_FOLDER
    return defaults | about | {"gaps": "1"}


def _parts(path: str, *, new_secret: bool) -> list[str]:
    """Return the files of a ledger that are there and will be replaced."""
    parts = [path, wal_path(path), *([secret_path(path)] if new_secret else [])]
    return [part for part in parts if os.path.exists(part)]


def _secret(content: Content, path: str, *, new_secret: bool) -> About:
    """Return what the repaired ledger says of its secret, which is on the disk, or given by an API key.

    With a new one, no row is known any more.
    """
    if made_from(content.about) == FROM_KEY and not new_secret:
        return {}
    known = content.secret
    if new_secret:
        Path(secret_path(path)).unlink(missing_ok=True)
        known, content.tables = None, {name: [] for name in TABLES}
    if known is not None and read_secret(path) is None:
        known.write(path)
    return (known or make_secret(path)).about


def _count_as_perhaps_sent(content: Content) -> None:
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


def _written(path: str, about: About, content: Content) -> str:
    """Write a ledger that nobody opened yet, and return its path."""
    for left in (path, f"{path}-journal"):
        Path(left).unlink(missing_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("BEGIN")
        schema.make_tables(connection)
        connection.executemany(schema.SET, list(about.items()))
        connection.executemany(
            "INSERT OR IGNORE INTO runs VALUES (?, ?, ?, ?, ?)", list(map(attrs.astuple, content.runs))
        )
        for table, columns in TABLES.items():
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


def _report(path: str, content: Content, problem: LedgerError | None) -> LedgerReport:
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
