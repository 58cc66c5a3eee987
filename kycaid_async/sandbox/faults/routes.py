"""The switchboard of faults over HTTP: ``/_sandbox/faults``."""

from typing import Any, Final

import attrs
from aiohttp import web

from kycaid_async.errors import ConfigurationError
from kycaid_async.sandbox.faults.fault import Fault
from kycaid_async.sandbox.faults.switchboard import Faults
from kycaid_async.sandbox.http.refusals import Serve, invalid, json_response, not_found
from kycaid_async.sandbox.http.validation import read_object

PATH: Final = "/_sandbox/faults"
_FEW: Final = 10


def fault_routes(faults: Faults) -> list[tuple[str, str, Serve, str]]:
    """Return method, path, what serves it and the name of each route."""

    async def show(_request: web.Request) -> web.StreamResponse:
        return json_response(200, [active.as_json() for active in faults.list()])

    async def add(request: web.Request) -> web.StreamResponse:
        fault = _fault(read_object(await request.read()))
        try:
            return json_response(200, {"id": faults.add(fault)})
        except ConfigurationError as error:
            raise invalid(("*", str(error))) from None

    async def clear(_request: web.Request) -> web.StreamResponse:
        faults.clear()
        return json_response(200, {})

    async def remove(request: web.Request) -> web.StreamResponse:
        try:
            faults.remove(request.match_info["fault_id"])
        except KeyError:
            raise not_found() from None
        return json_response(200, {})

    return [
        ("GET", PATH, show, "faults.list"),
        ("POST", PATH, add, "faults.add"),
        ("DELETE", PATH, clear, "faults.clear"),
        ("DELETE", f"{PATH}/{{fault_id}}", remove, "faults.remove"),
    ]


def _fault(body: dict[str, Any]) -> Fault:
    """Return the fault that a request describes. Refuses it with 422 and the reason."""
    known = {field.name for field in attrs.fields(Fault)}
    problems = [(name, "A fault has no such field") for name in sorted(body.keys() - known)[:_FEW]]
    if "kind" not in body:
        problems.append(("kind", "A fault needs a kind"))
    if problems:
        raise invalid(*problems)
    try:
        return Fault(**body)
    except ConfigurationError as error:
        raise invalid(("*", str(error))) from None
