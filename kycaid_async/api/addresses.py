"""Addresses of applicants and affiliated persons. Reference: *Addresses*.

There is no operation to read or list them; an applicant holds its own.
"""

from collections.abc import Awaitable
from typing import Annotated, Any, ClassVar, Literal, Required, TypedDict, Unpack, overload

from kycaid_async.api.section import Section, from_fields, id_or, one_of, only
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay, ReturnsId
from kycaid_async.tracebacks import confidential
from kycaid_async.values.constraints import CountryCode, Length, ObjectId, OneOf
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.fields import IdText, Shown
from kycaid_async.values.model import Request, Response, request, response
from kycaid_async.values.unset import UNSET, Maybe, Opt


class AddressType(OpenEnum):
    """The purpose of an address. An owner has one address of each type."""

    REGISTERED = "REGISTERED"
    """Home of a person, legal address of a company."""
    BUSINESS = "BUSINESS"
    """Main place of business of a company."""
    ADDITIONAL = "ADDITIONAL"
    """Any other."""


AddressTypeName = Literal["REGISTERED", "BUSINESS", "ADDITIONAL"]
"""The values of `AddressType` as text: type checkers refuse others."""


Text20 = Annotated[str, Length(1, 20)]
Text50 = Annotated[str, Length(1, 50)]
Text255 = Annotated[str, Length(1, 255)]
PersonAddressType = Annotated[AddressType | AddressTypeName, OneOf(("REGISTERED", "ADDITIONAL")), Shown]


@request
class AddressDetails(Request):
    """The fields that every address may have, in the order of the reference."""

    full_address: Opt[Text255] = UNSET
    """The whole address in one line: at most 255 characters."""
    country: Opt[CountryCode] = UNSET
    """ISO 3166-1 alpha-2."""
    state: Opt[Text50] = UNSET
    region: Opt[Text50] = UNSET
    province: Opt[Text50] = UNSET
    city: Opt[Text50] = UNSET
    district: Opt[Text50] = UNSET
    address: Opt[Text50] = UNSET
    """Street, building and unit in one line: at most 50 characters."""
    postal_code: Opt[Text20] = UNSET
    street_name: Opt[Text50] = UNSET
    building_number: Opt[Text20] = UNSET
    unit_number: Opt[Text20] = UNSET
    """Flat or apartment."""


@request
class PersonAddress(AddressDetails):
    """An address of an applicant who is a person. Documented field by field."""

    leading_fields: ClassVar[tuple[str, ...]] = ("applicant_id", "type")

    applicant_id: ObjectId
    """Id of the applicant: 36 characters."""
    type: PersonAddressType
    """``REGISTERED`` or ``ADDITIONAL``."""


@request
class CompanyAddress(AddressDetails):
    """An address of an applicant that is a company. Its types are inferred from the update operation."""

    leading_fields: ClassVar[tuple[str, ...]] = ("applicant_id", "type")

    applicant_id: ObjectId
    """Id of the applicant: 36 characters."""
    type: AddressType | AddressTypeName


@request
class AffiliatedPersonAddress(AddressDetails):
    """An address of an affiliated person. Only that it exists is documented; its owner key is inferred."""

    leading_fields: ClassVar[tuple[str, ...]] = ("affiliated_person_id", "type")

    affiliated_person_id: ObjectId
    """Id of the affiliated person: 36 characters."""
    type: PersonAddressType
    """``REGISTERED`` or ``ADDITIONAL``."""


@request
class AddressUpdate(AddressDetails):
    """Changes of an address: what is left out stays as it is."""

    leading_fields: ClassVar[tuple[str, ...]] = ("type",)
    at_least_one: ClassVar[bool] = True

    type: Maybe[AddressType | AddressTypeName] = UNSET


@response
class Address(Response):
    """An address inside an applicant. That it has these fields is inferred from the request."""

    address_id: IdText | None = None
    type: AddressType | None = None
    full_address: str | None = None
    country: IdText | None = None
    state: str | None = None
    region: str | None = None
    province: str | None = None
    city: str | None = None
    district: str | None = None
    address: str | None = None
    postal_code: str | None = None
    street_name: str | None = None
    building_number: str | None = None
    unit_number: str | None = None


NewAddress = PersonAddress | CompanyAddress | AffiliatedPersonAddress


