"""``kycaid ledger``: what is in a ledger, and how it is made fit to go on from."""

import asyncio
import shutil

import pytest
from typer.testing import CliRunner

from kycaid_async.bulk.ledger import Intent, Ledger
from kycaid_async.cli.app import app

SERVER = "https://api.kycaid.com"


def run(*arguments):
    return CliRunner().invoke(app, ["ledger", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def killed(tmp_path):
    """A ledger as a killed run leaves it."""

    async def write():
        ledger = await Ledger.open(tmp_path / "l", server=SERVER)
        intent = Intent(applicant_id="a" * 36, type="PASSPORT", file_ids={})
        for number in range(3):
            await ledger.intend_row(b"%d" % number, intent)
        ledger.created_row(b"0", "d" * 36)
        await ledger.intend_row(b"last", intent)
        (tmp_path / "killed").mkdir()
        for part in ("l", "l-wal", "l.key"):
            shutil.copy(tmp_path / part, tmp_path / "killed" / part)
        await ledger.close()

    asyncio.run(write())
    return tmp_path / "killed" / "l"


def test_show_says_what_is_in_a_ledger_and_that_it_is_fit(killed):
    done = run("show", killed)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"ledger: {killed}",
        "format: 5",
        f"server: {SERVER}",
        "times opened: 1",
        "rows: 1 created, 3 sent without an answer on record",
        "applicants: none",
        "files: 0",
        "verifications: none",
        "It is fit to go on from: repair would change nothing.",
    ]


def test_of_a_ledger_that_cannot_be_opened_show_names_the_problem_and_repair_mends_it(killed):
    killed.with_name("l-wal").unlink()
    shown = run("show", killed)
    assert shown.exit_code == 1
    assert "problem: " in shown.stdout
    assert f"`kycaid ledger repair {killed}` would keep" in shown.stdout
    promised = shown.stdout.partition("of what is listed above:\n")[2].splitlines()
    repaired = run("repair", killed)
    assert repaired.exit_code == 0
    assert f"The file as it was: {killed}.before-repair-1\n" in repaired.stdout
    assert "It is fit to go on from: run the same upload again." in repaired.stdout
    assert [line.strip() for line in promised] == repaired.stdout.splitlines()[4:8]
    again = run("show", killed)
    assert again.exit_code == 0
    assert "It may have gaps" in again.stdout
    assert "nothing was changed" in run("repair", killed).stdout


def test_what_somebody_has_to_decide_is_one_line(killed):
    killed.with_name("l.key").unlink()
    shown = run("show", killed).stdout.splitlines()[-1]
    assert shown.startswith(f"`kycaid ledger repair {killed}` would change nothing, and say: l: its secret, the file")
    done = run("repair", killed)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "repair with --new-secret" in done.stderr
    assert run("repair", killed, "--new-secret").exit_code == 0


def test_of_a_ledger_with_a_secret_from_the_key_show_says_so_and_needs_no_key(tmp_path):
    async def write():
        await (await Ledger.open(tmp_path / "l", server=SERVER, api_key="k" * 36, secret_from="api-key")).close()

    asyncio.run(write())
    done = run("show", tmp_path / "l")
    assert done.exit_code == 0
    assert "secret: from the API key that it was made with\n" in done.stdout
    assert "nothing was changed" in run("repair", tmp_path / "l").stdout
    assert "may have gaps" in run("repair", tmp_path / "l", "--new-secret").stdout


def test_a_ledger_that_is_not_there_is_named(tmp_path):
    done = run("show", tmp_path / "none")
    assert (done.exit_code, done.stderr) == (1, "kycaid: none: there is no ledger [LedgerError]\n")


def test_of_a_file_that_never_was_a_ledger_no_repair_is_offered(tmp_path):
    (tmp_path / "people.csv").write_text("applicant_id,type\n")
    shown = run("show", tmp_path / "people.csv")
    assert shown.exit_code == 1
    assert shown.stdout.splitlines()[-2:] == [
        "problem: people.csv: is not a ledger [LedgerError]",
        f"`kycaid ledger repair {tmp_path / 'people.csv'}` would change nothing.",
    ]
    done = run("repair", tmp_path / "people.csv", "--base-url", SERVER)
    assert (done.exit_code, done.stderr) == (1, "kycaid: people.csv: is not a ledger [LedgerError]\n")
    assert (tmp_path / "people.csv").read_text() == "applicant_id,type\n"
