"""Business activities: a list that never changes."""

from typing import Any, Final

from kycaid_async.sandbox.data import reference_lists
from kycaid_async.sandbox.handlers.context import Handler, RequestContext


def list_(_context: RequestContext) -> list[dict[str, Any]]:
    """Return the list."""
    return reference_lists.business_activities()


HANDLERS: Final[dict[str, Handler]] = {"business_activities.list": list_}
