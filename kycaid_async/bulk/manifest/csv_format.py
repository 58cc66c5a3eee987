"""CSV manifests: a line of column names, then a row each."""

import csv
import io
from collections.abc import Iterator
from typing import Any, TextIO

import attrs

from kycaid_async.bulk.manifest.formulas import neutral, original
from kycaid_async.bulk.manifest.lines import LONGEST, lines_of
from kycaid_async.bulk.manifest.places import Reach
from kycaid_async.bulk.manifest.row import COLUMNS, EXTRA, BadRow, ManifestRow, read_row, unknown_columns
from kycaid_async.errors import FieldProblem, ManifestError

_MOST_TOLD = 10
"""Columns that the text of an error names: a stranger's manifest can have any number."""
_DELIMITERS = ",;\t|"


@attrs.frozen
class CsvForm:
    """How a CSV manifest is laid out."""

    delimiter: str
    columns: tuple[str, ...]
    """As in its first line; empty for columns without a name, which must be empty altogether."""

    @property
    def of_rejects(self) -> bool:
        """True when it was written as a file of rejects, in which no cell is a formula."""
        return set(EXTRA) <= set(self.columns)

    @classmethod
    def of(cls, name: str, first: str) -> "CsvForm":
        """Read the line of column names. Raises `ManifestError`."""
        candidates = {delimiter: _names(first, delimiter) for delimiter in _DELIMITERS}
        delimiter = max(candidates, key=lambda d: sum(name in COLUMNS for name in candidates[d]))
        names = candidates[delimiter]
        if not any(name in COLUMNS for name in names):
            raise ManifestError(
                f"{name}: the first line has no column of a manifest; begin with a line such as "
                "applicant_id,type,front_side",
            )
        twice = [
            FieldProblem(name, "one column", "two") for name in dict.fromkeys(names) if name and names.count(name) > 1
        ]
        problems = [*unknown_columns([name for name in names if name]), *twice]
        if problems:
            told = [*map(str, problems[:_MOST_TOLD])]
            if len(problems) > _MOST_TOLD:
                told.append(f"and {len(problems) - _MOST_TOLD:,} more")
            raise ManifestError(f"{name}: {'; '.join(told)}", problems=problems)
        return cls(delimiter, tuple(names))

    def rows(self, file: TextIO, *, reach: Reach) -> Iterator[ManifestRow | BadRow]:
        """Give each row below the line of names."""
        # An overlong one stays so.
        undone = original if self.of_rejects else str
        lines = ((line, undone(text) if len(text) < LONGEST else text) for line, text in lines_of(file))
        records = ((line, text, self._cells(text)) for line, text in lines)
        next(cells for _, _, cells in records if cells)
        for line, text, cells in records:
            if isinstance(cells, FieldProblem):
                yield BadRow(line=line, problems=(cells,), raw=text.rstrip("\r\n"))
            elif any(cell.strip() for cell in cells):
                yield self._row(cells, line, reach)

    def _cells(self, text: str) -> list[str] | FieldProblem:
        """Return the cells of a row. It has one line: a quote that is never closed would swallow rows below it."""
        if len(text) == LONGEST:
            return _OVERLONG
        try:
            return next(csv.reader([text], delimiter=self.delimiter, strict=True))
        except csv.Error:
            return _QUOTES

    def _row(self, cells: list[str], line: int, reach: Reach) -> ManifestRow | BadRow:
        width = len(self.columns)
        if len(cells) != width:
            problem = FieldProblem("row", f"{width} cells", f"{len(cells)}")
            return BadRow(line=line, problems=(problem,), raw=cells)
        nameless = [
            FieldProblem(f"column {number}", "no content, for it has no name", "some")
            for number, (name, cell) in enumerate(zip(self.columns, cells, strict=True), 1)
            if not name and cell.strip()
        ]
        if nameless:
            return BadRow(line=line, problems=tuple(nameless), raw=cells)
        record = {name: cell for name, cell in zip(self.columns, cells, strict=True) if name}
        return read_row(record, line=line, reach=reach, raw=cells)

    def header(self) -> str:
        """Return the first line of a rejects file."""
        return self._line([*EXTRA, *self._kept(self.columns)])

    def reject(self, raw: Any, *, line: int, reason: str) -> str:
        """Return the line of a rejects file for what stands in ``raw``: cells, or a line that has none."""
        if isinstance(raw, str):
            return neutral(self._line([str(line), reason]).rstrip("\r\n") + self.delimiter + raw + "\r\n")
        return neutral(self._line([str(line), reason, *self._kept(raw)]))

    def _kept(self, cells: Any) -> list[str]:
        """Return ``cells`` without those that a rejects file gives anew."""
        dropped = [number for number, name in enumerate(self.columns) if name in EXTRA]
        return [cell for number, cell in enumerate(cells) if number not in dropped]

    def _line(self, cells: list[str]) -> str:
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=self.delimiter).writerow(cells)
        return out.getvalue()


_QUOTES = FieldProblem("row", "one line, with quotes in pairs around whole cells", "others")
_OVERLONG = FieldProblem("row", f"at most {LONGEST:,} characters", "more")


def _names(line: str, delimiter: str) -> list[str]:
    return [name.strip() for name in next(csv.reader([line], delimiter=delimiter))]
