"""Risk checks: two services of the vendor's newer documentation, outside the sections of the 2.0 reference."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Annotated, Any, Literal

from kycaid_async.api.section import Section, only
from kycaid_async.api.services import ServiceRequest
from kycaid_async.errors import FieldProblem
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay, ReturnsData
from kycaid_async.protocol.request import invalid_request
from kycaid_async.tracebacks import confidential
from kycaid_async.values.constraints import (
    ExternalId,
    Items,
    ObjectId,
    Pattern,
    TimeIn,
    Url,
    external_id,
)
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.fields import IdText, Shown
from kycaid_async.values.model import Request, Response, request, response
from kycaid_async.values.unset import UNSET, Maybe, Opt


class Direction(OpenEnum):
    """The direction of a payment, from the customer's side."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


DirectionName = Literal["incoming", "outgoing"]
"""The values of `Direction` as text: type checkers refuse others."""


Amount = Annotated[str, Pattern(r"[0-9]+(\.[0-9]{1,18})?", "a decimal as text, with up to 18 places")]
Keywords = Annotated[Sequence[str], Items(20)]


@request
class Transaction(Request):
    """A payment. Times are UTC and not in the future."""

    direction: Maybe[Direction | DirectionName] = UNSET
    amount: Maybe[Amount] = UNSET
    """A decimal with up to 18 places, as text."""
    asset: Maybe[Annotated[str, Shown]] = UNSET
    """ISO 4217 or a ticker."""
    created_at: Maybe[TimeIn] = UNSET


@request
class TransactionScreening(Request):
    """A payment to screen. One of the two owner keys is needed."""

    applicant_id: Maybe[ObjectId] = UNSET
    external_applicant_id: Opt[ExternalId] = external_id()
    external_applicant_registered_at: Maybe[TimeIn] = UNSET
    transaction: Maybe[Transaction | Mapping[str, Any]] = UNSET
    ruleset_id: Maybe[ObjectId] = UNSET
    """Made in the vendor's Dashboard."""


@request
class AdverseMediaSearch(Request):
    """A search in the news."""

    primary_keywords: Keywords
    """At most 20; an article must hold at least one. The person's names count towards the limit."""
    secondary_keywords: Maybe[Keywords] = UNSET
    """At most 20; they only improve the ranking."""
    callback_url: Url


@response
class AdverseMediaRequest(Response):
    """The search as the server took it. An id of the request may follow; it would be in ``extra``."""

    primary_keywords: list[str] | None = None
    secondary_keywords: list[str] | None = None
    callback_url: str | None = None
    service_request_id: IdText | None = None
    """Inferred from the other services."""


SUBMIT_TRANSACTION = Endpoint(
    name="risk_checks.submit_transaction",
    method="POST",
    path="/services/transaction-screening",
    accepts=(TransactionScreening,),
    returns=ReturnsData(ServiceRequest, needed=True),
    replay=Replay.BILLED,
    evidence=Evidence.DOCUMENTED,
    reference="Risk checks / Transaction screening / Submit a transaction",
    refusals=(400, 401, 402, 404, 422, 429, 500, 502),
)
ADVERSE_MEDIA = Endpoint(
    name="risk_checks.adverse_media",
    method="POST",
    path="/services/amc",
    accepts=(AdverseMediaSearch,),
    returns=ReturnsData(AdverseMediaRequest, needed=True),
    replay=Replay.BILLED,
    evidence=Evidence.DOCUMENTED,
    reference="Risk checks / Adverse media check",
    refusals=(400, 401, 402, 422, 429, 500, 502),
)
ENDPOINTS = (SUBMIT_TRANSACTION, ADVERSE_MEDIA)


class RiskChecks(Section):
    """Screening of payments and search for adverse media, outside the sections of the 2.0 reference.

    Both are taken to be paid: a lost answer is never repeated, and the error says ``maybe_processed``.
    """

    @confidential
    def submit_transaction(self, screening: TransactionScreening) -> Awaitable[ServiceRequest]:
        """Submit a payment for screening by rules, and return the id of the request. The result comes as a callback.

        Raises `InvalidRequestError` before anything is sent, `NotFoundError`, and the errors of a call.
        """
        body = only(SUBMIT_TRANSACTION.name, screening, (TransactionScreening,))
        if not body.applicant_id and not body.external_applicant_id:
            wanted = FieldProblem("applicant_id", "this or external_applicant_id", "neither")
            raise invalid_request(SUBMIT_TRANSACTION.name, [wanted])
        return self._call(SUBMIT_TRANSACTION, body=body)

    @confidential
    def adverse_media(self, search: AdverseMediaSearch) -> Awaitable[AdverseMediaRequest]:
        """Search the news for a person, and return the search as it was taken. The result comes as a callback.

        Raises `InvalidRequestError` before anything is sent, and the errors of a call.
        """
        return self._call(ADVERSE_MEDIA, body=only(ADVERSE_MEDIA.name, search, (AdverseMediaSearch,)))
