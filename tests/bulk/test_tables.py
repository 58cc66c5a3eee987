import csv
import datetime as dt
import json
import os
import stat
import sys
import tracemalloc

import openpyxl
import pyarrow.parquet
import pytest

from kycaid_async import ConfigurationError
from kycaid_async.bulk import tables
from kycaid_async.bulk.tables import open_table, write_table

ENDINGS = ["xlsx", "csv", "jsonl", "parquet"]


@pytest.fixture(params=ENDINGS)
def path(request, tmp_path):
    return tmp_path / f"out.{request.param}"


def cells_of(path):
    """Return the rows of a table, read by libraries that did not write it."""
    if path.suffix == ".xlsx":
        sheets = openpyxl.load_workbook(path).worksheets
        return [[_plain(cell.value) for cell in row] for sheet in sheets for row in sheet.iter_rows()]
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.reader(file))
    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text().splitlines()]
    else:
        rows = pyarrow.parquet.read_table(path).to_pylist()
    return [list(rows[0]), *(["" if v is None else v for v in row.values()] for row in rows)]


def _plain(value):
    return "" if value is None else openpyxl.utils.escape.unescape(value) if isinstance(value, str) else value


def test_text_stays_the_text_that_it_is(path):
    rows = [["000123", "Müller"], ["1.23457E+11", 'two\nlines, and "quotes"'], [None, " x "], ["_x0041_", "a\tb"]]
    write_table(path, ["id", "name"], rows)
    assert cells_of(path) == [["id", "name"], *([cell or "" for cell in row] for row in rows)]


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1+1", "{=1}", "https://x.example"]
)
def test_a_workbook_has_no_formulas_and_no_links(tmp_path, text):
    write_table(tmp_path / "t.xlsx", ["a"], [[text]])
    cell = openpyxl.load_workbook(tmp_path / "t.xlsx").active["A2"]
    assert (cell.value, cell.data_type, cell.number_format, cell.hyperlink) == (text, "s", "@", None)


def test_a_csv_has_no_formulas(tmp_path):
    write_table(tmp_path / "t.csv", ["a", "b"], [["=1+1", "-12.50"]])
    assert cells_of(tmp_path / "t.csv")[1] == ["'=1+1", "-12.50"]


def test_numbers_are_numbers_where_the_column_says_so(path):
    write_table(path, {"id": str, "fee": float, "count": int}, [[7, "1.5", 2], ["8", None, True]])
    assert cells_of(path)[1:] in (
        [["7", 1.5, 2], ["8", "", 1]],
        [["7", "1.5", "2"], ["8", "", "1"]],  # in CSV all is text
    )


def test_dates_are_written_as_in_iso_8601(path):
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    write_table(path, ["a", "b", "c"], [[moment.date(), moment, True]])
    assert cells_of(path)[1] == ["2026-01-02", "2026-01-02 03:04:05+00:00", "true"]


def test_letters_that_no_file_can_hold_do_not_end_it(path):
    write_table(path, ["a"], [["a\ud800b"], ["x" * 40_000]])
    first, second = (row[0] for row in cells_of(path)[1:])
    assert first == "a?b"
    assert second == "x" * 40_000 or (path.suffix == ".xlsx" and second == "x" * 32_766 + "…")


def test_an_empty_table_has_its_header(path):
    write_table(path, ["a", "b"], [])
    if path.suffix in {".xlsx", ".csv"}:
        assert cells_of(path) == [["a", "b"]]
    assert path.exists()


def test_one_more_sheet_is_begun_when_one_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_SHEET_ROWS", 3)
    write_table(tmp_path / "t.xlsx", ["n"], [[str(n)] for n in range(5)], sheet="Verdicts")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    assert book.sheetnames == ["Verdicts", "Verdicts 2", "Verdicts 3"]
    assert [[c.value for c in sheet["A"]] for sheet in book] == [["n", "0", "1"], ["n", "2", "3"], ["n", "4"]]


def test_a_table_that_was_not_finished_leaves_nothing(path):
    path.write_text("before")
    rows = ([1 // (3 - n)] for n in range(5))
    with pytest.raises(ZeroDivisionError):
        write_table(path, ["a"], rows)
    assert [*path.parent.iterdir()] == [path]
    assert path.read_text() == "before"


def test_a_row_of_another_width_is_refused(path):
    with pytest.raises(ValueError, match="expected 2 values, got 1"):
        write_table(path, ["a", "b"], [["1"]])
    assert not path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="modes of files are of POSIX")
def test_nobody_but_its_owner_may_read_it(path):
    write_table(path, ["a"], [["1"]])
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


@pytest.mark.parametrize(
    ("ending", "library", "extra"), [("xlsx", "xlsxwriter", "excel"), ("parquet", "pyarrow", "parquet")]
)
def test_a_missing_library_is_named_with_its_extra(tmp_path, monkeypatch, ending, library, extra):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ModuleNotFoundError, match=rf"kycaid-async\[{extra}\]"):
        open_table(tmp_path / f"t.{ending}", ["a"])
    assert not [*tmp_path.iterdir()]


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"expected one of .xlsx, .csv, .jsonl, .parquet"):
        open_table(tmp_path / "t.xls", ["a"])


@pytest.mark.parametrize("ending", ENDINGS)
def test_memory_does_not_grow_with_the_rows(tmp_path, ending):
    def peak(rows):
        tracemalloc.start()
        write_table(tmp_path / f"t.{ending}", ["a", "b"], ([f"{n}", "x" * 50] for n in range(rows)))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(10)  # imports
    # Some kilobytes are other things of the process; 10,000 rows more would be over half a megabyte.
    assert peak(15_000) < max(peak(5_000) * 1.3, 100_000)
