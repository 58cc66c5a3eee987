"""Salvage of a ledger, whatever became of it: all that can be read and makes sense, around what does not.

SQLite keeps no checksums of its pages. So each entry is read as a run would read it, and left out where it cannot be.
"""

import contextlib
import functools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from typing import Any, Final

import attrs

from kycaid_async.bulk.ledger import schema
from kycaid_async.bulk.ledger.entries import ApplicantEntry, RowEntry, Run
from kycaid_async.bulk.ledger.file import check_parts
from kycaid_async.bulk.ledger.problems import (
    damaged,
    not_a_ledger,
    with_another_secret,
    without_newest_part,
    without_secret,
    without_word_of_its_key,
)
from kycaid_async.bulk.ledger.schema import About
from kycaid_async.bulk.ledger.secret import FROM_KEY, Secret, made_from, read_secret
from kycaid_async.bulk.ledger.verifications import VerificationEntry
from kycaid_async.bulk.ledger.wal import NO_MARK, read_main, read_wal, size_of, wal_path
from kycaid_async.errors import LedgerError

TABLES: Final = {"rows": 9, "applicants": 7, "files": 2, "partials": 3, "verifications": 14}
"""The tables that are keyed by digests, and how many columns each has."""
_TYPES: Final = {"TEXT": (str,), "BLOB": (bytes,), "INTEGER": (int,), "REAL": (int, float)}
_ENTRIES: Final = {
    "rows": RowEntry.of,
    "applicants": lambda values: ApplicantEntry.of(values[1:]),
    "verifications": VerificationEntry.of,
}

Values = tuple[Any, ...]


@attrs.define(kw_only=True)
class Content:
    """Content of a ledger, as far as it could be read."""

    about: About
    secret: Secret | None
    """None when it is missing, or cannot be read."""
    runs: list[Run] = attrs.field(factory=list)
    tables: dict[str, list[Values]] = attrs.field(factory=lambda: {name: [] for name in TABLES})
    is_whole: bool = True
    stranger: LedgerError | None = None
    """Why it is nothing to be repaired: the file of another program, or of a newer version of this one."""

    @property
    def needs_secret(self) -> bool:
        """True when its rows are recognised by a secret that it was made with."""
        return bool(self.about) and not schema.is_old(self.about)

    @property
    def fits(self) -> bool:
        """True when the secret is certainly that of the ledger. One that an API key gives is taken for granted."""
        if made_from(self.about) == FROM_KEY:
            return {"secret", "secret_salt"} <= self.about.keys()
        return self.secret is not None and self.secret.fits(self.about)

    @property
    def may_fit(self) -> bool:
        """True unless the secret is known to be another one's: what the ledger says of it may be damaged too."""
        if self.fits or made_from(self.about) == FROM_KEY or self.secret is None:
            return self.fits
        said, check = self.about.get("secret", ""), self.secret.check
        if len(said) != len(check) or not set(said) <= set("0123456789abcdef"):
            return True
        # Of the check of another secret, one character in sixteen is the same.
        return sum(one == other for one, other in zip(said, check, strict=True)) > len(check) // 2


def look(path: str, name: str) -> tuple[LedgerError | None, Content]:
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
        content = read(copy, path, name)
    if _never_was_one(path):
        content.stranger = not_a_ledger(name)
    return problem or content.stranger or _unfit(path, name, content), content


_FIRST_PAGE: Final = 1 << 16
"""Bytes in which the first page of a database ends, whatever its size."""


def _never_was_one(path: str) -> bool:
    """Say whether nothing of a file, nor beside it, is as a run leaves it."""
    main = read_main(path)
    if main is None or main.is_database or size_of(wal_path(path)) or read_secret(path) is not None:
        return False
    # The head may be damaged; our first table is named behind it.
    with open(path, "rb") as file:
        return b"CREATE TABLE about (name TEXT PRIMARY KEY" not in file.read(_FIRST_PAGE)


