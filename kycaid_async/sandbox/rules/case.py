"""A case for review, and what a rule is: facts about a document or an applicant, and a reason to decline."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, Literal

import attrs

from kycaid_async.api.documents.fields import DocumentType
from kycaid_async.values.decline_reasons import DeclineReason

REFUSED_COUNTRIES: Final = frozenset({"IR", "KP", "MM"})
"""The countries that a sandbox refuses when it is told no others."""
IDENTITY: Final = frozenset(
    {
        DocumentType.DOMESTIC_PASSPORT,
        DocumentType.DRIVERS_LICENSE,
        DocumentType.FOREIGN_CITIZEN_PASSPORT,
        DocumentType.GOVERNMENT_ID,
        DocumentType.PASSPORT,
        DocumentType.PERMANENT_RESIDENCE_PERMIT,
        DocumentType.REFUGEE_CARD,
    }
)
SELFIES: Final = frozenset(
    {DocumentType.SELFIE_IMAGE, DocumentType.SELFIE_WITH_CREDIT_CARD, DocumentType.SELFIE_WITH_DOCUMENT}
)
Subject = Literal["document", "applicant"]
"""What a rule is asked about."""


@attrs.frozen(kw_only=True)
class Look:
    """The visible properties of a file. Of PDFs, videos and images that Pillow cannot decode, no pixel is seen."""

    name: str = attrs.field(default="", repr=False)
    """What the client called it."""
    is_damaged: bool = False
    """True when it cannot be read to its end, or is nothing that a document could be."""
    width: int | None = None
    """In pixels."""
    height: int | None = None
    """In pixels."""
    brightness: float | None = None
    """Of the average pixel: 0 is black, 255 is white."""
    contrast: float | None = None
    """Standard deviation of the brightness; 0 for an image of one colour."""
    sharpness: float | None = None
    """Variance of the Laplacian of the image, made at most 800 pixels wide, by the variance of its brightness; near 0
    when it is out of focus."""
    software: str = attrs.field(default="", repr=False)
    """The program that wrote it, as its EXIF data say."""


@attrs.frozen(kw_only=True)
class Case:
    """The facts of a document for review, or of an applicant, which has no ``type`` here."""

    type: str = ""
    """The type of the document."""
    fields: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    """The document's own fields."""
    owner: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    """The applicant's fields; empty for an affiliated person."""
    files: tuple[Look, ...] = ()
    """What can be seen of the document's files."""
    faces: frozenset[str] = attrs.field(default=frozenset(), repr=False)
    """The faces that the names of the files of the owner's identity documents tell of."""
    number_is_taken: bool = False
    """True when another owner had a document with the same number first."""
    content_is_taken: bool = False
    """True when another owner had a file with the same content first."""
    refused_countries: frozenset[str] = REFUSED_COUNTRIES
    today: date


@attrs.frozen
class Rule:
    """A reason to decline, and when it applies.

    ``Rule("gold only", "type", DeclineReason.WRONG_DOCUMENT, lambda case: case.type != "CREDIT_CARD")``. ``applies`` is
    called in a worker thread, one after the other for all documents. Where it raises, the document stays "new", or the
    verification "pending", until a person decides about it or it is changed; the log names the rule.
    """

    name: str
    looks_at: str
    """For people: what of the case it looks at."""
    reason: DeclineReason
    applies: Callable[[Case], bool] = attrs.field(repr=False)
    of: tuple[Subject, ...] = ("document",)
    """What it is asked about."""
