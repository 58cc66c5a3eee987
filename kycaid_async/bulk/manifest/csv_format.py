"""CSV manifests: a line of column names, then a row each."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any, Final, TextIO

import attrs

from kycaid_async.bulk.manifest.format import LONGEST, TextFormat, lines_of
from kycaid_async.bulk.manifest.places import Reach
from kycaid_async.bulk.manifest.row import COLUMNS, EXTRA, BadRow, ManifestRow, read_row, unknown_columns
from kycaid_async.errors import FieldProblem, ManifestError

_MOST_NAMED = 10
"""Columns that the text of an error names: a stranger's manifest can have any number."""
_DELIMITERS = ",;\t|"


@attrs.frozen
class CsvFormat(TextFormat):
    """CSV, with the delimiter and the columns of one manifest."""

    delimiter: str
    columns: tuple[str, ...]
    """As in its first line; empty for columns without a name, which must be empty altogether."""

    @property
    def of_rejects(self) -> bool:
        """True when it was written as a file of rejects, in which no cell is a formula."""
        return set(EXTRA) <= set(self.columns)

    @classmethod
    def of(cls, name: str, first: str) -> "CsvFormat":
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
            texts = [*map(str, problems[:_MOST_NAMED])]
            if len(problems) > _MOST_NAMED:
                texts.append(f"and {len(problems) - _MOST_NAMED:,} more")
            raise ManifestError(f"{name}: {'; '.join(texts)}", problems=problems)
        return cls(delimiter, tuple(names))

    def rows_of(self, file: TextIO, *, reach: Reach) -> Iterator[ManifestRow | BadRow]:
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


# Cells that a spreadsheet would run, in files that people open with one. Such a cell gets an apostrophe before what
# makes it a formula, which the reader of rejects takes away again. A cell may begin a line, or follow any delimiter:
# whoever opens a file may have another one set.

_START: Final = r"(^|[,;\t|\r\n])"
_BLANK: Final = r"""([\s"\x00-\x1f\x7f\u00a0\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]{0,200}+)"""
"""What spreadsheets skip, or take off, before they look at a cell. Bounded, as a row may be nothing else."""
_NUMBER: Final = r"[+\-\uff0b\uff0d\u2212][\d ().\-/]*(?:,\d+)?(?:[eE][+\-]?\d+)?\"*(?=\s*(?:$|[,;\t|\r\n]))"
"""Amounts and phone numbers: there is nothing in them to run."""
_FORMULA: Final = rf"(?!{_NUMBER})[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212]"

_RUNS: Final = re.compile(rf"{_START}{_BLANK}('*)(?={_FORMULA})")
_HELD: Final = re.compile(rf"{_START}{_BLANK}'('*)(?={_FORMULA})")


def neutral(text: str) -> str:
    """Return ``text`` with an apostrophe before each formula that a spreadsheet would see in it."""
    return _RUNS.sub(r"\1\2'\3", text)


def original(text: str) -> str:
    """Return what `neutral` made ``text`` of."""
    return _HELD.sub(r"\1\2\3", text)
