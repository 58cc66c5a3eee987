"""Sixty ways in which manifests go wrong: each is named with its line and column, the reason, and what to do."""

import json

import pytest

from kycaid_async import BadRow, ManifestError
from kycaid_async.bulk.manifest.check import check_manifest
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.options import ManifestOptions
from tests.bulk.manifests import with_pictures

ID = "applicant.external_applicant_id"
HEAD = (
    "applicant.external_applicant_id,applicant.first_name,applicant.last_name,applicant.dob,"
    "type,document_number,front_side"
)
GOOD = {
    ID: "p-1",
    "applicant.first_name": "Ada",
    "applicant.last_name": "Example",
    "applicant.dob": "1990-02-01",
    "type": "PASSPORT",
    "document_number": "X1",
    "front_side": "front.png",
}


def line(**changes):
    return ",".join((GOOD | {name.replace("__", "."): value for name, value in changes.items()}).values())


LETTERS = "Latin letters, spaces, commas, dots, apostrophes and hyphens"

# What stands in a row, the field that is named, and words of the reason.
CELLS = {
    "no type": ({"type": ""}, "type", "a value, got nothing"),
    "a type with a typo": ({"type": "PASPORT"}, "type", "did you mean PASSPORT?"),
    "a type in small letters": ({"type": "passport"}, "type", "did you mean PASSPORT?"),
    "a type in German": ({"type": "Reisepass"}, "type", "did you mean PASSPORT?"),
    "a type in Spanish": ({"type": "permiso de conducir"}, "type", "did you mean DRIVERS_LICENSE?"),
    "a type in Russian": ({"type": "паспорт"}, "type", "did you mean PASSPORT?"),
    "a type that is none": ({"type": "BIRTHDAY_CARD"}, "type", "a document type of the reference"),
    "no file": ({"front_side": ""}, "front_side", "a path or a URL, got nothing"),
    "a missing file": ({"front_side": "gone.png"}, "front_side", "No such file"),
    "a folder": ({"front_side": "."}, "front_side", "a directory"),
    "an empty file": ({"front_side": "empty.png"}, "front_side", "is empty"),
    "a text file": ({"front_side": "notes.txt"}, "front_side", "is none of these by its first bytes"),
    "a workbook as a scan": ({"front_side": "book.xlsx"}, "front_side", "looks like application/zip"),
    "a file outside": ({"front_side": "../x.png"}, "front_side", "--allow-outside DIR"),
    "a file outside, from Windows": ({"front_side": "..\\x.png"}, "front_side", "--allow-outside DIR"),
    "an absolute path": ({"front_side": "/etc/hostname"}, "front_side", "--allow-outside DIR"),
    "a drive": ({"front_side": "C:\\scans\\x.png"}, "front_side", "No such file"),
    "a URL": ({"front_side": "https://example.com/a.png"}, "front_side", "--allow-urls"),
    "a spelling in other letters": ({"front_side": "FRONT.PNG"}, "front_side", "in other upper and lower case"),
    "nobody": (
        {ID: "", "applicant.first_name": "", "applicant.last_name": "", "applicant.dob": ""},
        "applicant_id",
        "neither",
    ),
    "no id of one's own": ({ID: ""}, ID, "your own id of the applicant"),
    "an id that is too long": ({ID: "9" * 51}, ID, "at most 50 characters, got 51"),
    "an id that was cut short": ({ID: "1.23457E+11"}, ID, "a spreadsheet has cut short"),
    "an id that is an error": ({ID: "#N/A"}, ID, "got #N/A of the spreadsheet"),
    "an id that is an error, in German": ({ID: "#NV"}, ID, "got #NV of the spreadsheet"),
    "an id that is an error, in Spanish": ({ID: "#¡REF!"}, ID, "got #¡REF! of the spreadsheet"),
    "an id that is an error, in Russian": ({ID: "#Н/Д"}, ID, "of the spreadsheet"),  # noqa: RUF001
    "an id that was not shown": ({ID: "######"}, ID, "got ###### of the spreadsheet"),
    "a name with an umlaut": ({"applicant.last_name": "Müller"}, "applicant.last_name", f"{LETTERS} (--transliterate"),
    "a name with an umlaut, named": ({"applicant.last_name": "Müller"}, "applicant.last_name", "got ü"),
    "a name in Cyrillic": ({"applicant.first_name": "Анна"}, "applicant.first_name", "--transliterate"),
    "a name in Greek": ({"applicant.first_name": "Άννα"}, "applicant.first_name", "--transliterate"),
    "a name with digits": ({"applicant.first_name": "Ada1"}, "applicant.first_name", LETTERS),
    "a name with a space that is none": ({"applicant.first_name": "Ada\u00a0Mae"}, "applicant.first_name", "U+00A0"),
    "a name that is too long": ({"applicant.first_name": "A" * 65}, "applicant.first_name", "1 to 64 characters"),
    "a date in words": ({"applicant.dob": "1 Feb 1990"}, "applicant.dob", "a date as YYYY-MM-DD"),
    "a date with two digits": ({"applicant.dob": "01.02.90"}, "applicant.dob", "a date as YYYY-MM-DD"),
    "a date that no calendar has": ({"applicant.dob": "1990-02-30"}, "applicant.dob", "a day that no calendar has"),
    "a number for a date": ({"applicant.dob": "32905"}, "applicant.dob", "a date as YYYY-MM-DD"),
    "a number that is too long": ({"document_number": "9" * 51}, "document_number", "at most 50 characters"),
    "a NUL": ({"document_number": "X\0Y"}, "document_number", "text without NUL characters"),
    "a quote in the middle": ({"document_number": '"X" 1'}, "row", "quotes in pairs around whole cells"),
    "a quote that is not closed": ({"document_number": '"X1'}, "row", "quotes in pairs around whole cells"),
    "a cell too many": ({"front_side": "front.png,more"}, "row", "7 cells, got 8"),
    "a row that never ends": ({"document_number": "9" * 70_000}, "row", "at most 65,536 characters"),
}


