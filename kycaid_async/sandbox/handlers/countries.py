"""Countries: a list that never changes."""

from typing import Any, Final

from kycaid_async.sandbox import reference
from kycaid_async.sandbox.call import Call, Handler


def list_(_call: Call) -> list[dict[str, Any]]:
    """Return the list."""
    return reference.countries()


HANDLERS: Final[dict[str, Handler]] = {"countries.list": list_}
