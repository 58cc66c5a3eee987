"""``kycaid demo`` on specimens and on the user's own files."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kycaid_async.cli.app import app
from tests.cli.terminal import on_a_terminal

ESCAPE = "\x1b"


@pytest.fixture(scope="module")
def demo(kycaid):
    return kycaid("demo", "--json")


def test_the_demo_sends_forty_files_without_a_failure(demo):
    report = json.loads(demo.stdout)
    assert demo.returncode == 0
    assert report["failed"] == 0
    assert report["failures"] == []
    assert report["files"] == report["documents"] >= 40
    assert 0 < report["seconds"] < 60


def test_most_specimens_are_valid_and_all_are_reviewed(demo):
    counts = json.loads(demo.stdout)["documents_by_status"]
    assert set(counts) == {"valid", "invalid"}
    assert counts["valid"] > 2 * counts["invalid"]


def test_the_demo_decodes_six_decline_reasons_sorted_by_id(demo):
    reasons = json.loads(demo.stdout)["decline_reasons"]
    assert {reason["name"] for reason in reasons} >= {
        "AGE_RESTRICTION",
        "BAD_QUALITY",
        "DOCUMENT_DAMAGED",
        "DUPLICATE",
        "EXPIRED_DOCUMENT",
        "FAKE_DOCUMENT",
    }
    assert [reason["id"] for reason in reasons] == sorted(reason["id"] for reason in reasons)
    assert all(reason["meaning"] and reason["documents"] for reason in reasons)


def test_the_demo_goes_on_to_a_verdict_of_each_person(demo):
    assert json.loads(demo.stdout)["verdicts"] == {"passed": 8, "declined": 10}


def test_json_mode_says_nothing_else(demo):
    assert demo.stderr == ""


def test_the_specimens_are_gone_afterwards(demo, clean_environment):
    assert list(Path(clean_environment["TMPDIR"]).iterdir()) == []


def test_bad_files_of_a_folder_are_reported_and_stop_no_other(kycaid, folder):
    done = kycaid("demo", "--json", "--folder", folder)
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert (report["files"], report["documents"], report["failed"]) == (4, 2, 2)
    assert report["documents_by_status"] == {"invalid": 1, "valid": 1}
    assert [reason["name"] for reason in report["decline_reasons"]] == ["DOCUMENT_DAMAGED"]
    assert {failure["file"]: failure["error"].split(";")[0] for failure in report["failures"]} == {
        "notes.txt": "expected an image, a PDF or a video",
        "old/empty.pdf": "is empty",
    }


def test_a_piped_table_has_every_file_and_no_escape_codes(kycaid, folder):
    done = kycaid("demo", "--folder", folder, "--type", "drivers-license", FORCE_COLOR="1")
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line}
    assert ESCAPE not in done.stdout + done.stderr
    assert rows["good.jpg"].split() == ["good.jpg", "DRIVERS_LICENSE", "valid"]
    assert "25 DOCUMENT_DAMAGED: the document is physically damaged" in rows["old/cut.jpg"]
    assert "failed   is empty" in rows["old/empty.pdf"]
    assert done.stdout.splitlines()[-1].startswith("4 files, 2 documents, 1 declined, 2 failed: ")


def test_remarks_go_to_stderr(kycaid, good_folder):
    done = kycaid("demo", "--folder", good_folder)
    assert done.returncode == 0
    assert done.stderr.startswith("Sending to a sandbox on http://127.0.0.1:")
    assert "Sending" not in done.stdout


def test_a_name_that_is_an_escape_code_is_shown_as_harmless_text(kycaid, good_folder):
    (good_folder / "good.jpg").rename(good_folder / f"{ESCAPE}[31m[red].jpg")
    done = kycaid("demo", "--folder", good_folder)
    assert done.returncode == 0
    assert ESCAPE not in done.stdout
    assert "\N{REPLACEMENT CHARACTER}[31m[red].jpg" in done.stdout


def test_a_name_that_the_terminal_cannot_spell_does_not_end_the_program(kycaid, good_folder):
    (good_folder / "good.jpg").rename(good_folder / "\u8b77\u7167.jpg")
    done = kycaid("demo", "--folder", good_folder, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "??.jpg" in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are no text")
def test_a_name_that_is_no_text_is_sent_all_the_same(kycaid, good_folder):
    os.rename(good_folder / "good.jpg", os.fsencode(good_folder) + b"/caf\xe9.jpg")
    done = kycaid("demo", "--folder", good_folder, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["documents"] == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_of_eighty_columns_shows_progress_and_a_table_that_fits(command, clean_environment, folder):
    (folder / "good.jpg").rename(folder / f"a passport with a very long name {'x' * 60}.jpg")
    screen = on_a_terminal([*command, "demo", "--folder", str(folder)], clean_environment, columns=80)
    _, table = screen.split("Document ", 1)
    assert "Uploading files" in screen
    assert "4/4" in screen
    assert f"{ESCAPE}[?25h" in screen, "the cursor is back"
    assert max(len(re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip()) for line in table.splitlines()) <= 80
    assert re.search(r"a pass\w*…x+\.jpg ", table)


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["--folder", "missing"], "missing does not exist"),
        (["--folder", "a_file"], "a_file is not a folder"),
        (["--folder", "empty"], "empty has no files"),
        (["--folder", "empty", "--type", "nonsense"], "--type: expected one of ADDRESS_DOCUMENT"),
        (["--type", "PASSPORT"], "give --folder too"),
        (["--base-url", "https://example.test"], "KYCAID_API_KEY"),
    ],
)
def test_options_that_cannot_work_get_one_line_of_advice(tmp_path, monkeypatch, arguments, advice):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KYCAID_API_KEY", raising=False)
    (tmp_path / "a_file").touch()
    (tmp_path / "empty").mkdir()
    done = CliRunner().invoke(app, ["demo", *arguments])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith("kycaid: ")
    assert done.stderr.count("\n") == 1
    assert advice in done.stderr


def test_an_error_of_the_sdk_is_one_line(monkeypatch, good_folder):
    monkeypatch.setenv("KYCAID_API_KEY", "secret-key")
    done = CliRunner().invoke(app, ["demo", "--folder", str(good_folder), "--base-url", "http://example.test"])
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.startswith("kycaid: base_url: http://example.test would send the key")
    assert done.stderr.count("\n") == 1
    assert "secret-key" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_leaves_quietly_with_130_and_no_files(command, clean_environment):
    process = subprocess.Popen(
        [*command, "demo"], env=clean_environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    # The first remark comes when the specimens are drawn and the sandbox listens.
    assert process.stderr.readline().startswith("Sending")
    process.send_signal(signal.SIGINT)
    out, rest = process.communicate(timeout=20)
    assert process.returncode == 130
    assert (out, rest) == ("", "")
    assert list(Path(clean_environment["TMPDIR"]).iterdir()) == []


def test_its_table_names_each_document_with_its_status_and_reasons():
    done = CliRunner().invoke(app, ["demo"], env={"COLUMNS": "120"})
    assert done.exit_code == 0, done.stderr
    assert "54 files, 54 documents" in done.stdout
    assert "EXPIRED_DOCUMENT" in done.stdout
    assert "18 people: 8 passed, 10 declined" in done.stdout
    (doe,) = [line for line in done.stdout.splitlines() if line.startswith("John Doe")]
    assert doe.split()[2:5] == ["declined", "29", "COMPROMISED_PERSON:"]
