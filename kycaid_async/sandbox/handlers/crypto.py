"""Crypto: risks that are made up, always the same for the same wallet or transaction."""

import hashlib
from typing import Any, Final

from kycaid_async.callbacks.events import ServiceRequestType
from kycaid_async.sandbox.callbacks import messages
from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.handlers.charges import charge
from kycaid_async.sandbox.handlers.context import Call, Handler

SIGNALS: Final = ("atm", "dark_market", "exchange_fraudulent", "gambling", "mixer", "sanctions", "scam", "stolen_coins")
_RISKY: Final = frozenset(SIGNALS) - {"atm", "gambling"}


def check_address(call: Call) -> dict[str, Any]:
    """Take a wallet; its result comes as a callback."""
    return _check(call, ServiceRequestType.CRYPTO_ADDRESS_CHECK)


def check_transaction(call: Call) -> dict[str, Any]:
    """Take a transaction; its result comes as a callback."""
    return _check(call, ServiceRequestType.CRYPTO_TRANSACTION_CHECK)


def signals_of(text: str) -> dict[str, float]:
    """Return shares that add up to about 1, by the SHA-256 of the text."""
    weights = dict(zip(SIGNALS, hashlib.sha256(text.encode()).digest(), strict=False))
    total = sum(weights.values()) or 1
    return {name: round(weight / total, 4) for name, weight in weights.items()}


def _check(call: Call, service: ServiceRequestType) -> dict[str, Any]:
    charge(call, service.value)
    made = new_id()
    result = _result(call, call.body.get("hash") or "", call.body.get("asset"))
    call.tell(messages.service_result(service.value, made, result, call.body.get("callback_url")))
    return {"data": {"service_request_id": made}}


def _result(call: Call, address: str, asset: str | None) -> dict[str, Any]:
    signals = signals_of(address)
    is_listed = signals["sanctions"] == max(signals.values())
    return {
        "risk_score": round(min(1.0, sum(signals[name] for name in _RISKY)), 4),
        "signals": signals,
        "updated_at": int(call.moment.timestamp()),
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
        "timestamp": call.now,
    }


HANDLERS: Final[dict[str, Handler]] = {
    "crypto.check_address": check_address,
    "crypto.check_transaction": check_transaction,
}
