"""Workbooks, made with two libraries that know nothing of ours, are read as people see them."""

import datetime as dt
import io
import subprocess
import sys
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.parquet
import pytest
import python_calamine
import xlsxwriter

from kycaid_async import BadRow, ConfigurationError, Manifest, ManifestError, ManifestRow, read_manifest
from kycaid_async.bulk.manifest.options import ManifestOptions
from kycaid_async.bulk.manifest.rejects import Rejects, rejects_of
from kycaid_async.bulk.manifest.sheets.cells import SheetCell
from kycaid_async.bulk.manifest.sheets.workbook import Workbook
from tests.bulk.manifests import new, reasons, row, said, write_csv

PERSON = "applicant.external_applicant_id"
HEAD = [PERSON, "applicant.dob", "type", "document_number", "front_side"]


def with_openpyxl(path, rows, formats=()):
    book = openpyxl.Workbook()
    for cells in rows:
        book.active.append(cells)
    for place, form in formats:
        book.active[place].number_format = form
    book.save(path)
    return path


def with_xlsxwriter(path, rows, formats=()):
    book = xlsxwriter.Workbook(path, {"default_date_format": "dd.mm.yyyy", "strings_to_formulas": False})
    sheet, named = book.add_worksheet("People"), dict(formats)
    for at, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            form = named.get(f"{chr(65 + column)}{at + 1}")
            sheet.write(at, column, cell, book.add_format({"num_format": form}) if form else None)
    book.close()
    return path


LIBRARIES = pytest.mark.parametrize("write", [with_openpyxl, with_xlsxwriter])


def only(path, **options):
    (found,) = read_manifest(path, **options)
    return found


@LIBRARIES
def test_a_row_of_a_workbook_says_what_the_same_row_of_a_csv_says(tmp_path, write):
    made = new("000123", document_number="A-1", issue_date="2020-01-31", key="ä")
    path = write(tmp_path / "a.xlsx", [list(made), list(made.values())])
    assert said(only(path)) == said(only(write_csv(tmp_path / "a.csv", [made])))
    assert only(path).line == 2


@LIBRARIES
def test_a_date_is_read_as_iso_however_it_is_shown(tmp_path, write):
    for form in ("dd.mm.yyyy", "m/d/yy", "d. mmmm yyyy", "[$-407]dd/mm/yyyy;@", "yyyy-mm-dd"):
        cells = ["p", dt.date(1990, 2, 1), "PASSPORT", "X1", "a.png"]
        path = write(tmp_path / "a.xlsx", [HEAD, cells], [("B2", form)])
        assert only(path).applicant.dob == "1990-02-01", form


@LIBRARIES
def test_whole_numbers_are_the_text_that_was_typed(tmp_path, write):
    cells = [12345.0, dt.date(1990, 2, 1), "PASSPORT", 987654321, "a.png"]
    found = only(write(tmp_path / "a.xlsx", [HEAD, cells], [("B2", "dd.mm.yyyy")]))
    assert (found.applicant.external_applicant_id, found.document["document_number"]) == ("12345", "987654321")


@LIBRARIES
def test_a_number_is_read_with_the_zeros_that_it_is_shown_with(tmp_path, write):
    found = only(write(tmp_path / "a.xlsx", [HEAD, [17, None, "PASSPORT", "1", "a.png"]], [("A2", "000000")]))
    assert found.applicant.external_applicant_id == "000017"


LOST = [
    (
        1234567890123456,
        "text; as a number it keeps fifteen digits at most, and the others are lost, got a longer number",
    ),
    (1.5, "text; format the column as text and write it anew, got a number with a fraction"),
    (True, "expected text, got true or false"),
    (dt.date(2020, 1, 2), "text; format the column as text and write it anew, got what Excel made a date of"),
    ("1.23457E+11", "all digits, got a number that a spreadsheet has cut short"),
    ("1,23457E+11", "all digits, got a number that a spreadsheet has cut short"),
    ("#N/A", "expected a value, got #N/A of the spreadsheet"),
    ("#NV", "expected a value, got #NV of the spreadsheet"),
    ("########", "expected a value, got ######## of the spreadsheet"),
]


@LIBRARIES
@pytest.mark.parametrize(("cell", "reason"), LOST)
def test_what_excel_lost_for_good_makes_the_row_bad(tmp_path, write, cell, reason):
    path = write(
        tmp_path / "a.xlsx", [HEAD, ["p", None, "PASSPORT", cell, "a.png"], ["q", None, "VIDEO", "1", "b.png"]]
    )
    bad, good = read_manifest(path)
    assert reason in bad.reason
    assert bad.reason.startswith("document_number: ")
    assert isinstance(good, ManifestRow)