class AddressParts(TypedDict, total=False):
    """Keywords of what an address says."""

    full_address: str | None
    country: str | None
    state: str | None
    region: str | None
    province: str | None
    city: str | None
    district: str | None
    address: str | None
    postal_code: str | None
    street_name: str | None
    building_number: str | None
    unit_number: str | None


class AddressChanges(AddressParts, total=False):
    """Keywords of ``addresses.update``."""

    type: AddressType | AddressTypeName


class AddressFields(AddressParts, total=False):
    """Keywords of ``addresses.create``: ``type``, one owner, and what the address has."""

    type: Required[AddressType | AddressTypeName]
    applicant_id: str
    affiliated_person_id: str


CREATE = Endpoint(
    name="addresses.create",
    method="POST",
    path="/addresses",
    accepts=(PersonAddress, CompanyAddress, AffiliatedPersonAddress),
    returns=ReturnsId("address_id"),
    replay=Replay.DUPLICATES,
    evidence=Evidence.DOCUMENTED,
    reference="Addresses / Create an address",
    refusals=(400, 401, 404, 422, 429, 500, 502),
)
UPDATE = Endpoint(
    name="addresses.update",
    method="PATCH",
    path="/addresses/{address_id}",
    accepts=(AddressUpdate,),
    returns=ReturnsId("address_id"),
    replay=Replay.IDEMPOTENT,
    evidence=Evidence.DOCUMENTED,
    reference="Addresses / Update an address",
    refusals=(400, 401, 404, 422, 429, 500, 502),
)
DELETE = Endpoint(
    name="addresses.delete",
    method="DELETE",
    path="/addresses/{address_id}",
    returns=ReturnsId("address_id", optional=True),
    replay=Replay.IDEMPOTENT,
    evidence=Evidence.DOCUMENTED,
    reference="Addresses / Delete an address",
    refusals=(400, 401, 404, 409, 500, 502),
)
ENDPOINTS = (CREATE, UPDATE, DELETE)


class Addresses(Section):
    """Addresses of applicants and affiliated persons. Reference: *Addresses*."""

    @overload
    async def create(self, address: NewAddress, /) -> str: ...
    @overload
    async def create(self, /, **fields: Unpack[AddressFields]) -> str: ...
    @confidential
    def create(self, address: NewAddress | None = None, /, **fields: Any) -> Awaitable[str]:
        """Create an address and return its id. Reference: *Addresses / Create an address*.

        Pass a `PersonAddress`, `CompanyAddress` or `AffiliatedPersonAddress`, or the same as keywords. An owner has one
        address of each type. The reference shows 429 with type ``flow`` for a refusal that reads like a rate limit and
        can be permanent: it raises `FlowError` and is never repeated.

        Raises `InvalidRequestError` before anything is sent, and the errors of a call.
        """
        return self._call(CREATE, body=_new_address(address, fields))

    @overload
    async def update(self, address_id: str, changes: AddressUpdate, /) -> str: ...
    @overload
    async def update(self, address_id: str, /, **fields: Unpack[AddressChanges]) -> str: ...
    @confidential
    def update(self, address_id: str, changes: AddressUpdate | None = None, /, **fields: Any) -> Awaitable[str]:
        """Change an address and return its id. Reference: *Addresses / Update an address*.

        An address that takes part in a verification is copied, and the copy's id comes back: store it. Fields that are
        left out stay as they are. Raises `InvalidRequestError` when no field is set.
        """
        body = one_of("addresses.update", changes, AddressUpdate, fields)
        return self._call(UPDATE, path={"address_id": address_id}, body=body)

    @confidential
    def delete(self, address_id: str) -> Awaitable[str]:
        """Delete an address and return its id. Reference: *Addresses / Delete an address*.

        Refused with `ConflictError` (``delete_denied``) once a verification was created with it.
        """
        return id_or(address_id, self._call(DELETE, path={"address_id": address_id}))


def _new_address(address: NewAddress | None, fields: dict[str, Any]) -> NewAddress:
    if address is not None:
        return only("addresses.create", address, (PersonAddress, CompanyAddress, AffiliatedPersonAddress), fields)
    if "affiliated_person_id" in fields:
        return from_fields("addresses.create", AffiliatedPersonAddress, fields)
    # Persons and companies share the owner key; CompanyAddress takes the types of both.
    return from_fields("addresses.create", CompanyAddress, fields)
