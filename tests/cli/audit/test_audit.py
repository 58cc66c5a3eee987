"""``kycaid audit`` as a user runs it, after ``kycaid upload``, against a server that shares no code with it."""

import csv
import json
import os
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.bulk.manifests import new, row, with_pictures, write_csv
from tests.pictures import picture

KEYS = {"kind", "line", "key", "status", "applicant_id", "document_ids", "reason", "what_to_do"}
COUNT = 12


@pytest.fixture
def command_of(kycaid, oracle):
    def run(name, *arguments):
        return kycaid(name, *arguments, KYCAID_API_KEY=oracle.key, KYCAID_BASE_URL=oracle.url)

    return run


@pytest.fixture
def people(portal, oracle, tmp_path) -> Path:
    """A manifest of some rows for applicants that are there, and one for an applicant to make."""
    folder = with_pictures(tmp_path / "work", *(f"{n}.png" for n in range(COUNT)))
    for n in range(COUNT):
        (folder / f"{n}.png").write_bytes(picture(400 + n))
    applicants = portal.call(oracle.applicants, COUNT // 2)
    rows = [
        row(applicant_id=applicants[n // 2], document_number=f"N{n}", front_side=f"{n}.png", key=f"=k{n}")
        for n in range(COUNT - 1)
    ]
    return write_csv(folder / "people.csv", [*rows, new("e-1", front_side=f"{COUNT - 1}.png")])


@pytest.fixture
def uploaded(command_of, people) -> Path:
    done = command_of("upload", people)
    assert done.returncode == 0, done.stderr
    long_ago(people.with_name("people.csv.ledger"))
    return people


def long_ago(ledger):
    """Let a later run have lasted for minutes: until then, what is missing could still be on its way."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
        connection.execute("INSERT INTO runs SELECT max(number) + 1, 300, '', 0, 0 FROM runs")


def documents(oracle):
    found = oracle.read("SELECT * FROM documents")
    return {json.loads(row["body"]).get("document_number"): row for row in found}


def table_in(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def copy(oracle, document, name):
    insert = "INSERT INTO documents VALUES (?, ?, ?, ?, ?, 0)"
    oracle.write(insert, name, document["applicant_id"], document["type"], document["body"], document["made"])


def test_an_upload_that_went_well_is_there_as_sent_and_leaves_nothing_behind(command_of, uploaded):
    before = sorted(path.name for path in uploaded.parent.iterdir())
    done = command_of("audit", uploaded)
    assert (done.returncode, done.stdout, done.stderr) == (0, "12 rows: 12 there as sent.\n", "")
    assert sorted(path.name for path in uploaded.parent.iterdir()) == before


@pytest.fixture
def spoilt(oracle, uploaded) -> Path:
    """One row is there twice, one is gone, one was changed, and one was not sent."""
    made = documents(oracle)
    copy(oracle, made["N0"], "late")
    oracle.write("DELETE FROM documents WHERE id = ?", made["N3"]["id"])
    oracle.write("UPDATE documents SET type = 'VISA' WHERE id = ?", made["N5"]["id"])
    cells = table_in(uploaded)[0] | {"key": "later"}
    with uploaded.open("a", newline="") as file:
        csv.DictWriter(file, list(cells)).writerow(cells)
    return uploaded


def test_each_row_that_is_not_there_as_sent_is_named_with_what_to_do(command_of, spoilt, oracle):
    done = command_of("audit", spoilt)
    assert done.returncode == 1
    *rows, sums = done.stdout.splitlines()
    assert sums == "13 rows: 9 there as sent, 1 there twice, 1 missing, 1 different, 1 not sent."
    lines = {line.split(":")[0]: line for line in rows}
    assert "there twice: beside document" in lines["line 2"]
    assert "delete document late there." in lines["line 2"]
    assert "missing: document" in lines["line 5"]
    assert "different: document" in lines["line 7"]
    assert "not sent: it was not sent with this ledger" in lines["line 14"]
    assert all("N" not in line.replace("No", "") for line in rows)


def test_json_has_an_object_a_row_with_the_same_keys_and_the_sums_at_the_end(command_of, spoilt):
    done = command_of("audit", spoilt, "--json")
    *rows, sums = map(json.loads, done.stdout.splitlines())
    assert len(rows) == 13
    assert all(set(one) == KEYS for one in rows)
    assert sorted(one["line"] for one in rows) == list(range(2, 15))
    expected = {"kind": "summary", "rows": 13, "as_sent": 9, "twice": 1, "missing": 1, "different": 1, "not_sent": 1}
    assert expected.items() <= sums.items()
    assert done.returncode == 1


def test_the_table_is_private_and_holds_no_formula_and_is_written_over_only_by_another_one(
    command_of, spoilt, tmp_path
):
    table = tmp_path / "audit.csv"
    assert command_of("audit", spoilt, "-o", table).returncode == 1
    assert table.stat().st_mode & 0o777 == 0o600
    rows = table_in(table)
    assert list(rows[0]) == ["line", "key", "status", "applicant_id", "document_ids", "reason", "what_to_do"]
    assert {one["key"] for one in rows} == {*(f"'=k{n}" for n in range(COUNT - 1)), "", "later"}
    [twice] = [one for one in rows if one["status"] == "twice"]
    assert twice["document_ids"].split()[1] == "late"
    assert command_of("audit", spoilt, "--csv", table).returncode == 1
    for other in (spoilt, spoilt.with_name("people.csv.ledger"), spoilt.with_name("0.png")):
        before = other.read_bytes()
        refused = command_of("audit", spoilt, "--csv", other)
        assert (refused.returncode, other.read_bytes()) == (2, before)


def test_the_page_names_the_rows_and_no_person(command_of, spoilt, tmp_path):
    assert command_of("audit", spoilt, "--report", tmp_path / "report.html").returncode == 1
    text = (tmp_path / "report.html").read_text()
    for part in ("Audit of people.csv", "there as sent", "beside document", "and what to do", "<td>14</td>"):
        assert part in text
    assert "=k" not in text


def test_what_cannot_be_told_has_an_exit_code_of_its_own(command_of, portal, uploaded, oracle):
    portal.call(lambda: oracle.set(view={"list": None}))
    done = command_of("audit", uploaded)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (3, "12 rows: 0 there as sent, 12 not to be told.")


def test_a_server_that_refuses_the_key_ends_it_with_the_reason(command_of, portal, uploaded, oracle):
    portal.call(lambda: oracle.set(key="another"))
    done = command_of("audit", uploaded)
    assert done.returncode == 3
    assert done.stdout == "12 rows: none was looked at.\n"
    assert "401" in done.stderr


@pytest.mark.parametrize("missing", ["ledger", "key", "manifest"])
def test_what_is_needed_is_named(missing, kycaid, uploaded, oracle):
    environment = {"KYCAID_API_KEY": oracle.key, "KYCAID_BASE_URL": oracle.url}
    if missing == "ledger":
        (uploaded.parent / "people.csv.ledger").unlink()
    elif missing == "key":
        environment["KYCAID_API_KEY"] = ""
    else:
        uploaded.write_text("nothing,of,a,manifest\n")
    done = kycaid("audit", uploaded, **environment)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_a_bad_row_is_named_and_the_others_are_told_of(command_of, uploaded):
    with uploaded.open("a") as file:
        file.write("too,few\n")
    done = command_of("audit", uploaded)
    assert done.returncode == 1
    assert done.stdout.splitlines()[0].startswith("line 14: not sent: it cannot be sent as it stands:")
    assert done.stdout.splitlines()[-1] == "13 rows: 12 there as sent, 1 not sent."


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_an_audit_that_is_cut_off_asks_for_the_rest_only(
    number, command, clean_environment, command_of, portal, uploaded, oracle
):
    state = uploaded.with_name("people.csv.audit")
    environment = clean_environment | {"KYCAID_API_KEY": oracle.key, "KYCAID_BASE_URL": oracle.url}
    answered = {"on": ["applicants.get"], "count": 3}
    portal.call(lambda: oracle.set(faults=[answered, {"on": ["applicants.get"], "answers": ["hang"]}]))
    process = subprocess.Popen(
        [*command, "audit", str(uploaded), "--concurrency", "1"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    while asked_for(oracle) < 4:
        assert process.poll() is None
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert number == signal.SIGKILL or b"Run the same command again within six hours" in said
    assert state.stat().st_mode & 0o777 == 0o600
    applicant = oracle.read("SELECT id FROM applicants")[0]["id"]
    assert not any(secret in state.read_bytes() for secret in (oracle.key.encode(), applicant.encode(), b"=k"))
    portal.call(oracle.set)
    done = command_of("audit", uploaded, "--json")
    sums = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, sums["as_sent"], sums["remembered"]) == (0, 12, 6)
    assert asked_for(oracle) == 4 + 4
    assert not state.exists()
    assert not os.path.lexists(f"{state}-journal")


def asked_for(oracle):
    return len(oracle.read("SELECT 1 FROM requests WHERE endpoint = 'applicants.get'"))


def test_help_says_what_the_exit_codes_mean(kycaid):
    shown = " ".join(kycaid("audit", "--help").stdout.split())
    assert "3 when something cannot be told" in shown
