"""Rows from which verifications are asked for, and what the ledger knows of them."""

from collections.abc import AsyncIterable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, cast

import attrs

from kycaid_async.bulk.known_rows import KnownBy, known_rows
from kycaid_async.bulk.ledger import EntryState, RowEntry, UploadLedger
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.row import BadRow
from kycaid_async.bulk.prerequisites import known_applicant
from kycaid_async.bulk.row import AskedVerification, BulkRow, BulkVerification, identify, plain_id
from kycaid_async.bulk.spool import nobody
from kycaid_async.bulk.verify.wanted import DELIVERED, GIVEN, AskingRow

VerifyRow = BulkRow | BadRow | AskedVerification
"""A row that was uploaded, or a verification."""
VerifyRows = Iterable[VerifyRow] | AsyncIterable[VerifyRow]


def rows_of(manifest: Manifest) -> Iterator[BulkRow | BadRow | BulkVerification]:
    """Give the rows of a manifest: those that were uploaded, or, where it names no documents, applicants."""
    yield from manifest.rows() if manifest.names_documents else manifest.asked()


@attrs.frozen(eq=False)
class KnownRow:
    """A row with what the ledger knows of it."""

    row: VerifyRow = attrs.field(repr=False)
    state: str = GIVEN
    """Whether it is delivered, in a word."""
    entry: RowEntry | None = None


async def look_up(rows: Sequence[VerifyRow], ledger: UploadLedger) -> list[KnownRow]:
    """Return rows with what the ledger knows of them, by one look for all."""
    said = {number: identify(row) for number, row in enumerate(rows) if isinstance(row, BulkRow)}
    good = {number: one for number, one in said.items() if isinstance(one, tuple)}
    looked_up = await known_rows([(cast("BulkRow", rows[number]), one) for number, one in good.items()], ledger)
    known = dict(zip(good, looked_up, strict=True))
    return [
        KnownRow(row)
        if number not in said
        else _known(row, *known[number], ledger)
        if number in good
        else KnownRow(row, "bad")
        for number, row in enumerate(rows)
    ]


def _known(row: VerifyRow, known_by: KnownBy, entry: RowEntry | None, ledger: UploadLedger) -> KnownRow:
    return KnownRow(row, _state_of(entry, known_by[1], ledger), entry)


async def asking_row(number: int, known: KnownRow, ledger: UploadLedger) -> tuple[str, AskingRow]:
    """Return a row as it is spooled, and what stands for its applicant."""
    row = known.row
    if not isinstance(row, BulkRow):
        given = BulkVerification.of(cast("AskedVerification", row))
        asks = AskingRow(number=number, line=given.line, key=given.key, state=GIVEN, is_known=True, **_asked_by(given))
        return plain_id(given.applicant_id), asks
    is_bad = known.state == "bad"
    applicant_id, is_lost = (None, False) if is_bad else await known_applicant(row, known.entry, ledger)
    external = getattr(row.applicant, "external_applicant_id", None)  # a bad row may have anything in its place
    asks = AskingRow(
        number=number,
        line=row.line,
        key=str(external) if external else row.key,
        state=known.state,
        is_known=applicant_id is not None,
        is_lost=is_lost,
        **_asked_by(row),
    )
    return nobody(external or number) if applicant_id is None else plain_id(applicant_id), asks


def _state_of(entry: RowEntry | None, fingerprint: bytes | None, ledger: UploadLedger) -> str:
    if entry is None or entry.state is not EntryState.CREATED:
        return "unknown" if entry is None else entry.state.value
    return DELIVERED if ledger.has_said(entry, fingerprint) else "changed"


def _asked_by(row: BulkRow | BulkVerification) -> dict[str, Any]:
    """Return what a row says of its verification."""
    form_id, types = cast("object", row.form_id), cast("object", row.types)
    return {
        "form_id": plain_id(form_id) if isinstance(form_id, str) else form_id,
        "callback_url": row.callback_url,
        "types": [*types] if isinstance(types, Sequence | AbstractSet) and not isinstance(types, str) else types,
    }
