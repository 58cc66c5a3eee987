"""CSV manifests: a line of column names, then a row each."""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

import attrs

from kycaid_async.bulk.manifest.column_names import MOST_ABOVE, match, place_of_names
from kycaid_async.bulk.manifest.format import (
    LONGEST,
    Columns,
    Encoding,
    Record,
    TextFormat,
    lines_of,
    open_text,
    table_record,
    trimmed,
)
from kycaid_async.bulk.manifest.options import ManifestOptions
from kycaid_async.bulk.manifest.row import EXTRA, is_text
from kycaid_async.bulk.tables import neutral, original
from kycaid_async.errors import FieldProblem, ManifestError
from kycaid_async.masking import shown_name

_DELIMITERS: Final = ",;\t|"
_MOST_BREAKS: Final = 50
"""Lines that a row with line breaks in its cells may have beside its first."""
_FIRST_LINES: Final = 20
"""Of a file, among which a note of PowerShell may stand."""
_NO_INK: Final = f'{_DELIMITERS}" \r\n'
"""What a line without content is made of."""


@attrs.frozen(kw_only=True)
class CsvFormat(TextFormat):
    """CSV, with the delimiter and the columns of one manifest."""

    delimiter: str
    line: int
    """The last line of the column names."""
    above: str
    """What stands above it for a spreadsheet: ``sep=;`` and the like."""
    columns: Columns

    typed = False

    @property
    def of_rejects(self) -> bool:
        """True when it was written as a file of rejects, in which no cell is a formula."""
        return set(EXTRA) <= set(self.columns.names)

    @classmethod
    def of(cls, path: str, encoding: Encoding, options: ManifestOptions) -> "CsvFormat":
        """Read the line of column names. Raises `ManifestError`."""
        above, forced = "", ""
        found: list[tuple[int, int, str, Columns]] = []
        with open_text(path, encoding) as file:
            lines = _Lines(lines_of(file))
            for number, first in lines:
                line = _whole_names(first, lines)
                separator = re.match(r"\s*\"?sep=(.)\"?\s*$", line, re.IGNORECASE)
                if separator is not None:
                    forced, above = separator[1], line
                elif line.strip(_NO_INK) and not (line.startswith("#TYPE") and number < _FIRST_LINES):
                    if "\0" in line or not is_text(line):
                        break
                    found.append((number, lines.read, *_split(line, forced, options)))
                    if len(found) == MOST_ABOVE:
                        break
            else:
                line = ""
        if not found:
            raise ManifestError(f"{shown_name(path)}: {_what_it_is(line, encoding)}")
        _, last, delimiter, columns = found[place_of_names([columns for *_, columns in found])]
        return cls(path=path, encoding=encoding, delimiter=delimiter, line=last, above=above, columns=columns)

    def records(self) -> Iterator[Record]:
        """Give what stands in each row below the names."""
        # An overlong one stays so.
        undone = original if self.of_rejects else str
        lines = _Lines((line, undone(text) if len(text) < LONGEST else text) for line, text in self.lines())
        for line, text in lines:
            if line > self.line and not text.isspace():
                record = self._record(line, text, lines)
                if record is not None:
                    yield record

    def _record(self, line: int, text: str, below: "_Lines") -> Record | None:
        cells = self._cells(text)
        if cells is _QUOTES:
            cells = self._broken(text, below) or cells
        if isinstance(cells, FieldProblem):
            return Record(line=line, raw=text.rstrip("\r\n"), problems=(cells,))
        return table_record(self.columns, cells, line=line)

    def _cells(self, text: str) -> list[str] | FieldProblem:
        """Return the cells of a line, or what is wrong with it."""
        if len(text) == LONGEST:
            return _OVERLONG
        try:
            return next(csv.reader([text], delimiter=self.delimiter, strict=True))
        except csv.Error:
            return _QUOTES

    def _broken(self, text: str, below: "_Lines") -> list[str] | None:
        """Return the cells of a row with line breaks in them, and read over its other lines; None when it is none.

        A quote that is never closed must not swallow rows below it. So the row is whole when all quotes are paired, it
        has all cells, and none of its other lines could be a row.
        """
        others: list[str] = []
        for other in below.ahead(_MOST_BREAKS):
            others.append(other)
            text += other
            if len(text) >= LONGEST or self._could_be_row(other):
                return None
            if text.count('"') % 2 == 0:
                cells = self._cells(text)
                if isinstance(cells, FieldProblem) or len(cells) < len(self.columns.names):
                    return None
                below.skip(len(others))
                return cells
        return None

    def _could_be_row(self, text: str) -> bool:
        cells = self._cells(text)
        return not isinstance(cells, FieldProblem) and len(cells) >= len(self.columns.names) > 1

    def header(self) -> str:
        """Return what a rejects file begins with."""
        mark = "\ufeff" if self.encoding.mark else ""
        return mark + self.above + self._line([*EXTRA, *self._kept(self.columns.names)])

    def reject(self, raw: Any, *, line: int, reason: str) -> str:
        """Return the line of a rejects file for what stands in ``raw``: cells, or a line that has none."""
        if isinstance(raw, str):
            return neutral(self._line([str(line), reason]).rstrip("\r\n") + self.delimiter + raw + "\r\n")
        return neutral(self._line([str(line), reason, *self._kept(raw)]))

    def _kept(self, cells: Any) -> list[str]:
        """Return ``cells`` without those that a rejects file gives anew."""
        dropped = [number for number, name in enumerate(self.columns.names) if name in EXTRA]
        return [cell for number, cell in enumerate(cells) if number not in dropped]

    def _line(self, cells: list[str]) -> str:
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=self.delimiter).writerow(cells)
        return out.getvalue()


