"""Comparison and repr of attrs classes, written once.

attrs compiles a set of these methods for each class, which takes twice as long as all else of it: of the classes that a
first call needs, that was 12 ms.
"""

from typing import Any


class Printed:
    """Base of attrs classes made with ``repr=False``: prints the fields as attrs does."""

    __slots__ = ()

    def __repr__(self) -> str:
        fields = (
            f"{attribute.name}={(repr if attribute.repr is True else attribute.repr)(getattr(self, attribute.name))}"
            for attribute in attributes_of(self)
            if attribute.repr is not False
        )
        return f"{type(self).__qualname__.rpartition('>.')[2]}({', '.join(fields)})"


class Record(Printed):
    """Base of attrs classes made with ``eq=False, repr=False``: those with the same content are equal, too."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        # pytest takes the one that attrs makes for leave to print all fields, personal ones too.
        if other.__class__ is not self.__class__:
            return NotImplemented
        return content_of(self) == content_of(other)

    def __hash__(self) -> int:
        return hash((type(self), content_of(self)))


def content_of(value: Any) -> tuple[Any, ...]:
    """Return what makes two objects of an attrs class equal."""
    return tuple(getattr(value, attribute.name) for attribute in attributes_of(value) if attribute.eq)


def attributes_of(value: Any) -> tuple[Any, ...]:
    """Return the attributes of the attrs class of ``value``."""
    attributes: tuple[Any, ...] = type(value).__attrs_attrs__
    return attributes
