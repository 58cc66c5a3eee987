"""What paid services have in common: each use is a row of the report."""

from kycaid_async.sandbox.handlers.context import Call
from kycaid_async.sandbox.storage import account


def charge(call: Call, method: str) -> None:
    """Take the fee for a service and note that it was used. Refuses with 402 when the balance is too low."""
    cents = account.book(call.rows, method)
    call.rows.insert("services", method=method, cents=cents, created_at=call.now)
