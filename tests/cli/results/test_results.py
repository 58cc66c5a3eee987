"""``kycaid results``: from a spreadsheet as Excel exports it to one of verdicts."""

import json
import re

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from kycaid_async.bulk.results import ResultsSummary
from kycaid_async.cli.app import app
from kycaid_async.cli.results.screen import ResultsScreen
from kycaid_async.sandbox import SANDBOX_KEY, Sandbox
from kycaid_async.sandbox.data.account import FORMS
from tests.pictures import picture

FORM = FORMS[0].id
ESCAPE = "\x1b"
PEOPLE = [
    ("000017", "Müller", "Jörg", "01.02.1990"),
    ("000018", "Šimić", "Ana", "13.12.1985"),
    ("-5", "Kraus", "Eva", ""),
]
MAP = {
    "Kundennummer": "applicant.external_applicant_id",
    "Nachname": "applicant.last_name",
    "Vorname": "applicant.first_name",
    "Geburtsdatum": "applicant.dob",
    "Art": "type",
    "Datei": "front_side",
    "Aktenzeichen": "key",
}
EXPORT = [word for name, column in MAP.items() for word in ("--map", f"{name}={column}")]
READING = [*EXPORT, "--encoding", "cp1252", "--transliterate"]


@pytest.fixture
def sandbox(portal):
    with portal.wrap_async_context_manager(Sandbox(review="manual")) as made:
        yield made


@pytest.fixture
def run(monkeypatch, sandbox):
    """Run a command in this process against the sandbox."""
    monkeypatch.setenv("KYCAID_API_KEY", SANDBOX_KEY)
    monkeypatch.setenv("KYCAID_BASE_URL", sandbox.url)

    def run(*words):
        return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)

    return run


@pytest.fixture
def export(tmp_path):
    """What Excel in Germany exports: semicolons, the code page of Windows, dates by dots, an empty column."""
    lines = ["Kundennummer;Nachname;Vorname;Geburtsdatum;Art;Datei;Aktenzeichen;"]
    for number, person in enumerate(PEOPLE):
        (tmp_path / f"{number}.png").write_bytes(picture(400 + number))
        last, first = person[1].replace("Š", "S").replace("ć", "c"), person[2]
        lines.append(f"{person[0]};{last};{first};{person[3]};PASSPORT;{number}.png;=A{number};")
    path = tmp_path / "Export.csv"
    path.write_bytes("\r\n".join([*lines, ""]).encode("cp1252"))
    return path


@pytest.fixture
def decide(portal, sandbox):
    """Decide about the verification of a person, as a reviewer does."""

    def decide(external_id, *reasons, comment=None):
        last = {"000017": "MUELLER", "000018": "Simic", "-5": "Kraus"}[external_id]
        (one,) = [v for v in portal.call(sandbox.verifications) if last in (v.applicant_name or "")]
        portal.call(lambda: sandbox.decide(one.verification_id, approve=not reasons, reasons=reasons, comment=comment))

    return decide


@pytest.fixture
def verified(run, export):
    """The export, uploaded, with a verification of each person."""
    for command in (["upload"], ["verify", "--yes", "--form", FORM]):
        done = run(*command[:1], export, *command[1:], *READING)
        assert done.exit_code == 0, done.output
    return export


def test_an_export_becomes_a_spreadsheet_of_verdicts(run, verified, decide, tmp_path):
    decide("000017")
    decide("000018", "BAD_QUALITY", "EXPIRED_DOCUMENT", comment="=cmd|'/c calc'!A0")
    verdicts = tmp_path / "verdicts.xlsx"
    done = run("results", verified, "-o", verdicts, *READING)
    assert done.exit_code == 3, done.output
    assert "3 applicants: 1 passed, 1 declined, 1 pending." in done.output
    sheet = openpyxl.load_workbook(verdicts)["Verdicts"]
    head, *rows = sheet.iter_rows()
    names = [cell.value for cell in head]
    found = [dict(zip(names, row, strict=True)) for row in rows]
    assert [r["external_applicant_id"].value for r in found] == ["000017", "000018", "-5"]
    assert [r["key"].value for r in found] == ["=A0", "=A1", "=A2"]
    assert [r["verdict"].value for r in found] == ["passed", "declined", "pending"]
    assert [r["reason_ids"].value for r in found] == [None, "7, 5", None]
    assert [r["reasons"].value for r in found] == [None, "BAD_QUALITY, EXPIRED_DOCUMENT", None]
    assert found[1]["reason_meanings"].value == "the image cannot be read; the document is out of date"
    assert "=cmd|'/c calc'!A0" in found[1]["comment"].value
    assert all(len(r[name].value) == 36 for r in found for name in ("applicant_id", "form_id", "verification_id"))
    assert {cell.data_type for row in rows for cell in row if cell.value is not None} == {"s"}
    decide("-5")
    assert run("results", verified, "-o", verdicts, *READING).exit_code == 0


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_other_formats_say_the_same(run, verified, decide, tmp_path, ending):
    decide("000018", "FAKE_DOCUMENT", comment="=1+1")
    path = tmp_path / f"verdicts.{ending}"
    assert run("results", verified, "-o", path, *READING).exit_code == 3
    read = {"csv": pd.read_csv, "jsonl": lambda p, **o: pd.read_json(p, lines=True, **o)}.get(
        ending, lambda p, **_: pd.read_parquet(p)
    )
    frame = read(path, dtype=str)
    assert list(frame.external_applicant_id.str.removeprefix("'")) == ["000017", "000018", "-5"]
    assert list(frame.verdict) == ["pending", "declined", "pending"]
    assert list(frame.reasons.fillna("")) == ["", "FAKE_DOCUMENT", ""]
    assert frame.comment[1].removeprefix("'").splitlines()[0] == "=1+1"
    if ending == "csv":
        assert frame.comment[1].startswith("'")


