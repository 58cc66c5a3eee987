"""Building a request: path, query and body out of an endpoint and what the user gave."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import attrs

from kycaid_async.errors import FieldProblem, InvalidRequestError
from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.values.check import check_request
from kycaid_async.values.constraints import ID_LENGTH
from kycaid_async.values.converter import unstructure
from kycaid_async.values.json import dumps
from kycaid_async.values.model import Request
from kycaid_async.values.unset import UNSET

_BRACES = re.compile(r"\{(\+?)(\w+)\}")


@attrs.frozen
class Built:
    """A request that is ready to be sent, as often as needed."""

    target: str = attrs.field(repr=False)
    """Path and query below the base URL, percent-encoded."""
    body: bytes | None = attrs.field(default=None, repr=False)
    """JSON, or None."""


def build(
    endpoint: Endpoint[Any],
    *,
    path: Mapping[str, str] | None = None,
    query: Mapping[str, Any] | None = None,
    body: Request | Mapping[str, Any] | Sequence[Any] | None = None,
    check: bool = True,
) -> Built:
    """Return the request for ``endpoint``.

    With ``check`` off, the limits of the reference are left to the server; ids that would change the path are refused
    all the same. Raises `InvalidRequestError` with every field at fault.
    """
    path = path or {}
    holes = _BRACES.findall(endpoint.path)
    problems = [p for plus, name in holes if not plus and (p := _path_problem(name, path[name], strict=check))]
    if check and isinstance(body, Request):
        problems += check_request(body)
    if problems:
        raise refused(endpoint.name, problems)
    target = _BRACES.sub(lambda hole: quote(path[hole[2]], safe="/%" if hole[1] else ""), endpoint.path)
    if query:
        target += "?" + urlencode(
            {name: _query_text(value) for name, value in query.items() if value not in (None, UNSET)}
        )
    return Built(target, None if body is None else _encode(endpoint, body))


def refused(operation: str, problems: Sequence[FieldProblem]) -> InvalidRequestError:
    """Return the error for fields that were refused before anything was sent."""
    listed = "; ".join(map(str, problems))
    return InvalidRequestError(
        f"{operation}: nothing was sent. {listed}. Correct the named fields and call again.",
        operation=operation,
        problems=problems,
    )


def _path_problem(name: str, value: Any, *, strict: bool) -> FieldProblem | None:
    if not isinstance(value, str):
        return FieldProblem(name, "text", f"a {type(value).__name__}")
    if not value or value in (".", ".."):
        return FieldProblem(name, "an id", "none")
    if any("\ud800" <= char <= "\udfff" for char in value):
        return FieldProblem(name, "text that a URL can carry", "other text")
    if strict and name.endswith("_id") and len(value) != ID_LENGTH:
        return FieldProblem(name, f"{ID_LENGTH} characters", f"{len(value)} characters")
    return None


def _query_text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(unstructure(value))


def _encode(endpoint: Endpoint[Any], body: Any) -> bytes:
    try:
        return dumps(unstructure(body))
    except (TypeError, ValueError, OverflowError, RecursionError):
        # The text of json's own error can hold the value, so it is left out, and its context with it.
        problem = FieldProblem("*", "values that JSON can carry", "others")
    raise refused(endpoint.name, [problem])
