"""Tables as files: .xlsx, .csv, .jsonl and .parquet, written a row at a time, fit to be opened by people."""

import csv
import json
import os
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

from kycaid_async.errors import ConfigurationError
from kycaid_async.extras import require
from kycaid_async.masking import shown_name

Columns = Sequence[str] | Sequence[tuple[str, type]] | Mapping[str, type]
"""Names of columns, of text; or with their types: ``int`` and ``float`` make numbers that can be summed, and ``object``
leaves to each value of a workbook what it is, also a date or a truth."""
Row = Sequence[Any]

_SHEET_ROWS: Final = 1_048_576
_CELL_LENGTH: Final = 32_767
"""What a sheet of Excel holds."""
_BATCH: Final = 4096


class TableFormat(ABC):
    """Writes the rows of one table into a file that is open."""

    def __init__(self, file: BinaryIO, columns: Columns, *, sheet: str = "Sheet1") -> None:
        pairs = columns.items() if isinstance(columns, Mapping) else columns
        typed = [(column, str) if isinstance(column, str) else column for column in pairs]
        self.columns: Final = tuple(name for name, _ in typed)
        self._types: Final[tuple[type, ...]] = tuple(kind for _, kind in typed)
        self._file, self._sheet_name = file, sheet
        self._begin()

    def add(self, row: Row) -> None:
        """Write a row: a value for each column. Raises `OSError`, and `ValueError` when values and columns differ."""
        if len(row) != len(self.columns):
            raise ValueError(f"expected {len(self.columns)} values, got {len(row)}")
        self._write([_value(value, kind) for value, kind in zip(row, self._types, strict=True)])

    def finish(self) -> None:  # noqa: B027 - not all formats have such a thing
        """Write what stands below the rows. The file stays open."""

    def _begin(self) -> None:  # noqa: B027 - the same
        """Write what stands above the rows."""

    @abstractmethod
    def _write(self, cells: list[Any]) -> None:
        """Write a row of text, numbers and None."""


class TableWriter:
    """Writes rows to a file that appears under its name when all of them are in it.

    As a context manager it keeps the file when the block ends well, and leaves nothing behind when it does not. A file
    that stood there is replaced. Nobody but its owner may read it. Memory stays the same however many rows there are.

    Values are text, and stay the text that they are: ``"000123"`` keeps its zeros, ``"=1+1"`` is no formula. Dates are
    written as ISO 8601 has them, None as an empty cell.
    """

    def __init__(self, path: Path, kind: type[TableFormat], columns: Columns, *, sheet: str = "Sheet1") -> None:
        self.path: Final = path
        self._part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
        self._file: BinaryIO = open(self._part, "x+b", opener=_private)  # noqa: SIM115 - closed by close
        try:
            self._format = kind(self._file, columns, sheet=sheet)
        except BaseException:
            self._discard()
            raise

    def add(self, row: Row) -> None:
        """Write a row: a value for each column. Raises `OSError`, and `ValueError` when values and columns differ."""
        self._format.add(row)

    def close(self) -> None:
        """Finish the file, and give it its name. Raises `OSError`."""
        try:
            self._format.finish()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._part.replace(self.path)
        except BaseException:
            self._discard()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
            return
        with suppress(Exception):  # an error is on its way already
            self._format.finish()  # what writes it may have temporary files of its own
        self._discard()

    def _discard(self) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    """Open a file that nobody but its owner may read."""
    return os.open(path, flags, 0o600)


class CsvTable(TableFormat):
    """With a byte order mark, by which Excel knows UTF-8, and an apostrophe before what it would take for a formula."""

    def _begin(self) -> None:
        self._file.write(b"\xef\xbb\xbf")
        self._write(list(self.columns))

    def _write(self, cells: list[Any]) -> None:
        line = _Line()
        csv.writer(line).writerow([neutral(c) if isinstance(c, str) else c for c in cells])
        self._file.write(line.text.encode(errors="replace"))


class _Line:
    """What `csv` writes a row to."""

    text = ""

    def write(self, text: str) -> None:
        self.text += text


class JsonLinesTable(TableFormat):
    """An object a line. Numbers and truths are what they are in JSON."""

    def _write(self, cells: list[Any]) -> None:
        text = json.dumps(dict(zip(self.columns, cells, strict=True)), ensure_ascii=False)
        self._file.write(text.encode(errors="replace") + b"\n")


