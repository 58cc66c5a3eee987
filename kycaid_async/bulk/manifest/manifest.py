"""Manifests: files that list what to deliver, as CSV, Excel workbooks, JSON Lines or Parquet.

They are read a row at a time. A row that cannot be delivered is given as a `BadRow`, and the reading goes on.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Unpack

import attrs

from kycaid_async.bulk.digests import WrittenPath
from kycaid_async.bulk.manifest.column_names import offered
from kycaid_async.bulk.manifest.conversion import Conversion
from kycaid_async.bulk.manifest.csv_format import CsvFormat
from kycaid_async.bulk.manifest.excel_format import ExcelFormat
from kycaid_async.bulk.manifest.format import FIRST_BYTES, Columns, Encoding, ManifestFormat, TextFormat, open_bytes
from kycaid_async.bulk.manifest.jsonl_format import JsonLinesFormat
from kycaid_async.bulk.manifest.options import ManifestOptions, ManifestReading
from kycaid_async.bulk.manifest.parquet_format import ParquetFormat
from kycaid_async.bulk.manifest.places import AnyPath, Reach
from kycaid_async.bulk.manifest.row import BadRow, ManifestRow, read_row, read_verification, shown_column
from kycaid_async.bulk.row import SIDES, BulkVerification
from kycaid_async.errors import ManifestError
from kycaid_async.masking import shown_name
from kycaid_async.tracebacks import bordered, guarded
from kycaid_async.uploads.path_source import why_not_opened

_OF_DOCUMENTS: Final = frozenset({"type", *SIDES})
_JSON_ENDINGS: Final = (".jsonl", ".ndjson", ".json")
_EXCEL_ENDINGS: Final = (".xlsx", ".xlsm")
_OTHER_WORKBOOKS: Final = (".xlsb", ".ods", ".fods", ".numbers")
_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"
_MOST_TOLD: Final = 10
"""Columns that the text of an error names: a stranger's manifest can have any number."""


@guarded
@attrs.frozen(kw_only=True)
class Manifest:
    """A manifest whose form is known."""

    path: str
    form: ManifestFormat
    reach: Reach = attrs.field(repr=False)
    options: ManifestOptions = attrs.field(repr=False)
    conversion: Conversion = attrs.field(repr=False)

    @classmethod
    def open(cls, path: AnyPath, **options: Unpack[ManifestReading]) -> "Manifest":
        """Look at its columns. Raises `ManifestError` when the file cannot be a manifest.

        The options are those of `read_manifest`.
        """
        return cls.of(path, ManifestOptions(**options))

    @classmethod
    def of(cls, path: AnyPath, options: ManifestOptions) -> "Manifest":
        """Look at its columns, and at all of its dates where their format is to be found. Raises `ManifestError`."""
        name = os.fspath(path)
        reach = _reach_of(name, options)
        form = _form_of(name, options)
        if form.columns is not None:
            _check(shown_name(name), form.columns)
        encoding = form.encoding.name if isinstance(form, CsvFormat) and not form.encoding.mark else ""
        conversion = Conversion.of(shown_name(name), form.records(), options, typed=form.typed, encoding=encoding)
        return cls(path=name, form=form, reach=reach, options=options, conversion=conversion)

    def rows(self) -> Iterator[ManifestRow | BadRow]:
        """Give each row, good or bad, in the order of the file. Raises `ManifestError` when it cannot be read."""
        for record in self.form.records():
            if record.problems:
                yield BadRow(line=record.line, problems=record.problems, raw=record.raw)
                continue
            values, problems = self.conversion.values(record)
            row = read_row(values, line=record.line, reach=self.reach, raw=record.raw, known=problems)
            yield _in_normal_form(row, self.reach) if isinstance(row, ManifestRow) else row

    @property
    def names_documents(self) -> bool:
        """False for a table with ids of applicants and without types and files: it can only name who is there."""
        columns, has_ids = self.form.columns, False
        for names in (record.values for record in self.form.records()) if columns is None else (columns.targets,):
            if not _OF_DOCUMENTS.isdisjoint(names):
                return True
            has_ids = has_ids or "applicant_id" in names
        return not has_ids

    def asked(self) -> Iterator[BadRow | BulkVerification]:
        """Give each row of a table that names no documents: a verification of an applicant that is there."""
        for record in self.form.records():
            values, problems = ({}, [*record.problems]) if record.problems else self.conversion.values(record)
            yield read_verification(values, line=record.line, raw=record.raw, known=problems)

    @property
    def notes(self) -> list[str]:
        """Guesses about the manifest, to be shown before anything is sent."""
        guessed = {} if self.form.columns is None else self.form.columns.guessed
        notes = [f'"{shown_column(name)}" is read as {column}' for name, column in guessed.items()]
        return notes + [f"dates of {column} are read as {form.name}" for column, form in self.conversion.found.items()]

    def reject(self, row: ManifestRow | BadRow, reason: str) -> str:
        """Return the line of a rejects file for ``row``: what stood there, behind its line and the reason.

        Raises `ManifestError` for a manifest that is no text, and has no lines.
        """
        if not isinstance(self.form, TextFormat):
            raise ManifestError(
                f"{shown_name(self.path)}: is no text, so that a row of it has no line; `kycaid upload` writes its "
                "rejects as a file of the same kind, row.raw has the cells, and a manifest that is saved as .csv has "
                "lines"
            )
        return self.form.reject(row.raw, line=row.line or 0, reason=reason)


