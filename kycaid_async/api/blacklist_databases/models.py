"""Searches in blacklist databases and their hits. Reference: *Blacklist databases*."""

from datetime import date
from typing import Annotated, Any, ClassVar, cast

import attrs

from kycaid_async.api.applicants import Gender, GenderName
from kycaid_async.api.blacklist_databases.fields import (
    BlacklistDocumentType,
    BlacklistDocumentTypeName,
    BlacklistType,
    BlacklistTypes,
    SearchFullName,
    SearchName,
)
from kycaid_async.values.constraints import CountryCode, DateIn
from kycaid_async.values.fields import LabelText, Shown
from kycaid_async.values.model import Request, Response, request, response
from kycaid_async.values.unset import UNSET, Maybe, Opt


def _known_spelling(types: Any) -> Any:
    if not isinstance(types, list | tuple):
        return types
    return [BlacklistType(t) if isinstance(t, str) else t for t in cast("list[Any]", types)]


def _types() -> Any:
    return attrs.field(default=UNSET, converter=_known_spelling)


@request
class _PersonSearch(Request):
    middle_name: Opt[SearchName] = UNSET
    dob: Opt[DateIn] = UNSET
    """Date of birth: a date, or text as ``YYYY-MM-DD``."""
    residence_country: Opt[CountryCode] = UNSET
    """ISO 3166-1 alpha-2."""
    bdb_types: BlacklistTypes = _types()
    """The kinds of lists to search; left out, probably all."""


@request
class _ByFullName(_PersonSearch):
    leading_fields: ClassVar[tuple[str, ...]] = ("full_name", "first_name", "last_name")

    full_name: SearchFullName
    """Latin letters: 2 to 100."""
    first_name: Opt[SearchName] = UNSET
    last_name: Opt[SearchName] = UNSET


@request
class _ByNames(_PersonSearch):
    leading_fields: ClassVar[tuple[str, ...]] = ("full_name", "first_name", "last_name")

    first_name: SearchName
    """Latin letters: 2 to 64."""
    last_name: SearchName
    full_name: Opt[SearchFullName] = UNSET


@request
class PersonSearchByFullName(_ByFullName):
    """A search by one name. The vendor's example sends the names beside it, so they may be given."""


@request
class PersonSearchByNames(_ByNames):
    """A search by first and last name. That both are needed is inferred."""


@request
class PersonSearchV2ByFullName(_ByFullName):
    """A search by one name, second version."""

    gender: Opt[Gender | GenderName] = UNSET
    """Inferred: the answer speaks of it."""


@request
class PersonSearchV2ByNames(_ByNames):
    """A search by first and last name, second version."""

    gender: Opt[Gender | GenderName] = UNSET
    """Inferred: the answer speaks of it."""


@request
class DocumentSearch(Request):
    """A search for a document."""

    document_number: str
    document_type: Maybe[BlacklistDocumentType | BlacklistDocumentTypeName] = UNSET
    document_country: Opt[CountryCode] = UNSET
    """ISO 3166-1 alpha-2."""
    bdb_types: BlacklistTypes = _types()


@request
class TaxIdSearch(Request):
    """A search for a tax number."""

    tax_id_number: str
    tax_id_country: Opt[CountryCode] = UNSET
    """ISO 3166-1 alpha-2."""
    bdb_types: BlacklistTypes = _types()


@response
class PersonHit(Response):
    """A person on a list."""

    full_name: str | None = None
    origin_full_name: str | None = None
    """In the original script."""
    first_name: str | None = None
    origin_first_name: str | None = None
    last_name: str | None = None
    origin_last_name: str | None = None
    middle_name: str | None = None
    origin_middle_name: str | None = None
    residence_country: str | None = None
    dob: date | None = None
    gender: Gender | None = None
    description: str | None = None
    bdb_name: LabelText | None = None
    """Name of the list."""
    bdb_type: list[BlacklistType] | None = None
    accuracy: Annotated[float, Shown] | None = None
    """Percent."""


@response
class MatchParameters(Response):
    """The parameters with which the second version compared."""

    name_match_threshold: Annotated[float, Shown] | None = None
    """The lowest similarity that counts as a hit."""
    name_match_weight: Annotated[float, Shown] | None = None
    dob_match_enabled: bool | None = None
    dob_match_weight: Annotated[float, Shown] | None = None
    residence_country_match_enabled: bool | None = None
    residence_country_match_weight: Annotated[float, Shown] | None = None
    gender_match_enabled: bool | None = None
    gender_match_weight: Annotated[float, Shown] | None = None


@response
class PersonSearchV2Result(Response):
    """The answer of the second version."""

    parameters: MatchParameters | None = None
    result: list[PersonHit] | None = None
    """The hits; which of their keys come is inferred from the first version."""


@response
class DocumentHit(Response):
    """A document on a list."""

    document_number: str | None = None
    document_type: BlacklistDocumentType | None = None
    document_country: str | None = None
    description: str | None = None
    bdb_name: LabelText | None = None
    bdb_type: list[BlacklistType] | None = None
    accuracy: Annotated[float, Shown] | None = None
    """Percent; inferred."""


@response
class TaxIdHit(Response):
    """A tax number on a list. Its shape is inferred."""

    tax_id_number: str | None = None
    tax_id_country: str | None = None
    description: str | None = None
    bdb_name: LabelText | None = None
    bdb_type: list[BlacklistType] | None = None
