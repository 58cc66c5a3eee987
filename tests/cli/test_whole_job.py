"""From an export as it is to a spreadsheet of verdicts: the upload, the verifications, the verdicts."""

import datetime as dt

import openpyxl
import pytest
import python_calamine
from typer.testing import CliRunner

from kycaid_async import Kycaid
from kycaid_async.cli.app import app
from kycaid_async.sandbox import SANDBOX_KEY, Sandbox
from kycaid_async.sandbox.data.account import FORMS as ACCOUNT_FORMS
from tests.cli.exports import CUSTOMERS, FORMS, write_export

FORM = ACCOUNT_FORMS[0].id
READING = ["--transliterate", "--map", "Notiz="]
COLUMNS = (
    *("line", "key", "external_applicant_id", "applicant_id", "form_id", "verification_id", "verdict", "checks"),
    *("reason_ids", "reasons", "reason_meanings", "comment", "why_open", "sent_at", "created_at", "looked_at"),
)
TIMES = ("sent_at", "created_at", "looked_at")
DECLINED = {
    "verdict": "declined",
    "reason_ids": "5, 7",
    "reasons": "EXPIRED_DOCUMENT, BAD_QUALITY",
    "reason_meanings": "the document is out of date; the image cannot be read",
    "comment": "=1+1 of Ärger",
}


@pytest.fixture
def sandbox(portal, monkeypatch):
    """A KYCAID that leaves all to a person, and an environment in which commands find it."""
    with portal.wrap_async_context_manager(Sandbox(review="manual")) as made:
        monkeypatch.setenv("KYCAID_API_KEY", SANDBOX_KEY)
        monkeypatch.setenv("KYCAID_BASE_URL", made.url)
        yield made


@pytest.fixture
def people(portal, sandbox):
    """What KYCAID has of each verification, by the name of the person."""

    def found():
        return {one.applicant_name: one for one in portal.call(sandbox.verifications)}

    return found


@pytest.fixture
def decide(portal, sandbox, people):
    """Decide about all but the last: the first passes, the second does not."""

    def decided():
        first, second, _ = [people()[one.sent].verification_id for one in CUSTOMERS]
        portal.call(lambda: sandbox.decide(first, approve=True))
        reasons = ["EXPIRED_DOCUMENT", "BAD_QUALITY"]
        portal.call(lambda: sandbox.decide(second, approve=False, reasons=reasons, comment="=1+1 of Ärger"))

    return decided


def kycaid(command, *words):
    done = CliRunner().invoke(app, [command, *map(str, words)], catch_exceptions=False)
    return done.exit_code, done.output


def read_with_openpyxl(path):
    return [list(row) for row in openpyxl.load_workbook(path)["Verdicts"].iter_rows(values_only=True)]


def read_with_calamine(path):
    rows = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_name("Verdicts").to_python()
    return [[None if cell == "" else cell for cell in row] for row in rows]


@pytest.mark.parametrize("form", FORMS)
def test_an_export_as_it_is_becomes_a_workbook_of_verdicts_cell_by_cell(tmp_path, sandbox, people, decide, form):
    export, table = write_export(tmp_path, form), tmp_path / "verdicts.xlsx"
    reading = [*READING, *FORMS[form][2]]
    assert kycaid("manifest", "check", export, *reading)[0] == 0
    assert kycaid("upload", export, *reading)[0] == 0
    assert kycaid("verify", export, *reading, "--form", FORM, "--yes")[0] == 0
    decide()
    assert kycaid("results", export, *reading, "-o", table)[0] == 3
    head, *rows = read_with_openpyxl(table)
    assert read_with_calamine(table) == [head, *rows]
    assert tuple(head) == COLUMNS
    found = [dict(zip(head, row, strict=True)) for row in rows]
    first = 4 if "openpyxl" in form else 2
    of_server = [people()[one.sent] for one in CUSTOMERS]
    assert all(dt.datetime.fromisoformat(row.pop(name)).year >= 2026 for row in found for name in TIMES)
    checks = [row.pop("checks") for row in found]
    assert found == [
        {
            "line": str(first + number),
            "key": None,
            "external_applicant_id": one.id,
            "applicant_id": server.applicant_id,
            "form_id": FORM,
            "verification_id": server.verification_id,
            "verdict": "pending",
            "reason_ids": None,
            "reasons": None,
            "reason_meanings": None,
            "comment": None,
            "why_open": None,
            **decision,
        }
        for number, (one, server, decision) in enumerate(
            zip(CUSTOMERS, of_server, [{"verdict": "passed"}, DECLINED, {}], strict=True)
        )
    ]
    assert ("declined" in checks[0], "declined" in checks[1]) == (False, True)
    with Kycaid(SANDBOX_KEY, base_url=sandbox.url) as client:
        assert [client.applicants.get(one.applicant_id).dob for one in of_server] == [one.born for one in CUSTOMERS]
