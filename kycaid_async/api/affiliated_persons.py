"""Affiliated persons: people tied to a company. Reference: *Affiliated persons*."""

from collections.abc import Awaitable
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Required, TypedDict, Unpack, overload

import attrs

from kycaid_async.api.section import Section, from_fields, id_or, one_of, only
from kycaid_async.errors import FieldProblem
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay, ReturnsId
from kycaid_async.protocol.request import invalid_request
from kycaid_async.tracebacks import confidential
from kycaid_async.values.constraints import CountryCode, DateIn, Email, Length, ObjectId, PersonName, Range
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.model import Request, request
from kycaid_async.values.unset import UNSET, Opt


class AffiliatedPersonType(OpenEnum):
    """The role of a person in the company."""

    AUTHORISED = "AUTHORISED"
    """May act for it. A company has at most one."""
    BENEFICIAL = "BENEFICIAL"
    """Owns a share of it. The word rests on one working client."""


AffiliatedPersonTypeName = Literal["AUTHORISED", "BENEFICIAL"]
"""The values of `AffiliatedPersonType` as text: type checkers refuse others."""


JobTitle = Annotated[str, Length(1, 36)]
Share = Annotated[float, Range(0, 100)]


@request
class _Person(Request):
    leading_fields: ClassVar[tuple[str, ...]] = (
        "type",
        "applicant_id",
        "first_name",
        "last_name",
        "title",
        "share",
        "dob",
    )

    first_name: Opt[PersonName] = UNSET
    """Latin letters, at most 64."""
    last_name: Opt[PersonName] = UNSET
    dob: Opt[DateIn] = UNSET
    """Date of birth: a date, or text as ``YYYY-MM-DD``."""
    residence_country: Opt[CountryCode] = UNSET
    """ISO 3166-1 alpha-2."""
    nationality: Opt[CountryCode] = UNSET
    """ISO 3166-1 alpha-2."""
    email: Opt[Email] = UNSET


@request
class AuthorisedPerson(_Person):
    """A person who may act for the company. Documented; the reference marks every key as required, null allowed."""

    applicant_id: ObjectId
    """Id of the company: 36 characters."""
    title: Opt[JobTitle] = UNSET
    """Job title: at most 36 characters."""
    type: AffiliatedPersonType = attrs.field(default=AffiliatedPersonType.AUTHORISED, init=False)


@request
class BeneficialOwner(_Person):
    """A person who owns a share of the company. Its fields are those of one working client."""

    applicant_id: ObjectId
    """Id of the company: 36 characters."""
    share: Opt[Share] = UNSET
    """Percent held: 0 to 100."""
    type: AffiliatedPersonType = attrs.field(default=AffiliatedPersonType.BENEFICIAL, init=False)


@request
class AffiliatedPersonUpdate(_Person):
    """Changes of an affiliated person. Its type and its company cannot be changed."""

    at_least_one: ClassVar[bool] = True

    title: Opt[JobTitle] = UNSET
    """Job title: at most 36 characters."""
    share: Opt[Share] = UNSET
    """Percent held: 0 to 100."""


class AffiliatedPersonChanges(TypedDict, total=False):
    """Keywords of ``affiliated_persons.update``."""

    first_name: str | None
    last_name: str | None
    title: str | None
    share: float | None
    dob: date | str | None
    residence_country: str | None
    nationality: str | None
    email: str | None


class AffiliatedPersonFields(AffiliatedPersonChanges, total=False):
    """Keywords of ``affiliated_persons.create``: ``type``, ``applicant_id``, and what is known of the person."""

    type: Required[AffiliatedPersonType | AffiliatedPersonTypeName]
    applicant_id: Required[str]


NewAffiliatedPerson = AuthorisedPerson | BeneficialOwner

