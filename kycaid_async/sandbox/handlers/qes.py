"""QES: a check of signatures that looks at nothing."""

from typing import Any, Final

from kycaid_async.sandbox.handlers.charges import charge
from kycaid_async.sandbox.handlers.context import Call, Handler


def verify(call: Call) -> dict[str, Any]:
    """Say that a signature is valid, unless the body says ``"valid": false``."""
    charge(call, "QES")
    return {"data": {"valid": call.body.get("valid") is not False}}


HANDLERS: Final[dict[str, Handler]] = {"qes.verify": verify}
