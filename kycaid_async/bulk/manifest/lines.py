"""The lines of a manifest, one at a time, however long they are."""

from collections.abc import Iterator
from typing import TextIO

LONGEST: int = 2**16
"""Characters of a row, its line break included. All fields of a row at their limits are a third of it."""


def lines_of(file: TextIO) -> Iterator[tuple[int, str]]:
    """Give each line with its number, from 1: the first `LONGEST` characters of it, which none that is fit has."""
    number = 0
    while line := file.readline(LONGEST):
        number += 1
        part = line
        while len(part) == LONGEST and not part.endswith(("\n", "\r")):
            part = file.readline(LONGEST)
        yield number, line
