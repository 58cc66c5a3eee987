"""``kycaid manifest`` and what ``kycaid upload`` does with manifests as people have them."""

import json
import os
import shlex
import shutil
import sys

import openpyxl
import pytest
from typer.testing import CliRunner

from kycaid_async import read_manifest
from kycaid_async.cli.app import app
from kycaid_async.testing import Sandbox
from tests.bulk.manifests import new, with_pictures, write_csv
from tests.pictures import picture

KEY = "k" * 36
ID = "applicant.external_applicant_id"
LETTERS = (
    "expected Latin letters, spaces, commas, dots, apostrophes and hyphens "
    "(--transliterate, or transliterate=True, writes them by ICAO Doc 9303)"
)
DATE = "expected a date as dd.mm.yyyy, or as YYYY-MM-DD"
HEAD = ["Kundennummer", "Vorname", "Nachname", "Geburtsdatum", "Dokumenttyp", "Datei", "Notiz", None]


@pytest.fixture
def kycaid(monkeypatch):
    """Run a command in this process and return what came of it."""
    monkeypatch.setenv("KYCAID_API_KEY", KEY)

    def run(*words):
        return CliRunner().invoke(app, [*map(str, words)], catch_exceptions=False)

    return run


@pytest.fixture
def sandbox():
    with Sandbox(api_key=KEY) as running:
        yield running


@pytest.fixture
def export(tmp_path):
    """An export as an office has it, with so many rows of which some are bad."""

    def write(rows=12, bad=()):
        book = openpyxl.Workbook()
        book.active.append(HEAD)
        for number in range(rows):
            name = f"scans/{number}.png"
            with_pictures(tmp_path, name)
            (tmp_path / name).write_bytes(picture(400) + str(number).encode())
            date = "unknown" if number in bad else f"{13 + number % 15}.02.1990"
            cells = [f"{number:06d}", "Jörg", "Müller", date, "PASSPORT", name.replace("/", "\\"), "x", None]
            book.active.append(cells)
        book.save(tmp_path / "people.xlsx")
        return tmp_path / "people.xlsx"

    return write


def test_a_check_shows_every_guess_and_groups_what_is_wrong(kycaid, export):
    result = kycaid("manifest", "check", export(bad=range(2, 7)), "--map", "Notiz=")
    assert result.exit_code == 2
    assert result.output.splitlines() == [
        f'guessed: "Kundennummer" is read as {ID}',
        'guessed: "Vorname" is read as applicant.first_name',
        'guessed: "Nachname" is read as applicant.last_name',
        'guessed: "Geburtsdatum" is read as applicant.dob',
        'guessed: "Dokumenttyp" is read as type',
        'guessed: "Datei" is read as front_side',
        "guessed: dates of applicant.dob are read as dd.mm.yyyy",
        f"12 rows: applicant.first_name: {LETTERS}, got ö, for example lines 2 to 4",
        f"12 rows: applicant.last_name: {LETTERS}, got ü, for example lines 2 to 4",
        f"5 rows: applicant.dob: {DATE}, got text in another form, for example lines 4 to 6",
        f"{export(bad=range(2, 7))!s}: 12 rows, 12 of them bad.",
    ]


def test_a_good_manifest_is_said_to_be_good(kycaid, export):
    result = kycaid("manifest", "check", export(), "--map", "Notiz=", "--transliterate")
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, f"{export()}: 12 rows, all good.")


def test_a_table_of_applicants_is_checked_as_such(kycaid, tmp_path):
    path = write_csv(tmp_path / "ids.csv", [{"applicant_id": "a" * 36}, {"applicant_id": "a" * 35}])
    done = kycaid("manifest", "check", path)
    assert (done.exit_code, done.stdout.splitlines()[0]) == (
        2,
        "1 row: applicant_id: expected 36 characters, got 35 characters, line 3",
    )
    write_csv(path, [{"applicant_id": "a" * 36}])
    done = kycaid("manifest", "check", path)
    told = "1 row, all good. It names applicants and no documents: kycaid verify takes it."
    assert (done.exit_code, done.stdout) == (0, f"{path}: {told}\n")


