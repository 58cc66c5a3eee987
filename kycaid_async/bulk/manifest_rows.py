"""The rows of a manifest for a run: checked as a whole first, so that nothing is sent when one of them is bad.

They are checked beside what earlier runs sent, too: a manifest whose keys changed would send files for somebody else.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Final, Self

import attrs

from kycaid_async.bulk.contents import FileContent, as_many_as_cores, digest_at, read_content
from kycaid_async.bulk.known_rows import known_row
from kycaid_async.bulk.ledger import EntryState, UploadLedger
from kycaid_async.bulk.manifest.check import ManifestCheck
from kycaid_async.bulk.manifest.groups import ProblemGroups
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.options import ManifestOptions
from kycaid_async.bulk.manifest.places import AnyPath, is_url, source_of
from kycaid_async.bulk.manifest.row import BadRow, ManifestRow
from kycaid_async.bulk.prerequisites import digest_of_applicant
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.bulk.row_feed import RowBatch
from kycaid_async.bulk.temporary_tables import temporary_tables
from kycaid_async.errors import FieldProblem, KycaidError, ManifestError
from kycaid_async.masking import shown_name
from kycaid_async.uploads.preflight import FileRules
from kycaid_async.uploads.reader import in_thread

_AT_ONCE: Final = 64
_MOST_TOLD: Final = 10
_PROBLEM: Final = FieldProblem(
    "applicant.external_applicant_id",
    "the applicant for whom these files were sent before (did the manifest lose zeros when it was saved? "
    "--allow-same-files, or allow_same_files=True, sends them for another, too)",
    "another one",
)
_PERHAPS: Final = FieldProblem(
    "applicant.external_applicant_id",
    "the applicant for whom files of the same size and with the same 16 KiB at each end were sent before; the first "
    "of them was moved or changed since, so that only its ends can be compared (did the manifest lose zeros when it "
    "was saved? --allow-same-files, or allow_same_files=True, sends them for another, too)",
    "another one",
)


@attrs.frozen
class ManifestFile:
    """A manifest that was not opened yet."""

    path: AnyPath = attrs.field(repr=False)
    options: ManifestOptions = attrs.field(repr=False)


@attrs.frozen
class CheckedManifest:
    """A manifest that was checked, with its good rows."""

    manifest: Manifest = attrs.field(repr=False)
    rows: Iterator[ManifestRow] = attrs.field(repr=False)


async def rows_of_manifest(source: Manifest | ManifestFile, ledger: UploadLedger) -> AsyncIterator[RowBatch]:
    """Give the rows of a manifest, some dozens together.

    Raises `ManifestError` before the first when some of them cannot be delivered.
    """
    checked = await checked_manifest(source, ledger)
    while batch := await in_thread(lambda: RowBatch(islice(checked.rows, _AT_ONCE))):
        yield batch


async def checked_manifest(source: Manifest | ManifestFile, ledger: UploadLedger) -> CheckedManifest:
    """Check a manifest as a whole. Raises `ManifestError` when some of its rows cannot be delivered."""
    manifest = (
        source if isinstance(source, Manifest) else await in_thread(lambda: Manifest.of(source.path, source.options))
    )
    groups, count = ProblemGroups(), 0
    with EarlierRuns(ledger, allow_same_files=manifest.options.allow_same_files) as earlier:
        check = ManifestCheck(manifest, known=earlier.has_sent, clash=earlier.clash)
        async for row in check.rows():
            count += 1
            if isinstance(row, BadRow):
                groups.add(row)
    if groups.rows:
        raise ManifestError(_told(manifest, groups, count))
    return CheckedManifest(manifest, check.good_rows())


def _told(manifest: Manifest, groups: ProblemGroups, count: int) -> str:
    problems = "; ".join(map(str, islice(groups, _MOST_TOLD)))
    return f"{shown_name(manifest.path)}: {groups.rows:,} of {count:,} rows cannot be sent, so none was: {problems}"


@attrs.define
class EarlierRuns:
    """Deeds of earlier runs, by a ledger that is open; memory stays as it is for a million of rows.

    A file that was sent for one applicant, and comes for another, is a question. One that several share is none.
    """

    _ledger: UploadLedger
    _allow_same_files: bool = attrs.field(alias="allow_same_files", kw_only=True)
    states: Counter[EntryState] = attrs.field(init=False, factory=Counter[EntryState])
    """How many of the rows that were asked for are in which state."""
    _rules: FileRules = attrs.field(init=False, factory=FileRules)
    _hashing: asyncio.Semaphore = attrs.field(init=False, factory=as_many_as_cores)
    _db: sqlite3.Connection | None = attrs.field(init=False, default=None)

    async def has_sent(self, row: ManifestRow) -> bool:
        """Say whether a row was delivered, or sent, so that its files may be gone by now."""
        _, entry = await known_row(row, (row.digest, row.says), self._ledger)
        if entry is None:
            return False
        self.states[entry.state] += 1
        return entry.state is not EntryState.FAILED

    async def clash(self, row: ManifestRow) -> FieldProblem | None:
        """Return the problem of a row, new to the ledger, whose files were sent for another applicant."""
        if self._allow_same_files:
            return None
        database = await self._opened()
        if database.execute("SELECT 1 FROM sent LIMIT 1").fetchone() is None:
            return None
        own = await self._applicant_of(row)
        for _, place in row.sides():
            if is_url(place):
                continue
            try:
                async with await read_content(source_of(place, UrlRules()), self._rules, self._hashing) as content:
                    file_id, problem = await self._file_of(content)
            except KycaidError:
                continue  # it is found when it is to be sent
            owners = database.execute("SELECT applicant FROM sent WHERE file = ?", (file_id,)).fetchall()
            # One that went to several is one that they share.
            if len(owners) == 1 and (own,) not in owners:
                return problem
        return None

    async def _file_of(self, content: FileContent) -> tuple[str | None, FieldProblem]:
        """Return the id of the file with this content, or perhaps with it, as far as there is one, and what to ask."""
        if content.partial is not None:
            first = await self._ledger.first_file(content.partial)
            if first is None and not self._ledger.knows_whole_files_only:
                return None, _PROBLEM
            if first is not None and first.origin is not None:
                # Where it was read, it may be gone by now: then both ends are enough for a question.
                earlier = await digest_at(first.origin, self._hashing) if first.origin != content.origin else None
                if earlier is None and first.origin != content.origin:
                    return first.file_id, _PERHAPS
                if earlier is None or earlier == await content.whole(self._hashing):
                    return first.file_id, _PROBLEM
        return await self._ledger.file(await content.whole(self._hashing)), _PROBLEM

    async def _applicant_of(self, row: ManifestRow) -> str | None:
        if row.applicant is None:
            return row.applicant_id
        known = await self._ledger.applicant(digest_of_applicant(row.applicant))
        return None if known is None else known.applicant_id

    async def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = database = temporary_tables(
                "CREATE TABLE sent (file TEXT, applicant TEXT, PRIMARY KEY (file, applicant)) WITHOUT ROWID"
            )
            async for entry in self._ledger.rows():
                if entry.state is not EntryState.FAILED:
                    pairs = [(file_id, entry.intent.applicant_id) for file_id in entry.intent.file_ids.values()]
                    database.executemany("INSERT OR IGNORE INTO sent VALUES (?, ?)", pairs)
        return self._db

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._db is not None:
            self._db.close()
