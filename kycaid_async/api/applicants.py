"""Applicants: the persons and companies that are verified. Reference: *Applicants*.

There is no operation to list or delete them.
"""

from collections.abc import Awaitable
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, TypedDict, Unpack, overload

import attrs

from kycaid_async.api.addresses import Address
from kycaid_async.api.documents.document import Document
from kycaid_async.api.section import Section, from_fields, one_of, only
from kycaid_async.errors import FieldProblem
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay, ReturnsId, ReturnsUnion
from kycaid_async.protocol.request import invalid_request
from kycaid_async.tracebacks import confidential
from kycaid_async.values.constraints import (
    CountryCode,
    DateIn,
    Email,
    ExternalId,
    Length,
    ObjectId,
    PersonName,
    Phone,
    external_id,
)
from kycaid_async.values.decline_reasons import DeclineReason
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.fields import IdText, Shown
from kycaid_async.values.model import Request, Response, request, response
from kycaid_async.values.unset import UNSET, Maybe, Opt


class ApplicantType(OpenEnum):
    """The kind of an applicant: a person or a company."""

    PERSON = "PERSON"
    """A person (KYC)."""
    COMPANY = "COMPANY"
    """A company (KYB)."""


ApplicantTypeName = Literal["PERSON", "COMPANY"]
"""The values of `ApplicantType` as text: type checkers refuse others."""


class Gender(OpenEnum):
    """The two values of the reference."""

    M = "M"
    F = "F"


GenderName = Literal["M", "F"]
"""The values of `Gender` as text: type checkers refuse others."""


class ApplicantStatus(OpenEnum):
    """The progress of an applicant's verification. ``new`` was seen in traffic and is not in the vendor's list."""

    NEW = "new"
    PENDING = "pending"
    VALID = "valid"
    INVALID = "invalid"


CustomField = Annotated[str, Length(1, 2048)]


@request
class _Contact(Request):
    """The fields that persons and companies share."""

    leading_fields: ClassVar[tuple[str, ...]] = (
        *("type", "first_name", "middle_name", "last_name", "dob", "gender", "pep", "residence_country", "nationality"),
        *("company_name", "registration_country", "business_activity_id", "registration_number"),
    )

    phone: Opt[Phone] = UNSET
    """At most 15 characters."""
    email: Opt[Email] = UNSET
    """At most 254 characters."""
    telegram_username: Opt[Annotated[str, Length(1, 32)]] = UNSET
    wallet_address: Opt[Annotated[str, Length(1, 50)]] = UNSET
    external_applicant_id: Opt[ExternalId] = external_id()
    """Your own id of the user: at most 50 characters, or a whole number. The server is not known to keep it unique."""
    custom_field_1: Opt[CustomField] = UNSET
    custom_field_2: Opt[CustomField] = UNSET
    custom_field_3: Opt[CustomField] = UNSET
    custom_field_4: Opt[CustomField] = UNSET
    custom_field_5: Opt[CustomField] = UNSET


@request
class Person(_Contact):
    """A person to verify (KYC). Documented; since 2022 the server insists on none of these fields."""

    first_name: Opt[PersonName] = UNSET
    """Latin letters, at most 64."""
    middle_name: Opt[PersonName] = UNSET
    last_name: Opt[PersonName] = UNSET
    dob: Opt[DateIn] = UNSET
    """Date of birth: a date, or text as ``YYYY-MM-DD``."""
    gender: Opt[Gender | GenderName] = UNSET
    pep: Opt[bool] = UNSET
    """Politically exposed person."""
    residence_country: Opt[CountryCode] = UNSET
    """ISO 3166-1 alpha-2."""
    nationality: Opt[CountryCode] = UNSET
    """ISO 3166-1 alpha-2."""
    type: ApplicantType = attrs.field(default=ApplicantType.PERSON, init=False)


