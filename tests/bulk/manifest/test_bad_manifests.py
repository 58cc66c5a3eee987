"""Eighty ways in which manifests go wrong: each is named with its line and column, the reason, and what to do."""

import json

import attrs
import pytest

from kycaid_async import BadRow, FieldProblem, ManifestError
from kycaid_async.bulk.manifest.check import check_manifest
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.options import ManifestOptions
from tests.bulk.manifests import with_pictures

ID = "applicant.external_applicant_id"
GOOD = {
    ID: "p-1",
    "applicant.first_name": "Ada",
    "applicant.last_name": "Example",
    "applicant.dob": "1990-02-01",
    "type": "PASSPORT",
    "document_number": "X1",
    "front_side": "front.png",
}
HEAD = ",".join(GOOD)
LETTERS = "Latin letters, spaces, commas, dots, apostrophes and hyphens"
BY_ICAO = f"{LETTERS} (--transliterate, or transliterate=True, writes them by ICAO Doc 9303)"
AS_PRINTED = (
    f"{LETTERS} (as in the machine-readable lines of the passport; --transliterate does not know these letters)"
)
A_FILE = "an image, a PDF or a video"
MISSING = "one that cannot be opened (No such file or directory)"
OUTSIDE = (
    "one that cannot be opened (it lies outside the manifest's folder; --allow-outside DIR, or "
    "outside=[DIR], allows it)"
)
BEGIN = "begin with a line such as applicant_id,type,front_side"
ENCODING = "save it as such, or say which it is with --encoding, such as cp1252 or utf-16, or encoding="


@attrs.frozen
class Kind:
    """One way in which a row is bad."""

    changes: dict[str, str]
    """What stands in it, in place of what is good."""
    column: str
    """The column that is named."""
    what_to_do: str
    """What has to stand there, and the option that helps, if there is one."""
    reason: str
    """What was found."""


