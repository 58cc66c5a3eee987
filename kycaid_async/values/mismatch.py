"""A value that is not of the type its field takes."""

import math
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

T = TypeVar("T")

MOST_ENTRIES: Final = 20_000
"""Entries of lists that are read of one answer: more than any has, and few enough to be read in half a second."""


class Mismatch(TypeError):  # noqa: N818 - a judgement on a value, caught where values are read
    """Says what was expected and which type was found; it never holds the value itself."""

    def __init__(self, expected: str, found: Any, *, usable: Any = None) -> None:
        super().__init__(f"expected {expected}, got {kind(found)}")
        self.expected = expected
        self.usable = usable
        """What could be read of it all the same: the good entries of a list with a bad one."""


def kind(value: Any) -> str:
    """Return the JSON word for the type of ``value``."""
    if value is None:
        return "null"
    if isinstance(value, float) and not math.isfinite(value):
        return "no finite number"
    words = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return words.get(type(value), f"a {type(value).__name__}")


class Reading(threading.local):
    """The answer that a thread reads just now."""

    left: int | None = None
    """How many entries may still be read of it; None when none is being read."""


reading: Final = Reading()


def read_each(read: Callable[[Any], T], entries: Iterable[Any]) -> list[T]:
    """Return what ``read`` makes of each entry that is not null. Raises `Mismatch`, which has the good ones."""
    good: list[T] = []
    bad: Mismatch | None = None
    for entry in entries:
        if reading.left is not None:
            if reading.left <= 0:
                bad = Mismatch(f"at most {MOST_ENTRIES:,} entries", entries)
                break
            reading.left -= 1
        try:
            if entry is not None:
                good.append(read(entry))
        except Mismatch as mismatch:
            bad = mismatch
    if bad is not None:
        bad.usable = good
        raise bad
    return good
