"""Phone numbers: validity and technical risk, both made up."""

from typing import Any, Final

from kycaid_async.sandbox.handlers.context import Handler, RequestContext
from kycaid_async.sandbox.http.refusals import invalid, not_valid

_SHORTEST: Final = 7


def check(context: RequestContext) -> dict[str, Any]:
    """Check a number: valid with 7 digits or more, virtual when the last one is 0."""
    phone = context.body.get("phone")
    if phone is None:
        raise invalid(not_valid("phone_numbers", "phone"))
    context.charge("PHONE_NUMBER_VERIFICATION")
    digits = [letter for letter in phone if letter.isdigit()]
    is_virtual = digits[-1:] == ["0"]
    return {
        "data": {
            "phone": phone,
            "valid": len(digits) >= _SHORTEST,
            "is_virtual": is_virtual,
            "risk_score": 0.9 if is_virtual else 0.1,
        }
    }


HANDLERS: Final[dict[str, Handler]] = {"phone_numbers.check": check}
