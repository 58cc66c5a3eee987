"""Sections that keep nothing: the lists of the reference, and paid services, whose results the request gives."""

import hashlib
from typing import Any, Final

from kycaid_async.callbacks.events import ServiceRequestType
from kycaid_async.sandbox.callbacks.dispatcher import service_result
from kycaid_async.sandbox.data import reference_lists
from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.handlers.context import Handler, RequestContext
from kycaid_async.sandbox.http.refusals import invalid, not_valid

SIGNALS: Final = ("atm", "dark_market", "exchange_fraudulent", "gambling", "mixer", "sanctions", "scam", "stolen_coins")
_RISKY: Final = frozenset(SIGNALS) - {"atm", "gambling"}
MANY: Final = 10_000.0
"""An amount from which a payment looks suspicious, whatever it is in."""
_SHORTEST: Final = 7


def countries(_context: RequestContext) -> list[dict[str, Any]]:
    """Return the countries."""
    return reference_lists.countries()


def languages(_context: RequestContext) -> list[dict[str, Any]]:
    """Return the languages."""
    return reference_lists.languages()


def business_activities(_context: RequestContext) -> list[dict[str, Any]]:
    """Return the business activities."""
    return reference_lists.business_activities()


def check_address(context: RequestContext) -> dict[str, Any]:
    """Take a wallet; its result comes as a callback."""
    return _check_crypto(context, ServiceRequestType.CRYPTO_ADDRESS_CHECK)


def check_transaction(context: RequestContext) -> dict[str, Any]:
    """Take a transaction; its result comes as a callback."""
    return _check_crypto(context, ServiceRequestType.CRYPTO_TRANSACTION_CHECK)


def signals_of(text: str) -> dict[str, float]:
    """Return shares that add up to about 1, by the SHA-256 of the text."""
    weights = dict(zip(SIGNALS, hashlib.sha256(text.encode()).digest(), strict=False))
    total = sum(weights.values()) or 1
    return {name: round(weight / total, 4) for name, weight in weights.items()}


def _check_crypto(context: RequestContext, service: ServiceRequestType) -> dict[str, Any]:
    context.charge(service.value)
    request_id = new_id()
    result = _crypto_result(context, context.body.get("hash") or "", context.body.get("asset"))
    context.send(service_result(service.value, request_id, result, context.body.get("callback_url")))
    return {"data": {"service_request_id": request_id}}


def _crypto_result(context: RequestContext, address: str, asset: str | None) -> dict[str, Any]:
    signals = signals_of(address)
    is_listed = signals["sanctions"] == max(signals.values())
    return {
        "risk_score": round(min(1.0, sum(signals[name] for name in _RISKY)), 4),
        "signals": signals,
        "updated_at": int(context.moment.timestamp()),
        "address": address,
        "fiat_code_effective": "usd",
        "counterparty": {"address": address},
        "black_lists_connections": is_listed,
        "has_black_list_flag": is_listed,
        "memo": "",
        "uid": new_id()[:22],
        "asset": asset,
        "network": asset,
        "status": "success",
        "timestamp": context.now,
    }


def check_phone_number(context: RequestContext) -> dict[str, Any]:
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


def verify_signature(context: RequestContext) -> dict[str, Any]:
    """Say that a signature is valid, unless the body says ``"valid": false``."""
    context.charge("QES")
    return {"data": {"valid": context.body.get("valid") is not False}}


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
    context.send(service_result("TRANSACTION_SCREENING", request_id, verdict, None))
    return {"status": "ok", "data": {"service_request_id": request_id}}


def adverse_media(context: RequestContext) -> dict[str, Any]:
    """Take a search and repeat it; that it found nothing comes as a callback."""
    context.charge("ADVERSE_MEDIA_CHECK")
    request_id, url = new_id(), context.body["callback_url"]
    context.send(service_result("ADVERSE_MEDIA_CHECK", request_id, {"articles": []}, url))
    return {"status": "ok", "data": {**context.body, "service_request_id": request_id}}


HANDLERS: Final[dict[str, Handler]] = {
    "countries.list": countries,
    "languages.list": languages,
    "business_activities.list": business_activities,
    "crypto.check_address": check_address,
    "crypto.check_transaction": check_transaction,
    "phone_numbers.check": check_phone_number,
    "qes.verify": verify_signature,
    "risk_checks.submit_transaction": submit_transaction,
    "risk_checks.adverse_media": adverse_media,
}