def _unfit(path: str, name: str, content: Content) -> LedgerError | None:
    if not content.is_whole:
        return damaged(name)
    if schema.was_cut_off(content.about) and not _belongs(path):
        return without_newest_part(name)
    if not content.needs_secret or content.fits:
        return None
    return damaged(name) if content.may_fit else without_secret(name)


def secret_problem(name: str, content: Content) -> LedgerError | None:
    """Return why the rows cannot be recognised, if they cannot, and what somebody has to decide then."""
    if not content.needs_secret or content.may_fit:
        return None
    if made_from(content.about) == FROM_KEY:
        return without_word_of_its_key(name)
    return with_another_secret(name, is_there=content.secret is not None)


def _belongs(path: str) -> bool:
    """Say whether what counts in the -wal is of this main file."""
    main, wal = read_main(path), read_wal(path)
    mark = NO_MARK if main is None else main.mark
    return wal is not None and wal.frames > 0 and (mark.fits(wal.mark) or not (mark.ledger or wal.mark.ledger))


def read(copy: str, path: str, name: str) -> Content:
    """Return the content of the file ``copy``, whose secret lies beside ``path``."""
    content = Content(about={}, secret=read_secret(path))
    with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        # Bytes that are no text become what no text has: see `_is_sound`.
        connection.text_factory = lambda data: data.decode(errors="surrogateescape")
        with _notes_damage(content):
            content.is_whole = connection.execute("PRAGMA integrity_check(1)").fetchall() == [("ok",)]
        with _notes_damage(content):
            _read_about(connection, name, content)
        with _notes_damage(content):
            runs = schema.read_runs(connection, content.about)
            content.runs = [run for run in runs if _is_run(run)]
            content.is_whole = content.is_whole and len(content.runs) == len(runs)
        for table in TABLES if content.about else ():
            rows = _all_of(connection, table)
            content.tables[table] = [values for values in rows if _is_sound(table, values)]
            content.is_whole = content.is_whole and len(content.tables[table]) == len(rows)
    return content


@contextlib.contextmanager
def _notes_damage(content: Content) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, ValueError):
        content.is_whole = False


def _read_about(connection: sqlite3.Connection, name: str, content: Content) -> None:
    """Read what it says of itself, and bring it to this format."""
    try:
        about, is_as_said = schema.read_damaged_about(connection, name)
    except LedgerError as error:
        if content.is_whole:
            content.stranger = error
        content.is_whole = False
        return
    content.about = {key: value for key, value in about.items() if _is_text(key) and _is_text(value)}
    content.is_whole = content.is_whole and is_as_said and content.about == about
    if not content.about:
        return
    if "secret_salt" in content.about:
        content.about["secret_from"] = FROM_KEY
    connection.execute("BEGIN")
    if schema.is_old(content.about):
        content.secret = content.secret or Secret.new()
    converted = schema.convert(connection, content.about, content.secret or Secret.new())
    content.about = converted | {"format": content.about["format"]}
    connection.execute("COMMIT")


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


def _is_sound(table: str, values: Values) -> bool:
    """Say whether a run can read an entry. A flipped bit can make bytes of a text, which SQLite takes for whole."""
    if not all(map(_is_of_column, values, _columns()[table])):
        return False
    try:
        if table in _ENTRIES:
            _ENTRIES[table](values)
    except (LedgerError, TypeError, ValueError):
        return False
    return True


@functools.cache
def _columns() -> dict[str, list[tuple[type, ...]]]:
    """Return the types that each column of a whole ledger can have."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        schema.make_tables(connection)
        return {
            table: [
                _TYPES[kind] if is_never_null else (*_TYPES[kind], type(None))
                for _, _, kind, is_never_null, *_ in connection.execute(f"PRAGMA table_info({table})")
            ]
            for table in TABLES
        }


def _is_of_column(value: Any, types: tuple[type, ...]) -> bool:
    return isinstance(value, types) and (_is_text(value) or not isinstance(value, str))


def _is_run(run: Run) -> bool:
    numbers = (run.seconds, run.began, run.beat)
    return _is_text(run.boot) and all(isinstance(n, int | float) for n in numbers)


def _is_text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
