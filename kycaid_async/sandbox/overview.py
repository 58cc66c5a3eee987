"""An overview of a sandbox: all applicants, documents and verifications, newest first."""

from datetime import datetime
from typing import Any

import attrs

from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.rules.verdict import reasons_in
from kycaid_async.sandbox.storage.applicants import name_of
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.sandbox.storage.documents import SIDES
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork
from kycaid_async.values.decline_reasons import DeclineReason, reason_of
from kycaid_async.values.scalars import read_time


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ApplicantRow(ValueObject):
    """An applicant."""

    applicant_id: str
    type: str
    """PERSON or COMPANY."""
    name: str | None = attrs.field(default=None, repr=False)
    external_applicant_id: str | None = attrs.field(default=None, repr=False)
    status: str
    """As in an applicant: new, pending, valid or invalid."""
    document_status: str | None = None
    """What its documents are together: invalid where one is, else new where one is, else valid; None without any."""
    documents: int
    """How many it has."""
    verifications: int
    """How many it has."""
    created_at: datetime


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FileRow(ValueObject):
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


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DocumentRow(ValueObject):
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
    """True when it stays as it is until `Sandbox.decide`."""
    files: tuple[FileRow, ...] = ()
    created_at: datetime


@attrs.frozen(kw_only=True, eq=False, repr=False)
class VerificationRow(ValueObject):
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
    """True when it stays as it is until `Sandbox.decide`."""
    price: float
    """Euros that were booked for it."""
    created_at: datetime


def applicants(unit: UnitOfWork, *, search: str = "", offset: int, count: int) -> list[ApplicantRow]:
    """Return applicants, newest first."""
    return [_applicant(row) for row in unit.applicants.overview(search, offset=offset, count=count)]


def documents(unit: UnitOfWork, *, offset: int, count: int, owner: str | None) -> list[DocumentRow]:
    """Return documents, newest first."""
    return [_document(unit, row) for row in unit.documents.newest(owner=owner, offset=offset, count=count)]


def verifications(
    unit: UnitOfWork, *, search: str = "", offset: int, count: int, applicant_id: str | None
) -> list[VerificationRow]:
    """Return verifications, newest first."""
    rows = unit.verifications.newest(applicant_id=applicant_id, search=search, offset=offset, count=count)
    return [_verification(unit, row) for row in rows]


def _applicant(row: Row) -> ApplicantRow:
    statuses = row["document_statuses"].split(",") if row["document_statuses"] else []
    return ApplicantRow(
        applicant_id=row["id"],
        type=row["type"],
        name=name_of(row),
        external_applicant_id=row["body"].get("external_applicant_id"),
        status=row["verdict"] or "new",
        document_status=next((status for status in ("invalid", "new", "valid") if status in statuses), None),
        documents=len(statuses),
        verifications=row["verifications"],
        created_at=read_time(row["created_at"]),
    )


def _document(unit: UnitOfWork, row: Row) -> DocumentRow:
    return DocumentRow(
        document_id=row["id"],
        owner_id=row["owner"],
        owner_name=name_of(unit.owner(row["owner"])),
        type=row["type"],
        status=row["status"],
        reasons=tuple(reason_of(name) for name in row["reasons"]),
        comment=row["comment"],
        waits_for_person=row["status"] == "new" and row["outcome"] == "pending",
        files=_files(unit, row["body"]),
        created_at=read_time(row["created_at"]),
    )


def _files(unit: UnitOfWork, body: dict[str, Any]) -> tuple[FileRow, ...]:
    files = ((side.removesuffix("_id"), unit.files.find(body[side])) for side in SIDES if body.get(side))
    return tuple(
        FileRow(file_id=file["id"], side=side, name=file["name"], mime_type=file["mime_type"], size=file["size"])
        for side, file in files
        if file is not None
    )


def _verification(unit: UnitOfWork, row: Row) -> VerificationRow:
    return VerificationRow(
        verification_id=row["id"],
        applicant_id=row["applicant_id"],
        applicant_name=name_of(unit.applicants.find(row["applicant_id"])),
        form_id=row["form_id"],
        status=row["status"],
        verified=None if row["verified"] is None else bool(row["verified"]),
        reasons=tuple(reason_of(name) for name in reasons_in(row["checks"])),
        comment=row["comment"],
        waits_for_person=_waits(unit, row),
        price=row["cents"] / 100,
        created_at=read_time(row["created_at"]),
    )


def _waits(unit: UnitOfWork, row: Row) -> bool:
    if row["status"] != "pending":
        return False
    return row["outcome"] == "pending" or any(
        document["status"] == "new" and document["outcome"] == "pending"
        for document in unit.verifications.documents_of(row["id"])
    )
