"""Rows in the ledgers of earlier versions, which knew some by other digests: those are not to be sent again.

They took a path as it was written, with every ``./`` in it, a time at midnight for another value than its day, and so
on with all that counts as the same by now.
"""

from collections.abc import Mapping, Sequence

from kycaid_async.api.applicants import Company, Person
from kycaid_async.bulk.digests import (
    counts_as,
    name_of,
    older_digest_of,
    older_digest_of_key,
    older_digest_of_row,
    older_name_of,
)
from kycaid_async.bulk.ledger import RowEntry, UploadLedger
from kycaid_async.bulk.manifest.row import ManifestRow
from kycaid_async.bulk.row import BulkRow, BulkSource
from kycaid_async.values.converter import unstructure

KnownBy = tuple[bytes, bytes | None]
"""The digest of a row, and what it says, as `identify` returns them."""


async def known_rows(
    rows: Sequence[tuple[BulkRow, KnownBy]], ledger: UploadLedger
) -> list[tuple[KnownBy, RowEntry | None]]:
    """Return for each row what the ledger knows it by, and its entry, with few looks."""
    if not rows:
        return []
    entries = await ledger.rows_by_digest([digest for _, (digest, _) in rows])
    known = [(known_by, entry) for (_, known_by), entry in zip(rows, entries, strict=True)]
    others = {
        number: older
        for number, (row, known_by) in enumerate(rows)
        if _is_strange(known[number], ledger) and (older := _older(row, known_by)) is not None
    }
    if others:
        found = await ledger.rows_by_digest([digest for digest, _ in others.values()])
        for (number, older), entry in zip(others.items(), found, strict=True):
            if entry is not None and ledger.has_said(entry, older[1]):
                known[number] = (older, entry)
    return known


async def known_row(row: BulkRow, known_by: KnownBy, ledger: UploadLedger) -> tuple[KnownBy, RowEntry | None]:
    """Return the same for one row."""
    ((known_by, entry),) = await known_rows([(row, known_by)], ledger)
    return known_by, entry


def _is_strange(known: tuple[KnownBy, RowEntry | None], ledger: UploadLedger) -> bool:
    """Say whether the ledger does not know a row, or knows another one with its key."""
    (_, fingerprint), entry = known
    return entry is None or not ledger.has_said(entry, fingerprint)


def is_known_otherwise(row: BulkRow) -> bool:
    """Say whether earlier versions knew a row by anything else. Of nearly all rows they did not."""
    if any(value.__class__ is not str or counts_as(value) != value for value in row.document.values()):
        return True
    if row.applicant is not None and _counts_otherwise(row.applicant):
        return True
    if row.key is not None and not row.key.isascii():
        return True
    sources = () if row.key is not None else _sources(row).values()
    return any(not isinstance(source, bytes) and name_of(source) != older_name_of(source) for source in sources)


def _counts_otherwise(applicant: Person | Company) -> bool:
    try:
        plain = unstructure(applicant)
        return bool(counts_as(plain) != plain)
    except Exception:  # noqa: BLE001 - an object of the user can raise anything
        return False  # no earlier version could have sent it


def _sources(row: BulkRow) -> Mapping[str, BulkSource]:
    return row.written if isinstance(row, ManifestRow) else dict(row.sides())


def _older(row: BulkRow, known_by: KnownBy) -> KnownBy | None:
    """Return what earlier versions knew a row by, if that was anything else."""
    if not is_known_otherwise(row):
        return None
    older: KnownBy
    try:
        if row.key is not None:
            sides = [side for side, _ in row.sides()]
            said = [dict(row.document), row.applicant_id, row.applicant, sides]
            older = older_digest_of_key(row.key), older_digest_of(said)
        else:
            names = {side: older_name_of(source) for side, source in _sources(row).items()}
            older = older_digest_of_row(row.document, row.applicant_id, row.applicant, names), None
    except Exception:  # noqa: BLE001 - an object of the user can raise anything
        return None  # no earlier version could have sent it
    return None if older == known_by else older
