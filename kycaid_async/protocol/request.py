"""Building of requests: path, query and body, from an endpoint and the arguments of a call."""

import functools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import quote, unquote, urlencode

import attrs

from kycaid_async.errors import FieldProblem, InvalidRequestError
from kycaid_async.masking import Unlisted, ValueObject, code_or_mask
from kycaid_async.protocol.endpoint import HOLES, Endpoint, Evidence, Replay, ReturnsJson
from kycaid_async.values.converter import unstructure
from kycaid_async.values.fields import ID_LENGTH
from kycaid_async.values.json import UNWRITABLE, dumps
from kycaid_async.values.mismatch import kind
from kycaid_async.values.model import Request
from kycaid_async.values.unset import UNSET

_REPLAY_OF_METHOD = {
    "GET": Replay.SAFE,
    "HEAD": Replay.SAFE,
    "PUT": Replay.IDEMPOTENT,
    "PATCH": Replay.IDEMPOTENT,
    "DELETE": Replay.IDEMPOTENT,
}


@attrs.define(eq=False, repr=False)
class BuiltRequest(Unlisted, ValueObject):
    """A request that is ready to be sent, as often as needed."""

    target: str = attrs.field(repr=False)
    """Path and query below the base URL, percent-encoded."""
    body: bytes | None = attrs.field(default=None, repr=False)
    """JSON, or None."""
    ids: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    """Those in the path, by their names."""


def build(
    endpoint: Endpoint[Any],
    *,
    path: Mapping[str, str] | None = None,
    query: Mapping[str, Any] | None = None,
    body: Request | Mapping[str, Any] | Sequence[Any] | None = None,
    check: bool = True,
) -> BuiltRequest:
    """Return the request for ``endpoint``.

    With ``check`` off, the limits of the reference are left to the server; ids that would change the path are refused
    all the same. Raises `InvalidRequestError` with every field at fault.
    """
    target, ids, problems = endpoint.path, path or {}, []
    for hole, name in _holes(endpoint.path):
        value = ids[name]
        if value.__class__ is str and _ID.fullmatch(value):
            target = target.replace(hole, value)
        elif problem := _path_problem(name, value, strict=check):
            problems.append(problem)
        else:
            # What stands in place of a hole has no braces, so it is not taken for one.
            target = target.replace(hole, quote(value, safe="/%" if hole[1] == "+" else ""))
    if check and isinstance(body, Request):
        from kycaid_async.values.check import check_request  # many programs only read

        problems += check_request(body)
    if problems:
        raise invalid_request(endpoint.name, problems)
    if query is not None:
        target += _query(endpoint, query)
    return BuiltRequest(target, None if body is None else _encode(endpoint, body), ids)


def undeclared_endpoint(method: str, path: str, replay: Replay | str | None) -> Endpoint[Any]:
    """Return an endpoint for a call that no section declares. Raises `InvalidRequestError`."""
    method = method.upper() if isinstance(cast("object", method), str) else ""
    if not re.fullmatch(r"[A-Z]+", method):
        raise invalid_request("request", [FieldProblem("method", "an HTTP verb, such as POST", "another form")])
    if not is_plain_path(path):
        raise invalid_request(
            "request", [FieldProblem("path", "a path below the base URL, such as /documents", "another form")]
        )
    if replay is not None and (not isinstance(cast("object", replay), str) or replay not in list(Replay)):
        raise invalid_request("request", [FieldProblem("replay", "one of " + ", ".join(Replay), "another word")])
    return Endpoint(
        name="request",
        method=method,
        path="/{+path}",
        returns=ReturnsJson(),
        replay=_REPLAY_OF_METHOD.get(method, Replay.BILLED) if replay is None else Replay(replay),
        evidence=Evidence.DOCUMENTED,
    )


def is_plain_path(path: Any) -> bool:
    """Say whether ``path`` begins with one slash and stays below the base URL: no query, no ``..``, no other host.

    However often servers on the way undo its percent-encoding.
    """
    return (
        isinstance(path, str)
        and re.fullmatch(r"/(?!/)[^\s?#\\]*", path) is not None
        and not re.search(_BROKEN_ESCAPE, path)
        and not _climbs(path)
    )


