"""The rules of a review, and the reason that each gives.

======================== ============================================= =======================
rule                     looks at                                      reason
======================== ============================================= =======================
named                    the words ``declined-REASON+REASON`` in the   any, by its name
                         name of a file
damaged                  the content of the files                      DOCUMENT_DAMAGED
small, dark, blank,      the pixels of the images                      BAD_QUALITY
blurred
edited                   the program that the EXIF data name           EDITED_DOCUMENT
incomplete               whether an identity document has files        DOCUMENT_INCOMPLETE
no selfie                whether a selfie has files                    NO_SELFIE
crowd                    two names in ``face-anna+bert`` in the name   MULTIPLE_PERSON
                         of a file
other face               ``face-anna`` in the name of a selfie,        DIFFERENT_FACES
                         ``face-bert`` on the identity documents
expired                  the expiry date                               EXPIRED_DOCUMENT
minor                    the date of birth of the owner                AGE_RESTRICTION
jurisdiction             the countries of the owner                    PROHIBITED_JURISDICTION
duplicate                the numbers of documents of other owners, and DUPLICATE
                         for identity documents and selfies their
                         files
fake                     whether the owner is John Doe                 FAKE_DOCUMENT
listed                   the names on the sandbox's blacklists, other  COMPROMISED_PERSON
                         than those of politicians, and John Doe
======================== ============================================= =======================

John Snow passes whatever the rules say. In the name of a file a convention ends at a space, a dot or a hyphen:
``face-anna declined-OTHER.jpg``. So every reason can be reached by a file, and by an outcome that a test sets.
"""

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import partial
from typing import Any, Final, Literal

import attrs

from kycaid_async.api.blacklist_databases.fields import BlacklistType
from kycaid_async.api.documents.fields import DocumentType
from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.outcome import SandboxOutcome
from kycaid_async.sandbox.rules.blacklist import PERSONS, contradicts, similarity
from kycaid_async.values.decline_reasons import DeclineReason
from kycaid_async.values.mismatch import Mismatch
from kycaid_async.values.scalars import read_date

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


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Look(ValueObject):
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


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Case(ValueObject):
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


@attrs.frozen(eq=False, repr=False)
class Rule(ValueObject):
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


logger = logging.getLogger("kycaid_async.sandbox")

ADULT_AGE: Final = 18
MIN_LONG_SIDE: Final = 200
MIN_SHORT_SIDE: Final = 150
MIN_BRIGHTNESS: Final = 30.0
MIN_CONTRAST: Final = 1.0
MIN_SHARPNESS: Final = 0.015


class RuleFailed(SandboxOutcome):
    """A rule raised."""


def judge(rules: Iterable[Rule], case: Case, about: Subject = "document") -> list[DeclineReason]:
    """Return every reason to decline a document or an applicant; none when it is valid.

    Raises `RuleFailed`, and says in the log which one it was.
    """
    if is_named(case, "John", "Snow"):
        return []
    return list(dict.fromkeys(rule.reason for rule in rules if about in rule.of and _applies(rule, case)))


def _applies(rule: Rule, case: Case) -> bool:
    try:
        return rule.applies(case)
    except Exception as error:  # noqa: BLE001 - the rule is the user's code
        logger.error("the rule %r failed: %s", rule.name, type(error).__name__)  # noqa: TRY400 - its text may be personal
        raise RuleFailed from None


def faces_in(names: Iterable[str]) -> frozenset[str]:
    """Return the faces that these names of files tell of: of ``face-anna+bert.jpg`` two."""
    return frozenset(face for name in names for face in _words(_FACES, name))


def is_named(case: Case, first: str, last: str) -> bool:
    """Say whether the owner has one of the two names that KYCAID's test mode knows."""
    names = (case.owner.get("first_name") or "", case.owner.get("last_name") or "")
    return tuple(name.strip().casefold() for name in names) == (first.casefold(), last.casefold())


def _names_reason(case: Case, *, reason: str) -> bool:
    return any(reason.casefold() in _words(_DECLINED, file.name) for file in case.files)


def _is_fake(case: Case) -> bool:
    return is_named(case, "John", "Doe")


def _is_damaged(case: Case) -> bool:
    return any(file.is_damaged for file in case.files)


def _is_small(case: Case) -> bool:
    sizes = ((file.width, file.height) for file in case.files if file.width and file.height)
    return any(max(size) < MIN_LONG_SIDE or min(size) < MIN_SHORT_SIDE for size in sizes)


def _is_below(case: Case, *, measure: str, least: float) -> bool:
    values = (getattr(file, measure) for file in case.files)
    return any(value is not None and value < least for value in values)