def test_json_and_documents(run, verified, decide, tmp_path):
    decide("000018", "BAD_QUALITY")
    done = run("results", verified, "--json", "--per-document", "-o", tmp_path / "d.csv", *READING)
    *people, sums = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["verdict"] for one in people] == ["pending", "declined", "pending"]
    assert people[1]["reasons"] == [{"id": 7, "name": "BAD_QUALITY", "meaning": "the image cannot be read"}]
    assert people[1]["documents"][0]["line"] == 3
    assert (sums["declined"], sums["pending"], sums["reasons"]) == (1, 2, {"BAD_QUALITY": 1})
    frame = pd.read_csv(tmp_path / "d.csv", dtype=str)
    assert list(frame.line) == ["2", "3", "4"]
    assert list(frame.type) == ["PASSPORT"] * 3
    assert frame.status[1] in ("valid", "invalid")


def test_the_page_tells_of_the_whole_job_with_bad_ones_first(run, verified, decide, tmp_path):
    decide("000017")
    decide("000018", "BAD_QUALITY")
    run("results", verified, "--report", tmp_path / "r.html", *READING)
    text = re.sub(r"<[^>]*>", " ", (tmp_path / "r.html").read_text(encoding="utf-8").partition("</style>")[2])
    order = ["Applicants to look at", "=A1", "BAD_QUALITY (7): the image cannot be read", "From rows to verdicts"]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)
    assert "MUELLER" not in text
    assert "Kraus" not in text


def test_a_table_of_an_ending_that_nobody_knows_and_other_misuse(run, verified, tmp_path):
    for words in (["-o", tmp_path / "x.ods"], ["-o", verified], ["--wait", "soon"], ["-o", tmp_path / "no" / "x.csv"]):
        done = run("results", verified, *words, *READING)
        assert done.exit_code == 2, words
        assert len(done.output.splitlines()) == 1
    assert run("results", tmp_path / "none.csv").exit_code == 2


def test_without_a_verification_it_says_so(run, export, tmp_path):
    assert run("upload", export, *READING).exit_code == 0
    done = run("results", export, *READING)
    assert done.exit_code == 1
    assert "3 not started" in done.output


def test_what_could_not_even_be_looked_at_is_no_sum_of_nothing(run, verified, monkeypatch, tmp_path):
    monkeypatch.setenv("KYCAID_API_KEY", f"{SANDBOX_KEY}x")
    done = run("results", verified, "--report", tmp_path / "r.html", *READING)
    assert (done.exit_code, done.stdout) == (1, "No verdicts.\n")
    assert "another API key" in done.stderr
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "There are no verdicts." in page
    assert "every verification was started" not in page


@pytest.mark.parametrize(("ended", "text"), [("", "No verdicts: there were no applicants."), ("why", "No verdicts.")])
def test_without_applicants_there_is_a_reason_only_where_the_run_came_to_its_end(capsys, ended, text):
    ResultsScreen(as_json=False).summary(ResultsSummary(), ended=ended)
    assert capsys.readouterr().out == f"{text}\n"


def test_words_of_the_server_are_no_codes_of_the_terminal(run, verified, decide):
    decide("000018", "OTHER", comment=f"a{ESCAPE}[31mb")
    assert ESCAPE not in run("results", verified, *READING).output
