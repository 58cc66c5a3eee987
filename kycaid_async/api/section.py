"""The base class of sections."""

import functools
from collections.abc import Awaitable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import attrs

from kycaid_async.errors import FieldProblem
from kycaid_async.masking import ValueObject, key_or_mask
from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.protocol.request import invalid_request
from kycaid_async.values.fields import attrs_of, fields_of
from kycaid_async.values.mismatch import kind
from kycaid_async.values.model import Request
from kycaid_async.values.secret import HiddenText

if TYPE_CHECKING:
    from kycaid_async.timing import Timing

Q = TypeVar("Q", bound=Request)
T = TypeVar("T")


class Caller(Protocol):
    """Calls an endpoint and returns its decoded answer, or raises a `KycaidError`."""

    def __call__(
        self,
        endpoint: Endpoint[T],
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Request | Mapping[str, Any] | Sequence[Any] | None = None,
        upload: Any = None,
    ) -> Awaitable[T]: ...


@attrs.define(eq=False, repr=False)
class Section(ValueObject):
    """Base of the sections: what calls endpoints, and the clock of those that look at it."""

    _call: Caller = attrs.field(repr=False)
    _timing: "Timing" = attrs.field(repr=False)


def from_fields(operation: str, cls: type[Q], fields: Mapping[str, Any]) -> Q:
    """Return a ``cls`` made of keyword arguments. Raises `InvalidRequestError` for names it does not have."""
    check_names(operation, cls, fields)
    return cls(**fields)


def check_names(operation: str, cls: type[Request], fields: Mapping[str, Any]) -> None:
    """Raise `InvalidRequestError` when ``cls`` cannot be made of ``fields``."""
    settable, required = _names_of(cast("Hashable", cls))
    if not (fields.keys() <= settable and fields.keys() >= required):
        problems = [
            FieldProblem(key_or_mask(name), f"a field of {cls.__name__}{_hint(name, settable)}", "another name")
            for name in fields
            if name not in settable
        ]
        missing = [field.name for field in fields_of(cls) if field.name in required and field.name not in fields]
        raise invalid_request(operation, problems + [FieldProblem(name, "a value", "nothing") for name in missing])


@functools.cache
def _names_of(cls: Any) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of the fields that can be set, and of those that have to be."""
    settable = frozenset(attribute.name for attribute in attrs_of(cls) if attribute.init)
    return settable, frozenset(field.name for field in fields_of(cls) if field.required and field.name in settable)


def one_of(operation: str, given: Q | None, cls: type[Q], fields: Mapping[str, Any]) -> Q:
    """Return ``given``, or a ``cls`` made of ``fields``. Raises `InvalidRequestError` when both are given."""
    return from_fields(operation, cls, fields) if given is None else only(operation, given, (cls,), fields)


def only(operation: str, given: Q, allowed: tuple[type[Q], ...], fields: Mapping[str, Any] | None = None) -> Q:
    """Return ``given`` after a look at its type. Raises `InvalidRequestError`, also when there are ``fields`` too."""
    if not isinstance(cast("object", given), allowed):
        names = " or ".join(cls.__name__ for cls in allowed)
        raise invalid_request(operation, [FieldProblem("the argument", names, f"a {type(given).__name__}")])
    if fields:
        names = ", ".join(fields)
        raise invalid_request(
            operation, [FieldProblem(names, f"to be set on the {type(given).__name__}", "a keyword besides it")]
        )
    return given


async def id_or(given: str, answer: Awaitable[str]) -> str:
    """Return the id that ``answer`` brings, or the one that was given where it brings none."""
    given = HiddenText(given)  # it stands in this frame for as long as the call takes, and may be a person's
    return await answer or str(given)


def json_object(operation: str, body: Any) -> Mapping[str, Any]:
    """Return ``body`` when it is a mapping. Raises `InvalidRequestError`."""
    if isinstance(body, Mapping):
        return cast("Mapping[str, Any]", body)
    raise invalid_request(operation, [FieldProblem("body", "an object", kind(body))])


def _hint(name: object, known: frozenset[str]) -> str:
    import difflib  # few programs make the mistake

    near = difflib.get_close_matches(name, known, n=1) if isinstance(name, str) else []
    return f" (did you mean {near[0]}?)" if near else ""
