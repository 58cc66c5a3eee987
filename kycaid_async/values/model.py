"""Base classes of requests and responses: attrs classes that print no personal data."""

import enum
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, dataclass_transform

import attrs

from kycaid_async.errors import FieldProblem, InvalidRequestError
from kycaid_async.masking import Discreet, hide, is_word, key_or_mask
from kycaid_async.tracebacks import guarded
from kycaid_async.values.fields import Field, attrs_of, element_of, fields_of, is_class_of
from kycaid_async.values.json import UNWRITABLE, json_text, loads, received_text
from kycaid_async.values.mismatch import kind
from kycaid_async.values.unset import UNSET

if TYPE_CHECKING:
    from kycaid_async.values.display import Revealed

C = TypeVar("C", bound=type)
Q = TypeVar("Q", bound="Request")


@guarded
class Model(Discreet):
    """Base of all attrs classes of this package that stand for a JSON object."""

    __slots__ = ()

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        """Return an object out of plain JSON types, as `to_dict` gives them, or decoded JSON of the server.

        Raises `DecodeError` for what is no object, and of requests `InvalidRequestError`, also for keys that they do
        not have.
        """
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON types, personal data included: what `unstructure` gives."""
        from kycaid_async.values.converter import unstructure

        plain: dict[str, Any] = unstructure(self)
        return plain

    def to_json(self, *, indent: int | None = None) -> str:
        """Return it as JSON text, personal data included; with ``indent``, on many lines.

        The text can always be encoded. Of a request, raises `InvalidRequestError` for what JSON cannot carry.
        """
        raise NotImplementedError

    def show(self) -> "Revealed":
        """Return all fields, personal data included, to be printed or looked at in a notebook."""
        from kycaid_async.values.display import Revealed

        return Revealed(self)

    def __str__(self) -> str:
        from kycaid_async.values.display import line_of

        return line_of(self)

    def _repr_html_(self) -> str:
        from kycaid_async.values.display import table_of

        return table_of(self)

    def _shown(self) -> Iterator[tuple[str, Any]]:
        for field in fields_of(type(self)):
            value = getattr(self, field.name)
            if value is not None and value is not UNSET:
                yield field.name, value if _may_show(field, value) else hide(value)

    def _private(self) -> Iterable[str]:
        values = [(field, getattr(self, field.name)) for field in fields_of(type(self))]
        return [field.name for field, value in values if not field.shown or not _may_show(field, value)]


@guarded
class Request(Model):
    """An object that is sent. Frozen; `UNSET` fields are left out, ``None`` is sent as null."""

    __slots__ = ()

    leading_fields: ClassVar[tuple[str, ...]] = ()
    """Names of fields that are sent before the others."""
    at_least_one: ClassVar[bool] = False
    """True for updates: the server refuses an empty one, so it is refused here."""

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        return _request_of(cls, data)

    def to_json(self, *, indent: int | None = None) -> str:
        from kycaid_async.values.converter import unstructure
        from kycaid_async.values.json_problems import json_problems

        try:
            return json_text(self.to_dict(), indent=indent)
        except UNWRITABLE:
            problems = json_problems(self, unstructure)
        raise _refused(type(self), *problems)


@guarded
class Response(Model):
    """An object that came back. Every field may be None: the server leaves out and nulls nearly all of them."""

    __slots__ = ("_odd", "_raw")

    discriminator: ClassVar[tuple[str, str] | None] = None
    """In a union: the key and value by which an object is of this class. The first one takes those of no other."""

    __hash__ = None  # type: ignore[assignment]  # it can be changed

    _raw: dict[str, Any] | bytes
    _odd: tuple[str, ...]

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        from kycaid_async.values.converter import structure

        return structure(data, cls)

    def to_json(self, *, indent: int | None = None) -> str:
        return received_text(self.to_dict(), indent=indent)

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
    return guarded(attrs.define(frozen=True, kw_only=True, repr=False, eq=False)(cls))


@dataclass_transform(kw_only_default=False, field_specifiers=(attrs.field,))
def response(cls: C) -> C:
    """Make ``cls`` an attrs class for an answer.

    Neither frozen nor keyword-only: the generated decoder builds these by the thousand, and both would cost it a
    third of its speed.
    """
    return guarded(attrs.define(repr=False, eq=False, getstate_setstate=False)(cls))


def _may_show(field: Field, value: Any) -> bool:
    if type(value) is str:
        return field.shown and (field.is_label or is_word(value))
    if field.shown or isinstance(value, enum.Enum | bool | Model):
        return True
    return isinstance(value, list | tuple) and all(isinstance(item, enum.Enum | Model) for item in value)


def _request_of(cls: type[Q], data: Any) -> Q:
    """Return a ``cls`` out of ``data``. Raises `InvalidRequestError` for keys that are too many or missing."""
    if not isinstance(data, Mapping):
        raise _refused(cls, FieldProblem("*", "an object", kind(data)))
    fixed = {a.name: a.default for a in attrs_of(cls) if not a.init}
    fields = {field.name: field for field in fields_of(cls)}
    problems = [
        FieldProblem(key_or_mask(name), f"a field of {cls.__name__}", "another name")
        for name in data
        if name not in fields
    ]
    problems += [
        FieldProblem(name, f"the {name} of {cls.__name__}", "another one")
        for name, value in fixed.items()
        if name in data and data[name] != value
    ]
    problems += [
        FieldProblem(name, "a value", "nothing")
        for name, field in fields.items()
        if field.required and name not in fixed and name not in data
    ]
    if problems:
        raise _refused(cls, *problems)
    return cls(**{name: _value(fields[name], value) for name, value in data.items() if name not in fixed})


def _value(field: Field, value: Any) -> Any:
    """Return an object as the request that it is, where its keys fit one."""
    if isinstance(value, list):
        elements = [element for t in field.types if (element := element_of(t)) is not None]
        return [_nested(elements, one) for one in value]
    return _nested(field.types, value)


def _nested(types: Any, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    fitting = [t for t in types if is_class_of(t, Request) and value.keys() <= {field.name for field in fields_of(t)}]
    return _request_of(fitting[0], value) if fitting else value


def _refused(cls: type[Request], *problems: FieldProblem) -> InvalidRequestError:
    listed = "; ".join(map(str, problems))
    return InvalidRequestError(f"{cls.__name__}: nothing was made of it. {listed}.", problems=problems)
