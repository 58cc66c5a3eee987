"""The check of a request body by the constraints that the endpoints declare."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.sandbox.http.refusals import Refused, bad_request, invalid, not_valid
from kycaid_async.values.check import check_values
from kycaid_async.values.fields import attrs_of, fields_of
from kycaid_async.values.json import dumps, loads
from kycaid_async.values.model import Request

Body = dict[str, Any]
_MOST_FIELDS = 100
OWNER_KEYS = ("applicant_id", "affiliated_person_id")


def read_fields(raw: bytes) -> Body:
    """Return the fields of a form in ``raw``, which old clients send in the place of JSON. Refuses what is none."""
    try:
        return dict(parse_qsl(raw.decode(), strict_parsing=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise bad_request() from None


def read_object(raw: bytes) -> Body:
    """Return the JSON object in ``raw``. Refuses anything else with 400."""
    try:
        body = loads(raw)
        # What cannot be written again, such as NaN or half a surrogate pair, is no JSON to store or to answer with.
        dumps(body)
    except (ValueError, RecursionError):
        raise bad_request() from None
    if not isinstance(body, dict):
        raise bad_request()
    return body


def checked(endpoint: Endpoint[Any], body: Body) -> Body:
    """Return the fields of ``body`` that the endpoint knows; others are ignored. Refuses with every problem."""
    section = endpoint.name.partition(".")[0]
    cls, faults = _choose(endpoint.accepts, body)
    known = {field.name: body[field.name] for field in fields_of(cls) if field.name in body}
    if cls.at_least_one and not known:
        raise invalid(("*", "At least one field is required"))
    faults += [problem.field for problem in check_values(cls, body)]
    if faults:
        raise _refusal(section, faults)
    return known


def _refusal(section: str, faults: Iterable[str]) -> Refused:
    return invalid(*(not_valid(section, field) for field in dict.fromkeys(faults)))


def _choose(accepts: tuple[type[Request], ...], body: Body) -> tuple[type[Request], list[str]]:
    """Return the model for ``body``: by its owner key first, then by its type. Names the keys that fit none."""
    candidates, faults = _owned(accepts, body)
    matches = [cls for cls in candidates if _fits(cls, body)]
    if not matches and "type" in _names(candidates[0]):
        faults.append("type")
    return (matches or candidates)[0], faults


def _owned(accepts: tuple[type[Request], ...], body: Body) -> tuple[list[type[Request]], list[str]]:
    """Return the models for the owner in ``body``, where there is a choice of owners. Names the key at fault."""
    owned = [cls for cls in accepts if set(OWNER_KEYS) & _names(cls)]
    if any(not any(key in _names(cls) for cls in owned) for key in OWNER_KEYS):
        return list(accepts), []
    given = [key for key in OWNER_KEYS if body.get(key) is not None]
    faults = [] if len(given) == 1 else [given[-1] if given else OWNER_KEYS[0]]
    return [cls for cls in owned if given and given[0] in _names(cls)] or list(accepts), faults


def _names(cls: type[Request]) -> set[str]:
    return {field.name for field in fields_of(cls)}


def _fits(cls: type[Request], body: Mapping[str, Any]) -> bool:
    """Say whether the model is for ``body``: by its type, one or any of several, or else by the keys that it needs."""
    attribute = next((a for a in attrs_of(cls) if a.name == "type"), None)
    if attribute is None:
        return all(body.get(field.name) is not None for field in fields_of(cls) if field.required)
    if not attribute.init:
        return bool(body.get("type") == attribute.default)
    return all(problem.field != "type" for problem in check_values(cls, body))
