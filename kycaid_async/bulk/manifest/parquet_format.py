"""Manifests that are Parquet files."""

import datetime as dt
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

import attrs

from kycaid_async.bulk.manifest.column_names import Columns, Record, match, table_record
from kycaid_async.bulk.manifest.excel_format import CellsWriter
from kycaid_async.bulk.manifest.format import RejectsWriter, open_bytes
from kycaid_async.bulk.manifest.options import ManifestOptions
from kycaid_async.bulk.manifest.sheets.cells import SheetCell
from kycaid_async.bulk.tables import ParquetTable
from kycaid_async.errors import ManifestError
from kycaid_async.extras import missing
from kycaid_async.masking import shown_name

_BATCH: Final = 256


@attrs.frozen(kw_only=True)
class ParquetFormat:
    """The columns of a Parquet file. Lines are its rows, from 1."""

    path: str
    columns: Columns

    typed = True

    @classmethod
    def of(cls, path: str, options: ManifestOptions) -> "ParquetFormat":
        """Read the schema. Raises `ManifestError`."""
        with _opened(path) as file:
            names = file.schema_arrow.names
        return cls(path=path, columns=match(names, options.columns, guess=options.guess))

    def records(self) -> Iterator[Record]:
        """Give what stands in each row."""
        line = 0
        with _opened(self.path) as file:
            for batch in file.iter_batches(_BATCH, use_threads=False):
                for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    line += 1
                    record = table_record(self.columns, [*map(_cell, values)], line=line)
                    if record is not None:
                        yield record

    def writer(self, file: BinaryIO) -> RejectsWriter:
        return CellsWriter(self.columns, lambda names: ParquetTable(file, names), str)


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise missing("parquet", error) from error
    with open_bytes(path) as file:
        try:
            yield pq.ParquetFile(file)
        except pa.ArrowException as error:
            raise ManifestError(f"{shown_name(path)}: is no Parquet file that can be read") from error


def _cell(value: Any) -> str:
    """Return a value as a cell of a sheet has it: its type says what it was."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return SheetCell("boolean", "true" if value else "false")
    if isinstance(value, float):
        # A column of whole numbers in which one is missing is one of fractions for pandas.
        return "" if math.isnan(value) else SheetCell("number", str(int(value) if value.is_integer() else value))
    if isinstance(value, dt.date):
        timed = isinstance(value, dt.datetime) and value.time() != dt.time()
        return SheetCell("date", value.strftime("%Y-%m-%d %H:%M:%S") if timed else f"{value:%Y-%m-%d}")
    if isinstance(value, list):
        return " ".join(map(str, value))
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else SheetCell("number", str(value))
