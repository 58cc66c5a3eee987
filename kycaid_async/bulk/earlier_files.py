"""Files that an earlier run sent, and for whom: a manifest whose keys changed would send them for somebody else."""

import sqlite3
from typing import Final

import attrs

from kycaid_async.bulk.ledger import EntryState, Ledger
from kycaid_async.bulk.manifest.places import is_url, source_of
from kycaid_async.bulk.manifest.row import ManifestRow
from kycaid_async.bulk.prerequisites import as_many_as_cores, digest_of_applicant, read_content
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.errors import FieldProblem, KycaidError
from kycaid_async.uploads.preflight import FileRules

_PROBLEM: Final = FieldProblem(
    "applicant.external_applicant_id",
    "the applicant for whom these files were sent before (did the manifest lose zeros when it was saved? "
    "--allow-same-files, or allow_same_files=True, sends them for another, too)",
    "another one",
)


@attrs.define
class EarlierFiles:
    """Knows for whom files were sent, by a ledger that is open; memory stays as it is for a million of them.

    A file that was sent for one applicant, and comes for another, is a question. One that several share is none.
    """

    _ledger: Ledger
    _rules: FileRules = attrs.field(factory=FileRules)
    _db: sqlite3.Connection | None = None

    async def clash(self, row: ManifestRow) -> FieldProblem | None:
        """Return the problem of a row, new to the ledger, whose files were sent for another applicant."""
        database = await self._opened()
        hashing, own = as_many_as_cores(), await self._applicant_of(row)
        for _, place in row.sides():
            if is_url(place):
                continue
            try:
                content = await read_content(source_of(place, UrlRules()), self._rules, hashing)
            except KycaidError:
                continue  # it is found when it is to be sent
            file_id = await self._ledger.file(content.digest)
            owners = database.execute("SELECT applicant FROM sent WHERE file = ?", (file_id,)).fetchall()
            # One that went to several is one that they share.
            if len(owners) == 1 and (own,) not in owners:
                return _PROBLEM
        return None

    async def _applicant_of(self, row: ManifestRow) -> str | None:
        if row.applicant is None:
            return row.applicant_id
        known = await self._ledger.applicant(digest_of_applicant(row.applicant))
        return None if known is None else known.applicant_id

    async def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
            database.execute(
                "CREATE TABLE sent (file TEXT, applicant TEXT, PRIMARY KEY (file, applicant)) WITHOUT ROWID"
            )
            database.execute("BEGIN")
            async for entry in self._ledger.rows():
                if entry.state is not EntryState.FAILED:
                    pairs = [(file_id, entry.intent.applicant_id) for file_id in entry.intent.file_ids.values()]
                    database.executemany("INSERT OR IGNORE INTO sent VALUES (?, ?)", pairs)
        return self._db

    def close(self) -> None:
        """Let go of the temporary file."""
        if self._db is not None:
            self._db.close()
