"""Check of a whole manifest, and of its files, before anything is sent."""

import asyncio
import hashlib
import secrets
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from itertools import islice
from typing import Self, Unpack

import attrs

from kycaid_async.bulk.manifest.files import look_at_file
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.options import ManifestOptions, ManifestReading
from kycaid_async.bulk.manifest.places import AnyPath
from kycaid_async.bulk.manifest.row import APPLICANT, BadRow, ManifestRow
from kycaid_async.errors import FieldProblem, ManifestError
from kycaid_async.uploads.preflight import FileRules
from kycaid_async.uploads.reader import in_thread
from kycaid_async.values.converter import unstructure
from kycaid_async.values.json import dumps

_AT_ONCE = 64
"""Rows whose files are looked at together: a network disk or a remote store answers late, but many at once."""

Known = Callable[[ManifestRow], Awaitable[bool]]
Clash = Callable[[ManifestRow], Awaitable[FieldProblem | None]]


async def check_manifest(
    path: AnyPath | Manifest,
    *,
    rules: FileRules | None = None,
    known: Known | None = None,
    clash: Clash | None = None,
    **options: Unpack[ManifestReading],
) -> AsyncIterator[ManifestRow | BadRow]:
    """Give each row of a manifest in order: as `read_manifest` does, and after a look at its files and its place.

    A row is bad also when a file is missing, unreadable, out of reach, empty, too large, or no image, PDF or video;
    when it says the same as a row before it, or has its key; and when it gives an applicant other fields than a row
    before it. Memory stays the same however many rows there are. ``known`` says of a good row whether it was sent by an
    earlier run, so that its files need not be there any more; ``clash`` may name a problem of one that was not. The
    other options are those of `read_manifest`; a `Manifest` has its own. Raises `ManifestError` when the manifest
    cannot be read, or not be checked for want of room for temporary files.
    """
    reading = ManifestOptions(**options)
    manifest = path if isinstance(path, Manifest) else await in_thread(lambda: Manifest.of(path, reading))
    rules = rules or FileRules()
    with DuplicateIndex() as index:
        rows = (_placed(row, index) for row in manifest.rows())
        while batch := await in_thread(lambda: _batch(rows, manifest)):
            for row in await asyncio.gather(*(_with_files(row, rules, known, clash) for row in batch)):
                yield row


class DuplicateIndex:
    """Digests with the lines on which they came first, in a temporary SQLite file: memory stays as it is.

    The file is SQLite's own: it has no name, and is gone when this is closed or the process ends. What stands in it is
    keyed with a secret of this object. It may be closed in one thread while another uses it: what comes after is an
    error there.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        """SQLite itself does not survive a connection that is closed while it is used."""
        self._db = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY, line INTEGER, fingerprint BLOB) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def first(self, digest: bytes, line: int, fingerprint: bytes = b"") -> tuple[int, bytes]:
        """Return the line on which ``digest`` was seen first, which may be this one, and its fingerprint there."""
        key, keyed = self._keyed(digest), self._keyed(fingerprint)
        with self._lock:
            added = self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (key, line, keyed))
            if added.rowcount:
                return line, fingerprint
            first, before = self._db.execute("SELECT line, fingerprint FROM seen WHERE digest = ?", (key,)).fetchone()
        return first, fingerprint if before == keyed else before

    def _keyed(self, digest: bytes) -> bytes:
        return hashlib.blake2b(digest, key=self._key, digest_size=32).digest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._db.close()


def _batch(rows: Iterator[ManifestRow | BadRow], manifest: Manifest) -> list[ManifestRow | BadRow]:
    try:
        return list(islice(rows, _AT_ONCE))
    except sqlite3.Error as error:
        raise ManifestError(
            f"{manifest.path}: cannot be checked ({error}): it needs some room for temporary files; "
            "name a folder that has it in SQLITE_TMPDIR"
        ) from error


def _placed(row: ManifestRow | BadRow, index: DuplicateIndex) -> ManifestRow | BadRow:
    """Return ``row``, or what is wrong with it beside the rows before it."""
    if isinstance(row, BadRow):
        return row
    return _bad(row, _clashes(row, row.line or 0, index))


def _clashes(row: ManifestRow, line: int, index: DuplicateIndex) -> Iterator[FieldProblem]:
    first, _ = index.first(row.digest, line)
    if first != line:
        field, expected = ("key", "a key of its own") if row.key else ("row", "one row of a kind")
        yield FieldProblem(field, expected, f"that of line {first}" if row.key else f"the same as in line {first}")
    elif row.applicant is not None:
        fingerprint = hashlib.sha256(dumps(unstructure(row.applicant))).digest()
        name = hashlib.sha256(f"applicant {row.applicant.external_applicant_id}".encode()).digest()
        first, before = index.first(name, line, fingerprint)
        if before != fingerprint:
            yield FieldProblem(f"{APPLICANT}*", f"what line {first} says of this applicant", "something else")


async def _with_files(
    row: ManifestRow | BadRow, rules: FileRules, known: Known | None, clash: Clash | None
) -> ManifestRow | BadRow:
    if isinstance(row, BadRow) or (known is not None and await known(row)):
        return row
    looks = [await look_at_file(side, source, rules) for side, source in row.sides()]
    problems = [look.problem for look in looks if look.problem is not None]
    if not problems and clash is not None and (problem := await clash(row)) is not None:
        problems = [problem]
    if remarks := tuple(dict.fromkeys(look.remark for look in looks if look.remark)):
        row = attrs.evolve(row, remarks=remarks)
    return _bad(row, problems)


def _bad(row: ManifestRow, problems: Iterable[FieldProblem]) -> ManifestRow | BadRow:
    all_problems = tuple(problems)
    return BadRow(line=row.line or 0, problems=all_problems, raw=row.raw, key=row.own_key()) if all_problems else row
