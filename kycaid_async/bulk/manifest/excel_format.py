"""Manifests that are sheets of .xlsx workbooks."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import BinaryIO, Final

import attrs

from kycaid_async.bulk.manifest.cells_writer import CellsWriter
from kycaid_async.bulk.manifest.column_names import MOST_ABOVE, match, place_of_names
from kycaid_async.bulk.manifest.format import (
    Columns,
    Record,
    RejectsWriter,
    open_bytes,
    overlong,
    table_record,
    trimmed,
)
from kycaid_async.bulk.manifest.options import ManifestOptions
from kycaid_async.bulk.manifest.sheets.parts import WorkbookError
from kycaid_async.bulk.manifest.sheets.workbook import Workbook
from kycaid_async.bulk.tables import ExcelTable
from kycaid_async.errors import ManifestError
from kycaid_async.extras import require
from kycaid_async.masking import shown_name

_MOST_NAMED: Final = 10


@attrs.frozen(kw_only=True)
class ExcelFormat:
    """A sheet of a workbook and its layout. Lines are rows of the sheet, as Excel counts them."""

    path: str
    sheet: str
    line: int
    """The row of the column names."""
    columns: Columns

    typed = True

    @classmethod
    def of(cls, path: str, options: ManifestOptions) -> "ExcelFormat":
        """Read the row of column names. Raises `ManifestError`."""
        with _opened(path) as book:
            sheet = _sheet_of(path, book, options.sheet)
            first = [*islice(_rows(book, sheet), MOST_ABOVE)]
        if not first:
            raise ManifestError(f"{shown_name(path)}: its sheet has no rows")
        found = [(line, match(names, options.columns, guess=options.guess)) for line, names in first]
        line, columns = found[place_of_names([columns for _, columns in found])]
        return cls(path=path, sheet=sheet, line=line, columns=columns)

    def records(self) -> Iterator[Record]:
        """Give what stands in each row below the names."""
        with _opened(self.path) as book:
            for line, cells in _rows(book, self.sheet):
                if line > self.line:
                    record = overlong(line, cells) or table_record(self.columns, cells, line=line)
                    if record is not None:
                        yield record

    def check_writer(self) -> None:
        require("xlsxwriter", "excel")

    def writer(self, file: BinaryIO) -> RejectsWriter:
        return CellsWriter(self.columns, lambda names: ExcelTable(file, names, sheet=self.sheet), object)


def _rows(book: Workbook, sheet: str) -> Iterator[tuple[int, list[str]]]:
    return ((line, cells) for line, cells in book.rows(sheet) if any(map(trimmed, cells)))


@contextmanager
def _opened(path: str) -> Iterator[Workbook]:
    with open_bytes(path) as file:
        try:
            yield Workbook.open(file)
        except WorkbookError as error:
            raise ManifestError(f"{shown_name(path)}: {error}") from error


def _sheet_of(path: str, book: Workbook, wanted: str | None) -> str:
    """Return the name of the sheet to read: the one that is wanted, or the only one with rows."""
    there = ", ".join(list(book.sheets)[:_MOST_NAMED])
    if wanted is not None:
        for name in book.sheets:
            if trimmed(name).casefold() == trimmed(wanted).casefold():
                return name
        raise ManifestError(f"{shown_name(path)}: has no sheet of this name; --sheet, or sheet=: one of {there}")
    filled = [name for name in book.sheets if next(_rows(book, name), None)] if len(book.sheets) > 1 else [*book.sheets]
    if len(filled) > 1:
        raise ManifestError(f"{shown_name(path)}: has several sheets; say which with --sheet, or sheet=: {there}")
    if not filled:
        raise ManifestError(f"{shown_name(path)}: is empty")
    return filled[0]