CREATE = Endpoint(
    name="affiliated_persons.create",
    method="POST",
    path="/affiliated-persons",
    accepts=(AuthorisedPerson, BeneficialOwner),
    returns=ReturnsId("affiliated_person_id"),
    replay=Replay.DUPLICATES,
    evidence=Evidence.DOCUMENTED,
    reference="Affiliated persons / Create an affiliated person",
    refusals=(400, 401, 404, 422, 429, 500, 502),
)
UPDATE = Endpoint(
    name="affiliated_persons.update",
    method="PATCH",
    path="/affiliated-persons/{affiliated_person_id}",
    accepts=(AffiliatedPersonUpdate,),
    returns=ReturnsId("affiliated_person_id"),
    replay=Replay.IDEMPOTENT,
    evidence=Evidence.DOCUMENTED,
    reference="Affiliated persons / Update an affiliated person",
    refusals=(400, 401, 404, 422, 429, 500, 502),
)
DELETE = Endpoint(
    name="affiliated_persons.delete",
    method="DELETE",
    path="/affiliated-persons/{affiliated_person_id}",
    returns=ReturnsId("affiliated_person_id", optional=True),
    replay=Replay.IDEMPOTENT,
    evidence=Evidence.DOCUMENTED,
    reference="Affiliated persons / Delete an affiliated person",
    refusals=(400, 401, 404, 409, 422, 500, 502),
)
ENDPOINTS = (CREATE, UPDATE, DELETE)

_BY_TYPE: dict[Any, type[NewAffiliatedPerson]] = {
    AffiliatedPersonType.AUTHORISED: AuthorisedPerson,
    AffiliatedPersonType.BENEFICIAL: BeneficialOwner,
}


class AffiliatedPersons(Section):
    """People tied to a company. Reference: *Affiliated persons*."""

    @overload
    async def create(self, person: NewAffiliatedPerson, /) -> str: ...
    @overload
    async def create(self, /, **fields: Unpack[AffiliatedPersonFields]) -> str: ...
    @confidential
    def create(self, person: NewAffiliatedPerson | None = None, /, **fields: Any) -> Awaitable[str]:
        """Add a person to a company and return the person's id. Reference: *Create an affiliated person*.

        Pass an `AuthorisedPerson` or a `BeneficialOwner`, or the same as keywords with ``type``. A second authorised
        person is refused for good, with 429 and type ``flow``: `FlowError`.

        Raises `InvalidRequestError` before anything is sent, and the errors of a call.
        """
        return self._call(CREATE, body=_new_person(person, fields))

    @overload
    async def update(self, affiliated_person_id: str, changes: AffiliatedPersonUpdate, /) -> str: ...
    @overload
    async def update(self, affiliated_person_id: str, /, **fields: Unpack[AffiliatedPersonChanges]) -> str: ...
    @confidential
    def update(
        self, affiliated_person_id: str, changes: AffiliatedPersonUpdate | None = None, /, **fields: Any
    ) -> Awaitable[str]:
        """Change a person and return the id, which can be another. Reference: *Update an affiliated person*.

        Fields that are left out stay as they are. Raises `InvalidRequestError` when no field is set.
        """
        body = one_of("affiliated_persons.update", changes, AffiliatedPersonUpdate, fields)
        return self._call(UPDATE, path={"affiliated_person_id": affiliated_person_id}, body=body)

    @confidential
    def delete(self, affiliated_person_id: str) -> Awaitable[str]:
        """Remove a person and return the id. Reference: *Delete an affiliated person*.

        Raises `NotFoundError`, `ConflictError` (``delete_denied``), and the errors of a call.
        """
        return id_or(affiliated_person_id, self._call(DELETE, path={"affiliated_person_id": affiliated_person_id}))


def _new_person(person: NewAffiliatedPerson | None, fields: dict[str, Any]) -> NewAffiliatedPerson:
    if person is not None:
        return only("affiliated_persons.create", person, (AuthorisedPerson, BeneficialOwner), fields)
    given_type = fields.get("type")
    cls = _BY_TYPE.get(given_type) if isinstance(given_type, str) else None
    if cls is None:
        wanted = FieldProblem("type", "AUTHORISED or BENEFICIAL", "another word or nothing")
        raise invalid_request("affiliated_persons.create", [wanted])
    given = {name: value for name, value in fields.items() if name != "type"}
    return from_fields("affiliated_persons.create", cls, given)
