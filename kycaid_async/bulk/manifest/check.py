"""Check of a whole manifest, and of its files, before anything is sent."""

import asyncio
import hashlib
import os
import secrets
import sqlite3
import threading
from array import array
from bisect import bisect_left
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Final, Self, Unpack

import attrs

from kycaid_async.bulk.manifest.converted import HEIC
from kycaid_async.bulk.manifest.locked_pdfs import needs_password
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.options import ManifestOptions, ManifestReading
from kycaid_async.bulk.manifest.places import AnyPath, Place, is_url, open_within, source_of
from kycaid_async.bulk.manifest.row import APPLICANT, BadRow, ManifestRow, what_stands
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.bulk.requests.limits import when_there_is_room
from kycaid_async.bulk.row import BulkSource
from kycaid_async.bulk.temporary_tables import temporary_tables
from kycaid_async.errors import (
    ConfigurationError,
    FieldProblem,
    InvalidFileError,
    KycaidError,
    ManifestError,
    TooManyOpenFilesError,
    UploadSourceError,
)
from kycaid_async.masking import shown_name, shown_path
from kycaid_async.tracebacks import border
from kycaid_async.uploads.kinds import PDF, inspect
from kycaid_async.uploads.preflight import FileRules
from kycaid_async.uploads.reader import Source, in_thread
from kycaid_async.values.converter import unstructure
from kycaid_async.values.json import dumps

_HEAD: Final = 8192
_USUAL: Final = UrlRules()
"""For URLs of rows that stand in no manifest: the others keep to its own rules."""
_FILES: Final = "an image, a PDF or a video"
_LOCKED: Final = ("a PDF that opens without a password", "an encrypted one")
HEIC_REMARK: Final = (
    "pictures in HEIC, as telephones take them: KYCAID publishes no list of the formats that it takes; "
    "--convert heic=jpeg, or convert={'heic': 'jpeg'}, sends them as JPEG"
)
_AT_ONCE: Final = 64
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
    with border:
        reading = ManifestOptions(**options)
        manifest = path if isinstance(path, Manifest) else await in_thread(lambda: Manifest.of(path, reading))
        async for row in ManifestCheck(manifest, rules=rules, known=known, clash=clash).rows():
            yield row


class ManifestCheck:
    """The check of a whole manifest, after which its good rows are read again, as long as it did not change."""

    def __init__(
        self,
        manifest: Manifest,
        *,
        rules: FileRules | None = None,
        known: Known | None = None,
        clash: Clash | None = None,
        name: str | None = None,
    ) -> None:
        self._manifest = manifest
        self._name = name or shown_name(manifest.path)
        """How its errors name the manifest."""
        self._rules = rules or FileRules()
        self._known = known
        self._clash = clash
        self._bad = array("Q")
        """The lines of bad rows, in order: eight bytes each."""
        self._checked = hashlib.sha256()
        """All that stood in the manifest when it was checked."""

    async def rows(self) -> AsyncIterator[ManifestRow | BadRow]:
        """Check all, and give each row, good or bad, as `check_manifest` does."""
        with DuplicateIndex() as index:
            rows = (_placed(row, index) for row in self._manifest.rows())
            while batch := await in_thread(lambda: _batch(rows, self._manifest)):
                for row in await asyncio.gather(*map(self._with_files, batch)):
                    self._checked.update(what_stands(row))
                    if isinstance(row, BadRow):
                        self._bad.append(row.line)
                    yield row

    def good_rows(self) -> Iterator[ManifestRow]:
        """Give the rows that were found good. Raises `ManifestError` when others stand there by now. It may block."""
        found = hashlib.sha256()
        for row in self._manifest.rows():
            found.update(what_stands(row))
            at = bisect_left(self._bad, row.line or 0)
            if at < len(self._bad) and self._bad[at] == row.line:
                continue
            if isinstance(row, BadRow):
                raise self._changed()
            yield row
        if found.digest() != self._checked.digest():
            raise self._changed()

    def _changed(self) -> ManifestError:
        return ManifestError(f"{self._name}: changed while it was read; run the same command again")

    async def _with_files(self, row: ManifestRow | BadRow) -> ManifestRow | BadRow:
        if isinstance(row, BadRow) or (self._known is not None and await self._known(row)):
            return row
        looks = [await look_at_file(side, source, self._rules) for side, source in row.sides()]
        problems = [look.problem for look in looks if look.problem is not None]
        if not problems and self._clash is not None and (problem := await self._clash(row)) is not None:
            problems = [problem]
        if remarks := tuple(dict.fromkeys(look.remark for look in looks if look.remark)):
            row = attrs.evolve(row, remarks=remarks)
        return _bad(row, problems)


class DuplicateIndex:
    """Digests with the lines on which they came first, in a temporary SQLite file: memory stays as it is.

    What stands in it is keyed with a secret of this object. It may be closed in one thread while another uses it: what
    comes after is an error there.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        """SQLite itself does not survive a connection that is closed while it is used."""
        self._db = temporary_tables(
            "CREATE TABLE seen (digest BLOB PRIMARY KEY, line INTEGER, fingerprint BLOB) WITHOUT ROWID"
        )

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


def _bad(row: ManifestRow, problems: Iterable[FieldProblem]) -> ManifestRow | BadRow:
    all_problems = tuple(problems)
    return BadRow(line=row.line or 0, problems=all_problems, raw=row.raw, key=row.own_key()) if all_problems else row


@attrs.frozen
class FileLook:
    """The result of inspecting a file."""

    kind: str = ""
    """Its content type."""
    problem: FieldProblem | None = None
    remark: str = ""
    """What a person should know of it although it is sent."""


async def look_at_file(side: str, place: BulkSource, rules: FileRules) -> FileLook:
    """Look at the first bytes of a file, and whether a PDF has a password. Raises `TooManyOpenFilesError`."""
    source = source_of(place, _USUAL, first=_HEAD)

    async def look() -> str:
        reading = await source.open()
        try:
            return inspect(reading, label=source.label, rules=rules)
        finally:
            await reading.close()

    try:
        kind = await when_there_is_room(look, sleep=asyncio.sleep)
    except TooManyOpenFilesError:
        raise
    except InvalidFileError as error:
        got = f"one that {_words(error, source).removeprefix(f'expected {_FILES}; it ')}"
        return FileLook(problem=FieldProblem(side, _FILES, got))
    except UploadSourceError as error:
        return FileLook(problem=FieldProblem(side, "a file that can be read now", f"one that {_words(error, source)}"))
    except ConfigurationError as error:  # it is about this row, for others need no such package
        return FileLook(problem=FieldProblem(side, "a file that can be read here", f"another: {_words(error, source)}"))
    try:
        if kind == PDF.content_type and isinstance(place, Place) and await in_thread(partial(_is_locked, place)):
            return FileLook(kind, FieldProblem(side, *_LOCKED))
    except ModuleNotFoundError as error:
        return FileLook(kind, remark=f"PDFs that are encrypted, perhaps with a password: {error}")
    return FileLook(kind, remark=HEIC_REMARK if kind in HEIC else "")


def _is_locked(place: Place) -> bool:
    """Say whether a PDF has a password, unless it is a remote one: that is found when it is read. It may block."""
    if is_url(place):
        return False
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    try:
        fd = open_within(place.written, flags, folders=place.reach.folders, spelt=place.reach.spelt)
    except OSError:
        return False  # it is found when it is to be sent
    with os.fdopen(fd, "rb") as file:
        return needs_password(file)


def _words(error: KycaidError, source: Source) -> str:
    return error.message.removeprefix(f"{shown_path(source.label)}: ")
