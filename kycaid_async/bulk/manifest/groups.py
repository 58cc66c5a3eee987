"""Problems of a manifest, grouped: one line for each kind."""

from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from kycaid_async.api.documents.fields import DocumentType
from kycaid_async.bulk.manifest.row import BadRow

_EXAMPLES: Final = 3
_MOST: Final = 500
"""Kinds of problems that are told apart: a stranger's manifest can have any number."""
_OTHERS: Final = "other problems"


@attrs.define
class ProblemGroup:
    """Rows in which the same was expected, and something else was found."""

    _expected: str
    _got: dict[str, None] = attrs.field(factory=dict)
    """What was found in the first of them, each once."""
    rows: int = 0
    lines: list[int] = attrs.field(factory=list)
    """The first of them."""

    @property
    def text(self) -> str:
        """The problem, in a line."""
        others = " and others" if len(self._got) > _EXAMPLES else ""
        return f"{self._expected}{', '.join([*self._got][:_EXAMPLES])}{others}"

    def add(self, line: int, got: Iterable[str]) -> None:
        """Count a row."""
        self.rows += 1
        if len(self.lines) < _EXAMPLES:
            self.lines.append(line)
        if len(self._got) <= _EXAMPLES:
            self._got |= dict.fromkeys(got)

    def __str__(self) -> str:
        rows = "1 row" if self.rows == 1 else f"{self.rows:,} rows"
        return f"{rows}: {self.text}, {'' if self.rows == len(self.lines) else 'for example '}{self._where()}"

    def _where(self) -> str:
        first, last = self.lines[0], self.lines[-1]
        if len(self.lines) == 1:
            return f"line {first}"
        if len(self.lines) > 2 and last - first == len(self.lines) - 1:  # noqa: PLR2004 - a range takes three
            return f"lines {first} to {last}"
        return f"lines {', '.join(map(str, self.lines[:-1]))} and {last}"


class ProblemGroups:
    """Counts problems by what was expected."""

    def __init__(self) -> None:
        self.rows = 0
        """Bad rows."""
        self._groups: dict[str, ProblemGroup] = {}

    def add(self, row: BadRow) -> None:
        """Count the problems of a row."""
        self.rows += 1
        found: dict[str, list[str]] = {}
        for problem in row.problems:
            found.setdefault(str(problem).removesuffix(problem.got), []).append(problem.got)
        for expected, got in found.items():
            is_told = expected in self._groups or len(self._groups) < _MOST
            kind = expected if is_told else _OTHERS
            self._groups.setdefault(kind, ProblemGroup(kind)).add(row.line, got if is_told else ())

    def __iter__(self) -> Iterator[ProblemGroup]:
        """Give the groups, those of most rows first."""
        return iter(sorted(self._groups.values(), key=lambda group: (-group.rows, group.lines)))

    @property
    def explanations(self) -> list[str]:
        """Explanations that help to mend them."""
        if any(group.text.startswith("type: ") for group in self):
            return [f"Document types: {', '.join(DocumentType)}"]
        return []