@request
class Company(_Contact):
    """A company to verify (KYB). Its fields are those that working clients send; the vendor's table is not known.

    Phone and email are documented as optional for persons only; a server was seen to refuse a company without them.
    """

    company_name: str
    registration_country: CountryCode
    """ISO 3166-1 alpha-2."""
    business_activity_id: ObjectId
    """From the list of business activities: 36 characters."""
    registration_number: Opt[str] = UNSET
    type: ApplicantType = attrs.field(default=ApplicantType.COMPANY, init=False)


@request
class ApplicantUpdate(_Contact):
    """Changes of an applicant: what is left out stays as it is."""

    at_least_one: ClassVar[bool] = True

    type: Maybe[ApplicantType | ApplicantTypeName] = UNSET
    first_name: Opt[PersonName] = UNSET
    middle_name: Opt[PersonName] = UNSET
    last_name: Opt[PersonName] = UNSET
    dob: Opt[DateIn] = UNSET
    gender: Opt[Gender | GenderName] = UNSET
    pep: Opt[bool] = UNSET
    residence_country: Opt[CountryCode] = UNSET
    nationality: Opt[CountryCode] = UNSET
    company_name: Maybe[str] = UNSET
    registration_country: Maybe[CountryCode] = UNSET
    business_activity_id: Maybe[ObjectId] = UNSET
    registration_number: Opt[str] = UNSET


@response
class Applicant(Response):
    """Base class of persons and companies. Reference: *Applicants / Get an applicant*."""

    applicant_id: IdText | None = None
    external_applicant_id: str | None = None
    type: ApplicantType | None = None
    created_at: Annotated[datetime, Shown] | None = None
    """Aware; read as UTC, since the vendor does not say."""
    profile_status: IdText | None = None
    profile_comment: str | None = None
    email: str | None = None
    phone: str | None = None
    phone_status: IdText | None = None
    wallet_address: str | None = None
    telegram_username: str | None = None
    custom_field_1: str | None = None
    custom_field_2: str | None = None
    custom_field_3: str | None = None
    custom_field_4: str | None = None
    custom_field_5: str | None = None
    decline_reasons: list[DeclineReason] | None = None
    decline_reasons_ids: list[int] | None = None
    addresses: list[Address] | None = None
    documents: list[Document] | None = None
    questionnaires: list[Any] | None = None
    """As the server sent them; their form is not known."""
    verification_status: ApplicantStatus | None = None
    verifications_count: int | None = None


@response
class PersonApplicant(Applicant):
    """A person. An applicant without a type, or of an unknown one, is read as a person too."""

    first_name: str | None = None
    origin_first_name: str | None = None
    """In the original script."""
    middle_name: str | None = None
    origin_middle_name: str | None = None
    last_name: str | None = None
    origin_last_name: str | None = None
    residence_country: IdText | None = None
    nationality: str | None = None
    dob: date | None = None
    gender: Gender | None = None
    pep: bool | None = None


@response
class CompanyApplicant(Applicant):
    """A company."""

    discriminator: ClassVar[tuple[str, str] | None] = ("type", ApplicantType.COMPANY)

    company_name: str | None = None
    registration_country: IdText | None = None
    registration_number: str | None = None
    business_activity_id: IdText | None = None
    affiliated_persons: list[Any] | None = None
    """As the server sent them; whether and how they appear here is not known."""


class ApplicantChanges(TypedDict, total=False):
    """Keywords of ``applicants.update``."""

    type: ApplicantType | ApplicantTypeName
    first_name: str | None
    middle_name: str | None
    last_name: str | None
    dob: date | str | None
    gender: Gender | GenderName | None
    pep: bool | None
    residence_country: str | None
    nationality: str | None
    company_name: str
    registration_country: str
    business_activity_id: str
    registration_number: str | None
    phone: str | None
    email: str | None
    telegram_username: str | None
    wallet_address: str | None
    external_applicant_id: str | int | None
    custom_field_1: str | None
    custom_field_2: str | None
    custom_field_3: str | None
    custom_field_4: str | None
    custom_field_5: str | None


NewApplicant = Person | Company
AnyApplicant = PersonApplicant | CompanyApplicant