def test_an_error_that_excel_calculated_makes_the_row_bad(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(HEAD)
    book.active.append(["p", None, "PASSPORT", "#REF!", "a.png"])
    book.active["D2"].data_type = "e"
    book.save(tmp_path / "a.xlsx")
    assert only(tmp_path / "a.xlsx").reason == "document_number: expected a value, got #REF! of the spreadsheet"
    # The library that was to read these gives nothing in its place.
    assert python_calamine.CalamineWorkbook.from_path(tmp_path / "a.xlsx").get_sheet_by_index(0).to_python()[1][3] == ""


def test_a_formula_that_was_never_calculated_makes_the_row_bad(tmp_path):
    path = with_openpyxl(tmp_path / "a.xlsx", [HEAD, ["p", None, "PASSPORT", "=1+1", "a.png"]])
    assert "got a formula that was never calculated" in only(path).reason


@LIBRARIES
def test_a_number_among_texts_with_zeros_has_lost_its_own(tmp_path, write):
    rows = [["000017", None, "PASSPORT", "1", "a.png"], [18, None, "PASSPORT", "2", "b.png"]]
    good, bad = read_manifest(write(tmp_path / "a.xlsx", [HEAD, *rows]))
    assert isinstance(good, ManifestRow)
    assert bad.reason.startswith(f"{PERSON}: expected text, as in other rows, where it begins with a zero")


def test_numbers_stand_where_numbers_are_wanted(tmp_path):
    head = ["applicant_id", "type", "transaction_amount", "front_side"]
    path = with_openpyxl(tmp_path / "a.xlsx", [head, ["1" * 36, "PASSPORT", 12.5, "a.png"]])
    assert only(path).document["transaction_amount"] == 12.5


def test_a_date_that_is_a_number_is_not_guessed(tmp_path):
    path = with_openpyxl(tmp_path / "a.xlsx", [HEAD, ["p", 33000, "PASSPORT", "1", "a.png"]])
    assert only(path).reason == "applicant.dob: expected a date; format the column as one, got a number"


def test_dates_before_march_1900_and_those_since_1904_are_right(tmp_path):
    for since_1904 in (False, True):
        book = xlsxwriter.Workbook(tmp_path / "a.xlsx", {"date_1904": since_1904, "default_date_format": "yyyy-mm-dd"})
        book.add_worksheet().write_row(0, 0, HEAD)
        days = (
            [dt.date(1904, 1, 2), dt.date(1999, 12, 31)] if since_1904 else [dt.date(1900, 1, 31), dt.date(2000, 2, 29)]
        )
        for number, day in enumerate(days, 1):
            sheet = book.worksheets()[0]
            sheet.write_row(number, 0, [f"p{number}", None, "PASSPORT", "1", f"{number}.png"])
            sheet.write_datetime(number, 1, dt.datetime.combine(day, dt.time()))
        book.close()
        assert [one.applicant.dob for one in read_manifest(tmp_path / "a.xlsx")] == [day.isoformat() for day in days]


def test_the_only_sheet_with_rows_is_read_and_among_several_one_has_to_be_named(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Empty"
    people = book.create_sheet("Kunden")
    people.append(HEAD)
    people.append(["p", None, "PASSPORT", "1", "a.png"])
    hidden = book.create_sheet("Secret")
    hidden.append(["x"])
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    assert only(tmp_path / "a.xlsx").applicant.external_applicant_id == "p"
    book["Empty"].append(["note"])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(ManifestError, match=r"has several sheets; say which with --sheet, or sheet=: Empty, Kunden \["):
        Manifest.open(tmp_path / "a.xlsx")
    assert only(tmp_path / "a.xlsx", sheet="kunden ").applicant.external_applicant_id == "p"
    with pytest.raises(ManifestError, match="has no sheet of this name"):
        Manifest.open(tmp_path / "a.xlsx", sheet="People")


def test_rows_above_the_names_and_empty_rows_and_columns_are_read_over(tmp_path):
    path = with_openpyxl(
        tmp_path / "a.xlsx", [[], [], [*HEAD, None, ""], [], ["p", None, "PASSPORT", "1", "a.png", None]]
    )
    assert only(path).line == 5


def test_rich_text_and_phonetic_marks_and_codes_are_read_as_shown(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
    sheet.write_row(0, 0, HEAD)
    sheet.write_rich_string(1, 0, "p", bold, "er", "son")
    sheet.write_row(1, 2, ["PASSPORT", "_x0041_", "a.png"])
    book.close()
    found = only(tmp_path / "a.xlsx")
    assert (found.applicant.external_applicant_id, found.document["document_number"]) == ("person", "_x0041_")


@LIBRARIES
def test_all_cells_of_a_varied_sheet_are_those_that_another_reader_sees(tmp_path, write):
    rows = [[f"t{n}", n, n / 8, dt.date(1950 + n, 1 + n % 12, 1 + n % 28), "", n % 2 == 0, f"ü{n}"] for n in range(60)]
    path = write(tmp_path / "a.xlsx", rows, [(f"D{n + 1}", "dd.mm.yyyy") for n in range(60)])
    with path.open("rb") as file:
        book = Workbook.open(file)
        found = [cells for _, cells in book.rows(next(iter(book.sheets)))]
    other = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    for ours, theirs in zip(found, other, strict=True):
        values = [cell.value if isinstance(cell, SheetCell) else cell for cell in ours]
        assert values == [value.date() if isinstance(value, dt.datetime) else value for value in theirs]


# What strangers send.


def packed(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


RELATION = (
    '<Relationships><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}"'
    ' Target="{}"/></Relationships>'
)
PARTS = {
    "_rels/.rels": RELATION.format("officeDocument", "xl/workbook.xml"),
    "xl/_rels/workbook.xml.rels": RELATION.format("worksheet", "sheet.xml"),
    "xl/workbook.xml": '<workbook xmlns:r="x"><sheets><sheet name="S" r:id="r1"/></sheets></workbook>',
    "xl/sheet.xml": "<worksheet><sheetData/></worksheet>",
}
ROW = '<row r="1"><c r="A1" t="inlineStr"><is><t>{}</t></is></c></row>'


def sheet_of(xml):
    return packed(PARTS | {"xl/sheet.xml": f"<worksheet><sheetData>{xml}</sheetData></worksheet>"})


HOSTILE = {
    "no archive": (b"PK\3\4 nothing", "is no .xlsx workbook, or one with a password"),
    "another archive": (packed({"a.txt": "a"}), "lacks a part that every workbook has"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "of an old format, or has a password"),
    "no rows": (packed(PARTS), "its sheet has no rows"),
    "broken XML": (packed(PARTS | {"xl/sheet.xml": "<worksheet><row>"}), "has a part that is no XML"),
    "entities": (
        packed(PARTS | {"xl/sheet.xml": '<!DOCTYPE a [<!ENTITY b "bb">]><worksheet>&b;</worksheet>'}),
        "declares a document type",
    ),
    "a bomb": (packed(PARTS | {"xl/sheet.xml": "<worksheet>" + " " * 2**25}), "was made to fill a disk"),
    "a column beyond all sheets": (
        sheet_of('<row r="1"><c r="ZZZ1"><v>1</v></c></row>'),
        "cells that are out of order",
    ),
    "rows backwards": (sheet_of(ROW.format("type") + ROW.format("x")), "rows that are out of order"),
    "no such text": (sheet_of('<row r="1"><c r="A1" t="s"><v>7</v></c></row>'), "a cell that names no value"),
    "no number": (sheet_of('<row r="1"><c r="A1"><v>x</v></c></row>'), "a cell that names no value"),
    "a part outside": (
        packed(
            PARTS
            | {"xl/_rels/workbook.xml.rels": PARTS["xl/_rels/workbook.xml.rels"].replace("sheet.xml", "../../../etc")}
        ),
        "lacks a part",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_workbook_that_is_none_says_so_in_a_line(tmp_path, what):
    content, reason = HOSTILE[what]
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(ManifestError, match=reason) as caught:
        list(read_manifest(tmp_path / "a.xlsx"))
    assert str(caught.value).startswith("a.xlsx: ")


def test_a_text_as_long_as_a_bomb_is_a_bad_row(tmp_path):
    head = '<row r="1"><c t="inlineStr"><is><t>type</t></is></c></row>'
    (tmp_path / "a.xlsx").write_bytes(
        sheet_of(head + '<row r="2"><c t="inlineStr"><is><t>' + "x" * 2**20 + "</t></is></c></row>")
    )
    assert only(tmp_path / "a.xlsx").reason == "row: expected at most 65,536 characters, got more"


# Rejects are a workbook too.


@LIBRARIES
def test_rejects_of_a_workbook_are_one_that_is_read_as_the_manifest_was(tmp_path, write):
    rows = [
        ["000017", dt.date(1990, 2, 1), "PASSPORT", "=1+1", "a.png"],
        [18, None, "NONE", 1.5, "b.png"],
        ["p", None, "PASSPORT", dt.date(2020, 1, 2), "c.png"],
        ["q", None, "PASSPORT", True, "d.png"],
    ]
    if write is with_openpyxl:
        rows[0][3] = "x"
    path = write(tmp_path / "people.xlsx", [HEAD, *rows], [("B2", "dd.mm.yyyy"), ("D4", "dd.mm.yyyy")])
    before = list(read_manifest(path))
    for source in (path, tmp_path / "people.rejects.xlsx"):
        manifest = Manifest.open(source)
        with Rejects(rejects_of(source), manifest) as rejects:
            for found in manifest.rows():
                rejects.add(found, found.reason if isinstance(found, BadRow) else "refused")
        again = list(read_manifest(rejects.path))
        assert [said(one) for one in again] == [said(one) for one in before]
    sheet = openpyxl.load_workbook(tmp_path / "people.rejects.xlsx").active
    assert [cell.value for cell in sheet[1]] == ["line", "error", *HEAD]
    assert (sheet["A2"].value, sheet["B2"].value, sheet["C2"].value) == ("2", "refused", "000017")
    assert sheet["D2"].value.date() == dt.date(1990, 2, 1)
    assert sheet["F2"].data_type == "s"


# Parquet.


def test_a_row_of_parquet_says_what_the_same_row_of_a_csv_says(tmp_path):
    made = new("000123", document_number="A-1", issue_date="2020-01-31")
    columns = {name: [value] for name, value in made.items()} | {"issue_date": [dt.date(2020, 1, 31)]}
    pa.parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    assert said(only(tmp_path / "a.parquet")) == said(only(write_csv(tmp_path / "a.csv", [made])))
    manifest = Manifest.open(tmp_path / "a.parquet")
    with Rejects(rejects_of(manifest.path), manifest) as rejects:
        rejects.add(next(manifest.rows()), "why")
    assert said(only(rejects.path)) == said(only(tmp_path / "a.parquet"))


def test_what_is_no_parquet_says_so(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(ManifestError, match="is no Parquet file"):
        read_manifest(tmp_path / "a.parquet")


def test_a_table_by_another_name_says_which_it_has_to_have(tmp_path):
    with_openpyxl(tmp_path / "a.xlsx", [HEAD])
    (tmp_path / "a.xlsx").rename(tmp_path / "a.csv")
    with pytest.raises(ManifestError, match=r"if it is a workbook, name it \.xlsx"):
        read_manifest(tmp_path / "a.csv")


def test_columns_of_another_name_are_what_they_are_said_to_be(tmp_path):
    rows = [["Kundennummer", "Geb.", "Art", "Datei", "Notiz"], ["7", "01.02.1990", "PASSPORT", "a.png", "nett"]]
    columns = {"Kundennummer": PERSON, "Geb.": "applicant.dob", "Art": "type", "Datei": "front_side", "Notiz": None}
    found = only(with_openpyxl(tmp_path / "a.xlsx", rows), columns=columns, date_format="dd.mm.yyyy")
    assert (found.applicant.external_applicant_id, found.applicant.dob) == ("7", "1990-02-01")
    assert dict(found.written) == {"front_side": "a.png"}


@pytest.mark.parametrize(
    "options", [{"date_format": "dd.mm"}, {"encoding": "klingon"}, {"encoding": "rot13"}, {"columns": ["a"]}]
)
def test_options_that_make_no_sense_are_refused(tmp_path, options):
    with pytest.raises(ConfigurationError):
        read_manifest(write_csv(tmp_path / "a.csv", [row()]), **options)


def test_reasons_name_rows_as_excel_counts_them(tmp_path):
    path = with_openpyxl(
        tmp_path / "a.xlsx", [[], HEAD, [], ["p", None, "X", "1", "a.png"], ["q", None, "X", "1", "b.png"]]
    )
    assert list(reasons(list(read_manifest(path)))) == [4, 5]


NAMES = ["Kundennummer", "Vorname", "Nachname", "Geburtsdatum", "Dokumenttyp", "Datei"]


def guessed(path):
    return [*Manifest.of(path, ManifestOptions(guess=True)).rows()]


@pytest.mark.parametrize("above", [[["People of 2026"], []], [["Person", None, None, None, "Document", None]]])
def test_a_title_or_a_row_of_headings_may_stand_above_the_names(tmp_path, above):
    cells = ["7", "A", "B", dt.date(1990, 2, 1), "PASSPORT", "a.png"]
    (found,) = guessed(with_openpyxl(tmp_path / "a.xlsx", [*above, NAMES, cells]))
    assert (found.line, found.applicant.dob) == (len(above) + 2, "1990-02-01")


def test_a_name_may_be_broken_over_lines(tmp_path):
    names = ["Kunden\nNr", *NAMES[1:]]
    (found,) = guessed(
        with_openpyxl(tmp_path / "a.xlsx", [names, ["7", "A", "B", dt.date(1990, 2, 1), "PASSPORT", "a.png"]])
    )
    assert found.applicant.external_applicant_id == "7"


def test_dates_of_which_excel_turned_those_that_it_could_are_not_sent(tmp_path):
    def dated(*dates):
        rows = [[str(n), "A", "B", date, "PASSPORT", "a.png"] for n, date in enumerate(dates)]
        return with_openpyxl(tmp_path / "a.xlsx", [NAMES, *rows])

    with pytest.raises(ManifestError, match=r"applicant\.dob: some dates are text, and of the others day and month"):
        guessed(dated("31/12/1990", dt.date(1990, 2, 1)))
    for right in [("31/12/1990", dt.date(1990, 2, 13)), ("31/12/1990", "01/02/1990", dt.date(1990, 2, 1))]:
        assert all(isinstance(one, ManifestRow) for one in guessed(dated(*right)))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "a.xlsx",
            b"Kundennummer;Vorname\n",
            "is no .xlsx workbook; open it in Excel and save it as one, or name it .csv",
        ),
        ("a.xlsx", b"\xef\xbb\xbf <html>", "is HTML or XML"),
        ("a.xls", b"<table>", "is HTML or XML"),
        ("a.ods", b"PK\3\4", "is a workbook of another format; save it as .xlsx"),
        ("a.xlsb", b"PK\3\4", "is a workbook of another format; save it as .xlsx"),
    ],
)
def test_what_is_a_workbook_by_its_name_only_says_what_to_do(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ManifestError, match=reason):
        Manifest.open(tmp_path / name)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1], pa.timestamp("us", tz="No/Where")),
        pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(bytes(4) + b"\2\0\0\0"), pa.py_buffer(b"\xff\xfe")]),
    ],
    ids=["a time zone that there is not", "a text that is none"],
)
def test_values_of_parquet_that_cannot_be_read_are_told_as_such(tmp_path, column):
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pa.table({"type": ["PASSPORT"], "issue_date": column}), path)
    with pytest.raises(ManifestError, match="is no Parquet file that can be read"):
        list(read_manifest(path))


