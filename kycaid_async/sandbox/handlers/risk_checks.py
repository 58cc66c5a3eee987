"""Risk checks: screening of payments and search for adverse media."""

from typing import Any, Final

from kycaid_async.sandbox.callbacks import messages
from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.handlers.charges import charge
from kycaid_async.sandbox.handlers.context import Call, Handler
from kycaid_async.sandbox.http.refusals import invalid, not_valid

MANY: Final = 10_000.0
"""An amount from which a payment looks suspicious, whatever it is in."""


def submit_transaction(call: Call) -> dict[str, Any]:
    """Take a payment; its result goes to the sandbox's own ``callback_url``, since the request has none."""
    if call.body.get("applicant_id") is not None:
        call.applicant()
    elif not call.body.get("external_applicant_id"):
        raise invalid(not_valid("risk_checks", "applicant_id"))
    charge(call, "TRANSACTION_SCREENING")
    made = new_id()
    amount = float((call.body.get("transaction") or {}).get("amount") or 0)
    verdict = "suspicious" if amount >= MANY else "clear"
    call.tell(messages.service_result("TRANSACTION_SCREENING", made, verdict, None))
    return {"status": "ok", "data": {"service_request_id": made}}


def adverse_media(call: Call) -> dict[str, Any]:
    """Take a search and repeat it; that it found nothing comes as a callback."""
    charge(call, "ADVERSE_MEDIA_CHECK")
    made, url = new_id(), call.body["callback_url"]
    call.tell(messages.service_result("ADVERSE_MEDIA_CHECK", made, {"articles": []}, url))
    return {"status": "ok", "data": {**call.body, "service_request_id": made}}


HANDLERS: Final[dict[str, Handler]] = {
    "risk_checks.submit_transaction": submit_transaction,
    "risk_checks.adverse_media": adverse_media,
}
