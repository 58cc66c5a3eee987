"""``kycaid`` over a manifest with a ledger in a database, from the upload to the audit, and with workers."""

import csv
import json
import subprocess

import pytest

from tests.bulk.ledger.shared import ledger_url, postgresql, sql  # noqa: F401 - fixtures
from tests.bulk.manifests import new, row, with_pictures, write_csv
from tests.pictures import picture

FORM = "c" * 36
COUNT = 6


@pytest.fixture
def people(portal, oracle, tmp_path):
    folder = with_pictures(tmp_path / "work", *(f"{n}.png" for n in range(COUNT)))
    for n in range(COUNT):
        (folder / f"{n}.png").write_bytes(picture(400 + n))
    (applicant,) = portal.call(oracle.applicants, 1)
    rows = [row(applicant_id=applicant, document_number=f"N{n}", front_side=f"{n}.png") for n in range(2)]
    return write_csv(folder / "people.csv", [*rows, *(new(f"e-{n}", front_side=f"{n}.png") for n in range(2, COUNT))])


@pytest.fixture
def run(command, clean_environment, oracle, ledger_url):  # noqa: F811 - a fixture
    def run(*arguments, **environment):
        known = {"KYCAID_API_KEY": oracle.key, "KYCAID_BASE_URL": oracle.url, "KYCAID_LEDGER_URL": ledger_url}
        words, env = [*command, *map(str, arguments)], clean_environment | known | environment
        # Workers take some seconds to start, and many on a machine with other work.
        done = subprocess.run(words, env=env, capture_output=True, encoding="utf-8", timeout=300, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


def statuses(done, name="status"):
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return sorted(line[name] for line in lines if line["kind"] != "summary")


def test_all_commands_share_a_ledger_and_those_that_send_have_workers(run, people, tmp_path):
    uploaded = run("upload", people, "--workers", 2, "--json")
    assert (uploaded.returncode, statuses(uploaded)) == (0, ["created"] * COUNT), uploaded.stderr
    again = run("upload", people)
    assert "Nothing to do: all 6 rows were done before." in again.stdout
    looked = run("verify", people, "--form", FORM, "--dry-run", "--json")
    assert (looked.returncode, statuses(looked)) == (0, ["to_start"] * 5), looked.stderr
    verified = run("verify", people, "--form", FORM, "--yes", "--json", "--workers", 2)
    assert (verified.returncode, statuses(verified)) == (0, ["started"] * 5), verified.stderr
    told = run("results", people, "-o", tmp_path / "verdicts.csv")
    assert told.returncode == 3, told.stderr
    with (tmp_path / "verdicts.csv").open(encoding="utf-8-sig") as file:
        assert [line["verdict"] for line in csv.DictReader(file)] == ["pending"] * 5
    audited = run("audit", people)
    assert audited.returncode == 0, audited.stdout
    assert not people.with_name("people.csv.ledger").exists()


@pytest.mark.parametrize(("name", "code"), [("results", 1), ("audit", 3)])
def test_where_the_database_has_no_ledger_it_is_said(run, people, name, code):
    done = run(name, people)
    assert done.returncode == code
    assert "there is no ledger yet" in done.stderr


def test_verifications_with_workers_need_a_ledger_that_they_can_share(run, people):
    done = run("verify", people, "--form", FORM, "--workers", 2, KYCAID_LEDGER_URL="")
    assert done.returncode == 2
    assert "--ledger-url" in done.stderr
