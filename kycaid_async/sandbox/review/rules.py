"""The rules of a review: pure functions over what is known of a document."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

import attrs

from kycaid_async.api.document_words import DocumentType
from kycaid_async.values.decline_reasons import DeclineReason
from kycaid_async.values.mismatch import Mismatch
from kycaid_async.values.times import read_date

ADULT_AGE: Final = 18

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


@attrs.frozen(kw_only=True)
class Case:
    """What a review knows."""

    type: str
    """The type of the document."""
    fields: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    """The document's own fields."""
    owner: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    """The applicant's fields; empty for an affiliated person."""
    file_count: int = 0
    flaws: frozenset[DeclineReason] = frozenset()
    """What is wrong with the content of its files."""
    number_is_taken: bool = False
    """True when another owner had a document with the same number first."""
    today: date


def judge(case: Case) -> list[DeclineReason]:
    """Return every reason to decline the document; none when it is valid."""
    if is_named(case, "John", "Snow"):
        return []
    return [reason for reason, applies in RULES if applies(case)]


def is_named(case: Case, first: str, last: str) -> bool:
    """Say whether the owner has one of the two names that KYCAID's test mode knows."""
    names = (case.owner.get("first_name") or "", case.owner.get("last_name") or "")
    return tuple(name.strip().casefold() for name in names) == (first.casefold(), last.casefold())


def is_fake(case: Case) -> bool:
    """John Doe is always declined."""
    return is_named(case, "John", "Doe")


def is_damaged(case: Case) -> bool:
    """A file cannot be read to its end."""
    return DeclineReason.DOCUMENT_DAMAGED in case.flaws


def is_of_bad_quality(case: Case) -> bool:
    """An image is too small to read."""
    return DeclineReason.BAD_QUALITY in case.flaws


def is_incomplete(case: Case) -> bool:
    """An identity document has no file."""
    return case.type in IDENTITY and not case.file_count


def lacks_selfie(case: Case) -> bool:
    """A selfie has no file."""
    return case.type in SELFIES and not case.file_count


def is_expired(case: Case) -> bool:
    """The last day of the document is over."""
    expiry = _date(case.fields.get("expiry_date"))
    return expiry is not None and expiry < case.today


def is_under_age(case: Case) -> bool:
    """The owner is a minor today."""
    born = _date(case.owner.get("dob"))
    if born is None:
        return False
    had_birthday = (case.today.month, case.today.day) >= (born.month, born.day)
    return case.today.year - born.year - (not had_birthday) < ADULT_AGE


def is_duplicate(case: Case) -> bool:
    """Another owner had the number first."""
    return case.number_is_taken


RULES: Final[tuple[tuple[DeclineReason, Callable[[Case], bool]], ...]] = (
    (DeclineReason.DOCUMENT_DAMAGED, is_damaged),
    (DeclineReason.BAD_QUALITY, is_of_bad_quality),
    (DeclineReason.DOCUMENT_INCOMPLETE, is_incomplete),
    (DeclineReason.NO_SELFIE, lacks_selfie),
    (DeclineReason.EXPIRED_DOCUMENT, is_expired),
    (DeclineReason.AGE_RESTRICTION, is_under_age),
    (DeclineReason.DUPLICATE, is_duplicate),
    (DeclineReason.FAKE_DOCUMENT, is_fake),
)


def _date(text: Any) -> date | None:
    try:
        return read_date(text)
    except Mismatch:
        return None
