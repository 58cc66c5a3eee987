"""Types of the fields of searches: enums and limits. Reference: *Blacklist databases*."""

from collections.abc import Sequence
from typing import Annotated, Literal

from kycaid_async.values.constraints import Length, Pattern
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.unset import Maybe


class BlacklistType(OpenEnum):
    """A kind of list."""

    INTERNAL = "INTERNAL"
    """Your own list."""
    SANCTIONS = "SANCTIONS"
    PEP = "PEP"
    """Politically exposed persons."""
    SELF_RESTRICTED = "SELF_RESTICTED"
    """People who asked to be excluded. The vendor's word really lacks an R; both spellings are understood here."""
    WANTED = "WANTED"
    """Wanted by the police."""
    EXPIRED = "EXPIRED"
    """Stolen, lost or void documents."""

    @classmethod
    def _missing_(cls, value: object) -> "BlacklistType | None":
        return BlacklistType.SELF_RESTRICTED if value == "SELF_RESTRICTED" else super()._missing_(value)


BlacklistTypeName = Literal["INTERNAL", "SANCTIONS", "PEP", "SELF_RESTICTED", "WANTED", "EXPIRED", "SELF_RESTRICTED"]
"""The values of `BlacklistType` as text, in both spellings: type checkers refuse others."""


class BlacklistDocumentType(OpenEnum):
    """The documents that can be searched for."""

    PASSPORT = "PASSPORT"
    DOMESTIC_PASSPORT = "DOMESTIC_PASSPORT"
    GOVERNMENT_ID = "GOVERNMENT_ID"
    DRIVERS_LICENSE = "DRIVERS_LICENSE"
    FOREIGN_CITIZEN_PASSPORT = "FOREIGN_CITIZEN_PASSPORT"
    PERMANENT_RESIDENCE_PERMIT = "PERMANENT_RESIDENCE_PERMIT"
    REFUGEE_CARD = "REFUGEE_CARD"


BlacklistDocumentTypeName = Literal[
    "PASSPORT",
    "DOMESTIC_PASSPORT",
    "GOVERNMENT_ID",
    "DRIVERS_LICENSE",
    "FOREIGN_CITIZEN_PASSPORT",
    "PERMANENT_RESIDENCE_PERMIT",
    "REFUGEE_CARD",
]
"""The values of `BlacklistDocumentType` as text: type checkers refuse others."""


_LATIN = Pattern(r"[a-zA-Z ,.'-]+", "Latin letters, spaces, commas, dots, apostrophes and hyphens")


SearchName = Annotated[str, Length(2, 64), _LATIN]


SearchFullName = Annotated[str, Length(2, 100), _LATIN]


BlacklistTypes = Maybe[Sequence[BlacklistType | BlacklistTypeName]]
