"""Manifests that are Parquet files."""

import datetime as dt
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, BinaryIO, Final, cast

import attrs

from kycaid_async.bulk.manifest.cells_writer import CellsWriter
from kycaid_async.bulk.manifest.column_names import match
from kycaid_async.bulk.manifest.format import (
    LONGEST,
    Columns,
    Record,
    RejectsWriter,
    open_bytes,
    overlong,
    table_record,
)
from kycaid_async.bulk.manifest.options import ManifestOptions
from kycaid_async.bulk.manifest.sheets.cells import SheetCell, date_cell, whole_cell
from kycaid_async.bulk.tables import ParquetTable
from kycaid_async.errors import ManifestError
from kycaid_async.extras import require
from kycaid_async.masking import shown_name

_BATCH: Final = 256
_LONGEST_BATCH: Final = 2**24
_PIECE: Final = 2**16
_MOST_COLUMNS: Final = 16_384
_LARGE: Final = 2**26
_BOMB: Final = 400
"""How many times smaller packed than not is beyond what tables come to; looked at from `_LARGE` bytes on."""

_ODD_VALUES: Final = (ValueError, LookupError, ArithmeticError)
"""What pyarrow raises for names that are not UTF-8, dates beyond those of Python, and time zones that there are not."""


@attrs.frozen(kw_only=True)
class ParquetFormat:
    """The columns of a Parquet file. Lines are its rows, from 1."""

    path: str
    columns: Columns
    first: int = 1
    """The first row that is wanted: groups before it are not read."""

    typed = True

    @classmethod
    def of(cls, path: str, options: ManifestOptions) -> "ParquetFormat":
        """Read the schema. Raises `ManifestError`."""
        with _opened(path) as file:
            names = file.schema_arrow.names
        return cls(path=path, columns=match(names, options.columns, guess=options.guess))

    def records(self) -> Iterator[Record]:
        """Give what stands in each row."""
        with _opened(self.path) as file:
            line, groups = _from(file.metadata, self.first)
            exact = [_exact(field.type) for field in file.schema_arrow]
            for batch in file.iter_batches(_BATCH, use_threads=False, row_groups=groups):
                for values in _rows(batch):
                    line += 1
                    cells = [*map(_cell, values, exact)]
                    record = overlong(line, cells) or table_record(self.columns, cells, line=line)
                    if record is not None:
                        yield record

    def check_writer(self) -> None:
        require("pyarrow", "parquet")

    def writer(self, file: BinaryIO) -> RejectsWriter:
        return CellsWriter(self.columns, lambda names: ParquetTable(file, names), str)


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    pa = require("pyarrow", "parquet")
    import pyarrow.parquet as pq

    with open_bytes(path) as file:
        try:
            # A buffer: without one, whole groups of rows are held.
            about = pq.ParquetFile(file)
            table = pq.ParquetFile(
                file,
                metadata=about.metadata,
                read_dictionary=_texts(about.schema),
                buffer_size=_PIECE,
                pre_buffer=False,
            )
            _check_bounds(shown_name(path), table, os.fstat(file.fileno()).st_size)
            yield table
        except ManifestError:
            raise
        except (pa.ArrowException, OSError, *_ODD_VALUES) as error:
            raise ManifestError(f"{shown_name(path)}: is no Parquet file that can be read") from error


def _check_bounds(name: str, table: Any, packed: int) -> None:
    """Refuse a file of ``packed`` bytes that was made to fill a memory. Raises `ManifestError`."""
    about = table.metadata
    if about.num_columns > _MOST_COLUMNS:
        raise ManifestError(f"{name}: has more than {_MOST_COLUMNS:,} columns")
    # Not by its columns: asked for one whose description is damaged, pyarrow ends the whole process.
    size = sum(about.row_group(number).total_byte_size for number in range(about.num_row_groups))
    if size > packed * _BOMB and size > _LARGE:
        raise ManifestError(f"{name}: is far larger than it looks: it was made to fill a memory")