@pytest.fixture
def folder(tmp_path):
    with_pictures(tmp_path)
    (tmp_path / "empty.png").touch()
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "book.xlsx").write_bytes(b"PK\3\4" + bytes(400))
    return tmp_path


async def checked(path, **options):
    manifest = Manifest.of(path, ManifestOptions(guess=True, **options))
    return [found async for found in check_manifest(manifest)]


@pytest.mark.parametrize("what", CELLS)
async def test_a_bad_cell_is_named_with_its_line_its_column_and_what_to_do(folder, what):
    changes, field, reason = CELLS[what]
    text = f"{HEAD}\n{line(**{ID.replace('.', '__'): 'p-0'})}\n{line(**changes)}\n{line(document_number='X3')}\n"
    (folder / "people.csv").write_text(text, encoding="utf-8")
    found = await checked(folder / "people.csv")
    bad = [one for one in found if isinstance(one, BadRow)]
    assert [one.line for one in bad] == [3], [one.reason for one in bad]
    assert field in [problem.field for problem in bad[0].problems]
    assert reason in bad[0].reason
    assert not any(value in bad[0].reason for value in ("Müller", "Анна", "1990-02-30", "X1", "gone"))


ROWS = {
    "the same row twice": (f"{line()}\n{line()}", 3, "row: expected one row of a kind, got the same as in line 2"),
    "one applicant, two people": (
        f"{line()}\n{line(applicant__first_name='Eve', document_number='X2')}",
        3,
        "applicant.*: expected what line 2 says of this applicant, got something else",
    ),
}


@pytest.mark.parametrize("what", ROWS)
async def test_rows_that_do_not_go_together_are_named(folder, what):
    rows, at, reason = ROWS[what]
    (folder / "people.csv").write_text(f"{HEAD}\n{rows}\n")
    found = await checked(folder / "people.csv")
    assert {one.line: one.reason for one in found if isinstance(one, BadRow)} == {at: reason}


# Files, and what their error says.
FILES = {
    "an empty file": (b"", "is empty"),
    "nothing but blank lines": (b"\r\n\r\n", "is empty"),
    "no names": (b"7,Ada,Example\r\n", "the first line has no column of a manifest; begin with a line such as"),
    "a column that is none": (
        b"type,front_side,Notes\n",
        '--map "Notes=COLUMN" says which, --map "Notes=" leaves it out',
    ),
    "a column with a typo": (b"aplicant_id,type,front_side\n", "did you mean applicant_id?"),
    "a column that could be two": (
        b"type,front_side,Name\n",
        'Name: expected to be said which it is: --map "Name=applicant.first_name" or --map "Name=applicant.last_name"',
    ),
    "two columns that are one": (
        b"type,front_side,Kundennummer,Customer ID\n",
        f"{ID}: expected one column, got Kundennummer and",
    ),
    "a column twice": (b"type,type,front_side\n", "type: expected one column, got two"),
    "Latin-1 in the names": (
        "type,front_side,Größe\n".encode("cp1252"),
        "the first line is not text in UTF-8, or say which",
    ),
    "UTF-16 without a mark": ("type,front_side\n".encode("utf-16-le"), "--encoding, such as cp1252 or utf-16"),
    "a workbook named CSV": (b"PK\3\4\x14\0", "if it is a workbook, name it .xlsx"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as .xlsx without one"),
    "one JSON list": (json.dumps([{"type": "PASSPORT"}]).encode(), "write each object on a line of its own"),
    "dates that can be two": (
        f"{HEAD}\n{line(applicant__dob='01/02/1990')}\n".encode(),
        "applicant.dob: its dates can be read as dd/mm/yyyy and mm/dd/yyyy; say which with --date-format",
    ),
}


@pytest.mark.parametrize("what", FILES)
async def test_a_file_that_cannot_be_read_as_a_manifest_says_why_and_what_to_do(tmp_path, what):
    content, reason = FILES[what]
    path = tmp_path / ("people.json" if "JSON" in what else "people.csv")
    path.write_bytes(content)
    with pytest.raises(ManifestError) as caught:
        await checked(path)
    assert str(caught.value).startswith("people.")
    assert reason in str(caught.value)


async def test_bytes_that_are_no_utf_8_name_the_option(folder):
    text = f"{HEAD}\n{line(issuing_authority='')}\n{line(document_number='Ä')}\n"
    (folder / "people.csv").write_bytes(text.encode("cp1252"))
    *_, bad = await checked(folder / "people.csv")
    assert bad.reason == "document_number: expected text in UTF-8, or else --encoding, such as cp1252, got other bytes"
    *_, good = await checked(folder / "people.csv", encoding="cp1252")
    assert good.document["document_number"] == "Ä"


def test_there_are_sixty_of_them():
    assert len(CELLS) + len(ROWS) + len(FILES) >= 60