def _climbs(text: str) -> bool:
    """Say whether ``text`` is a path out of its folder to those who read it as servers may: encoded, with ``;``, wide.

    So is what they would read in different ways: backslashes, control characters and endless encodings.
    """
    for _ in range(_MOST_ENCODINGS):
        # Some take the wide forms of dots and slashes for those themselves.
        plain = unicodedata.normalize("NFKC", text)
        segments = {segment.partition(";")[0] for segment in plain.split("/")}
        if plain.startswith("//") or re.search(_CROOKED, plain) or not segments.isdisjoint((".", "..")):
            return True
        try:
            text = unquote(plain, errors="strict")
        except UnicodeDecodeError:  # among them the overlong forms of a dot
            return True
        if text == plain:
            return False
    return True


_CROOKED: Final = r"[\\\x00-\x1f\x7f]"
_BROKEN_ESCAPE: Final = r"%(?![0-9A-Fa-f]{2})"
_MOST_ENCODINGS: Final = 8


def invalid_request(operation: str, problems: Sequence[FieldProblem]) -> InvalidRequestError:
    """Return the error for fields that are refused before anything is sent."""
    listed = "; ".join(map(str, problems))
    return InvalidRequestError(
        f"{operation}: nothing was sent. {listed}. Correct the named fields and call again.",
        operation=operation,
        problems=problems,
    )


_ID = re.compile(rf"[0-9A-Za-z]{{{ID_LENGTH}}}")
"""What nearly every id looks like: it needs no second look, and goes into a URL as it is."""


@functools.cache
def _holes(template: str) -> list[tuple[str, str]]:
    """Return the holes of a path template as they stand there, and their names."""
    return [(hole[0], hole[1]) for hole in HOLES.finditer(template)]


def _path_problem(name: str, value: Any, *, strict: bool) -> FieldProblem | None:
    if not isinstance(value, str):
        return FieldProblem(name, "text", f"a {type(value).__name__}")
    if not value or value in (".", ".."):
        return FieldProblem(name, "an id", "none")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        return FieldProblem(name, "text that a URL can carry", "other text")
    if strict and name.endswith("_id") and len(value) != ID_LENGTH:
        return FieldProblem(name, f"{ID_LENGTH} characters", f"{len(value)} characters")
    return None


def _query(endpoint: Endpoint[Any], given: Mapping[str, Any]) -> str:
    """Return the query with its ``?``; empty when nothing is set. A list repeats its name."""
    if given.__class__ is not dict and not isinstance(cast("object", given), Mapping):
        raise invalid_request(endpoint.name, [FieldProblem("query", "an object", kind(given))])
    pairs = [
        (name, one)
        for name, value in given.items()
        for one in (value if isinstance(value, list | tuple) else [value])
        if one is not None and one is not UNSET
    ]
    text = _urlencoded(pairs)
    if text is None:
        expected = "text, numbers, dates and truth values"
        odd = [name for name, value in pairs if _urlencoded([(name, value)]) is None]
        problems = [FieldProblem(_shown_name(name), expected, "others") for name in dict.fromkeys(odd)]
        raise invalid_request(endpoint.name, problems)
    return f"?{text}" if text else ""


def _shown_name(name: Any) -> str:
    return code_or_mask(name) if isinstance(name, str) else "query"


def _urlencoded(pairs: Sequence[tuple[Any, Any]]) -> str | None:
    """Return pairs as a query; None for those that cannot be, whose error could hold a value."""
    try:
        return urlencode([(name, _query_text(value)) for name, value in pairs])
    except (TypeError, UnicodeEncodeError):
        return None


def _query_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = unstructure(value)
    if not isinstance(text, str | int | float):
        raise TypeError
    return str(text)


def _encode(endpoint: Endpoint[Any], body: Any) -> bytes:
    try:
        return dumps(unstructure(body))
    except UNWRITABLE:
        # The text of json's own error can hold the value, so it is left out, and its context with it.
        pass
    from kycaid_async.values.json_problems import json_problems  # few programs make the mistake

    raise invalid_request(endpoint.name, json_problems(body, unstructure))