def _from(metadata: Any, first: int) -> tuple[int, list[int]]:
    """Return how many rows stand before the group of row ``first``, and that group with those behind it."""
    before = 0
    for number in range(metadata.num_row_groups):
        rows = metadata.row_group(number).num_rows
        if before + rows >= first:
            return before, list(range(number, metadata.num_row_groups))
        before += rows
    return before, []


def _texts(schema: Any) -> list[str]:
    """Return the columns of texts. Each text is held once, however many rows have it: one after another is unpacked."""
    columns = (schema.column(number) for number in range(len(schema)))
    return [one.path for one in columns if one.physical_type == "BYTE_ARRAY" and one.logical_type.type != "DECIMAL"]


def _rows(batch: Any) -> Iterator[tuple[Any, ...]]:
    """Give the values of each row: of all at once, unless they may be too long to be held with each other."""
    if sum(map(_size, batch.columns)) <= _LONGEST_BATCH:
        yield from zip(*map(_values, batch.columns), strict=True)
        return
    for number in range(batch.num_rows):
        yield from zip(*map(_values_or_too_long, batch.slice(number, 1).columns), strict=True)


def _values_or_too_long(column: Any) -> list[Any]:
    """Return the values of a column; of one with lists that would fill a memory, what is too long as well."""
    return ["…" * LONGEST] * len(column) if _size(column) > _LARGE else _values(column)


def _values(column: Any) -> list[Any]:
    values: list[Any] = _unpacked(column).to_pylist()
    return values


def _unpacked(column: Any) -> Any:
    """Return a column whose values stand in each of their places: Python gets those much sooner."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        return column.dictionary_decode()
    if pa.types.is_list(column.type) and pa.types.is_dictionary(column.type.value_type):
        return column.cast(pa.list_(column.type.value_type.value_type))
    return column


def _size(column: Any) -> int:
    """Return about how many bytes the values of a column are, those that are held once in each of their places."""
    import pyarrow as pa
    from pyarrow import compute

    kind, pc = column.type, cast("Any", compute)  # it makes its functions when it is imported
    if pa.types.is_nested(kind):
        return sum(map(_size, column.flatten())) if pa.types.is_struct(kind) else _size(column.flatten())
    if not pa.types.is_dictionary(kind) or pa.types.is_primitive(kind.value_type):
        return int(column.nbytes)
    return pc.sum(pc.take(pc.binary_length(column.dictionary), column.indices)).as_py() or 0


def _exact(kind: Any) -> int:
    """Return the number from which on a column of this type has whole numbers that stand for several."""
    floats = {"float": 24, "halffloat": 11}
    return int(2 ** floats.get(str(getattr(kind, "value_type", kind)), 53))


def _cell(value: Any, exact: int = 2**53) -> str:  # noqa: PLR0911 - a table
    """Return a value as a cell of a sheet has it: its type says what it was."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return SheetCell("boolean", "true" if value else "false")
    if isinstance(value, float):
        return _number(value, exact)
    if isinstance(value, dt.date):
        return date_cell(value)
    if isinstance(value, dict):
        return SheetCell("error", "#STRUCT!")
    if isinstance(value, dt.time | dt.timedelta):
        return SheetCell("error", "#TIME!")
    if isinstance(value, list):
        return " ".join(map(_cell, value))
    if hasattr(value, "item"):  # a number of two bytes, which earlier versions of pyarrow give as numpy's
        return _cell(value.item(), exact)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value)  # it has as many zeros behind as its column has decimals
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else SheetCell("number", str(value))


def _number(value: float, exact: int) -> str:
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return SheetCell("error", "#NUM!")
    # A column of whole numbers in which one is missing is one of fractions for pandas.
    return whole_cell(value, exact) if value.is_integer() else SheetCell("number", str(value))
