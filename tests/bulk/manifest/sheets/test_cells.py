"""Cells of a sheet stand for what a person sees in them."""

import copy
import datetime as dt
import pickle

import openpyxl
import pytest

from kycaid_async import BadRow, Manifest, read_manifest
from kycaid_async.bulk.manifest.rejects import Rejects, rejects_of
from kycaid_async.bulk.manifest.sheets.cells import CellStyle, number_cell
from tests.bulk.manifests import said

PERSON = "applicant.external_applicant_id"
HEAD = [PERSON, "applicant.dob", "type", "transaction_amount", "front_side"]
LOST = (
    f"{PERSON}: expected text; format the column as text and write it anew, got a number that its format shows as "
    "something else"
)
NO_DAY = "applicant.dob: expected a date, got a number that Excel shows as no day, such as the 0 of an empty cell"


def workbook(path, *rows, formats, since_1904=False):
    """Write rows below the names, with a number format for each column that has one."""
    book = openpyxl.Workbook()
    if since_1904:
        book.epoch = dt.datetime(1904, 1, 1)  # noqa: DTZ001 - workbooks know no zones
    book.active.append(HEAD)
    for number, row in enumerate(rows, 2):
        book.active.append(row)
        for column, form in formats.items():
            book.active[f"{column}{number}"].number_format = form
    book.save(path)
    return path


def one(path):
    (found,) = read_manifest(path)
    return found


def of_id(tmp_path, form, value=1234):
    return one(workbook(tmp_path / "a.xlsx", [value, None, "PASSPORT", None, "a.png"], formats={"A": form}))


@pytest.mark.parametrize(
    ("form", "text"), [("000-00-0000", "000-00-1234"), ('"K-"00000', "K-01234"), ("0000 0000", "0000 1234")]
)
def test_an_id_is_what_its_format_shows(tmp_path, form, text):
    assert of_id(tmp_path, form).applicant.external_applicant_id == text


@pytest.mark.parametrize("form", ["0%", "0.00E+00", "# ?/?", "00000.0", '0"; "E+0', ";;;"])
def test_an_id_that_is_shown_as_something_else_makes_the_row_bad(tmp_path, form):
    assert of_id(tmp_path, form).reason == LOST


def test_an_amount_is_a_number_however_it_is_shown(tmp_path):
    for form in ('#,##0.00 "EUR"', "0%", '"about "0', "00000"):
        path = workbook(tmp_path / "a.xlsx", ["p", None, "PASSPORT", 1234, "a.png"], formats={"D": form})
        assert one(path).document["transaction_amount"] == 1234, form


def test_numbers_that_are_shown_with_zeros_count_as_texts_that_have_some(tmp_path):
    path = workbook(
        tmp_path / "a.xlsx", *([n, None, "PASSPORT", None, "a.png"] for n in (17, 18)), formats={"A": "000"}
    )
    book = openpyxl.load_workbook(path)
    book.active["A3"].number_format = "General"
    book.save(path)
    good, bad = read_manifest(path)
    assert good.applicant.external_applicant_id == "017"
    assert "got a number, which has no such zeros any more" in bad.reason


def test_rejects_of_formatted_numbers_are_judged_as_their_manifest_was(tmp_path):
    rows = [[1234, None, "PASSPORT", 10**16, "a.png"], [17, 0, "PASSPORT", 5, "a.png"], [10**16, 60, "X", 5, "a.png"]]
    for form in ('"K-"00000', "0%", "General"):
        path = workbook(tmp_path / "people.xlsx", *rows, formats={"A": form, "B": "yyyy-mm-dd", "D": '0.00 "EUR"'})
        before = [said(row) for row in read_manifest(path)]
        with Rejects(rejects_of(path), manifest := Manifest.open(path)) as rejects:
            for row in manifest.rows():
                rejects.add(row, "why")
        again = [said(row) for row in read_manifest(rejects.path)]
        assert again[:2] == before[:2]
        assert [problem.field for problem in again[2]] == [problem.field for problem in before[2]]
        rejects.path.unlink()


@pytest.mark.parametrize("serial", [0, 0.5, 60, 60.5, -5, 2958466, 2958465.9999999, 1e300])
def test_a_number_that_is_shown_as_no_day_makes_the_row_bad(tmp_path, serial):
    row = ["p", serial, "PASSPORT", None, "a.png"]
    assert one(workbook(tmp_path / "a.xlsx", row, formats={"B": "yyyy-mm-dd"})).reason == NO_DAY


def test_a_day_beyond_the_last_one_since_1904_makes_the_row_bad_and_not_the_workbook(tmp_path):
    row = ["p", 2958000, "PASSPORT", None, "a.png"]
    path = workbook(tmp_path / "a.xlsx", row, formats={"B": "yyyy-mm-dd"}, since_1904=True)
    assert one(path).reason == NO_DAY


def test_a_time_that_rounds_up_to_a_day_stays_one_of_that_day(tmp_path):
    cell = number_cell("0.9999999", CellStyle("time"), since_1904=False)
    assert (cell, cell.value) == ("23:59:59", dt.time(23, 59, 59))


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_what_is_no_finite_number_is_none(text):
    with pytest.raises(ValueError, match=text):
        number_cell(text, CellStyle(), since_1904=False)


def test_a_copy_of_a_cell_shows_the_same():
    cell = number_cell("17", CellStyle.of(200, {200: '"K-"000'}), since_1904=False)
    for other in (copy.copy(cell), copy.deepcopy(cell), pickle.loads(pickle.dumps(cell))):  # noqa: S301 - our own
        assert (other, other.kind, other.shown) == ("17", "number", "K-017")


def test_a_row_is_bad_and_not_lost_when_only_its_amount_is_long(tmp_path):
    row = ["p", None, "PASSPORT", 1234567890123450, "a.png"]
    found = one(workbook(tmp_path / "a.xlsx", row, formats={}))
    assert not isinstance(found, BadRow)
    assert found.document["transaction_amount"] == 1234567890123450
