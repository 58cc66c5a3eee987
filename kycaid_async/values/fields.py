"""The fields of a model, read once from its annotations."""

import types
from collections.abc import Sequence
from datetime import date
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    Protocol,
    TypeGuard,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import attrs

from kycaid_async.masking import ValueObject
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.plain import day_of, plain
from kycaid_async.values.unset import Unset

B = TypeVar("B")


class Constraint(Protocol):
    """A limit that a value either meets or not."""

    @property
    def expected(self) -> str:
        """The allowed values, in words that follow "expected"."""
        ...

    def allows(self, value: Any) -> bool:
        """Say whether ``value`` meets the limit."""
        ...

    def describe(self, value: Any) -> str:
        """Return the type or size of a refused value; never the value."""
        ...


class Shown:
    """Marks a text field whose content is not personal: one word stands in the ``repr``. All others are masked."""


class SeveralWords:
    """Marks a `Shown` text field that may be of several words, such as the name of a form."""


ID_LENGTH: Final = 36

IdText = Annotated[str, Shown]
"""An id or a code in an answer."""

LabelText = Annotated[str, Shown, SeveralWords]
"""A text of a list that is of nobody, such as the name of a country."""


@attrs.frozen(eq=False, repr=False)
class Field(ValueObject):
    """One field: what it takes, whether it may be absent or null, and whether its content may be printed."""

    name: str
    types: tuple[Any, ...]
    """The types it takes, without None and Unset. A sequence stands as its generic alias."""
    constraints: tuple[Constraint, ...]
    nullable: bool
    required: bool
    shown: bool
    is_label: bool

    def plain(self, value: Any) -> Any:
        """Return ``value`` as this field takes it, if it is a number or a time of another library."""
        return day_of(value) if date in self.types else plain(value)


def attrs_of(cls: type) -> "tuple[attrs.Attribute[Any], ...]":
    """Return the attributes of an attrs class."""
    return tuple(attrs.fields(cast("type[attrs.AttrsInstance]", cls)))


def fields_of(cls: type) -> tuple[Field, ...]:
    """Return the fields of an attrs class, in the order in which they are sent."""
    if cls not in _FIELDS:
        hints = get_type_hints(cls, include_extras=True)
        fields = [_field(attribute, hints[attribute.name]) for attribute in attrs_of(cls)]
        leading = getattr(cls, "leading_fields", ())
        _FIELDS[cls] = tuple(sorted(fields, key=lambda f: leading.index(f.name) if f.name in leading else len(leading)))
    return _FIELDS[cls]


_FIELDS: dict[type, tuple[Field, ...]] = {}


def _field(attribute: "attrs.Attribute[Any]", hint: Any) -> Field:
    members, marks = _flatten(hint)
    kinds = tuple(m for m in members if m not in (type(None), Unset))
    return Field(
        name=attribute.name,
        types=kinds,
        constraints=tuple(m for m in marks if hasattr(m, "allows")),
        nullable=type(None) in members,
        required=attribute.default is attrs.NOTHING,
        shown=Shown in marks or all(_is_impersonal(element_of(m) or m) for m in kinds),
        is_label=SeveralWords in marks,
    )


def _is_impersonal(kind: Any) -> bool:
    return is_class_of(kind, OpenEnum) or is_class_of(kind, int)


def members_of(hint: Any) -> tuple[Any, ...]:
    """Return the types of a union; of any other hint, itself."""
    return tuple(_flatten(hint)[0])


def _flatten(hint: Any) -> tuple[list[Any], list[Any]]:
    """Return the member types of a hint and the marks of its ``Annotated`` parts."""
    origin = get_origin(hint)
    if origin is Literal:  # it is for type checkers: the enum beside it lists the same values
        return [str], []
    if origin is Annotated:
        members, marks = _flatten(hint.__origin__)
        return members, marks + list(hint.__metadata__)
    if origin in (Union, types.UnionType):
        parts = [_flatten(arg) for arg in get_args(hint)]
        return [m for members, _ in parts for m in members], [m for _, marks in parts for m in marks]
    return [hint], []


def is_class_of(hint: Any, base: type[B]) -> TypeGuard[type[B]]:
    """Say whether a hint is a class below ``base``, and not a generic alias of one or anything else."""
    return isinstance(hint, type) and get_origin(hint) is None and issubclass(hint, base)


def element_of(hint: Any) -> Any:
    """Return the element type of a sequence type, or None when it is not one."""
    origin = get_origin(hint)
    return get_args(hint)[0] if origin in (list, tuple, Sequence) else None
