"""Endpoints as data: one declaration that the client, the sandbox, the docs and the tests all read."""

import enum
import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import attrs

from kycaid_async.masking import ValueObject
from kycaid_async.protocol.plain_text import is_plain
from kycaid_async.values.converter import read_as
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.fields import fields_of
from kycaid_async.values.json import loads
from kycaid_async.values.mismatch import Mismatch
from kycaid_async.values.model import Request, Response
from kycaid_async.values.msgspec_reader import structure_bytes

HOLES = re.compile(r"\{\+?(\w+)\}")
"""The names in a path template. As in RFC 6570, ``{name}`` is one segment and ``{+name}`` keeps its slashes."""

T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R", bound=Response)


class Replay(enum.StrEnum):
    """The effect of sending the same request twice."""

    SAFE = "safe"
    """Nothing: it only reads."""
    IDEMPOTENT = "idempotent"
    """The state is the same as after sending it once."""
    DUPLICATES = "duplicates"
    """A second object is made."""
    BILLED = "billed"
    """It costs money again."""


class Evidence(enum.StrEnum):
    """The evidence for an operation: documented, observed or inferred."""

    DOCUMENTED = "documented"
    """Printed on a page of the vendor."""
    OBSERVED = "observed"
    """Seen in real traffic, or relied on by working clients."""
    INFERRED = "inferred"
    """Concluded by analogy; it may be wrong."""


class Returns(ValueObject, Generic[T_co]):
    """The type of an endpoint's answer, and how it is decoded."""

    def read(self, data: Any) -> T_co:
        """Return the answer out of decoded JSON. Raises `Mismatch`."""
        raise NotImplementedError

    def decode(self, body: bytes) -> T_co:
        """Return the answer out of JSON. Raises `Mismatch`, and ``ValueError`` for what is no JSON."""
        return self.read(loads(body))


@attrs.frozen(eq=False, repr=False)
class ReturnsId(Returns[str]):
    """The id of an object, and nothing else. Where it is ``optional``, an answer without it gives an empty text."""

    key: str
    optional: bool = False

    def read(self, data: Any) -> str:
        if self.optional and not (isinstance(data, dict) and data.get(self.key)):
            return ""
        if not isinstance(data, dict):
            raise Mismatch("an object", data)
        made = data.get(self.key)
        if not is_plain(made):
            raise _NoId(self.key, made)
        return made


class _NoId(Mismatch):
    """Says what came in place of an id; of a text, what is wrong with it."""

    def __init__(self, key: str, found: Any) -> None:
        super().__init__(f"text in {key!r}", found)
        if isinstance(found, str):
            got = "text that is no Unicode, or has NUL in it" if found else "an empty text"
            self.args = (f"expected {self.expected}, got {got}",)


@attrs.frozen(eq=False, repr=False)
class ReturnsModel(Returns[R], Generic[R]):
    """An object. Where it is ``needed``, one without any of its fields is none: an id in it would be lost unseen."""

    model: type[R]
    needed: bool = False

    def read(self, data: Any) -> R:
        # Bare, as far as is known; but the newer operations wrap their answers, and to miss that would lose all of it.
        if isinstance(data, dict) and data.keys() <= {"status", "data"} and isinstance(data.get("data"), dict):
            data = data["data"]
        return self._checked(read_as(data, self.model))

    def decode(self, body: bytes) -> R:
        found = structure_bytes(body, self.model)
        if found is None:
            return super().decode(body)
        return _not_empty(found) if self.needed else found

    def _checked(self, found: R) -> R:
        return _not_empty(found) if self.needed else found


@attrs.frozen(eq=False, repr=False)
class ReturnsUnion(Returns[T_co], Generic[T_co]):
    """One of several objects, such as ``A | B``: that which its discriminator names. One without any field is none."""

    union: Any

    def read(self, data: Any) -> T_co:
        found: T_co = _not_empty(read_as(data, self.union))
        return found


@attrs.frozen(eq=False, repr=False)
class ReturnsData(Returns[R], Generic[R]):
    """An object under ``data``, as newer operations wrap it, or bare; ``needed`` as in `ReturnsModel`."""

    model: type[R]
    needed: bool = False

    def read(self, data: Any) -> R:
        wrapped = isinstance(data, dict) and data.get("data") is not None
        found = read_as(data["data"] if wrapped else data, self.model)
        return _not_empty(found) if self.needed else found


def _not_empty(found: R) -> R:
    """Return ``found``. Raises `Mismatch` when it has none of its fields, not even one of another type.

    A word that nobody knows does not count: what stands between answers ``{"status": "UP"}`` too.
    """
    fields = fields_of(type(found))
    if all(_is_nothing(getattr(found, field.name)) for field in fields):  # in all good answers, one look is enough
        names = [field.name for field in fields]
        if found.extra.keys().isdisjoint(names):
            raise Mismatch(f"an object with {' or '.join(map(repr, names[:2]))}", found.raw)
    return found


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, OpenEnum) and not value.is_known)


@attrs.frozen(eq=False, repr=False)
class ReturnsList(Returns[list[R]], Generic[R]):
    """A list of objects: bare, or the one list under a key of ``wrappers``."""

    model: type[R]
    wrappers: tuple[str, ...] = ("data", "items", "results")

    def read(self, data: Any) -> list[R]:
        if isinstance(data, dict) and data.keys() & set(self.wrappers):
            data = next((data[key] for key in self.wrappers if data.get(key) is not None), [])
        if not isinstance(data, list):
            raise Mismatch("a list", data)
        return read_as(data, list[self.model])  # type: ignore[name-defined]  # made at run time


@attrs.frozen(eq=False, repr=False)
class ReturnsJson(Returns[Any]):
    """JSON that is given on as it is."""

    def read(self, data: Any) -> Any:
        return data


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Endpoint(ValueObject, Generic[T_co]):
    """One operation of the API, as data."""

    name: str
    """``section.method``, as in ``documents.create``."""
    method: str
    """The HTTP verb."""
    path: str
    """The path below the base URL, with ids in braces: ``/documents/{document_id}``."""
    returns: Returns[T_co]
    replay: Replay
    evidence: Evidence
    reference: str = ""
    """Where it stands in the vendor's reference."""
    _accepts: tuple[type[Request], ...] | Callable[[], tuple[type[Request], ...]] = attrs.field(
        default=(), alias="accepts"
    )
    query: tuple[str, ...] = ()
    """Names of query parameters."""
    refusals: tuple[int, ...] = ()
    """HTTP statuses of its documented, observed or inferred refusals."""
    uploads: bool = False
    """True when the body is a file."""
    orphans_only: bool = False
    """True when a second object does no harm, because nothing refers to it."""

    @property
    def accepts(self) -> tuple[type[Request], ...]:
        """The models a request body may be of; the server tells them apart by their fields."""
        given = self._accepts
        return given() if callable(given) else given  # a function where the models take a while to make

    @property
    def replayable(self) -> bool:
        """True when it may be sent again although the server may have acted on it."""
        return self.replay in (Replay.SAFE, Replay.IDEMPOTENT) or self.orphans_only