def _in_normal_form(row: ManifestRow, reach: Reach) -> ManifestRow:
    """Return a row that is known by its files, however their paths are spelt."""
    known_as = {side: reach.known_as(text) for side, text in row.written.items()}
    if all(row.written[side] == normal for side, normal in known_as.items()):
        return row  # as nearly all are
    return attrs.evolve(row, written={side: WrittenPath(text, known_as[side]) for side, text in row.written.items()})


@bordered
def read_manifest(path: AnyPath, **options: Unpack[ManifestReading]) -> Iterator[ManifestRow | BadRow]:
    """Give each row of a manifest (CSV, .xlsx, JSON Lines or Parquet), in order, and never hold more than some of them.

    A row is a `ManifestRow` that ``client.bulk.upload`` takes, or a `BadRow` with its line and all that is wrong with
    it. Files are not looked at: see `check_manifest`.

    A manifest may come from somebody else, so its rows reach no files but those in its folder and below, whatever they
    name and whatever links stand there: a row that names another one fails. ``outside`` are more folders that they may
    reach. ``urls`` are the rules for URLs; by default none is read. Hard links cannot be told from files.

    * ``columns``: what columns with other names stand for, such as ``{"Kundennummer":
      "applicant.external_applicant_id", "Notes": None}``; None is for those that are not to be read.
    * ``date_format``: that of dates which are not as in ISO 8601, such as ``dd.mm.yyyy``.
    * ``encoding``: of a text file, such as ``cp1252``. Default: what its byte order mark says, or UTF-8.
    * ``sheet``: the name of a workbook's sheet. Default: the only one with rows.
    * ``transliterate``: write names in Latin letters by the tables of ICAO Doc 9303-3, section 6: Müller as MUELLER.
      What stood there is not sent.

    * ``allow_same_files``: let rows through whose files were sent for another applicant before; see
      ``client.bulk.upload``.
    * ``convert={"heic": "jpeg"}``: send pictures of telephones as JPEG (extra ``heic``).

    A ledger knows a row by what stands in it, with paths from the manifest's folder on, however they are spelt: use one
    ledger for the manifests of one folder. Raises `ManifestError` when the file cannot be read, is a pipe, or has
    columns that no manifest has; `ConfigurationError` for options that make no sense; and `ModuleNotFoundError` for
    Parquet without its extra.
    """
    return Manifest.open(path, **options).rows()


def _reach_of(path: str, options: ManifestOptions) -> Reach:
    try:
        return Reach.of(str(Path(path).parent), options.outside, options.urls, as_jpeg=bool(options.convert))
    except OSError as error:  # the working folder is gone, and a path starts there
        if os.path.isabs(path):  # noqa: PTH117 - any path
            raise ManifestError(f"outside (--allow-outside): cannot be found ({error.strerror})") from error
        raise ManifestError(f"{shown_name(path)}: cannot be read ({why_not_opened(path, error)})") from error


def _form_of(path: str, options: ManifestOptions) -> ManifestFormat:
    with open_bytes(path) as file:
        head = file.read(FIRST_BYTES)
    ending, name = os.path.splitext(path)[1].lower(), shown_name(path)  # noqa: PTH122 - any path
    if head.startswith(_OLD_WORKBOOK):
        raise ManifestError(f"{name}: is a workbook of an old format, or has a password; save it as .xlsx without one")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise ManifestError(
            f"{name}: is HTML or XML, as some programs export it; open it in Excel and save it as .xlsx"
        )
    if ending in _OTHER_WORKBOOKS:
        raise ManifestError(f"{name}: is a workbook of another format; save it as .xlsx")
    if ending in _EXCEL_ENDINGS and head and not head.startswith(b"PK"):
        raise ManifestError(
            f"{name}: is no .xlsx workbook; open it in Excel and save it as one, or name it .csv if it is text"
        )
    if ending in _EXCEL_ENDINGS:
        return ExcelFormat.of(path, options)
    if ending == ".parquet":
        return ParquetFormat.of(path, options)
    if head.startswith((b"PK\3\4", b"PAR1")):
        kind, other = ("workbook", ".xlsx") if head.startswith(b"PK") else ("Parquet file", ".parquet")
        raise ManifestError(f"{name}: is not text in UTF-8; if it is a {kind}, name it {other}")
    if not head.strip():
        raise ManifestError(f"{name}: is empty; begin with a line such as applicant_id,type,front_side")
    encoding = Encoding.of(head, options.encoding)
    start = head.decode(encoding.name, "replace").removeprefix("\ufeff").lstrip()
    return (JsonLinesFormat if start.startswith("{") or ending in _JSON_ENDINGS else CsvFormat).of(
        path, encoding, options
    )


def _check(name: str, columns: Columns) -> None:
    """Raise `ManifestError` for columns that no manifest has, and for those that could be two."""
    if not columns.known:
        raise ManifestError(
            f"{name}: the first line has no column of a manifest; begin with a line such as "
            f"applicant_id,type,front_side{_offer(columns)}"
        )
    if columns.problems:
        told = [*map(str, columns.problems[:_MOST_TOLD])]
        if len(columns.problems) > _MOST_TOLD:
            told.append(f"and {len(columns.problems) - _MOST_TOLD:,} more")
        raise ManifestError(f"{name}: {'; '.join(told)}", problems=list(columns.problems))


def _offer(columns: Columns) -> str:
    """Return what its names could stand for, as far as they are common words, as an option."""
    found = [f'"{name}": "{column}"' for name, column in offered(columns.names).items()]
    return f"; or say what its names stand for: columns={{{', '.join(found[:_MOST_TOLD])}}}, or --map" if found else ""