def test_an_unknown_type_comes_with_the_list_of_types(kycaid, tmp_path):
    with_pictures(tmp_path)
    path = write_csv(tmp_path / "a.csv", [new(type="Reisepas"), new("q", type="Ticket")])
    lines = kycaid("manifest", "check", path).output.splitlines()
    assert (
        "1 row: type: expected a document type of the reference (did you mean PASSPORT?), got another word, line 2"
        in lines
    )
    assert lines[2].startswith("Document types: ADDRESS_DOCUMENT, AUTHORISED_PERSON, ")


def test_a_check_as_json_is_one_object(kycaid, export):
    found = json.loads(
        kycaid("manifest", "check", export(bad=[3]), "--map", "Notiz=", "--transliterate", "--json").output
    )
    assert (found["rows"], found["bad"], len(found["guessed"])) == (12, 1, 7)
    assert found["problems"][0]["lines"] == [5]


def test_names_of_columns_may_stand_in_a_file(kycaid, export, tmp_path):
    (tmp_path / "columns.txt").write_text(
        "# our export\nNotiz=\nKundennummer=applicant.custom_field_1\n", encoding="utf-8"
    )
    result = kycaid("manifest", "check", export(), "--map", f"@{tmp_path / 'columns.txt'}", "--transliterate")
    assert "Kundennummer" not in result.output
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--map", "Notiz"], '--map: expected "NAME=COLUMN"'),
        (["--map", "@nothing.txt"], "--map: nothing.txt cannot be read"),
        (["--map", "Nothing=type"], "Nothing: expected one of the names in the file: Kundennummer, Vorname"),
        (["--date-format", "dd.mm"], "date_format (--date-format): expected dd, mm and yyyy"),
        (["--encoding", "klingon"], "encoding: expected the name of one"),
        (["--convert", "png=jpeg"], "convert (--convert): only heic=jpeg is known"),
        (["--sheet", "People"], "has no sheet of this name; --sheet, or sheet=: one of Sheet"),
    ],
)
def test_options_that_cannot_work_are_named(kycaid, export, options, reason):
    result = kycaid("manifest", "check", export(), *options)
    assert result.exit_code == 2
    assert reason in result.output


def test_an_export_is_uploaded_and_its_rejects_run_again_by_the_command_that_is_printed(
    kycaid, export, sandbox, tmp_path
):
    options = ["--map", "Notiz=", "--transliterate", "--on-error", "continue"]
    result = kycaid("upload", export(bad=[3]), *options, "--base-url", sandbox.url)
    assert 'guessed: "Kundennummer" is read as' in result.output
    assert "11 created, 1 bad" in result.output
    rejects = tmp_path / "people.rejects.xlsx"
    sheet = openpyxl.load_workbook(rejects).active
    assert [cell.value for cell in sheet[1]] == ["line", "error", *HEAD[:-1]]
    assert sheet["C2"].value == "000003", "as it stood there"
    sheet["F2"].value = "13.02.1990"
    sheet.parent.save(rejects)
    (command,) = [line.partition(" and run: ")[2] for line in result.output.splitlines() if " and run: " in line]
    again = kycaid(*shlex.split(command)[1:], "--base-url", sandbox.url)
    assert "1 row: 1 created" in again.output, again.output


def test_keys_that_lost_their_zeros_are_held_back(kycaid, sandbox, tmp_path):
    with_pictures(tmp_path)
    path = write_csv(tmp_path / "a.csv", [new("000001")])
    assert kycaid("upload", path, "--base-url", sandbox.url).exit_code == 0
    write_csv(path, [new("1")])
    result = kycaid("upload", path, "--base-url", sandbox.url)
    assert result.exit_code == 2
    assert (
        "line 2: bad: applicant.external_applicant_id: expected the applicant for whom these files were sent"
        in result.output
    )
    assert "--allow-same-files" in result.output
    assert kycaid("upload", path, "--allow-same-files", "--base-url", sandbox.url).exit_code == 0