class _Lines:
    """Lines with their numbers, of which some can be looked at ahead."""

    def __init__(self, lines: Iterator[tuple[int, str]]) -> None:
        self._lines = lines
        self._ahead: deque[tuple[int, str]] = deque()
        self.read = 0
        """The number of the last line that was read."""

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return self

    def __next__(self) -> tuple[int, str]:
        numbered = self._ahead.popleft() if self._ahead else next(self._lines)
        self.read = numbered[0]
        return numbered

    def ahead(self, most: int) -> Iterator[str]:
        """Give the next lines, and leave them unread."""
        for number in range(most):
            while len(self._ahead) <= number:
                following = next(self._lines, None)
                if following is None:
                    return
                self._ahead.append(following)
            yield self._ahead[number][1]

    def skip(self, count: int) -> None:
        """Read over the next lines."""
        for _ in range(count):
            next(self)


def _whole_names(text: str, below: _Lines) -> str:
    """Return a line of names with those below it into which a name is broken, and read over them."""
    whole = text
    for count, other in enumerate(below.ahead(_MOST_BREAKS) if text.count('"') % 2 else (), 1):
        whole += other
        if len(whole) >= LONGEST:
            break
        if whole.count('"') % 2 == 0:
            below.skip(count)
            return whole
    return text


_QUOTES: Final = FieldProblem("row", "one line, with quotes in pairs around whole cells", "others")
_OVERLONG: Final = FieldProblem("row", f"at most {LONGEST:,} characters", "more")


def _split(line: str, forced: str, options: ManifestOptions) -> tuple[str, Columns]:
    """Return the delimiter of a line of names, and what its columns are: by the one that makes most of it known."""
    found = []
    for delimiter in forced or _DELIMITERS:
        try:
            names = next(csv.reader([line], delimiter=delimiter))
        except csv.Error:  # with this one between cells, its line breaks stand in none
            names = [line]
        known, filled = match(names, options.columns, guess=True).known, sum(map(bool, map(trimmed, names)))
        found.append((known, known - filled, filled, delimiter, names))
    *_, delimiter, names = max(found, key=lambda one: one[:3])
    return delimiter, match(names, options.columns, guess=options.guess)


def _what_it_is(line: str, encoding: Encoding) -> str:
    """Return why a file has no line of names, by the first of its lines that has content."""
    if not line:
        return "is empty; begin with a line such as applicant_id,type,front_side"
    if "\0" in line:
        return f"is not text in {_shown(encoding)}; save it as such{_or_say(encoding)}"
    return f"the first line is not text in {_shown(encoding)}; save it as such{_or_say(encoding)}"


def _shown(encoding: Encoding) -> str:
    return encoding.name.upper()


def _or_say(encoding: Encoding) -> str:
    return "" if encoding.mark else ", or say which it is with --encoding, such as cp1252 or utf-16, or encoding="
