"""Rows for whoever looks at a sandbox from above: all applicants, documents and verifications, newest first."""

from datetime import datetime
from typing import Any

import attrs

from kycaid_async.sandbox.handlers import verifications as handlers
from kycaid_async.sandbox.handlers.documents import SIDES
from kycaid_async.sandbox.storage import verifications as runs
from kycaid_async.sandbox.storage.database import Row, Transaction
from kycaid_async.values.decline_reasons import DeclineReason, reason_of
from kycaid_async.values.times import read_time


@attrs.frozen(kw_only=True)
class ApplicantRow:
    """An applicant."""

    applicant_id: str
    type: str
    """PERSON or COMPANY."""
    name: str | None = attrs.field(default=None, repr=False)
    status: str
    """As in an applicant: new, pending, valid or invalid."""
    documents: int
    """How many it has."""
    verifications: int
    """How many it has."""
    created_at: datetime


@attrs.frozen(kw_only=True)
class FileRow:
    """A file of a document."""

    file_id: str
    side: str
    """The key of the document that holds it: ``front_side``, ``back_side`` …"""
    name: str = attrs.field(repr=False)
    """What the client called it."""
    mime_type: str
    """What the client said it is."""
    size: int
    """In bytes."""


@attrs.frozen(kw_only=True)
class DocumentRow:
    """A document."""

    document_id: str
    owner_id: str
    """Of an applicant or an affiliated person."""
    owner_name: str | None = attrs.field(default=None, repr=False)
    type: str
    status: str
    """new, valid or invalid."""
    reasons: tuple[DeclineReason, ...] = ()
    comment: str | None = attrs.field(default=None, repr=False)
    waits_for_person: bool
    """True when it stays as it is until `Control.decide`."""
    files: tuple[FileRow, ...] = ()
    created_at: datetime


@attrs.frozen(kw_only=True)
class VerificationRow:
    """A verification."""

    verification_id: str
    applicant_id: str | None
    """None for a form that nobody completed and that was made for nobody."""
    applicant_name: str | None = attrs.field(default=None, repr=False)
    form_id: str | None
    status: str
    """unused, pending or completed."""
    verified: bool | None
    """The verdict; None until it is completed."""
    reasons: tuple[DeclineReason, ...] = ()
    comment: str | None = attrs.field(default=None, repr=False)
    waits_for_person: bool
    """True when it stays as it is until `Control.decide`."""
    price: float
    """Euros that were booked for it."""
    created_at: datetime


def applicants(rows: Transaction, *, offset: int, count: int) -> list[ApplicantRow]:
    """Return applicants, newest first."""
    found = rows.rows("SELECT * FROM applicants ORDER BY rowid DESC LIMIT ? OFFSET ?", count, offset)
    return [_applicant(rows, row) for row in found]


def documents(rows: Transaction, *, offset: int, count: int, owner: str | None) -> list[DocumentRow]:
    """Return documents, newest first."""
    found = _page(rows, "documents", "owner", owner, offset=offset, count=count)
    return [_document(rows, row) for row in found]


def verifications(rows: Transaction, *, offset: int, count: int, applicant_id: str | None) -> list[VerificationRow]:
    """Return verifications, newest first."""
    found = _page(rows, "verifications", "applicant_id", applicant_id, offset=offset, count=count)
    return [_verification(rows, row) for row in found]


def _page(rows: Transaction, table: str, column: str, owner: str | None, *, offset: int, count: int) -> list[Row]:
    condition = "" if owner is None else f"WHERE {column} = ?"
    sql = f"SELECT * FROM {table} {condition} ORDER BY seq DESC LIMIT ? OFFSET ?"  # noqa: S608
    return rows.rows(sql, *([] if owner is None else [owner]), count, offset)


def _applicant(rows: Transaction, row: Row) -> ApplicantRow:
    summary = handlers.summary(rows, row["id"])
    (documents,) = rows.rows("SELECT count(*) AS n FROM documents WHERE owner = ? AND current", row["id"])
    return ApplicantRow(
        applicant_id=row["id"],
        type=row["type"],
        name=runs.name_of(row),
        status=summary["verification_status"],
        documents=documents["n"],
        verifications=int(summary["verifications_count"]),
        created_at=read_time(row["created_at"]),
    )


def _document(rows: Transaction, row: Row) -> DocumentRow:
    owner = rows.find("applicants", row["owner"]) or rows.find("affiliated_persons", row["owner"])
    return DocumentRow(
        document_id=row["id"],
        owner_id=row["owner"],
        owner_name=runs.name_of(owner),
        type=row["type"],
        status=row["status"],
        reasons=tuple(reason_of(name) for name in row["reasons"]),
        comment=row["comment"],
        waits_for_person=row["status"] == "new" and row["outcome"] == "pending",
        files=_files(rows, row["body"]),
        created_at=read_time(row["created_at"]),
    )


def _files(rows: Transaction, body: dict[str, Any]) -> tuple[FileRow, ...]:
    found = ((side.removesuffix("_id"), rows.find("files", body.get(side) or "")) for side in SIDES)
    return tuple(
        FileRow(file_id=file["id"], side=side, name=file["name"], mime_type=file["mime_type"], size=file["size"])
        for side, file in found
        if file is not None
    )


def _verification(rows: Transaction, row: Row) -> VerificationRow:
    return VerificationRow(
        verification_id=row["id"],
        applicant_id=row["applicant_id"],
        applicant_name=runs.name_of(rows.find("applicants", row["applicant_id"] or "")),
        form_id=row["form_id"],
        status=row["status"],
        verified=None if row["verified"] is None else bool(row["verified"]),
        reasons=tuple(reason_of(name) for name in runs.reasons_of(row)),
        comment=row["comment"],
        waits_for_person=_waits(rows, row),
        price=row["cents"] / 100,
        created_at=read_time(row["created_at"]),
    )


def _waits(rows: Transaction, row: Row) -> bool:
    if row["status"] != "pending":
        return False
    return row["outcome"] == "pending" or any(
        document["status"] == "new" and document["outcome"] == "pending"
        for document in runs.documents_of(rows, row["id"])
    )
