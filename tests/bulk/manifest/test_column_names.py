"""Columns may have the names that people give them; a guess is shown, and never made between two."""

import pytest

from kycaid_async import Manifest, ManifestError, read_manifest
from kycaid_async.bulk.manifest.column_names import match
from kycaid_async.bulk.manifest.format import trimmed
from kycaid_async.bulk.manifest.manifest import Manifest as AnyManifest
from kycaid_async.bulk.manifest.options import ManifestOptions
from kycaid_async.bulk.manifest.row import COLUMNS
from tests.bulk.manifests import APPLICANT, row

ID, FIRST, LAST = (f"applicant.{name}" for name in ("external_applicant_id", "first_name", "last_name"))

EXPORTS = {
    "English": (
        "Customer ID,First Name,Last Name,Date of Birth,E-Mail,Document Type,Document No.,Expiry Date,Front,Back"
    ),
    "German": "Kundennummer,Vorname,Nachname,Geburtsdatum,E-Mail,"
    "Dokumenttyp,Ausweisnummer,Gültig bis,Vorderseite,Rückseite",
    "Spanish": (
        "Número de cliente,Nombres,Apellidos,Fecha de nacimiento,Correo electrónico,Tipo de documento,"
        "Número de documento,Fecha de caducidad,Anverso,Reverso"
    ),
    "Russian": (
        "Номер клиента,Имя,Фамилия,Дата рождения,Почта,Тип документа,Номер документа,Действителен до,"
        "Лицевая сторона,Обратная сторона"
    ),
    "a database": "CUSTOMER_ID,FIRST_NAME,LAST_NAME,DATE_OF_BIRTH,EMAIL,DOC_TYPE,DOC_NUMBER,EXPIRY_DATE,FILE,BACK_SIDE",
    "a program": "customerId,firstName,lastName,dateOfBirth,email,"
    "documentType,documentNumber,expiryDate,frontSide,backSide",
}
MEANT = (
    *(ID, FIRST, LAST, "applicant.dob", "applicant.email", "type", "document_number", "expiry_date"),
    *("front_side", "back_side"),
)


@pytest.mark.parametrize("language", EXPORTS)
def test_common_words_are_guessed_in_four_languages(language):
    names = EXPORTS[language].split(",")
    found = match(names, {}, guess=True)
    assert found.targets == MEANT
    assert not found.problems
    assert found.guessed == {name: meant for name, meant in zip(names, MEANT, strict=True) if name != meant}


@pytest.mark.parametrize(
    "spell", [str.upper, str.title, lambda name: name.replace("_", " "), lambda name: f" {name}\u200b"]
)
def test_every_column_is_known_in_other_case_and_with_spaces(spell):
    for column in COLUMNS:
        assert match([spell(column)], {}, guess=True).targets == (column,), column


def test_nothing_is_guessed_where_nobody_sees_it(tmp_path):
    (tmp_path / "a.csv").write_text("Kundennummer,type,front_side\n7,PASSPORT,a.png\n")
    with pytest.raises(ManifestError, match=rf"Kundennummer: .* \(did you mean {ID}\?\)"):
        read_manifest(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_text("Kundennummer,Dokumenttyp,Datei\n7,PASSPORT,a.png\n")
    with pytest.raises(ManifestError, match=r'columns=\{"Kundennummer": "applicant.external_applicant_id", '):
        read_manifest(tmp_path / "b.csv")


def test_what_was_guessed_is_told_and_what_was_said_is_not(tmp_path):
    (tmp_path / "a.csv").write_text("Kundennummer;Art;Datei;Notiz\n7;PASSPORT;a.png;x\n")
    options = ManifestOptions(guess=True, columns={"Art": "type", " Notiz ": ""})
    manifest = AnyManifest.of(tmp_path / "a.csv", options)
    assert manifest.notes == [f'"Kundennummer" is read as {ID}', '"Datei" is read as front_side']
    (found,) = manifest.rows()
    assert found.applicant.external_applicant_id == "7"


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("Name", FIRST, LAST),
        ("ФИО", FIRST, LAST),
        ("Land", "applicant.residence_country", "applicant.nationality"),
        ("ID", "applicant_id", ID),
        ("Typ", "type", "applicant.type"),
        ("Documento", "type", "front_side"),
    ],
)
def test_between_two_meanings_nobody_guesses(name, first, second):
    (problem,) = match([name, "front_side"], {}, guess=True).problems
    assert (
        str(problem)
        == f'{name}: expected to be said which it is: --map "{name}={first}" or --map "{name}={second}", got either'
    )
    assert match([name], {name: first}, guess=True).targets == (first,)


