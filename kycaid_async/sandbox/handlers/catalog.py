"""All handlers by the name of their operation. A new module of handlers is listed here."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn

from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.sandbox.handlers import (
    addresses,
    affiliated_persons,
    applicants,
    blacklist_databases,
    documents,
    files,
    forms,
    non_doc_verifications,
    services,
    verifications,
)
from kycaid_async.sandbox.handlers.context import Handler, RequestContext
from kycaid_async.sandbox.http.refusals import not_found

HANDLERS: Final[Mapping[str, Handler]] = {
    **addresses.HANDLERS,
    **affiliated_persons.HANDLERS,
    **applicants.HANDLERS,
    **blacklist_databases.HANDLERS,
    **documents.HANDLERS,
    **files.HANDLERS,
    **forms.HANDLERS,
    **non_doc_verifications.HANDLERS,
    **services.HANDLERS,
    **verifications.HANDLERS,
}


def paired(endpoints: Iterable[Endpoint[Any]]) -> list[tuple[Endpoint[Any], Handler]]:
    """Return each endpoint with its handler, or with one that answers 404 and says where it is missing."""
    return [(endpoint, HANDLERS.get(endpoint.name) or _missing(endpoint)) for endpoint in endpoints]


def _missing(endpoint: Endpoint[Any]) -> Handler:
    message = f"kycaid_async/sandbox/handlers/catalog.py has no handler for {endpoint.name}"

    def refuse(_context: RequestContext) -> NoReturn:
        raise not_found(("*", message))

    return refuse
