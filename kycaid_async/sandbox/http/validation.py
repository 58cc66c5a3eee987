"""Validates request bodies by the constraints that the endpoints declare."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl

import attrs

from kycaid_async.masking import ValueObject
from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.sandbox.http.refusals import Refused, bad_request, invalid, not_valid
from kycaid_async.values.check import check_values
from kycaid_async.values.fields import attrs_of, fields_of
from kycaid_async.values.json import dumps, loads
from kycaid_async.values.model import Request
from kycaid_async.values.unset import UNSET

Body = dict[str, Any]
_MOST_FIELDS: Final = 100
_LONGEST_KIND: Final = 64
OWNER_KEYS: Final = ("applicant_id", "affiliated_person_id")


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


def validated(endpoint: Endpoint[Any], body: Body) -> Body:
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
    owners = tuple(key for key in OWNER_KEYS if body.get(key) is not None)
    kind = body.get("type", UNSET)
    # Only what can be a discriminator is a key of the cache, and never an endless text.
    is_usual = kind is UNSET or (type(kind) is str and len(kind) <= _LONGEST_KIND)
    candidates = (_candidates if is_usual else _candidates.__wrapped__)(accepts, owners, kind)
    matches = [cls for cls, needed in candidates.typed if all(body.get(name) is not None for name in needed)]
    if matches:
        return matches[0], list(candidates.faults)
    return candidates.fallback, [*candidates.faults, *candidates.unmatched]


@attrs.frozen(eq=False, repr=False)
class _Candidates(ValueObject):
    """The models of an endpoint that are left once owner keys and type of a body are known."""

    typed: tuple[tuple[type[Request], tuple[str, ...]], ...]
    """Each with the fields that tell it from the others, where no type does."""
    fallback: type[Request]
    """Names the faults of a body that none fits."""
    faults: tuple[str, ...]
    """The owner key at fault."""
    unmatched: tuple[str, ...]
    """The field at fault when none fits."""


@lru_cache(maxsize=1024)
def _candidates(accepts: tuple[type[Request], ...], owners: tuple[str, ...], kind: object) -> _Candidates:
    """Choose by the discriminators, once for each endpoint and value of them: looking at each model takes long."""
    owned, faults = _owned(accepts, owners)
    typed = tuple((cls, _needed(cls)) for cls in owned if _has_kind(cls, kind))
    unmatched = ("type",) if "type" in _names(owned[0]) else ()
    return _Candidates(typed, owned[0], tuple(faults), unmatched)


def _owned(accepts: tuple[type[Request], ...], owners: tuple[str, ...]) -> tuple[list[type[Request]], list[str]]:
    """Return the models for these owner keys, where there is a choice of owners. Names the key at fault."""
    owned = [cls for cls in accepts if set(OWNER_KEYS) & _names(cls)]
    if any(not any(key in _names(cls) for cls in owned) for key in OWNER_KEYS):
        return list(accepts), []
    faults = [] if len(owners) == 1 else [owners[-1] if owners else OWNER_KEYS[0]]
    return [cls for cls in owned if owners and owners[0] in _names(cls)] or list(accepts), faults


def _names(cls: type[Request]) -> set[str]:
    return {field.name for field in fields_of(cls)}


def _has_kind(cls: type[Request], kind: object) -> bool:
    """Say whether the model is for a type, one or any of several; so is one that has no type."""
    attribute = _type_of(cls)
    if attribute is None:
        return True
    if not attribute.init:
        return bool(kind == attribute.default)
    return all(problem.field != "type" for problem in check_values(cls, {"type": kind}))


def _needed(cls: type[Request]) -> tuple[str, ...]:
    """Return the fields that a body of a model without a type must have."""
    return () if _type_of(cls) else tuple(field.name for field in fields_of(cls) if field.required)


def _type_of(cls: type[Request]) -> "attrs.Attribute[Any] | None":
    return next((attribute for attribute in attrs_of(cls) if attribute.name == "type"), None)