def _is_edited(case: Case) -> bool:
    return any(_EDITORS.search(file.software) for file in case.files)


def _is_incomplete(case: Case) -> bool:
    return case.type in IDENTITY and not case.files


def _lacks_selfie(case: Case) -> bool:
    return case.type in SELFIES and not case.files


def _shows_many(case: Case) -> bool:
    return any(len(faces_in([file.name])) > 1 for file in case.files)


def _shows_another(case: Case) -> bool:
    shown = faces_in(file.name for file in case.files)
    return case.type in SELFIES and bool(shown and case.faces) and not shown & case.faces


def _is_expired(case: Case) -> bool:
    expiry = _date(case.fields.get("expiry_date"))
    return expiry is not None and expiry < case.today


def _is_under_age(case: Case) -> bool:
    born = _date(case.owner.get("dob"))
    if born is None:
        return False
    had_birthday = (case.today.month, case.today.day) >= (born.month, born.day)
    return case.today.year - born.year - (not had_birthday) < ADULT_AGE


def _is_of_refused_country(case: Case) -> bool:
    keys = ("residence_country", "nationality", "registration_country")
    return any((case.owner.get(key) or "").upper() in case.refused_countries for key in keys)


def _is_duplicate(case: Case) -> bool:
    return case.number_is_taken or (case.content_is_taken and case.type in IDENTITY | SELFIES)


def _is_listed(case: Case) -> bool:
    asked = dict(case.owner)
    matching = (person for person in PERSONS if similarity(person, asked) == _SAME and not contradicts(person, asked))
    return _is_fake(case) or any(kind != BlacklistType.PEP for person in matching for kind in person.lists)


_SAME: Final = 100
_BOTH: Final[tuple[Subject, ...]] = ("document", "applicant")
_FACES: Final = re.compile(r"\bface-([^\s.-]+)")
_DECLINED: Final = re.compile(r"\bdeclined-([^\s.-]+)")
_EDITORS: Final = re.compile(r"photoshop|gimp|affinity photo|paint\.net|pixelmator", re.IGNORECASE)

RULES: Final = (
    Rule("damaged", "the content of the files", DeclineReason.DOCUMENT_DAMAGED, _is_damaged),
    Rule("small", "the size of the images", DeclineReason.BAD_QUALITY, _is_small),
    *(
        Rule(
            name,
            f"the {measure} of the images",
            DeclineReason.BAD_QUALITY,
            partial(_is_below, measure=measure, least=least),
        )
        for name, measure, least in (
            ("dark", "brightness", MIN_BRIGHTNESS),
            ("blank", "contrast", MIN_CONTRAST),
            ("blurred", "sharpness", MIN_SHARPNESS),
        )
    ),
    Rule("edited", "the EXIF data of the images", DeclineReason.EDITED_DOCUMENT, _is_edited),
    Rule("incomplete", "the number of files", DeclineReason.DOCUMENT_INCOMPLETE, _is_incomplete),
    Rule("no selfie", "the number of files", DeclineReason.NO_SELFIE, _lacks_selfie),
    Rule("crowd", "the names of the files", DeclineReason.MULTIPLE_PERSON, _shows_many),
    Rule("other face", "the names of the files", DeclineReason.DIFFERENT_FACES, _shows_another),
    Rule("expired", "the expiry date", DeclineReason.EXPIRED_DOCUMENT, _is_expired),
    Rule("minor", "the owner's date of birth", DeclineReason.AGE_RESTRICTION, _is_under_age, _BOTH),
    Rule(
        "jurisdiction",
        "the owner's countries",
        DeclineReason.PROHIBITED_JURISDICTION,
        _is_of_refused_country,
        _BOTH,
    ),
    Rule("duplicate", "numbers and files of others", DeclineReason.DUPLICATE, _is_duplicate),
    Rule("fake", "the owner's name", DeclineReason.FAKE_DOCUMENT, _is_fake),
    Rule("listed", "the owner's name", DeclineReason.COMPROMISED_PERSON, _is_listed, ("applicant",)),
    *(
        Rule("named", "the names of the files", reason, partial(_names_reason, reason=reason.value))
        for reason in DeclineReason
    ),
)
"""The rules of a sandbox that is given no others."""


def _words(convention: re.Pattern[str], name: str) -> set[str]:
    return {word for words in convention.findall(name.casefold()) for word in words.split("+") if word}


def _date(text: Any) -> date | None:
    try:
        return read_date(text)
    except Mismatch:
        return None
