"""Base classes of requests and responses: attrs classes that print no personal data."""

import enum
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, TypeVar, dataclass_transform

import attrs

from kycaid_async.masking import Discreet, hide
from kycaid_async.values.fields import Field, attrs_of, fields_of
from kycaid_async.values.json import loads
from kycaid_async.values.unset import UNSET

C = TypeVar("C", bound=type)


class Model(Discreet):
    """Base of all attrs classes of this package that stand for a JSON object."""

    __slots__ = ()

    def _shown(self) -> Iterator[tuple[str, Any]]:
        for field in fields_of(type(self)):
            value = getattr(self, field.name)
            if value is not None and value is not UNSET:
                yield field.name, value if _may_show(field, value) else hide(value)

    def _private(self) -> Iterable[str]:
        return [field.name for field in fields_of(type(self)) if not field.shown]


class Request(Model):
    """An object that is sent. Frozen; `UNSET` fields are left out, ``None`` is sent as null."""

    __slots__ = ()

    leading_fields: ClassVar[tuple[str, ...]] = ()
    """Names of fields that are sent before the others."""
    at_least_one: ClassVar[bool] = False
    """True for updates: the server refuses an empty one, so it is refused here."""


class Response(Model):
    """An object that came back. Every field may be None: the server leaves out and nulls nearly all of them."""

    __slots__ = ("_odd", "_raw")

    discriminator: ClassVar[tuple[str, str] | None] = None
    """In a union: the key and value by which an object is of this class. The first one takes those of no other."""

    __hash__ = None  # type: ignore[assignment]  # it can be changed

    _raw: dict[str, Any] | bytes
    _odd: tuple[str, ...]

    @property
    def raw(self) -> dict[str, Any]:
        """The JSON object as the server sent it; empty when it was not made from an answer. It is personal data."""
        raw = getattr(self, "_raw", {})
        if isinstance(raw, bytes):  # few look at it, so it is not read before somebody does
            raw = self._raw = loads(raw)
        return raw

    @property
    def extra(self) -> dict[str, Any]:
        """Data from the server that no field holds: keys unknown to this version, and values of another type.

        A field of another type than the reference gives it is None on the object, or holds the entries that are good,
        and is whole in here.
        """
        known = {field.name for field in fields_of(type(self))} - set(getattr(self, "_odd", ()))
        return {key: value for key, value in self.raw.items() if key not in known}

    def _private(self) -> Iterable[str]:
        return [*super()._private(), "raw", "extra"]

    def __getstate__(self) -> dict[str, Any]:
        names = [attribute.name for attribute in attrs_of(type(self))]
        return {name: getattr(self, name) for name in names} | {"_raw": self.raw, "_odd": getattr(self, "_odd", ())}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(attrs.field,))
def request(cls: C) -> C:
    """Make ``cls`` an attrs class for a request body."""
    return attrs.define(frozen=True, kw_only=True, repr=False, eq=False)(cls)


@dataclass_transform(kw_only_default=False, field_specifiers=(attrs.field,))
def response(cls: C) -> C:
    """Make ``cls`` an attrs class for an answer.

    Neither frozen nor keyword-only: the generated decoder builds these by the thousand, and both would cost it a
    third of its speed.
    """
    return attrs.define(repr=False, eq=False, getstate_setstate=False)(cls)


def _may_show(field: Field, value: Any) -> bool:
    if field.shown or isinstance(value, enum.Enum | bool | Model):
        return True
    return isinstance(value, list | tuple) and all(isinstance(item, enum.Enum | Model) for item in value)