CELLS = {
    "no type": Kind({"type": ""}, "type", "a value", "nothing"),
    "a type with a typo": Kind(
        {"type": "PASPORT"}, "type", "a document type of the reference (did you mean PASSPORT?)", "another word"
    ),
    "a type in small letters": Kind(
        {"type": "passport"}, "type", "a document type of the reference (did you mean PASSPORT?)", "another word"
    ),
    "a type in German": Kind(
        {"type": "Reisepass"}, "type", "a document type of the reference (did you mean PASSPORT?)", "another word"
    ),
    "a type in Spanish": Kind(
        {"type": "permiso de conducir"},
        "type",
        "a document type of the reference (did you mean DRIVERS_LICENSE?)",
        "another word",
    ),
    "a type in Russian": Kind(
        {"type": "паспорт"}, "type", "a document type of the reference (did you mean PASSPORT?)", "another word"
    ),
    "a type that is none": Kind({"type": "BIRTHDAY_CARD"}, "type", "a document type of the reference", "another word"),
    "no file": Kind({"front_side": ""}, "front_side", "a path or a URL", "nothing"),
    "a missing file": Kind(
        {"front_side": "gone.png"},
        "front_side",
        A_FILE,
        MISSING,
    ),
    "a folder": Kind({"front_side": "."}, "front_side", A_FILE, "one that is a directory"),
    "an empty file": Kind({"front_side": "empty.png"}, "front_side", A_FILE, "one that is empty"),
    "a text file": Kind(
        {"front_side": "notes.txt"},
        "front_side",
        A_FILE,
        "one that is none of these by its first bytes",
    ),
    "a workbook as a scan": Kind(
        {"front_side": "book.xlsx"}, "front_side", A_FILE, "one that looks like application/zip"
    ),
    "a file outside": Kind(
        {"front_side": "../x.png"},
        "front_side",
        A_FILE,
        OUTSIDE,
    ),
    "a file outside, from Windows": Kind(
        {"front_side": "..\\x.png"},
        "front_side",
        A_FILE,
        OUTSIDE,
    ),
    "an absolute path": Kind(
        {"front_side": "/etc/hostname"},
        "front_side",
        A_FILE,
        OUTSIDE,
    ),
    "a drive": Kind(
        {"front_side": "C:\\scans\\x.png"},
        "front_side",
        A_FILE,
        MISSING,
    ),
    "a URL": Kind(
        {"front_side": "https://example.com/a.png"},
        "front_side",
        A_FILE,
        "one that cannot be opened (a URL; --allow-urls, or urls=UrlRules(), allows those)",
    ),
    "a spelling in other letters": Kind(
        {"front_side": "FRONT.PNG"},
        "front_side",
        A_FILE,
        "one that cannot be opened (No such file or directory; it is there, in other upper and lower case)",
    ),
    "nobody": Kind(
        {ID: "", "applicant.first_name": "", "applicant.last_name": "", "applicant.dob": ""},
        "applicant_id",
        "this or applicant.external_applicant_id, and not both",
        "neither",
    ),
    "no id of one's own": Kind({ID: ""}, ID, "your own id of the applicant", "nothing"),
    "an id that is too long": Kind({ID: "9" * 51}, ID, "at most 50 characters", "51 characters"),
    "an id that was cut short": Kind(
        {ID: "1.23457E+11"}, ID, "all digits", "a number that a spreadsheet has cut short, as in 1.23E+11"
    ),
    "an id that is an error": Kind({ID: "#N/A"}, ID, "a value", "#N/A of the spreadsheet"),
    "an id that is an error, in German": Kind({ID: "#NV"}, ID, "a value", "#NV of the spreadsheet"),
    "an id that is an error, in Spanish": Kind({ID: "#¡REF!"}, ID, "a value", "#¡REF! of the spreadsheet"),
    "an id that is an error, in Russian": Kind({ID: "#Н/Д"}, ID, "a value", "#Н/Д of the spreadsheet"),  # noqa: RUF001
    "an id that was not shown": Kind({ID: "######"}, ID, "a value", "###### of the spreadsheet"),
    "a name with an umlaut": Kind(
        {"applicant.last_name": "Müller"},
        "applicant.last_name",
        BY_ICAO,
        "ü",
    ),
    "a name in Cyrillic": Kind(
        {"applicant.first_name": "Анна"},
        "applicant.first_name",
        BY_ICAO,
        "А а н",  # noqa: RUF001
    ),
    "a name in Greek": Kind(
        {"applicant.first_name": "Άννα"},
        "applicant.first_name",
        AS_PRINTED,
        "Ά α ν",  # noqa: RUF001
    ),
    "a name with digits": Kind(
        {"applicant.first_name": "Ada1"},
        "applicant.first_name",
        LETTERS,
        "other characters",
    ),
    "a name with a space that is none": Kind(
        {"applicant.first_name": "Ada\xa0Mae"},
        "applicant.first_name",
        BY_ICAO,
        "U+00A0",
    ),
    "a name that is too long": Kind(
        {"applicant.first_name": "A" * 65},
        "applicant.first_name",
        "1 to 64 characters",
        "65 characters",
    ),
    "a date in words": Kind(
        {"applicant.dob": "1 Feb 1990"}, "applicant.dob", "a date as YYYY-MM-DD", "text in another form"
    ),
    "a date with two digits": Kind(
        {"applicant.dob": "01.02.90"}, "applicant.dob", "a date as YYYY-MM-DD", "text in another form"
    ),
    "a date that no calendar has": Kind(
        {"applicant.dob": "1990-02-30"}, "applicant.dob", "a date as YYYY-MM-DD", "a day that no calendar has"
    ),
    "a number for a date": Kind(
        {"applicant.dob": "32905"}, "applicant.dob", "a date as YYYY-MM-DD", "text in another form"
    ),
    "a number that is too long": Kind(
        {"document_number": "9" * 51},
        "document_number",
        "at most 50 characters",
        "51 characters",
    ),
    "a NUL": Kind({"document_number": "X\x00Y"}, "document_number", "text without NUL characters", "one"),
    "a quote in the middle": Kind(
        {"document_number": '"X" 1'}, "row", "one line, with quotes in pairs around whole cells", "others"
    ),
    "a quote that is not closed": Kind(
        {"document_number": '"X1'}, "row", "one line, with quotes in pairs around whole cells", "others"
    ),
    "a cell too many": Kind({"front_side": "front.png,more"}, "row", "7 cells", "8"),
    "a row that never ends": Kind(
        {"document_number": "9" * 70_000},
        "row",
        "at most 65,536 characters",
        "more",
    ),
    "an applicant who is there and one to make": Kind(
        {"applicant_id": "1" * 36},
        "applicant_id",
        "this or applicant.external_applicant_id, and not both",
        "both",
    ),
    "an id of KYCAID's that lost a letter": Kind(
        {
            "applicant_id": "1" * 35,
            ID: "",
            "applicant.first_name": "",
            "applicant.last_name": "",
            "applicant.dob": "",
        },
        "applicant_id",
        "36 characters",
        "35 characters",
    ),
    "an id of a form that is none": Kind({"form_id": "abc"}, "form_id", "36 characters", "3 characters"),
    "a gender in words": Kind({"applicant.gender": "female"}, "applicant.gender", "one of M, F", "other text"),
    "a country in words": Kind(
        {"applicant.nationality": "Germany"}, "applicant.nationality", "2 characters", "7 characters"
    ),
    "a country of three letters": Kind(
        {"applicant.residence_country": "DEU"}, "applicant.residence_country", "2 characters", "3 characters"
    ),
    "an address that is no e-mail": Kind(
        {"applicant.email": "ada"}, "applicant.email", "an e-mail address", "other characters"
    ),
    "a truth that is none": Kind({"applicant.pep": "maybe"}, "applicant.pep", "true or false", "other text"),
    "an applicant who is neither person nor company": Kind(
        {"applicant.type": "HUMAN"}, "applicant.type", "PERSON or COMPANY", "another word"
    ),
    "a company's field for a person": Kind(
        {"applicant.company_name": "Example Ltd"}, "applicant.company_name", "nothing for a person", "a value"
    ),
    "a person's field for a company": Kind(
        {
            "applicant.type": "COMPANY",
            "applicant.company_name": "Example Ltd",
            "applicant.registration_country": "DE",
            "applicant.business_activity_id": "1" * 36,
            "applicant.first_name": "",
            "applicant.last_name": "",
        },
        "applicant.dob",
        "nothing for a company",
        "a value",
    ),
    "a company without what it needs": Kind(
        {
            "applicant.type": "COMPANY",
            "applicant.company_name": "Example Ltd",
            "applicant.registration_country": "DE",
            "applicant.first_name": "",
            "applicant.last_name": "",
            "applicant.dob": "",
        },
        "applicant.business_activity_id",
        "a value",
        "nothing",
    ),
    "a date of issue in words": Kind(
        {"issue_date": "soon"}, "issue_date", "a date as YYYY-MM-DD", "text in another form"
    ),
    "a month that no calendar has": Kind(
        {"expiry_date": "2031-13-01"}, "expiry_date", "a date as YYYY-MM-DD", "a day that no calendar has"
    ),
    "an amount with its currency": Kind(
        {"transaction_amount": "12.50 EUR"}, "transaction_amount", "a number", "other text"
    ),
    "a currency in words": Kind(
        {"transaction_currency": "euro"}, "transaction_currency", "at most 3 characters", "4 characters"
    ),
    "a source of income that is none": Kind(
        {"income_sources": "LOTTERY"},
        "income_sources",
        "a list of one of SALARY, DIVIDENDS, SALE_PROPERTY, SAVINGS, DIVORCE_SETTLEMENTS, INHERITANCE, "
        "LOAN, INVESTMENTS, OTHER",
        "a list with other items",
    ),
    "a back side that is not there": Kind(
        {"back_side": "gone.png"},
        "back_side",
        A_FILE,
        MISSING,
    ),
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


def text_of(*rows):
    """Return rows as CSV, as they are, with a column for each that one of them has."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return "\n".join([",".join(columns), *(",".join(row.get(name, "") for name in columns) for row in rows), ""])


def line(**changes):
    return ",".join((GOOD | {name.replace("__", "."): value for name, value in changes.items()}).values())


@pytest.mark.parametrize("what", CELLS)
async def test_a_bad_cell_is_named_with_its_line_its_column_and_what_to_do(folder, what):
    kind = CELLS[what]
    text = text_of(GOOD | {ID: "p-0"}, GOOD | kind.changes, GOOD | {"document_number": "X3"})
    (folder / "people.csv").write_text(text, encoding="utf-8")
    bad = [one for one in await checked(folder / "people.csv") if isinstance(one, BadRow)]
    assert [(one.line, one.problems) for one in bad] == [
        (3, (FieldProblem(kind.column, kind.what_to_do, kind.reason),)),
    ]
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


# Files, and what their error says after the name: the line or the column, the reason, and what to do.
FILES = {
    "an empty file": (b"", f"is empty; {BEGIN}"),
    "nothing but blank lines": (b"\r\n\r\n", f"is empty; {BEGIN}"),
    "no names": (
        b"7,Ada,Example\r\n",
        f"the first line has no column of a manifest; {BEGIN}",
    ),
    "a column that is none": (
        b"type,front_side,Notes\n",
        (
            'Notes: expected a column of a manifest (--map "Notes=COLUMN" says which, --map "Notes=" leaves '
            "it out), got another name"
        ),
    ),
    "a column with a typo": (
        b"aplicant_id,type,front_side\n",
        (
            "aplicant_id: expected a column of a manifest (did you mean applicant_id?) (--map "
            '"aplicant_id=COLUMN" says which, --map "aplicant_id=" leaves it out), got another name'
        ),
    ),
    "a column that could be two": (
        b"type,front_side,Name\n",
        (
            'Name: expected to be said which it is: --map "Name=applicant.first_name" or --map '
            '"Name=applicant.last_name", got either'
        ),
    ),
    "two columns that are one": (
        b"type,front_side,Kundennummer,Customer ID\n",
        (
            'applicant.external_applicant_id: expected one column (--map "Customer ID=", or '
            'columns={"Customer ID": None}, leaves that out), got Kundennummer and Customer ID'
        ),
    ),
    "a column twice": (
        b"type,type,front_side\n",
        "type: expected one column, got two; give one another name, or delete it",
    ),
    "Latin-1 in the names": (
        "type,front_side,Größe\n".encode("cp1252"),
        f"the first line is not text in UTF-8; {ENCODING}",
    ),
    "UTF-16 without a mark": (
        "type,front_side\n".encode("utf-16-le"),
        f"is not text in UTF-8; {ENCODING}",
    ),
    "a workbook named CSV": (b"PK\3\4\x14\0", "is not text in UTF-8; if it is a workbook, name it .xlsx"),
    "an old workbook": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "is a workbook of an old format, or has a password; save it as .xlsx without one",
    ),
    "one JSON list": (
        json.dumps([{"type": "PASSPORT"}]).encode(),
        "is one JSON list; write each object on a line of its own",
    ),
    "dates that can be two": (
        f"{HEAD}\n{line(applicant__dob='01/02/1990')}\n".encode(),
        (
            "applicant.dob: its dates can be read as dd/mm/yyyy and mm/dd/yyyy; say which with "
            "--date-format, or date_format="
        ),
    ),
}


@pytest.mark.parametrize("what", FILES)
async def test_a_file_that_cannot_be_read_as_a_manifest_says_why_and_what_to_do(tmp_path, what):
    content, message = FILES[what]
    path = tmp_path / ("people.json" if "JSON" in what else "people.csv")
    path.write_bytes(content)
    with pytest.raises(ManifestError) as caught:
        await checked(path)
    assert caught.value.message == f"{path.name}: {message}"


async def test_bytes_that_are_no_utf_8_name_the_option(folder):
    text = f"{HEAD}\n{line(issuing_authority='')}\n{line(document_number='Ä')}\n"
    (folder / "people.csv").write_bytes(text.encode("cp1252"))
    *_, bad = await checked(folder / "people.csv")
    assert bad.reason == "document_number: expected text in UTF-8, or else --encoding, such as cp1252, got other bytes"
    *_, good = await checked(folder / "people.csv", encoding="cp1252")
    assert good.document["document_number"] == "Ä"


def test_there_are_seventy_eight_of_them_and_no_two_are_told_alike_but_those_that_are_alike():
    assert len(CELLS) + len(ROWS) + len(FILES) == 78
    assert len({(kind.column, kind.what_to_do, kind.reason) for kind in CELLS.values()}) >= 50
