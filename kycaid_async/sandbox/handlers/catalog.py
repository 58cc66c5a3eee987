"""All handlers by the name of their operation."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from kycaid_async.errors import ConfigurationError
from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.sandbox.handlers import (
    addresses,
    affiliated_persons,
    applicants,
    blacklist_databases,
    business_activities,
    countries,
    crypto,
    documents,
    files,
    forms,
    languages,
    non_doc_verifications,
    phone_numbers,
    qes,
    risk_checks,
    verifications,
)
from kycaid_async.sandbox.handlers.context import Handler

_SECTIONS: Final = (
    addresses,
    affiliated_persons,
    applicants,
    blacklist_databases,
    business_activities,
    countries,
    crypto,
    documents,
    files,
    forms,
    languages,
    non_doc_verifications,
    phone_numbers,
    qes,
    risk_checks,
    verifications,
)

HANDLERS: Final[Mapping[str, Handler]] = {
    name: handler for section in _SECTIONS for name, handler in section.HANDLERS.items()
}


def paired(endpoints: Iterable[Endpoint[Any]]) -> list[tuple[Endpoint[Any], Handler]]:
    """Return each endpoint with its handler. Raises `ConfigurationError` naming those that have none."""
    known = list(endpoints)
    missing = [endpoint.name for endpoint in known if endpoint.name not in HANDLERS]
    if missing:
        raise ConfigurationError(f"the sandbox has no handler for {', '.join(missing)}")
    return [(endpoint, HANDLERS[endpoint.name]) for endpoint in known]
