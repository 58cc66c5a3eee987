"""Languages: a list that never changes."""

from typing import Any, Final

from kycaid_async.sandbox.data import reference_lists as reference
from kycaid_async.sandbox.handlers.context import Call, Handler


def list_(_call: Call) -> list[dict[str, Any]]:
    """Return the list."""
    return reference.languages()


HANDLERS: Final[dict[str, Handler]] = {"languages.list": list_}
