"""Kinds of values that options take: what is of no such kind is refused where it is given.

The messages name the option and the type of what came. They show no text: it may be a key, or hold a password.
"""

import math
import numbers
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from kycaid_async.errors import ConfigurationError


@attrs.frozen
class Kind:
    """A kind of value. It is a validator of attrs, too, for an option that is called like its field."""

    expected: str
    fits: Callable[[Any], bool]
    name: str = attrs.field(default="", kw_only=True)
    """The name of the option, where that of the field is another."""
    is_number: bool = attrs.field(default=False, kw_only=True)
    """True where a number that does not fit is told."""

    def check(self, name: str, value: Any) -> None:
        """Raise `ConfigurationError` when ``value`` of the option ``name`` is of another kind."""
        if not self.fits(value):
            raise ConfigurationError(f"{name}: expected {self.expected}, got {_shown(value, is_told=self.is_number)}")

    def __call__(self, _owner: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
        self.check(self.name or attribute.name, value)

    def of_option(self, name: str) -> "Kind":
        """Return this kind as the validator of a field of another name."""
        return attrs.evolve(self, name=name)

    def or_none(self, meaning: str = "") -> "Kind":
        """Return this kind with None, and what that stands for."""
        return attrs.evolve(
            self,
            expected=f"{self.expected}, or None{f' for {meaning}' if meaning else ''}",
            fits=lambda value: value is None or self.fits(value),
        )


def _shown(value: Any, *, is_told: bool) -> str:
    if value is None or (is_told and is_number(value)):
        return str(value)
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__


def is_number(value: Any) -> bool:
    """Say whether it is a number that can be reckoned with: True, a `decimal.Decimal` and a text are none."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def is_whole(value: Any) -> bool:
    """Say whether it is a whole number, also one of a library."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def whole(least: int, most: int | None = None) -> Kind:
    """Return the kind of whole numbers from ``least`` on."""
    expected = f"a whole number, {least:,} or more" if most is None else f"a whole number from {least:,} to {most:,}"
    return Kind(
        expected, lambda value: is_whole(value) and least <= value <= (value if most is None else most), is_number=True
    )


def instance_of(cls: type, expected: str) -> Kind:
    """Return the kind of objects of a class."""
    return Kind(expected, lambda value: isinstance(value, cls))


def _is_path(value: Any) -> bool:
    return isinstance(value, str | os.PathLike) and isinstance(os.fspath(value), str)


def _is_list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, Sequence) and not isinstance(value, str | bytes) and all(map(fits, value))


def _is_mapping_to(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, Mapping) and all(isinstance(name, str) and fits(one) for name, one in value.items())
    )


FLAG: Final = instance_of(bool, "True or False")
TEXT: Final = instance_of(str, "text")
TEXTS: Final = Kind("a list of texts", _is_list_of(TEXT.fits))
TEXTS_BY_NAME: Final = Kind("texts by their names", _is_mapping_to(TEXT.fits))
TEXTS_OR_NONE_BY_NAME: Final = Kind("texts or None by their names", _is_mapping_to(TEXT.or_none().fits))
PATH: Final = Kind("a path", _is_path)
PATHS: Final = Kind("a list of paths", _is_list_of(_is_path))
FUNCTION: Final = Kind("a function", callable)
SECONDS: Final = Kind(
    "a number of seconds above 0", lambda value: is_number(value) and 0 < value < math.inf, is_number=True
)
SECONDS_OR_ENDLESS: Final = attrs.evolve(SECONDS, fits=lambda value: is_number(value) and value > 0)
SECONDS_OR_NONE_AT_ALL: Final = Kind(
    "a number of seconds, 0 or more", lambda value: is_number(value) and 0 <= value < math.inf, is_number=True
)
