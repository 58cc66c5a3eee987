"""How secrets and personal data look when somebody prints them."""

import os
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

MASK: Final = "***"
_SEPARATORS: Final = re.compile(r"[/\\]")
_LONGEST_SUFFIX: Final = 4

# What the vendor sends as a code or as the name of a field is shown only in that form: anything else may be personal.
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.\[\]-]{0,63}|\*", re.ASCII)


class _Hidden:
    """Stands for a value that is not shown."""

    __slots__ = ()

    def __repr__(self) -> str:
        return MASK


HIDDEN: Final = _Hidden()


class Discreet:
    """Base of attrs classes, made with ``eq=False, repr=False``, of which nobody prints what is personal.

    A ``repr`` is not enough: rich prints the fields of attrs classes, pytest those in which two objects differ, and
    what inspects an object asks `dir` for them. They all get what `_shown` gives.
    """

    __slots__ = ()

    def _shown(self) -> Iterator[tuple[str, Any]]:
        """Give the names of fields, and their values or `HIDDEN`."""
        raise NotImplementedError

    def _private(self) -> Iterable[str]:
        """Return the names of attributes that are there for those who ask for them by name."""
        return [attribute.name for attribute in _attributes_of(self)]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._shown())})"

    def __rich_repr__(self) -> Iterator[tuple[str, Any]]:
        return self._shown()

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__()} - {*self._private()})

    def __eq__(self, other: object) -> bool:
        # Not the one that attrs makes: pytest takes that for leave to print all fields.
        if other.__class__ is not self.__class__:
            return NotImplemented
        return _content_of(self) == _content_of(other)

    def __hash__(self) -> int:
        return hash((type(self), _content_of(self)))


class Unlisted:
    """Base of attrs classes whose `dir` leaves out what their ``repr`` does, for what inspects objects."""

    __slots__ = ()

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__()} - {a.name for a in _attributes_of(self) if a.repr is not True})


def _content_of(value: Any) -> tuple[Any, ...]:
    """Return what makes two objects of an attrs class equal."""
    return tuple(getattr(value, attribute.name) for attribute in _attributes_of(value) if attribute.eq)


def _attributes_of(value: Any) -> tuple[Any, ...]:
    attributes: tuple[Any, ...] = type(value).__attrs_attrs__
    return attributes


def hide(value: Any) -> Any:
    """Return what stands for ``value``: emptiness shows, content does not."""
    return HIDDEN if value else value


def shown_path(path: str) -> str:
    """Return how the text of an error names a file, or one at a URL: without its folder.

    The name stays, for without it nobody finds the file. It may hold a person's name too: then ``KYCAID_SHOW_PATHS=0``
    leaves only its suffix. With ``1`` the whole path shows. What has the whole path in any case is ``error.file``.
    """
    shows = os.environ.get("KYCAID_SHOW_PATHS")
    if shows == "1":
        return path
    place, _, folders = path.rpartition("://")
    host, *rest = _SEPARATORS.split(folders.rstrip("/\\"))
    name = rest[-1] if rest else host
    if place:
        name = "/".join([f"{place}://{host}", *(["…"] if rest[1:] else []), *rest[-1:]])
    if shows != "0" or (name.startswith("(") and name.endswith(")")):  # what has no path, such as (bytes)
        return name
    stem, dot, suffix = name.rpartition(".")
    return f"{MASK}.{suffix}" if stem and dot and suffix.isalnum() and len(suffix) <= _LONGEST_SUFFIX else MASK


def mask(value: Any) -> str:
    """Return the text that stands for ``value`` in a ``repr``: emptiness shows, content does not."""
    return MASK if value else repr(value)


def is_code(value: str | None) -> bool:
    """Say whether ``value`` has the form of a code or of a field's name."""
    return bool(value) and _CODE.fullmatch(str(value)) is not None


def code_or_mask(value: str) -> str:
    """Return ``value`` when it has the form of a code or of a field's name, and the mask otherwise."""
    return value if is_code(value) else MASK
