"""What paid services have in common: each use is a row of the report."""

from kycaid_async.sandbox import account
from kycaid_async.sandbox.call import Call


def charge(call: Call, method: str) -> None:
    """Take the fee for a service and note that it was used. Refuses with 402 when the balance is too low."""
    cents = account.book(call.rows, method)
    call.rows.insert("services", method=method, cents=cents, created_at=call.now)
