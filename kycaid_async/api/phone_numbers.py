"""Phone numbers: validation and technical risk. Reference: *Phone numbers*; only its purpose is known."""

from collections.abc import Awaitable
from typing import Any

from kycaid_async.api.section import Section
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay, ReturnsJson
from kycaid_async.tracebacks import confidential
from kycaid_async.values.constraints import Phone
from kycaid_async.values.model import Request, request
from kycaid_async.values.unset import UNSET, Maybe


@request
class PhoneNumberCheck(Request):
    """A number to check. Inferred."""

    phone: Maybe[Phone] = UNSET
    """At most 15 characters."""


CHECK = Endpoint(
    name="phone_numbers.check",
    method="POST",
    path="/services/phone-number-verification",
    accepts=(PhoneNumberCheck,),
    returns=ReturnsJson(),
    replay=Replay.BILLED,
    evidence=Evidence.INFERRED,
    refusals=(400, 401, 402, 404, 422, 429, 500, 502),
)
ENDPOINTS = (CHECK,)


class PhoneNumbers(Section):
    """Validation and technical risk of phone numbers. Reference: *Phone numbers*."""

    @confidential
    def check(self, phone: str) -> Awaitable[Any]:
        """Check a number and return the decoded JSON. Inferred: path, body and answer are guesses.

        A lost answer is never repeated. Raises `InvalidRequestError`, `NotFoundError`, and the errors of a call.
        """
        return self._call(CHECK, body=PhoneNumberCheck(phone=phone))