def test_two_names_for_one_column_are_refused_with_both():
    (problem,) = match(["Kundennummer", "Customer ID"], {}, guess=True).problems
    how = '--map "Customer ID=", or columns={"Customer ID": None}, leaves that out'
    assert str(problem) == f"{ID}: expected one column ({how}), got Kundennummer and Customer ID"


def test_a_name_that_is_not_there_and_a_column_that_is_none_are_refused():
    problems = match(["type", "front_side"], {"Art": "type", "type": "typ"}, guess=True).problems
    assert [problem.field for problem in problems] == ["Art", "typ"]
    assert "one of the names in the file: type, front_side" in str(problems[0])


@pytest.mark.parametrize(
    "mark", ["\u200b", "\ufeff", "\u200e", "\u200f", "\u2060", "\u00a0", "\u202c", "\u00ad", "\u3000", " "]
)
def test_what_cannot_be_seen_is_taken_off_the_edges_of_names_and_cells(tmp_path, mark):
    assert trimmed(f"{mark}a{mark}b{mark}") == f"a{mark}b"
    names, cells = ["applicant_id", "type", "front_side", "key"], [APPLICANT, "PASSPORT", "a.png", "7"]
    text = "\n".join(",".join(f"{mark}{cell}{mark}" for cell in line) for line in (names, cells))
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    (found,) = read_manifest(tmp_path / "a.csv")
    assert (found.applicant_id, dict(found.written), found.key) == (APPLICANT, {"front_side": "a.png"}, "7")


# What stands around the rows.


@pytest.mark.parametrize(
    "above",
    ["\r\n", "sep=;\r\n", '"sep=;"\r\n', "SEP=;\r\n\r\n", "#TYPE System.Management.Automation.PSCustomObject\r\n"],
)
def test_what_programs_write_above_the_names_is_read_over(tmp_path, above):
    (tmp_path / "a.csv").write_text(
        f"{above}applicant_id;type;front_side\r\n{APPLICANT};PASSPORT;a.png\r\n", newline=""
    )
    manifest = Manifest.open(tmp_path / "a.csv")
    (found,) = manifest.rows()
    assert found.line == above.count("\n") + 2
    kept = above.startswith(("sep", '"sep', "SEP"))
    assert manifest.form.header().splitlines()[0] == (
        above.splitlines()[0] if kept else "line;error;applicant_id;type;front_side"
    )


def test_a_separator_that_the_first_line_names_is_the_one(tmp_path):
    (tmp_path / "a.csv").write_text(f"sep=^\napplicant_id^type^front_side\n{APPLICANT}^PASSPORT^a.png\n")
    (found,) = read_manifest(tmp_path / "a.csv")
    assert found.applicant_id == APPLICANT


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be-mark", "utf-32"])
def test_a_byte_order_mark_says_the_encoding_and_is_kept_in_rejects(tmp_path, encoding):
    from kycaid_async.bulk.manifest.rejects import Rejects, rejects_of

    text = f"applicant_id;type;front_side;key\r\n{APPLICANT};NONE;ä.png;ü€\r\n"
    raw = ("\ufeff" + text).encode("utf-16-be") if "be" in encoding else text.encode(encoding)
    (tmp_path / "a.csv").write_bytes(raw)
    manifest = Manifest.open(tmp_path / "a.csv")
    with Rejects(rejects_of(manifest.path), manifest) as rejects:
        for found in manifest.rows():
            rejects.add(found, found.reason)
    written = rejects.path.read_bytes()
    assert written[:2] == raw[:2]
    first, second = written.decode("utf-16" if "16" in encoding else encoding).removeprefix("\ufeff").splitlines()
    assert first == "line;error;applicant_id;type;front_side;key"
    assert second.endswith(f"{APPLICANT};NONE;ä.png;ü€")


