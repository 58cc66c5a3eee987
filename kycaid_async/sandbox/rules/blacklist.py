"""The blacklists of the sandbox. Everybody on them is invented.

Persons, found by their names in any case and order, and by the second version of the search also with a typing error:

* Max Mustersanction, born 1970-01-01, DE: SANCTIONS and WANTED
* Erika Politica, born 1965-05-05, FR: PEP
* Sam Selfban, born 1990-09-09, GB: SELF_RESTICTED
* Ivan Internal, without date of birth and country: INTERNAL

Documents: passport X0000001 of DE and driving licence STOLEN-42 of GB, both EXPIRED. Tax numbers: 666-00-1313 of US,
SANCTIONS, and DE000000666 of DE, WANTED. Numbers are compared without spaces, dashes and case.
"""

import difflib
from typing import Any, Final

import attrs

from kycaid_async.api.applicants import Gender
from kycaid_async.api.blacklist_databases.fields import BlacklistDocumentType, BlacklistType
from kycaid_async.masking import ValueObject


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ListedPerson(ValueObject):
    """A person on lists."""

    first_name: str
    last_name: str
    dob: str | None = None
    residence_country: str | None = None
    gender: Gender
    lists: dict[BlacklistType, str]
    """The name of the list of each type."""

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"


@attrs.frozen(eq=False, repr=False)
class ListedNumber(ValueObject):
    """A document or a tax number on a list."""

    number: str
    country: str
    list_type: BlacklistType
    list_name: str
    document_type: BlacklistDocumentType | None = None


PERSONS: Final = (
    ListedPerson(
        first_name="Max",
        last_name="Mustersanction",
        dob="1970-01-01",
        residence_country="DE",
        gender=Gender.M,
        lists={BlacklistType.SANCTIONS: "Sandbox Sanctions", BlacklistType.WANTED: "Sandbox Police"},
    ),
    ListedPerson(
        first_name="Erika",
        last_name="Politica",
        dob="1965-05-05",
        residence_country="FR",
        gender=Gender.F,
        lists={BlacklistType.PEP: "Sandbox Parliament"},
    ),
    ListedPerson(
        first_name="Sam",
        last_name="Selfban",
        dob="1990-09-09",
        residence_country="GB",
        gender=Gender.M,
        lists={BlacklistType.SELF_RESTRICTED: "Sandbox Casino"},
    ),
    ListedPerson(
        first_name="Ivan",
        last_name="Internal",
        gender=Gender.M,
        lists={BlacklistType.INTERNAL: "Your own list"},
    ),
)
DOCUMENTS: Final = (
    ListedNumber("X0000001", "DE", BlacklistType.EXPIRED, "Sandbox Lost Passports", BlacklistDocumentType.PASSPORT),
    ListedNumber("STOLEN-42", "GB", BlacklistType.EXPIRED, "Sandbox Police", BlacklistDocumentType.DRIVERS_LICENSE),
)
TAX_IDS: Final = (
    ListedNumber("666-00-1313", "US", BlacklistType.SANCTIONS, "Sandbox Sanctions"),
    ListedNumber("DE000000666", "DE", BlacklistType.WANTED, "Sandbox Police"),
)


_SAME: Final = 100


def similarity(person: ListedPerson, asked: dict[str, Any]) -> int:
    """Return in percent how much the name that is asked for is like the person's."""
    name_asked = asked.get("full_name") or f"{asked.get('first_name') or ''} {asked.get('last_name') or ''}"
    one, other = (" ".join(sorted(name.casefold().split())) for name in (name_asked, person.full_name))
    return round(100 * difflib.SequenceMatcher(None, one, other).ratio())


def is_politician(person: dict[str, Any]) -> bool:
    """Say whether a person is on a list of politicians, by name and all else that is known."""
    return any(
        BlacklistType.PEP in listed.lists and similarity(listed, person) == _SAME and not contradicts(listed, person)
        for listed in PERSONS
    )


def contradicts(person: ListedPerson, asked: dict[str, Any]) -> bool:
    """Say whether something else that is asked for is known to be different."""
    known = {"dob": person.dob, "residence_country": person.residence_country, "gender": person.gender.value}
    return any(asked.get(name) and value and asked[name] != value for name, value in known.items())


def same_number(one: str, other: str) -> bool:
    """Say whether two numbers are the same but for spaces, dashes and case."""
    return _bare(one) == _bare(other)


def _bare(number: str) -> str:
    return "".join(letter for letter in number.casefold() if letter.isalnum())
