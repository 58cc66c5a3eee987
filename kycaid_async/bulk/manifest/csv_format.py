"""CSV manifests: a line of column names, then a row each."""

import csv
import io
import re
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
_FIRST_LINES: Final = 20
"""Of a file, among which a note of PowerShell may stand."""
_NO_INK: Final = f'{_DELIMITERS}" \r\n'
"""What a line without content is made of."""


@attrs.frozen(kw_only=True)
class CsvFormat(TextFormat):
    """CSV, with the delimiter and the columns of one manifest."""

    delimiter: str
    line: int
    """The line of the column names."""
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
        found: list[tuple[int, str, Columns]] = []
        with open_text(path, encoding) as file:
            for number, line in lines_of(file):
                separator = re.match(r"\s*\"?sep=(.)\"?\s*$", line, re.IGNORECASE)
                if separator is not None:
                    forced, above = separator[1], line
                elif line.strip(_NO_INK) and not (line.startswith("#TYPE") and number < _FIRST_LINES):
                    if "\0" in line or not is_text(line):
                        break
                    found.append((number, *_split(line, forced, options)))
                    if len(found) == MOST_ABOVE:
                        break
            else:
                line = ""
        if not found:
            raise ManifestError(f"{shown_name(path)}: {_what_it_is(line, encoding)}")
        number, delimiter, columns = found[place_of_names([columns for *_, columns in found])]
        return cls(path=path, encoding=encoding, delimiter=delimiter, line=number, above=above, columns=columns)

    def records(self) -> Iterator[Record]:
        """Give what stands in each line below the names."""
        # An overlong one stays so.
        undone = original if self.of_rejects else str
        with open_text(self.path, self.encoding) as file:
            for line, text in lines_of(file):
                if line > self.line and not text.isspace():
                    record = self._record(line, undone(text) if len(text) < LONGEST else text)
                    if record is not None:
                        yield record

    def _record(self, line: int, text: str) -> Record | None:
        cells = self._cells(text)
        if isinstance(cells, FieldProblem):
            return Record(line=line, raw=text.rstrip("\r\n"), problems=(cells,))
        return table_record(self.columns, cells, line=line)

    def _cells(self, text: str) -> list[str] | FieldProblem:
        """Return the cells of a row. It has one line: a quote that is never closed would swallow rows below it."""
        if len(text) == LONGEST:
            return _OVERLONG
        try:
            return next(csv.reader([text], delimiter=self.delimiter, strict=True))
        except csv.Error:
            return _QUOTES

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


_QUOTES: Final = FieldProblem("row", "one line, with quotes in pairs around whole cells", "others")
_OVERLONG: Final = FieldProblem("row", f"at most {LONGEST:,} characters", "more")


def _split(line: str, forced: str, options: ManifestOptions) -> tuple[str, Columns]:
    """Return the delimiter of a line of names, and what its columns are: by the one that makes most of it known."""
    found = []
    for delimiter in forced or _DELIMITERS:
        names = next(csv.reader([line], delimiter=delimiter))
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