class ExcelTable(TableFormat):
    """Text cells, a bold header that stays in sight, a filter, and one more sheet whenever one is full."""

    def _begin(self) -> None:
        xlsxwriter = require("xlsxwriter", "excel")
        # All cells are written by their type, so that nothing is guessed from how a text looks.
        self._book = xlsxwriter.Workbook(self._file, {"constant_memory": True, "use_zip64": True})
        self._text = self._book.add_format({"num_format": "@"})
        self._bold = self._book.add_format({"num_format": "@", "bold": True})
        formats = {date: "yyyy-mm-dd", datetime: "yyyy-mm-dd hh:mm:ss", time: "hh:mm:ss"}
        self._dates = {kind: self._book.add_format({"num_format": form}) for kind, form in formats.items()}
        # The same rows make the same file, whenever they are written.
        self._book.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001
        self._sheets = 0
        self._new_sheet()

    def _new_sheet(self) -> None:
        self._sheets += 1
        self._sheet = self._book.add_worksheet(
            self._sheet_name if self._sheets == 1 else f"{self._sheet_name} {self._sheets}"
        )
        self._sheet.freeze_panes(1, 0)
        for at, kind in enumerate(self._types):
            self._sheet.set_column(at, at, 20, self._text if kind is str else None)
        for at, name in enumerate(self.columns):
            self._sheet.write_string(0, at, name, self._bold)
        self._rows = 1

    def _write(self, cells: list[Any]) -> None:
        if self._rows == _SHEET_ROWS:
            self._finish_sheet()
            self._new_sheet()
        for at, cell in enumerate(cells):
            if cell in (None, ""):
                self._sheet.write_blank(self._rows, at, None, self._text)  # what is filled in is text
            elif isinstance(cell, str):
                text = cell.encode(errors="replace").decode()
                whole = len(text) <= _CELL_LENGTH
                self._sheet.write_string(self._rows, at, text if whole else text[: _CELL_LENGTH - 1] + "…", self._text)
            elif isinstance(cell, bool):
                self._sheet.write_boolean(self._rows, at, cell)
            elif isinstance(cell, int | float):
                self._sheet.write_number(self._rows, at, cell)
            else:
                self._sheet.write_datetime(self._rows, at, cell, self._dates[type(cell)])
        self._rows += 1

    def _finish_sheet(self) -> None:
        if self.columns:
            self._sheet.autofilter(0, 0, self._rows - 1, len(self.columns) - 1)

    def finish(self) -> None:
        self._finish_sheet()
        self._book.close()


class ParquetTable(TableFormat):
    """Columns of text, of whole numbers and of others."""

    def _begin(self) -> None:
        pa = require("pyarrow", "parquet")
        import pyarrow.parquet as pq

        types = {int: pa.int64(), float: pa.float64()}
        names = zip(self.columns, self._types, strict=True)
        self._schema = pa.schema([(name, types.get(kind, pa.string())) for name, kind in names])
        self._pa = pa
        self._writer = pq.ParquetWriter(self._file, self._schema)
        self._rows: list[list[Any]] = []

    def _write(self, cells: list[Any]) -> None:
        self._rows.append([c.encode(errors="replace").decode() if isinstance(c, str) else c for c in cells])
        if len(self._rows) == _BATCH:
            self._write_batch()

    def _write_batch(self) -> None:
        if self._rows:
            columns = list(zip(*self._rows, strict=True))
            arrays = [self._pa.array(values, field.type) for values, field in zip(columns, self._schema, strict=True)]
            self._writer.write_table(self._pa.table(arrays, schema=self._schema))
            self._rows = []

    def finish(self) -> None:
        self._write_batch()
        self._writer.close()


FORMATS: Final[Mapping[str, type[TableFormat]]] = {
    ".xlsx": ExcelTable,
    ".csv": CsvTable,
    ".jsonl": JsonLinesTable,
    ".parquet": ParquetTable,
}


def open_table(path: str | os.PathLike[str], columns: Columns, *, sheet: str = "Sheet1") -> TableWriter:
    """Return what writes rows to ``path``, in the format that its ending says.

    ``.xlsx`` needs the extra ``excel``, ``.parquet`` the extra ``parquet``: without it `ModuleNotFoundError` is raised,
    which names it. ``sheet`` is the name of the sheet in a workbook. Raises `ConfigurationError` for another ending,
    and `OSError`.
    """
    path = Path(path)
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise ConfigurationError(
            f"{shown_name(path)}: the ending says the format; expected one of {', '.join(FORMATS)}"
        )
    return TableWriter(path, kind, columns, sheet=sheet)


def write_table(path: str | os.PathLike[str], columns: Columns, rows: Iterable[Row], *, sheet: str = "Sheet1") -> None:
    """Write ``rows`` to ``path``; takes and raises what `open_table` does."""
    with open_table(path, columns, sheet=sheet) as table:
        for row in rows:
            table.add(row)


def _value(value: Any, kind: type) -> Any:
    """Return ``value`` as a cell has it. Raises `ValueError` for what is no number, in a column of numbers."""
    if value is None:
        return None
    if kind is object:
        return value
    if kind is not str:
        return kind(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return value.isoformat() if isinstance(value, date) else str(value)


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
