"""The lines of a manifest, one at a time, however long or broken they are."""

from collections import deque
from collections.abc import Iterator
from typing import TextIO

import attrs

LONGEST: int = 2**16
"""Characters of a row, line breaks included. All fields of a row at their limits are a third of it."""


class OverlongLineError(ValueError):
    """A row has more characters than any can have."""


@attrs.define
class Lines(Iterator[str]):
    """The lines of a file, with a way back to the second line of a row that turned out to be no row."""

    file: TextIO
    number: int = 0
    """Of the line that was given last, from 1."""
    _taken: list[str] = attrs.field(factory=list)
    _ahead: deque[str] = attrs.field(factory=deque)

    def begin(self) -> int:
        """Begin a row and return the number of its line."""
        self._taken.clear()
        return self.number + 1

    @property
    def taken(self) -> int:
        """How many lines the row has so far."""
        return len(self._taken)

    def back(self) -> str:
        """Return the first line of the row; the others are given again."""
        first, *others = self._taken
        self._ahead.extendleft(reversed(others))
        self.number -= len(others)
        return first.rstrip("\r\n")

    def __next__(self) -> str:
        if sum(map(len, self._taken)) > LONGEST:
            raise OverlongLineError
        line = self._ahead.popleft() if self._ahead else self._from_file()
        if not line:
            raise StopIteration
        self.number += 1
        self._taken.append(line)
        if len(line) == LONGEST:
            raise OverlongLineError
        return line

    def _from_file(self) -> str:
        """Return the next line, or the beginning of one that is too long."""
        line = part = self.file.readline(LONGEST)
        while len(part) == LONGEST and not part.endswith(("\n", "\r")):
            part = self.file.readline(LONGEST)
        return line
