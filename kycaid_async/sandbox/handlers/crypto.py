"""Crypto: risks that are made up, always the same for the same wallet or transaction."""

import hashlib
from typing import Any, Final

from kycaid_async.callbacks.events import ServiceRequestType
from kycaid_async.sandbox.callbacks import messages
from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.handlers.context import Handler, RequestContext

SIGNALS: Final = ("atm", "dark_market", "exchange_fraudulent", "gambling", "mixer", "sanctions", "scam", "stolen_coins")
_RISKY: Final = frozenset(SIGNALS) - {"atm", "gambling"}


def check_address(context: RequestContext) -> dict[str, Any]:
    """Take a wallet; its result comes as a callback."""
    return _check(context, ServiceRequestType.CRYPTO_ADDRESS_CHECK)


def check_transaction(context: RequestContext) -> dict[str, Any]:
    """Take a transaction; its result comes as a callback."""
    return _check(context, ServiceRequestType.CRYPTO_TRANSACTION_CHECK)


def signals_of(text: str) -> dict[str, float]:
    """Return shares that add up to about 1, by the SHA-256 of the text."""
    weights = dict(zip(SIGNALS, hashlib.sha256(text.encode()).digest(), strict=False))
    total = sum(weights.values()) or 1
    return {name: round(weight / total, 4) for name, weight in weights.items()}


def _check(context: RequestContext, service: ServiceRequestType) -> dict[str, Any]:
    context.charge(service.value)
    request_id = new_id()
    result = _result(context, context.body.get("hash") or "", context.body.get("asset"))
    context.send(messages.service_result(service.value, request_id, result, context.body.get("callback_url")))
    return {"data": {"service_request_id": request_id}}


def _result(context: RequestContext, address: str, asset: str | None) -> dict[str, Any]:
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


HANDLERS: Final[dict[str, Handler]] = {
    "crypto.check_address": check_address,
    "crypto.check_transaction": check_transaction,
}
