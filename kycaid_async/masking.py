"""Masking of secrets and personal data in texts and representations."""

import os
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

MASK: Final = "***"
# Patterns are compiled when first used: all together they take as long as a small module.
_SEPARATORS: Final = r"[/\\]"
_SUFFIX: Final = r"(?i)avif?|bmp|gif|hei[cf]|jpe?g|json|m4v|mkv|mov|mp4|pdf|png|svg|tiff?|txt|webm|webp|zip"
_NO_FILES: Final = frozenset({"(bytes)", "(factory)", "(file)"})
"""What sources without a path are called."""
_WORDS: Final = r"[^\W\d_]+|\d+"
_TELLS_NOTHING: Final = (
    r"(?ai)address|back|bank|card|certificate|company|copy|doc|document|drivers?|file|front|id|identity|image|img|licen[cs]e|of|"
    r"passport|permit|photo|picture|proof|residence|scan|selfie|side|statement|tax|upload|utility|video|visa"
)
_TELLS_LITTLE: Final = r"(?a)[A-Za-z]|\d{1,3}"
"""A letter or a short number, as in scan_1. Two could be initials, or a date."""

# What the vendor sends as a code or as the name of a field is shown only in that form: anything else may be personal.
# Both begin with a small letter, as names of people do not.
_CODE: Final = r"(?a)[a-z][A-Za-z0-9_.\[\]-]{0,63}|\*"
_VALUE: Final = r"(?a)[A-Za-z][A-Za-z0-9_.\[\]-]{0,63}"
_WORD: Final = r"(?a)[\w.:+/-]*"


class _Hidden:
    """Stands for a value that is not shown."""

    __slots__ = ()

    def __repr__(self) -> str:
        return MASK


HIDDEN: Final = _Hidden()


class Printed:
    """Base of attrs classes made with ``repr=False``: prints the fields as attrs does.

    attrs compiles such methods for each class, which takes twice as long as all else of it.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        fields = (
            f"{attribute.name}={(printed if attribute.repr is True else attribute.repr)(getattr(self, attribute.name))}"
            for attribute in _attributes_of(self)
            if attribute.repr is not False
        )
        return f"{type(self).__qualname__.rpartition('>.')[2]}({', '.join(fields)})"


class ValueObject(Printed):
    """Base of attrs classes made with ``eq=False, repr=False``: those with the same content are equal, too."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        # pytest takes the one that attrs makes for leave to print all fields, personal ones too.
        if other is self:
            return True
        if other.__class__ is not self.__class__:
            return NotImplemented
        # One by one: most of those that differ do so in the first field.
        try:
            return all(
                (mine := getattr(self, attribute.name)) is (its := getattr(other, attribute.name)) or mine == its
                for attribute in _attributes_of(self)
                if attribute.eq
            )
        except Exception:  # noqa: BLE001 - a value of the user, such as an array, may not say whether it equals another
            return False

    def __hash__(self) -> int:
        return hash((type(self), _content_of(self)))


class Discreet(ValueObject):
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
        return f"{type(self).__name__}({', '.join(f'{name}={printed(value)}' for name, value in self._shown())})"

    def __rich_repr__(self) -> Iterator[tuple[str, Any]]:
        return self._shown()

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__()} - {*self._private()})


class Unlisted(Printed):
    """Base of attrs classes whose `dir` leaves out what their ``repr`` does, for what inspects objects."""

    __slots__ = ()

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__()} - {a.name for a in _attributes_of(self) if a.repr is not True})


def _content_of(value: Any) -> tuple[Any, ...]:
    """Return what makes two objects of an attrs class equal."""
    return tuple(getattr(value, attribute.name) for attribute in _attributes_of(value) if attribute.eq)


def _attributes_of(value: Any) -> tuple[Any, ...]:
    """Return the attributes of the attrs class of ``value``."""
    attributes: tuple[Any, ...] = type(value).__attrs_attrs__
    return attributes


def hide(value: Any) -> Any:
    """Return the mask of ``value``: emptiness shows, content does not."""
    return value if _is_empty(value) else HIDDEN


def printed(value: Any) -> str:
    """Return the ``repr`` of ``value``, and the name of its type where that fails: an object can always be printed."""
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - a value of the user can raise anything
        return f"<{type(value).__name__}>"


def _is_empty(value: Any) -> bool:
    try:
        return not value
    except Exception:  # noqa: BLE001 - neither pandas' NA nor an array has a truth value
        return False


def encodable(text: str) -> str:
    """Return ``text`` as UTF-8 can carry it: a byte that is no text is written out.

    Where the output is strict, as in most containers, printing it would fail, and logging would lose the line.
    """
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def shown_path(path: str) -> str:
    """Return how the text of an error names a file, or one at a URL: without its folder, and without its own name.

    A file is often named after a person, so the name stays only where it is made of words such as ``passport_front``;
    otherwise its suffix does. ``KYCAID_SHOW_PATHS=name`` shows all names, and ``1`` whole paths. What has the whole
    path in any case is ``error.file``.
    """
    shows = os.environ.get("KYCAID_SHOW_PATHS")
    if shows == "1":
        return encodable(path)
    place, _, folders = path.rpartition("://")
    host, *rest = re.split(_SEPARATORS, folders.rstrip("/\\"))
    name = rest[-1] if rest else host
    shown = name if shows == "name" or (place and not rest) else _without_stem(name)
    parts = [f"{place}://{host}", *(["…"] if rest[1:] else []), *([shown] if rest else [])] if place else [shown]
    return encodable("/".join(parts))


def shown_name(path: str | os.PathLike[str]) -> str:
    """Return how the text of an error names a file that its operator named, such as a ledger: without its folder."""
    whole = os.fspath(path)
    shows = os.environ.get("KYCAID_SHOW_PATHS") == "1"
    return encodable(whole if shows else re.split(_SEPARATORS, whole.rstrip("/\\"))[-1])


def _without_stem(name: str) -> str:
    if name in _NO_FILES:
        return name
    stem, _, suffix = name.rpartition(".")
    if not re.fullmatch(_SUFFIX, suffix):
        stem, suffix = name, ""
    others = [word for word in re.findall(_WORDS, stem) if not re.fullmatch(_TELLS_NOTHING, word)]
    if len(others) <= 1 and all(re.fullmatch(_TELLS_LITTLE, word) for word in others):
        return name
    return f"{MASK}.{suffix}" if suffix else MASK


def mask(value: Any) -> str:
    """Return the text that stands for ``value`` in a ``repr``: emptiness shows, content does not."""
    return repr(value) if _is_empty(value) else MASK


def is_code(value: str | None) -> bool:
    """Say whether ``value`` has the form of a code or of a field's name."""
    return bool(value) and re.fullmatch(_CODE, str(value)) is not None


def is_word(value: str) -> bool:
    """Say whether ``value`` has the form of an id, a code or a date: no spaces, no ``@``, no letters but A to Z."""
    return re.fullmatch(_WORD, value) is not None


def key_or_mask(key: object) -> str:
    """Return a key of a mapping when it has the form of a field's name, and the mask otherwise: it may be data."""
    return code_or_mask(key) if isinstance(key, str) else MASK


def value_or_mask(value: str) -> str:
    """Return ``value`` when it has the form of one of an enum, in capitals or not, and the mask otherwise."""
    return value if re.fullmatch(_VALUE, value) else MASK


def code_or_mask(value: str) -> str:
    """Return ``value`` when it has the form of a code or of a field's name, and the mask otherwise."""
    return value if is_code(value) else MASK