CREATE = Endpoint(
    name="applicants.create",
    method="POST",
    path="/applicants",
    accepts=(Person, Company),
    returns=ReturnsId("applicant_id"),
    replay=Replay.DUPLICATES,
    evidence=Evidence.DOCUMENTED,
    reference="Applicants / Create an applicant",
    refusals=(400, 401, 402, 409, 422, 429, 500, 502),
)
GET = Endpoint(
    name="applicants.get",
    method="GET",
    path="/applicants/{applicant_id}",
    returns=ReturnsUnion[AnyApplicant](AnyApplicant),
    replay=Replay.SAFE,
    evidence=Evidence.OBSERVED,
    reference="Applicants / Get an applicant",
    query=("verification_id",),
    refusals=(400, 401, 404, 422, 429, 500, 502),
)
UPDATE = Endpoint(
    name="applicants.update",
    method="PATCH",
    path="/applicants/{applicant_id}",
    accepts=(ApplicantUpdate,),
    returns=ReturnsId("applicant_id"),
    replay=Replay.IDEMPOTENT,
    evidence=Evidence.OBSERVED,
    reference="Applicants / Update an applicant",
    refusals=(400, 401, 404, 409, 422, 429, 500, 502),
)
ENDPOINTS = (CREATE, GET, UPDATE)


class Applicants(Section):
    """The persons and companies that are verified. Reference: *Applicants*."""

    @overload
    async def create(self, applicant: NewApplicant, /) -> str: ...
    @overload
    async def create(self, /, **fields: Unpack[ApplicantChanges]) -> str: ...
    @confidential
    def create(self, applicant: NewApplicant | None = None, /, **fields: Any) -> Awaitable[str]:
        """Create an applicant and return its id. Reference: *Applicants / Create an applicant*.

        Pass a `Person` or a `Company`, or the same as keywords with ``type="PERSON"`` or ``type="COMPANY"``. A lost
        answer is not repeated, because that would make a second applicant: the error then says ``maybe_processed``,
        and as there is no list of applicants, only your own records and callbacks can tell.

        Raises `InvalidRequestError` before anything is sent, `RateLimitError` at the per-minute cap, and the errors of
        a call.
        """
        return self._call(CREATE, body=_new_applicant(applicant, fields))

    @confidential
    def get(self, applicant_id: str, *, verification_id: str | None = None) -> Awaitable[AnyApplicant]:
        """Return an applicant with its addresses and documents. Reference: *Applicants / Get an applicant*.

        ``verification_id`` asks for the data as of that verification: one client sends it, its effect is inferred.
        Raises `NotFoundError`, and the errors of a call.
        """
        query = {"verification_id": verification_id}
        return self._call(GET, path={"applicant_id": applicant_id}, query=query)

    @overload
    async def update(self, applicant_id: str, changes: ApplicantUpdate, /) -> str: ...
    @overload
    async def update(self, applicant_id: str, /, **fields: Unpack[ApplicantChanges]) -> str: ...
    @confidential
    def update(self, applicant_id: str, changes: ApplicantUpdate | None = None, /, **fields: Any) -> Awaitable[str]:
        """Change an applicant and return its id, which can be another. Reference: *Applicants / Update an applicant*.

        Fields that are left out stay as they are; ``None`` is sent as null, and whether that clears a value is not
        known. Raises `InvalidRequestError` when no field is set, `ConflictError` (``edit_denied``) when it is too late.
        """
        body = one_of("applicants.update", changes, ApplicantUpdate, fields)
        return self._call(UPDATE, path={"applicant_id": applicant_id}, body=body)


def _new_applicant(applicant: NewApplicant | None, fields: dict[str, Any]) -> NewApplicant:
    if applicant is not None:
        return only("applicants.create", applicant, (Person, Company), fields)
    known: dict[Any, type[NewApplicant]] = {ApplicantType.PERSON: Person, ApplicantType.COMPANY: Company}
    given_type = fields.get("type")
    cls = known.get(given_type) if isinstance(given_type, str) else None
    if cls is None:
        raise invalid_request(
            "applicants.create", [FieldProblem("type", "PERSON or COMPANY", "another word or nothing")]
        )
    return from_fields("applicants.create", cls, {name: value for name, value in fields.items() if name != "type"})
