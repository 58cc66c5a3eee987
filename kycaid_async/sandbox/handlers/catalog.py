"""All handlers by the name of their operation, from the modules that have the names of the sections."""

import importlib
from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn

from kycaid_async.api.sections import SECTIONS
from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.sandbox.handlers.context import Handler, RequestContext
from kycaid_async.sandbox.http.refusals import not_found


def _handlers_of(section: str) -> Mapping[str, Handler]:
    name = f"kycaid_async.sandbox.handlers.{section}"
    try:
        handlers: Mapping[str, Handler] = importlib.import_module(name).HANDLERS
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return {}
    return handlers


HANDLERS: Final[Mapping[str, Handler]] = {
    name: handler for section in SECTIONS for name, handler in _handlers_of(section).items()
}


def paired(endpoints: Iterable[Endpoint[Any]]) -> list[tuple[Endpoint[Any], Handler]]:
    """Return each endpoint with its handler, or with one that answers 404 and names the file in which it is missing."""
    return [(endpoint, HANDLERS.get(endpoint.name) or _missing(endpoint)) for endpoint in endpoints]


def _for_analysers() -> None:
    """Import the handlers. Never called: PyInstaller, Nuitka and others find them here."""
    from kycaid_async.sandbox.handlers import (  # noqa: F401 - for analysers
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


def _missing(endpoint: Endpoint[Any]) -> Handler:
    section = endpoint.name.partition(".")[0]
    message = f"kycaid_async/sandbox/handlers/{section}.py has no handler for {endpoint.name}"

    def refuse(_context: RequestContext) -> NoReturn:
        raise not_found(("*", message))

    return refuse
