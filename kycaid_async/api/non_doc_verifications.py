"""Non-doc verifications: data of a person compared with a country's records. Reference: *Non-doc verifications*."""

import re
from collections.abc import Awaitable, Mapping
from datetime import date
from typing import Annotated, Any, TypedDict, Unpack, cast, overload

from kycaid_async.api.applicants import Gender
from kycaid_async.api.section import Section, json_object, one_of
from kycaid_async.errors import FieldProblem
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay, ReturnsData, ReturnsJson, ReturnsModel
from kycaid_async.protocol.request import invalid_request
from kycaid_async.tracebacks import confidential
from kycaid_async.values.constraints import DateIn, Length, Pattern
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.model import Request, Response, request, response
from kycaid_async.values.unset import UNSET, Maybe, Opt


class MatchType(OpenEnum):
    """The quality of a field's match."""

    MATCH = "MATCH"
    PARTIAL_MATCH = "PARTIAL_MATCH"
    NO_MATCH = "NO_MATCH"


@request
class UsEidvRequest(Request):
    """A person to compare with records of the United States. Three fields are documented, the rest is one client's."""

    first_name: Opt[str] = UNSET
    last_name: Opt[str] = UNSET
    dob: Opt[DateIn] = UNSET
    """Date of birth: a date, or text as ``YYYY-MM-DD``."""
    middle_name: Opt[str] = UNSET
    address: Opt[str] = UNSET
    city: Opt[str] = UNSET
    state: Opt[str] = UNSET
    postal_code: Opt[str] = UNSET
    phone: Opt[str] = UNSET
    email: Opt[str] = UNSET
    ssn: Opt[str] = UNSET
    """Social security number; the one known client always sends it."""
    drivers_license: Opt[str] = UNSET


class UsEidvFields(TypedDict, total=False):
    """Keywords of ``non_doc_verifications.us_eidv``."""

    first_name: str | None
    last_name: str | None
    dob: date | str | None
    middle_name: str | None
    address: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    phone: str | None
    email: str | None
    ssn: str | None
    drivers_license: str | None


@response
class UsEidvResult(Response):
    """The matches of a person's data."""

    score: int | None = None
    score_descriptions: list[Any] | None = None
    """As the server sent them; their form is not known."""
    address_match_type: MatchType | None = None
    name_match_type: MatchType | None = None
    dob_match_type: MatchType | None = None
    ssn_match_type: MatchType | None = None


@request
class NgNinRequest(Request):
    """A Nigerian identification number to look up."""

    nin_number: Maybe[Annotated[str, Length(11, 11), Pattern(r"[0-9]{11}", "11 digits")]] = UNSET
    """11 digits."""


@response
class NgNinValidation(Response):
    """The validity of the number."""

    valid: bool | None = None


@response
class NgNinAddress(Response):
    """The registered address. More keys may follow."""

    country: str | None = None
    state: str | None = None
    district: str | None = None


@response
class NgNinData(Response):
    """The registered person."""

    nin: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    dob: date | None = None
    phone: str | None = None
    email: str | None = None
    gender: Gender | None = None
    residence_country: str | None = None
    profile_image: str | None = None
    """A picture as Base64."""
    address: NgNinAddress | None = None


@response
class NgNinResult(Response):
    """The record under a Nigerian identification number."""

    validation: NgNinValidation | None = None
    data: NgNinData | None = None


US_EIDV = Endpoint(
    name="non_doc_verifications.us_eidv",
    method="POST",
    path="/services/us/eidv",
    accepts=(UsEidvRequest,),
    returns=ReturnsData(UsEidvResult, needed=True),
    replay=Replay.BILLED,
    evidence=Evidence.DOCUMENTED,
    reference="Non-doc verifications / US eIDV",
    refusals=(400, 401, 402, 422, 429, 500, 502),
)
NG_NIN = Endpoint(
    name="non_doc_verifications.ng_nin",
    method="POST",
    path="/services/ng/nin",
    accepts=(NgNinRequest,),
    returns=ReturnsModel(NgNinResult, needed=True),
    replay=Replay.BILLED,
    evidence=Evidence.DOCUMENTED,
    reference="Non-doc verifications / Nigeria NIN",
    refusals=(400, 401, 402, 404, 422, 429, 500, 502),
)
RUN = Endpoint(
    name="non_doc_verifications.run",
    method="POST",
    path="/services/{country_code}/{service}",
    returns=ReturnsJson(),
    replay=Replay.BILLED,
    evidence=Evidence.INFERRED,
    refusals=(400, 401, 402, 404, 422, 429, 500, 502),
)
ENDPOINTS = (US_EIDV, NG_NIN, RUN)


class NonDocVerifications(Section):
    """Data of a person compared with a country's records. Reference: *Non-doc verifications*.

    All are paid: a lost answer is never repeated, and the error says ``maybe_processed``.
    """

    @overload
    async def us_eidv(self, person: UsEidvRequest, /) -> UsEidvResult: ...
    @overload
    async def us_eidv(self, /, **fields: Unpack[UsEidvFields]) -> UsEidvResult: ...
    @confidential
    def us_eidv(self, person: UsEidvRequest | None = None, /, **fields: Any) -> Awaitable[UsEidvResult]:
        """Compare a person's data with records of the United States. Reference: *US eIDV*.

        Pass a `UsEidvRequest`, or the same as keywords. The one known client sends its key in the header ``API-Key``:
        see the client's ``auth_header``. Raises `InsufficientFundsError`, and the errors of a call.
        """
        body = one_of("non_doc_verifications.us_eidv", person, UsEidvRequest, fields)
        return self._call(US_EIDV, body=body)

    @confidential
    def ng_nin(self, nin_number: str) -> Awaitable[NgNinResult]:
        """Look up a Nigerian identification number of 11 digits. Reference: *Nigeria NIN*.

        Raises `InvalidRequestError` before anything is sent, `InsufficientFundsError`, and the errors of a call.
        """
        return self._call(NG_NIN, body=NgNinRequest(nin_number=nin_number))

    @confidential
    def run(self, country_code: str, service: str, body: Mapping[str, Any]) -> Awaitable[Any]:
        """Call a service of a country and return the decoded JSON. Inferred: the path rests on two examples.

        ``country_code`` is two letters, ``body`` is sent as it is. Raises `InvalidRequestError`, `NotFoundError`, and
        the errors of a call.
        """
        code = country_code.lower() if isinstance(cast("object", country_code), str) else ""
        if not re.fullmatch("[a-z]{2}", code):
            wanted = FieldProblem("country_code", "two letters", "other text")
            raise invalid_request("non_doc_verifications.run", [wanted])
        return self._call(RUN, path={"country_code": code, "service": service}, body=json_object(RUN.name, body))
