"""QES: a check of signatures that looks at nothing."""

from typing import Any, Final

from kycaid_async.sandbox.handlers.context import Handler, RequestContext


def verify(context: RequestContext) -> dict[str, Any]:
    """Say that a signature is valid, unless the body says ``"valid": false``."""
    context.charge("QES")
    return {"data": {"valid": context.body.get("valid") is not False}}


HANDLERS: Final[dict[str, Handler]] = {"qes.verify": verify}
