"""Manifests of all formats, and files of names of columns."""

import io
import random
import struct
import tempfile
import zipfile
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet

from kycaid_async import ManifestError
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.row import BadRow
from kycaid_async.cli.problems import UsageProblem
from kycaid_async.cli.reading import ReadingFlags, reading_of
from tests.fuzz.mutation import changed, changed_json
from tests.fuzz.target import Target

_MOST_ROWS = 300_000
_ROWS = (
    ("applicant_id", "type", "document_number", "issue_date", "front_side"),
    ("4141cc1b18dba048470b2961cb4592f480fe", "PASSPORT", "0012", "2020-01-02", "front.png"),
    ("", "DRIVERS_LICENSE", "X 1", "31.12.2019", "../secret.png"),
)
_PEOPLE = (
    ("applicant.first_name", "applicant.last_name", "applicant.dob", "document_number", "type", "front_side"),
    ("Jörg", "Müller", "01.02.1990", "12", "PASSPORT", "https://files.example/a.png"),
)


@cache
def _folder() -> Path:
    place = Path("/dev/shm")  # noqa: S108 - a place in memory
    return Path(tempfile.mkdtemp(dir=place if place.is_dir() else None))


def _read(ending: str, data: bytes) -> object:
    """Read a manifest, and write what is wrong with its rows."""
    path = _folder() / f"manifest{ending}"
    path.write_bytes(data)
    manifest = Manifest.open(path, guess=True)
    repr(manifest), manifest.notes
    count = 0
    for count, row in enumerate(manifest.rows()):
        if isinstance(row, BadRow):
            [str(problem) for problem in row.problems]
        try:
            manifest.reject(row, "why")
        except ManifestError:
            assert manifest.form.typed, "only what is no text has no lines"
        if count > _MOST_ROWS:
            break
    return count


def _texts() -> list[bytes]:
    tables = [
        mark.join(f"{sign}".join(row) for row in rows)
        for rows in (_ROWS, _PEOPLE)
        for sign, mark in ((",", "\n"), (";", "\r\n"), ("\t", "\n"))
    ]
    whole = [text.encode() for text in tables] + [tables[1].encode("utf-16"), b"\xef\xbb\xbf" + tables[3].encode()]
    return [*whole, b'type,document_number\nPASSPORT,"1""2\n3"\n', tables[4].encode("cp1252")]


