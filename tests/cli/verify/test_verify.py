"""``kycaid verify`` as a user runs it, after ``kycaid upload``, against a server that shares no code with it."""

import csv
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kycaid_async import LedgerError
from kycaid_async.bulk.ledger import VerificationEntries
from kycaid_async.cli.app import app
from tests.bulk.manifests import new, row, with_pictures, write_csv
from tests.pictures import picture

FORM, OTHER_FORM = "c" * 36, "d" * 36
COUNT = 6
UPLOAD_FIRST = "Upload its rows with this ledger first; --partial (partial=True) starts it without."
KEYS = {
    *("kind", "lines", "keys", "status", "applicant_id", "form_id", "verification_id", "candidates", "attempts"),
    *("seconds", "note", "reason", "what_to_do"),
}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it sends signals, and uses terminals")


@pytest.fixture
def environment(clean_environment, oracle):
    return {"KYCAID_API_KEY": oracle.key, "KYCAID_BASE_URL": oracle.url}


@pytest.fixture
def command_of(kycaid_within, environment):
    def run(name, *arguments):
        return kycaid_within(name, *arguments, **environment)

    return run


@pytest.fixture
def people(portal, oracle, tmp_path) -> Path:
    """A manifest of two rows for each of two applicants that are there, and two for applicants to make."""
    folder = with_pictures(tmp_path / "work", *(f"{n}.png" for n in range(COUNT)))
    for n in range(COUNT):
        (folder / f"{n}.png").write_bytes(picture(400 + n))
    applicants = portal.call(oracle.applicants, 2)
    rows = [
        row(applicant_id=applicants[n // 2], document_number=f"N{n}", front_side=f"{n}.png", key=f"k{n}")
        for n in range(COUNT - 2)
    ]
    made = [new(f"e-{n}", front_side=f"{n}.png") for n in range(COUNT - 2, COUNT)]
    return write_csv(folder / "people.csv", [*rows, *made])


@pytest.fixture
def uploaded(command_of, people) -> Path:
    done = command_of("upload", people)
    assert done.returncode == 0, done.stderr
    return people


def started(oracle):
    return oracle.read("SELECT count(*) FROM verifications")[0][0]


def test_it_starts_one_for_each_applicant_and_a_second_run_starts_none(command_of, uploaded, oracle):
    done = command_of("verify", uploaded, "--form", FORM, "--yes")
    assert (done.returncode, done.stdout) == (0, "4 verifications: 4 started.\n"), done.stderr
    again = command_of("verify", uploaded, "--form", FORM)
    assert (again.returncode, again.stdout) == (0, "Nothing was started. 4 verifications: 4 done before.\n")
    assert started(oracle) == 4


def test_upload_verify_results_and_audit_also_run_in_one_process(environment, people, oracle, tmp_path):
    def run(name, *arguments):
        done = CliRunner().invoke(app, [name, str(people), *arguments], env=environment)
        return done.exit_code, done.stdout

    assert run("upload")[0] == 0
    code, told = run("verify", "--form", FORM, "--dry-run")
    assert (code, told.splitlines()[-1]) == (
        0,
        "Nothing was started, this was a dry run. 4 verifications: 4 to start.",
    )
    assert run("verify", "--form", FORM, "--max-verifications", "2", "--yes")[0] == 2
    assert run("verify", "--form", FORM, "--limit", "1", "--yes", "--json")[0] == 1
    code, told = run("verify", "--form", FORM, "--yes")
    assert (code, told) == (0, "4 verifications: 3 started, 1 done before.\n")
    assert started(oracle) == 4
    code, told = run("results", "--json", "--report", str(tmp_path / "job.html"), "-o", str(tmp_path / "verdicts.csv"))
    assert code in {0, 3}
    assert len(told.splitlines()) >= 4
    assert (tmp_path / "verdicts.csv").read_text(encoding="utf-8-sig").count("\n") == 5
    assert run("audit", "--report", str(tmp_path / "audit.html"))[0] == 0


def test_a_dry_run_says_for_whom_and_why_not_the_others_and_starts_none(command_of, uploaded, oracle):
    with uploaded.open("a") as file:
        file.write(uploaded.read_text().splitlines()[1].replace("N0", "N99").replace("k0", "k99") + "\n")
    done = command_of("verify", uploaded, "--form", FORM, "--dry-run")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"lines 2, 3, 8 (k0): not delivered: 1 of its 3 rows are not delivered: 1 never sent. {UPLOAD_FIRST}",
        "lines 4, 5 (k2): to start",
        "line 6 (e-4): to start",
        "line 7 (e-5): to start",
        "Nothing was started, this was a dry run. 4 verifications: 3 to start, 1 not delivered.",
    ]
    assert started(oracle) == 0


def test_where_nobody_can_be_asked_and_nobody_said_yes_nothing_is_started(command_of, uploaded, oracle):
    done = command_of("verify", uploaded, "--form", FORM)
    assert (done.returncode, done.stdout) == (2, "")
    assert "4 verifications would be started, and each costs a fee: say --yes, or look with --dry-run" in done.stderr
    assert started(oracle) == 0


def on_a_terminal(command, environment, *arguments, answer):
    """Run it on a terminal on which somebody answers, and return what it wrote, and its exit code."""
    ours, theirs = pty.openpty()
    words = [*command, *map(str, arguments)]
    process = subprocess.Popen(words, env=environment | {"TERM": "xterm"}, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = ""
    with open(ours, "r+b", buffering=0) as terminal:
        while "[y/N]" not in shown:
            shown += terminal.read(65536).decode()
        terminal.write(answer)
        try:
            while piece := terminal.read(65536):
                shown += piece.decode()
        except OSError:  # Linux ends a terminal so that nobody writes to any more
            pass
    return shown, process.wait(timeout=30)


@pytest.mark.parametrize(("answer", "code", "number"), [(b"y\n", 0, 4), (b"n\n", 1, 0), (b"\n", 1, 0)])
def test_on_a_terminal_it_asks_once_with_the_number(
    command, clean_environment, environment, uploaded, oracle, answer, code, number
):
    words = ("verify", uploaded, "--form", FORM)
    shown, ended = on_a_terminal(command, clean_environment | environment, *words, answer=answer)
    assert shown.count("Start 4 verifications? Each costs a fee [y/N]") == 1
    assert (ended, started(oracle)) == (code, number)


def test_more_than_the_most_that_was_allowed_starts_none_and_a_limit_starts_some(command_of, uploaded, oracle):
    refused = command_of("verify", uploaded, "--form", FORM, "--yes", "--max-verifications", 3)
    assert (refused.returncode, started(oracle)) == (2, 0)
    assert "4 verifications would be started, which is more than --max-verifications 3: none was" in refused.stderr
    some = command_of("verify", uploaded, "--form", FORM, "--yes", "--limit", 3)
    assert (some.returncode, started(oracle)) == (1, 3)
    assert some.stdout == "3 verifications: 3 started; 1 applicants left.\n"


def test_json_has_an_object_for_each_and_one_with_the_sums(command_of, uploaded, oracle):
    done = command_of("verify", uploaded, "--form", FORM, "--yes", "--json")
    *rows, sums = map(json.loads, done.stdout.splitlines())
    assert all(set(found) == KEYS for found in rows)
    assert {found["verification_id"] for found in rows} == {
        made["id"] for made in oracle.read("SELECT id FROM verifications")
    }
    assert (sums["kind"], sums["started"], sums["left"], sums["ended"]) == ("summary", 4, 0, None)


def test_a_bad_row_starts_none_unless_partial_is_said(command_of, uploaded, oracle):
    with uploaded.open("a") as file:
        file.write("nonsense\n")
    done = command_of("verify", uploaded, "--form", FORM, "--yes")
    assert (done.returncode, started(oracle)) == (2, 0)
    assert "line 8: not delivered: " in done.stdout
    assert "nobody can tell whose they are" in done.stderr
    partial = command_of("verify", uploaded, "--form", FORM, "--yes", "--partial")
    assert (partial.returncode, started(oracle)) == (1, 4)


def test_the_uncertain_ones_are_set_aside_in_a_file_that_can_be_run(command_of, uploaded, portal, oracle):
    lost = {"on": ["verifications.create"], "acts": 0, "answers": ["reset"], "count": 1}
    portal.call(lambda: oracle.set(faults=[lost], view={"count": None}))
    done = command_of("verify", uploaded, "--form", FORM, "--yes", "--json")
    *rows, sums = map(json.loads, done.stdout.splitlines())
    assert (done.returncode, sums["uncertain"], sums["started"]) == (1, 1, 3), done.stderr
    aside = uploaded.with_name("people.uncertain.csv")
    (uncertain,) = (found for found in rows if found["status"] == "uncertain")
    with aside.open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [int(kept["line"]) for kept in found] == uncertain["lines"]
    assert all(uncertain["applicant_id"] in kept["error"] for kept in found)
    assert f"kycaid verify {aside}" in done.stderr.replace("'", "")
    assert "--on-uncertain create" in done.stderr
    portal.call(oracle.set)
    anew = command_of("verify", aside, "--form", FORM, "--yes", "--on-uncertain", "create")
    assert (anew.returncode, started(oracle)) == (0, 4), anew.stderr


def test_an_empty_balance_ends_it_with_advice(command_of, uploaded, portal, oracle):
    portal.call(lambda: oracle.set(balance=150))
    done = command_of("verify", uploaded, "--form", FORM, "--yes", "--concurrency", 1)
    assert (done.returncode, started(oracle)) == (1, 1)
    assert "without funds" in done.stdout
    assert "Run the same command again to go on" in done.stderr


def test_the_first_ctrl_c_finishes_what_is_in_flight(command, clean_environment, environment, uploaded, portal, oracle):
    slow = {"on": ["verifications.create"], "late": 2.0, "answers": ["own"]}
    portal.call(lambda: oracle.set(faults=[slow]))
    words = [*command, "verify", str(uploaded), "--form", FORM, "--yes", "--json"]
    process = subprocess.Popen(
        words, env=clean_environment | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not oracle.read("SELECT 1 FROM requests WHERE endpoint = 'verifications.create'"):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    sums = json.loads(out.splitlines()[-1])
    assert (process.returncode, sums["started"]) == (130, started(oracle)), err
    assert "finishing" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--form", "f"), "--form: the id of a form has 36 characters, and this one 1"),
        (("--ledger", "none"), "none: there is no such ledger"),
        (("--limit", "0"), "--limit"),
    ],
)
def test_options_that_cannot_work_are_refused_before_anything_is_sent(command_of, uploaded, arguments, told):
    done = command_of("verify", uploaded, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


def test_without_a_form_each_says_what_is_missing(command_of, uploaded, oracle):
    done = command_of("verify", uploaded)
    assert (done.returncode, started(oracle)) == (1, 0)
    first, *others, _sums = done.stdout.splitlines()
    assert "form_id: expected that of the run or of the row" in first
    assert [line.rpartition(": ")[2] for line in others] == ["as above"] * 3


def test_what_kept_many_from_being_started_is_said_once(environment, uploaded, portal, oracle):
    portal.call(lambda: oracle.set(refuses=[422, "insufficient_data"]))
    done = CliRunner().invoke(app, ["verify", str(uploaded), "--form", FORM, "--yes"], env=environment)
    first, *others, sums = done.stdout.splitlines()
    assert "with insufficient data: verifications.create: KYCAID refused" in first
    assert "Add what the form asks for" in first
    assert [line.rpartition(": ")[2] for line in others] == ["as above"] * 3
    assert (done.exit_code, sums) == (1, "4 verifications: 4 with insufficient data.")


def test_what_began_as_the_ledger_failed_is_not_said_to_be_nothing(environment, uploaded, oracle, monkeypatch):
    def full(*_):
        raise LedgerError("the ledger: the disk is full")

    monkeypatch.setattr(VerificationEntries, "created", full)
    words = ["verify", str(uploaded), "--form", FORM, "--yes", "--concurrency", "1"]
    done = CliRunner().invoke(app, words, env=environment)
    assert (done.exit_code, started(oracle)) == (1, 1)
    assert done.stdout == "Nothing is known to be started; 4 applicants left.\n"


def test_applicants_alone_are_not_paid_for_again_because_no_ledger_was_named(environment, portal, oracle, tmp_path):
    path = write_csv(tmp_path / "ids.csv", [{"applicant_id": id_} for id_ in portal.call(oracle.applicants, 2)])
    done = CliRunner().invoke(app, ["verify", str(path), "--form", FORM, "--yes"], env=environment)
    assert done.exit_code == 2
    assert "--ledger names the one that knows these applicants" in " ".join(done.output.split())
    assert started(oracle) == 0


def test_a_manifest_that_names_no_documents_names_applicants_who_are_there(environment, portal, oracle, tmp_path):
    ids = portal.call(oracle.applicants, 3)
    path = write_csv(tmp_path / "ids.csv", [{"key": f"k{n}", "applicant_id": id_} for n, id_ in enumerate(ids)])

    def run(*words):
        known = ["--ledger", str(tmp_path / "verifications.ledger")]
        done = CliRunner().invoke(app, [words[0], str(path), *known, *words[1:]], env=environment)
        return done.exit_code, done.output.splitlines()

    assert run("verify", "--form", FORM, "--dry-run")[1][0] == "line 2 (k0): to start"
    assert run("verify", "--form", FORM, "--yes") == (0, ["3 verifications: 3 started."])
    assert run("verify", "--form", FORM)[1] == ["Nothing was started. 3 verifications: 3 done before."]
    code, told = run("results", "--json")
    assert (code, [json.loads(line).get("keys") for line in told]) == (3, [["k0"], ["k1"], ["k2"], None])
    write_csv(path, [{"applicant_id": ids[0][:-1]}])
    code, told = run("verify", "--form", FORM, "--yes")
    assert code == 2
    reason = "applicant_id: expected 36 characters, got 35 characters"
    assert [line.split(". ")[0] for line in told if line.startswith("line")] == [f"line 2: not delivered: {reason}"]
    assert started(oracle) == 3


@pytest.mark.parametrize("name", ["ids.csv", "ids.jsonl"])
def test_an_applicant_that_stands_twice_gets_each_form_and_the_question_counts_both(
    environment, portal, oracle, tmp_path, name
):
    (ann,) = portal.call(oracle.applicants, 1)
    rows = [{"applicant_id": ann, "form_id": OTHER_FORM}, {"applicant_id": ann.upper(), "form_id": ""}]
    path = tmp_path / name
    path.write_text("".join(f"{json.dumps(found)}\n" for found in rows)) if path.suffix == ".jsonl" else write_csv(
        path, rows
    )

    def run(name, *words):
        known = ["--ledger", str(tmp_path / "verifications.ledger")]
        done = CliRunner().invoke(app, [name, str(path), *known, *words], env=environment)
        return done.exit_code, done.output.splitlines()

    code, told = run("verify", "--form", FORM, "--dry-run")
    first = 2 if path.suffix == ".csv" else 1
    assert (code, told) == (
        0,
        [
            f"line {first} ({ann}): to start (one of 2 verifications of this applicant, with form {OTHER_FORM})",
            f"line {first + 1} ({ann}): to start (one of 2 verifications of this applicant, with form {FORM})",
            "Nothing was started, this was a dry run. 2 verifications: 2 to start.",
        ],
    )
    code, told = run("verify", "--form", FORM)
    assert (code, "2 verifications would be started" in " ".join(told)) == (2, True)
    assert run("verify", "--form", FORM, "--yes") == (0, ["2 verifications: 2 started."])
    assert started(oracle) == 2
    assert len(run("results")[1]) >= 1
    for command in ("upload", "audit"):
        code, told = run(command)
        assert (code, f"so there is nothing to {command}; kycaid verify and kycaid results take it" in told[-1]) == (
            2,
            True,
        )


def test_rows_that_name_no_form_beside_others_that_do_are_told_of_before_money_is_spent(
    command_of, people, portal, oracle
):
    with people.open(newline="") as file:
        rows = list(csv.DictReader(file))
    write_csv(people, [found | {"form_id": OTHER_FORM if number == 0 else ""} for number, found in enumerate(rows)])
    assert command_of("upload", people).returncode == 0
    look = command_of("verify", people, "--form", FORM, "--dry-run")
    assert look.stdout.splitlines()[0] == (
        "lines 2, 3 (k0): to start (1 of its rows names no form, and goes by that of the others)"
    )
    done = command_of("verify", people, "--form", FORM, "--yes")
    assert (done.returncode, started(oracle)) == (0, 4)
    assert (
        "1 applicant with rows that name no form beside rows that do: all go by the form that is named." in done.stderr
    )


def test_types_may_be_named_in_place_of_a_form(command_of, uploaded, oracle):
    done = command_of("verify", uploaded, "--types", "document,facial", "--yes")
    assert (done.returncode, started(oracle)) == (0, 4), done.stderr
    bodies = [json.loads(found["body"]) for found in oracle.read("SELECT body FROM verifications")]
    assert {tuple(body["types"]) for body in bodies} == {("DOCUMENT", "FACIAL")}
