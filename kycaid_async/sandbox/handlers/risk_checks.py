"""Risk checks: screening of payments and search for adverse media."""

from typing import Any, Final

from kycaid_async.sandbox.callbacks import messages
from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.handlers.context import Handler, RequestContext
from kycaid_async.sandbox.http.refusals import invalid, not_valid

MANY: Final = 10_000.0
"""An amount from which a payment looks suspicious, whatever it is in."""


def submit_transaction(context: RequestContext) -> dict[str, Any]:
    """Take a payment; its result goes to the sandbox's own ``callback_url``, since the request has none."""
    if context.body.get("applicant_id") is not None:
        context.applicant()
    elif not context.body.get("external_applicant_id"):
        raise invalid(not_valid("risk_checks", "applicant_id"))
    context.charge("TRANSACTION_SCREENING")
    request_id = new_id()
    amount = float((context.body.get("transaction") or {}).get("amount") or 0)
    verdict = "suspicious" if amount >= MANY else "clear"
    context.send(messages.service_result("TRANSACTION_SCREENING", request_id, verdict, None))
    return {"status": "ok", "data": {"service_request_id": request_id}}


def adverse_media(context: RequestContext) -> dict[str, Any]:
    """Take a search and repeat it; that it found nothing comes as a callback."""
    context.charge("ADVERSE_MEDIA_CHECK")
    request_id, url = new_id(), context.body["callback_url"]
    context.send(messages.service_result("ADVERSE_MEDIA_CHECK", request_id, {"articles": []}, url))
    return {"status": "ok", "data": {**context.body, "service_request_id": request_id}}


HANDLERS: Final[dict[str, Handler]] = {
    "risk_checks.submit_transaction": submit_transaction,
    "risk_checks.adverse_media": adverse_media,
}
