"""Rows for whoever looks at a sandbox from above: all applicants, documents and verifications, newest first."""

from datetime import datetime

import attrs

from kycaid_async.values.decline_reasons import DeclineReason


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