def _changed_table(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Change the rows of a table; now and then, the names of its columns too."""
    names, mark, rows = data.partition(b"\n")
    if not mark or chance.random() < 1 / 3:
        return changed(data, others, chance)
    return names + mark + changed(rows, others, chance)


def _lines() -> list[bytes]:
    first = b'{"applicant_id": "4141cc1b18dba048470b2961cb4592f480fe", "type": "PASSPORT", "front_side": "a.png"}'
    return [
        first + b"\n" + b'{"applicant": {"first_name": "J", "dob": "1990-01-02"}, "income_sources": ["x"]}\n',
        first,
        first + b"\n{\n",
        b"\xef\xbb\xbf" + first,
    ]


@cache
def _workbooks() -> tuple[bytes, ...]:
    return tuple(_workbook(rows) for rows in (_ROWS, _PEOPLE))


def _workbook(rows: tuple[tuple[str, ...], ...]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append([int(cell) if cell == "12" else cell for cell in row])
    book.save(out)
    return out.getvalue()


def _changed_workbook(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Change the bytes of one part of a workbook; now and then, those of the archive."""
    if chance.random() < 1 / 4:
        return changed(data, others, chance)
    try:
        return _with_part_changed(data, chance)
    except Exception:
        return changed(others[0], others, chance)


def _with_part_changed(data: bytes, chance: random.Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        names = before.namelist()
        unlucky = chance.choice([name for name in names if "xl/" in name or "Content" in name] or names)
        for name in names:
            part = before.read(name)
            after.writestr(name, changed(part, [part, b"<c t='s'><v>9</v></c>"], chance) if name == unlucky else part)
    return out.getvalue()


@cache
def _tables() -> tuple[bytes, ...]:
    whole = []
    for rows in (_ROWS, _PEOPLE):
        out = io.BytesIO()
        columns = {name: [row[at] for row in rows[1:]] for at, name in enumerate(rows[0])}
        pyarrow.parquet.write_table(pa.table(columns), out)
        whole.append(out.getvalue())
    return tuple(whole)


def _names(data: bytes) -> object:
    """Read a file of names of columns."""
    path = _folder() / "names"
    path.write_bytes(data)
    return reading_of(ReadingFlags(map_=[f"@{path}"]).keywords())


def _name_files() -> list[bytes]:
    return [b"Kundennummer=applicant.external_applicant_id\n# a comment\nNotes=\n", b"\xef\xbb\xbfa=b=type\r\n@other\n"]


def _nasty_texts() -> Iterator[tuple[str, bytes]]:
    head = b"applicant_id,type,front_side\n"
    yield "3 MB of line breaks", b"\n" * 3_000_000
    yield "3 MB of line breaks below", head + b"\r\n" * 1_500_000
    yield "one line of 3 MB", head + b"x" * 3_000_000
    yield "10,000 open quotations", head + b'"x\n' * 10_000
    yield "an open quotation of 3 MB", head + b'"' + b"x" * 3_000_000
    yield "3 MB of quotation marks", head + b'"' * 3_000_000
    yield "a million columns", b"x," * 1_000_000 + b"type\n" + b"1," * 1_000_000 + b"PASSPORT\n"
    yield "a million cells", head + b"," * 1_000_000
    yield "10,000 bad rows", head + b"x,y,z\n" * 10_000
    yield "a name of 3 MB", b"a" * 3_000_000 + b",type\n1,PASSPORT\n"
    yield "3 MB of NULs", head + b"\0" * 3_000_000
    yield "a path of 1 MB", head + b"1,PASSPORT," + b"../" * 300_000 + b"x\n"
    yield "30,000 dates in two ways", b"issue_date,type\n" + b"01/02/2020,PASSPORT\n" * 30_000


def _nasty_lines() -> Iterator[tuple[str, bytes]]:
    yield "100,000 lists in each other", b'{"type": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    yield "100,000 objects in each other", b'{"applicant":' * 100_000 + b"1" + b"}" * 100_000
    yield "3 MB of line breaks", b"\n" * 3_000_000
    yield "3 MB of line breaks below", b'{"type": "PASSPORT"}' + b"\n" * 3_000_000
    yield "one line of 3 MB", b'{"type": "' + b"x" * 3_000_000 + b'"}'
    yield "100,000 names", b"{" + b",".join(b'"x%d": 1' % number for number in range(100_000)) + b"}"
    yield "a number of a million digits", b'{"document_number": ' + b"9" * 1_000_000 + b"}"


def _nasty_workbooks() -> Iterator[tuple[str, bytes]]:
    first = _workbooks()[0]
    sheet = "xl/worksheets/sheet1.xml"
    opening = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    row = b'<row r="1"><c r="A1" t="inlineStr"><is><t>type</t></is></c></row>'
    yield "a bomb", _with(first, sheet, opening + row + b" " * (400 << 20))
    yield "300,000 elements in each other", _with(first, sheet, opening + b"<row>" * 300_000)
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + at, b"&%c;" % (97 + at) * 10) for at in range(9)
    )
    yield "a billion laughs", _with(first, sheet, laughs + b"]>" + opening + row + b"&j;")
    closing = b"</sheetData></worksheet>"
    for name, more in (
        ("a cell in the last column", b'<row r="9"><c r="XFD9"><v>1</v></c></row>'),
        (
            "1,000 cells in the last column",
            b"".join(b'<row r="%d"><c r="XFD1"><v>1</v></c></row>' % at for at in range(1000)),
        ),
        ("a cell in a column that there is not", b'<row r="9"><c r="ZZZZZZZ1"><v>1</v></c></row>'),
        ("a row far below", b'<row r="999999999"><c><v>1</v></c></row>'),
        ("a number of 3 million digits", b'<row r="9"><c r="A9"><v>' + b"9" * 3_000_000 + b"</v></c></row>"),
        ("a text of 8 MB", b'<row r="9"><c t="inlineStr"><is><t>' + b"x" * (8 << 20) + b"</t></is></c></row>"),
        ("a text of 150,000 pieces", b'<row r="9"><c t="inlineStr"><is>' + b"<t>x</t>" * 150_000 + b"</is></c></row>"),
    ):
        yield name, _with(first, sheet, opening + row + more + closing)
    strings = b"<sst>" + b"<si><t>x</t></si>" * 1_000_000 + b"</sst>"
    yield "a million shared texts", _with(first, "xl/sharedStrings.xml", strings)


def _nasty_tables() -> Iterator[tuple[str, bytes]]:
    few = {"type": ["PASSPORT"], "document_number": ["1"]}
    yield "30,000 rows of one value", _table({"type": pa.repeat("PASSPORT", 30_000)})
    yield "a bomb", _table({"type": ["PASSPORT"] * 9, "document_number": ["x" * (16 << 20)] * 9})
    yield "a bomb in lists", _table({"type": ["PASSPORT"] * 9, "income_sources": [["x" * (8 << 20)] * 9] * 9})
    yield "a bomb in one cell", _table({"type": ["PASSPORT"], "document_number": ["x" * (100 << 20)]})
    yield "100,000 rows of nothing", _table({"type": pa.nulls(100_000, pa.string())})
    yield "a list of a million entries", _table({"income_sources": [["x"] * 1_000_000], "type": ["PASSPORT"]})
    yield "20,000 columns", _table({f"x{number}": ["1"] for number in range(20_000)})
    yield "5,000 groups of rows", _table({"type": ["PASSPORT"] * 5_000}, row_group_size=1)
    deep = pa.array(["1"])
    for _ in range(200):
        deep = pa.StructArray.from_arrays([deep], ["x"])
    yield "200 values in each other", _table({"type": ["PASSPORT"], "document_number": deep})
    yield "a name of 3 MB", _table(few | {"x" * 3_000_000: ["1"]})
    yield "notes of 30 MB", _table(few, {b"pandas": b"[" * (30 << 20)})
    whole = _table(few)
    for length in (0, 2**31 - 1, len(whole) * 2):
        yield f"an end that says {length:,} bytes", whole[:-8] + struct.pack("<I", length) + whole[-4:]
    yield "3 MB of line breaks", b"PAR1" + b"\n" * 3_000_000 + whole[-8:]


def _table(columns: dict[str, Any], notes: dict[bytes, bytes] | None = None, **options: Any) -> bytes:
    out = io.BytesIO()
    pyarrow.parquet.write_table(pa.table(columns, metadata=notes), out, compression="zstd", **options)
    return out.getvalue()


def _with(book: bytes, changed_name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for name in {*before.namelist(), changed_name}:
            after.writestr(name, content if name == changed_name else before.read(name))
    return out.getvalue()


def _nasty_names() -> Iterator[tuple[str, bytes]]:
    yield "3 MB of line breaks", b"\n" * 3_000_000
    yield "a million lines", b"a=type\n" * 500_000
    yield "a line of 3 MB", b"a" * 3_000_000 + b"=type"
    yield "3 MB of signs", b"=" * 3_000_000


_REFUSED = (ManifestError,)
TARGETS = (
    Target(
        name="CSV",
        run=partial(_read, ".csv"),
        raises=_REFUSED,
        seeds=_texts,
        share=60,
        mutate=_changed_table,
        nasty=_nasty_texts,
    ),
    Target(
        name="JSON Lines",
        run=partial(_read, ".jsonl"),
        raises=_REFUSED,
        seeds=_lines,
        share=60,
        mutate=changed_json,
        nasty=_nasty_lines,
    ),
    Target(
        name="workbooks",
        run=partial(_read, ".xlsx"),
        raises=_REFUSED,
        seeds=lambda: list(_workbooks()),
        share=10,
        mutate=_changed_workbook,
        nasty=_nasty_workbooks,
    ),
    Target(
        name="Parquet",
        run=partial(_read, ".parquet"),
        raises=_REFUSED,
        seeds=lambda: list(_tables()),
        share=10,
        nasty=_nasty_tables,
    ),
    Target(
        name="names of columns", run=_names, raises=(UsageProblem,), seeds=_name_files, share=30, nasty=_nasty_names
    ),
)
