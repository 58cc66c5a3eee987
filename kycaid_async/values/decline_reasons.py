"""Decline reasons: one type that knows id, name and meaning."""

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Self

from kycaid_async.values.enums import OpenEnum, not_a_word
from kycaid_async.values.mismatch import MOST_ENTRIES, Mismatch, read_each


class DeclineReason(OpenEnum):
    """A decline reason of the reference (*Documents / Get a document*). It equals its name as text.

    ``DeclineReason("BAD_QUALITY")`` and ``DeclineReason(7)`` are the same member. Names and ids that this version
    does not know are kept: ``is_known`` is false for them, ``value`` is what the server sent.
    """

    id: int | None
    """The vendor's number. None where none is published."""
    meaning: str
    """What the reason says, in a line. Empty for a reason this version does not know."""

    def __new__(cls, name: str, number: int | None = None, meaning: str = "") -> Self:
        member = str.__new__(cls, name)
        member._value_ = name
        member.id = number
        member.meaning = meaning
        return member

    OTHER = "OTHER", 1, "any other reason"
    WRONG_NAME = "WRONG_NAME", 2, "the name differs from the one on the document"
    WRONG_DOB = "WRONG_DOB", 3, "the date of birth differs from the one on the document"
    AGE_RESTRICTION = "AGE_RESTRICTION", 4, "the person does not meet the age limit"
    EXPIRED_DOCUMENT = "EXPIRED_DOCUMENT", 5, "the document is out of date"
    BAD_QUALITY = "BAD_QUALITY", 7, "the image cannot be read"
    FAKE_DOCUMENT = "FAKE_DOCUMENT", 8, "the document is forged, or not of an official format"
    WRONG_INFO = "WRONG_INFO", 9, "the data given differ from the document"
    PROHIBITED_JURISDICTION = "PROHIBITED_JURISDICTION", 10, "the document is from a country that the policy excludes"
    NO_SELFIE = "NO_SELFIE", 11, "the selfie is missing"
    DIFFERENT_FACES = "DIFFERENT_FACES", 12, "selfie and document show different faces"
    WRONG_DOCUMENT = "WRONG_DOCUMENT", 13, "this type of document is not accepted for this owner"
    DUPLICATE = "DUPLICATE", 24, "the document belongs to another applicant already"
    DOCUMENT_DAMAGED = "DOCUMENT_DAMAGED", 25, "the document is physically damaged and cannot be recognised"
    DOCUMENT_INCOMPLETE = "DOCUMENT_INCOMPLETE", 26, "pages or parts are missing"
    FRAUDULENT = "FRAUDULENT", 27, "there are clear signs of fraud"
    TAX_ID_REQUIRED = "TAX_ID_REQUIRED", 28, "the tax number is missing"
    COMPROMISED_PERSON = "COMPROMISED_PERSON", 29, "the person was found in a blacklist database"
    EDITED_DOCUMENT = "EDITED_DOCUMENT", 30, "the document or its image was altered"
    MULTIPLE_PERSON = "MULTIPLE_PERSON", 31, "more than one person is shown"
    COMPULSION = "COMPULSION", 32, "the person may have been forced"
    LIMIT_REACHED_OTP = "LIMIT_REACHED_OTP", 33, "too many wrong one-time passwords were entered"
    IP_MISMATCH = "IP_MISMATCH", 34, "the network address points to another country than the document"
    ANONYMIZING_NETWORK = "ANONYMIZING_NETWORK", 35, "the person used an anonymising network"
    QES_MISMATCH = "QES_MISMATCH", 36, "the qualified electronic signature does not match the profile"
    # The two below have no published id: the first was seen in working clients, the second stands in the
    # vendor's mobile SDK.
    EXPIRES_LESS_3_MONTHS = "EXPIRES_LESS_3_MONTHS", None, "the document expires within three months"
    DEBTOR = "DEBTOR", None, "the person is a debtor"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise not_a_word(cls, value)
        number = value if isinstance(value, int) else int(value) if re.fullmatch(_NUMBER, value) else None
        if number is not None and number in _numbered():
            known: Self = _numbered()[number]
            return known
        member = cls._unknown(str(value), value)
        member.id, member.meaning = number, ""
        return member


@functools.cache
def _numbered() -> dict[Any, Any]:
    """Return the members by their ids."""
    return {member.id: member for member in DeclineReason if member.id is not None}


_NUMBER: Final = r"(?a)\d{1,9}"
_NAME_KEYS = ("code", "name", "reason", "id", "title", "message")
"""Keys under which an object has its reason, best first. The last two are observed, and may hold any text."""


def read_reasons(raw: Any) -> list[DeclineReason]:
    """Return the reasons in ``raw``: ids, names, objects that carry one, one such object, or one text joined by commas.

    Repetitions and nulls are dropped, order is kept. Raises `Mismatch` for anything else; it has the good entries.
    """
    if isinstance(raw, str):
        raw = [part.strip() for part in raw.split(",", MOST_ENTRIES)]
    elif isinstance(raw, dict):
        raw = [raw]
    if not isinstance(raw, list):
        raise Mismatch("a list of decline reasons", raw)
    if not raw:
        return []
    try:
        return list(dict.fromkeys(read_each(_read_one, (item for item in raw if item != ""))))
    except Mismatch as mismatch:
        mismatch.usable = list(dict.fromkeys(mismatch.usable or ()))
        raise


def _read_one(item: Any) -> DeclineReason:
    if isinstance(item, Mapping):
        item = next((item[key] for key in _NAME_KEYS if item.get(key)), None)
    if isinstance(item, bool) or not isinstance(item, int | str):
        raise Mismatch("the id or name of a decline reason", item)
    return reason_of(item)


def reason_of(value: int | str) -> DeclineReason:
    """Return the reason with this id or name; one that is not known is kept as it is."""
    by_value: Callable[[int | str], DeclineReason] = DeclineReason  # type: ignore[assignment]  # see _missing_
    return by_value(value)