READ = """
import sys
from kycaid_async import ManifestError, read_manifest
try:
    list(read_manifest(sys.argv[1]))
except ManifestError as error:
    print(error)
"""


def test_a_damaged_parquet_file_does_not_end_the_process(tmp_path):
    path = tmp_path / "a.parquet"
    plain = {"compression": "none", "use_dictionary": False, "write_statistics": False, "store_schema": False}
    pyarrow.parquet.write_table(pa.table({"type": ["P"]}), path, **plain)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"\x0c%\x02\x18\x04type", b"\0%\x02\x18\x04type"))  # a text, said to be a boolean
    assert path.read_bytes() != whole
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=False)
    assert done.stdout == "a.parquet: is no Parquet file that can be read [ManifestError]\n", done.stderr


def test_names_of_columns_of_parquet_that_are_no_text_are_told_as_such(tmp_path):
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pa.table({"document_number": ["1"]}), path, store_schema=False)
    path.write_bytes(path.read_bytes().replace(b"document_number", b"document\xff\xfeumber"))
    with pytest.raises(ManifestError, match="is no Parquet file that can be read"):
        list(read_manifest(path))


def test_a_parquet_file_that_was_made_to_fill_a_memory_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pa.table({"type": ["P"], "front_side": ["x" * 2**27]}), path, compression="zstd")
    with pytest.raises(ManifestError, match="was made to fill a memory"):
        Manifest.open(path)


def test_a_row_of_parquet_that_is_too_long_or_has_a_structure_is_bad(tmp_path):
    path = tmp_path / "a.parquet"
    rows = {"type": ["P", "P"], "front_side": ["x" * 2**25, "a.png"], "document_number": [None, {"a": 1}]}
    pyarrow.parquet.write_table(pa.table(rows), path, compression="none")
    first, second = reasons(list(read_manifest(path))).values()
    assert first == "row: expected at most 65,536 characters, got more"
    assert "document_number: expected a value, got one with others inside" in second