@pytest.mark.parametrize("encoding", ["cp1252", "iso-8859-15", "cp1251", "utf-16-le", "utf-16", "macroman"])
def test_an_encoding_is_read_when_it_is_asked_for(tmp_path, encoding):
    key = "Ж" if encoding == "cp1251" else "ö"
    raw = f"applicant_id,type,front_side,key\n{APPLICANT},PASSPORT,a.png,{key}\n"
    (tmp_path / "a.csv").write_bytes(raw.encode("utf-16-le" if encoding == "utf-16" else encoding))
    (found,) = read_manifest(tmp_path / "a.csv", encoding=encoding)
    assert found.key == key


def test_paths_of_windows_are_read_elsewhere(tmp_path):
    (tmp_path / "a.csv").write_text(
        f"applicant_id,type,front_side,back_side\n{APPLICANT},PASSPORT,scans\\7\\a.png,b\\c.png\n"
    )
    (tmp_path / "b\\c.png").touch()
    (found,) = read_manifest(tmp_path / "a.csv")
    sides = dict(found.sides())
    assert sides["front_side"] == str(tmp_path / "scans/7/a.png")
    assert sides["back_side"] == str(tmp_path / "b\\c.png"), "a file of this very name is there"
    assert dict(found.written) == {"front_side": "scans\\7\\a.png", "back_side": "b\\c.png"}


def test_names_in_json_lines_may_be_said_too(tmp_path):
    import json

    fields = row(key="7")
    fields["Datei"] = fields.pop("front_side")
    (tmp_path / "a.jsonl").write_text(json.dumps(fields | {"Notiz": "x"}))
    (found,) = read_manifest(tmp_path / "a.jsonl", columns={"Datei": "front_side", "Notiz": None})
    assert dict(found.written) == {"front_side": "front.png"}


TITLES = [
    "Kunden 2026;;;;;\n;;;;;\n",
    "sep=;\nKundenliste\nStand: 28.11.2026; 3 Personen\n\n",
    "Person;;;;Dokument;\n",
    '"Export; für die Prüfung"\n',
]
NAMES_OF_EXPORT = "Kundennummer;Vorname;Nachname;Geburtsdatum;Dokumenttyp;Datei"


@pytest.mark.parametrize("above", TITLES)
def test_a_title_or_a_row_of_headings_may_stand_above_the_names_of_a_csv(tmp_path, above):
    path = tmp_path / "a.csv"
    path.write_text(f"{above}{NAMES_OF_EXPORT}\n7;A;B;13.02.1990;PASSPORT;a.png\n", encoding="utf-8-sig")
    (found,) = AnyManifest.of(path, ManifestOptions(guess=True)).rows()
    assert (found.line, found.applicant.dob) == (above.count("\n") + 2, "1990-02-13")
    assert found.applicant.external_applicant_id == "7"


def test_a_row_is_no_line_of_names_and_a_wrong_line_of_names_is_named_as_it_is(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("7;A;B;13.02.1990;SELFIE_IMAGE;a.png\n8;A;B;13.02.1990;SELFIE_IMAGE;b.png\n")
    with pytest.raises(ManifestError, match="the first line has no column of a manifest"):
        AnyManifest.of(path, ManifestOptions(guess=True))
    path.write_text(f"Kundennummer;Unbekannt\n{NAMES_OF_EXPORT}\n")
    with pytest.raises(ManifestError, match="Unbekannt: expected a column"):
        AnyManifest.of(path, ManifestOptions(guess=True))
