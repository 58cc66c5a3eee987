"""The difference between a key left out and a key sent as null."""

import enum
from typing import Final, Literal, TypeAlias, TypeVar

T = TypeVar("T")


class Unset(enum.Enum):
    """The type of `UNSET`. An Enum member, so that type checkers narrow it and copies and pickles stay itself."""

    UNSET = "UNSET"

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET
"""Leaves a key out of a request. ``None`` sends null instead."""

Maybe: TypeAlias = T | Unset
"""A request field that may be left out, but not be null."""

Opt: TypeAlias = T | Unset | None
"""A request field that may be left out or be null."""
