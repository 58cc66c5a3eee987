"""All handlers by the name of their operation."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from kycaid_async.errors import ConfigurationError
from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.sandbox.call import Handler
from kycaid_async.sandbox.handlers import addresses, applicants, documents, files

HANDLERS: Final[Mapping[str, Handler]] = {
    **addresses.HANDLERS,
    **applicants.HANDLERS,
    **documents.HANDLERS,
    **files.HANDLERS,
}


def paired(endpoints: Iterable[Endpoint[Any]]) -> list[tuple[Endpoint[Any], Handler]]:
    """Return each endpoint with its handler. Raises `ConfigurationError` naming those that have none."""
    known = list(endpoints)
    missing = [endpoint.name for endpoint in known if endpoint.name not in HANDLERS]
    if missing:
        raise ConfigurationError(f"the sandbox has no handler for {', '.join(missing)}")
    return [(endpoint, HANDLERS[endpoint.name]) for endpoint in known]