def test_a_manifest_of_a_folder_needs_names_and_nothing_else(kycaid, tmp_path):
    with_pictures(tmp_path, "scans/000017/passport.png", "scans/000018/id front.png", "scans/000018/id back.png")
    result = kycaid("manifest", "init", tmp_path / "scans")
    path = tmp_path / "scans/manifest.xlsx"
    assert result.output.splitlines()[0] == f"{path}: 2 people, 2 documents."
    assert "Fill in applicant.first_name and applicant.last_name. Then run: kycaid manifest check" in result.output
    rows = [[cell.value for cell in row] for row in openpyxl.load_workbook(path).active.iter_rows()]
    assert rows == [
        [ID, "applicant.first_name", "applicant.last_name", "type", "front_side", "back_side"],
        ["000017", None, None, "PASSPORT", "000017/passport.png", None],
        ["000018", None, None, "GOVERNMENT_ID", "000018/id front.png", "000018/id back.png"],
    ]
    assert kycaid("manifest", "check", path).exit_code == 0
    assert "exists; somebody may have filled it in" in kycaid("manifest", "init", tmp_path / "scans").output
    result = kycaid("manifest", "init", tmp_path / "scans", "-o", tmp_path / "all.csv")
    assert "scans/000017/passport.png" in (tmp_path / "all.csv").read_text(encoding="utf-8-sig")
    assert kycaid("manifest", "check", tmp_path / "all.csv").exit_code == 0


@pytest.mark.skipif(sys.platform != "linux", reason="others have no such names")
def test_a_manifest_of_a_folder_names_no_file_that_is_not_there(kycaid, tmp_path):
    with_pictures(tmp_path, "scans/17/passport.png")
    for name in (b"1\xff_passport.png", b"1\xfe_passport.png"):
        shutil.copy(tmp_path / "scans/17/passport.png", tmp_path / "scans" / os.fsdecode(name))
    result = kycaid("manifest", "init", tmp_path / "scans", "-o", tmp_path / "a.csv")
    assert (
        "1 people, 1 documents. Left out: 2 files whose names, or those of their folders, are no text" in result.output
    )
    assert [row.written for row in read_manifest(tmp_path / "a.csv")] == [{"front_side": "scans/17/passport.png"}]
    (tmp_path / os.fsdecode(b"\xff")).mkdir()
    (tmp_path / "scans").rename(tmp_path / os.fsdecode(b"\xff") / "scans")
    result = kycaid("manifest", "init", tmp_path / os.fsdecode(b"\xff") / "scans", "-o", tmp_path / "b.csv")
    assert "paths of its rows would not be text in UTF-8" in result.output
    assert not (tmp_path / "b.csv").exists()


def test_a_csv_of_a_folder_has_no_path_that_an_apostrophe_makes_another(kycaid, tmp_path):
    with_pictures(tmp_path, "=1/passport.png", "17/passport.png")
    result = kycaid("manifest", "init", tmp_path, "-o", tmp_path / "a.csv")
    assert "1 people, 1 documents. Left out: 1 documents whose names a spreadsheet would take for" in result.output
    assert [row.written for row in read_manifest(tmp_path / "a.csv")] == [{"front_side": "17/passport.png"}]
    kycaid("manifest", "init", tmp_path, "-o", tmp_path / "a.xlsx")
    assert len(list(read_manifest(tmp_path / "a.xlsx"))) == 2
    shutil.rmtree(tmp_path / "17")
    result = kycaid("manifest", "init", tmp_path, "-o", tmp_path / "b.csv")
    assert (result.exit_code, (tmp_path / "b.csv").exists()) == (1, False)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nowhere"], "is not a folder"),
        ([".", "--type", "TICKET"], "--type: expected one of ADDRESS_DOCUMENT"),
        ([".", "--pattern", "*.png"], "--pattern: expected columns in braces"),
        (["."], "no file in it is a document that fits"),
        ([".", "-o", "../elsewhere/a.csv"], "must stand in . or in a folder around it"),
    ],
)
def test_a_folder_of_which_no_manifest_can_be_made_says_why(kycaid, tmp_path, monkeypatch, words, reason):
    monkeypatch.chdir(tmp_path)
    result = kycaid("manifest", "init", *words)
    assert result.exit_code != 0
    assert reason in result.output
    assert not [*tmp_path.iterdir()]


def test_letters_of_many_kinds_are_one_problem_of_a_column(kycaid, tmp_path):
    with_pictures(tmp_path)
    names = ["Müller", "Groß", "Núñez", "Šimić", "Öztürk"]
    rows = [new(f"p{n}", **{"applicant.last_name": name, "document_number": f"N{n}"}) for n, name in enumerate(names)]
    lines = kycaid("manifest", "check", write_csv(tmp_path / "a.csv", rows)).output.splitlines()
    assert lines == [
        f"5 rows: applicant.last_name: {LETTERS}, got ü, ß, ñ ú and others, for example lines 2 to 4",
        f"{tmp_path / 'a.csv'}: 5 rows, 5 of them bad.",
    ]
