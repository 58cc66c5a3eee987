"""``kycaid upload``: every row arrives once, and what does not is named."""

import csv
import errno
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import anyio
import anyio.to_thread
import fsspec
import pytest
from anyio.from_thread import start_blocking_portal
from typer.testing import CliRunner

from kycaid_async import BulkResult, BulkRow, BulkStatus, KycaidError
from kycaid_async.bulk.manifest.check import ManifestCheck
from kycaid_async.bulk.row import BulkSummary
from kycaid_async.cli.app import app
from kycaid_async.cli.credentials import KEY_IS_NEEDED
from kycaid_async.cli.upload.ending import advice, exit_code
from kycaid_async.cli.upload.options import options_of
from kycaid_async.cli.upload.run import run
from kycaid_async.cli.upload.stats import UploadStats, look_for
from kycaid_async.sandbox import Sandbox
from tests.bulk.manifests import APPLICANT, new, row, with_pictures, write_csv, write_jsonl
from tests.cli import bad_rows
from tests.cli.slow_server import slow_server, told
from tests.cli.terminal import on_a_terminal
from tests.pictures import picture

KEY = "k" * 36
ESCAPE = "\x1b"
OPTIONS = {
    "concurrency": 2,
    "api_key": KEY,
}


@pytest.fixture
def upload(monkeypatch):
    """Run the command in this process and return what came of it."""
    monkeypatch.setenv("KYCAID_API_KEY", KEY)

    def upload(*arguments, server="http://127.0.0.1:9", **environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(app, ["upload", *map(str, arguments), "--base-url", server], catch_exceptions=False)

    return upload


@pytest.fixture
def server():
    with slow_server() as made:
        yield made


@pytest.fixture(scope="module")
def sandbox():
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(Sandbox()) as made:
        yield made


@pytest.fixture
def people(tmp_path) -> Path:
    """A manifest of five rows with a picture each."""
    folder = with_pictures(tmp_path / "work", *(f"{n}.png" for n in range(5)))
    for n in range(5):
        (folder / f"{n}.png").write_bytes(picture(400 + n))
    return write_csv(folder / "people.csv", [row(document_number=str(n), front_side=f"{n}.png") for n in range(5)])


def numbers(server):
    return sorted(document["document_number"] for document in server.documents)


def objects(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


# All is well.


def test_every_row_becomes_a_document_and_a_second_run_does_nothing_and_says_so(upload, server, people):
    first = upload(people, server=server.url)
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.stdout.startswith("5 rows: 5 created.\n5 files uploaded (2 kB); ")
    assert numbers(server) == list("01234")
    second = upload(people, server=server.url)
    assert (second.exit_code, second.stderr, len(server.documents)) == (0, "", 5)
    assert second.stdout == "Nothing to do: all 5 rows were done before.\n"


def test_a_ledger_in_which_a_killed_run_wrote_nothing_is_as_good_as_none(upload, server, people):
    people.with_name("people.csv.ledger").touch()
    for arguments in (["--dry-run"], [], []):
        done = upload(people, *arguments, server=server.url)
        assert done.exit_code == 0, done.stderr


def test_another_key_is_another_account_unless_it_is_said_to_be_the_same(upload, server, people, monkeypatch):
    assert upload(people, server=server.url).exit_code == 0
    monkeypatch.setenv("KYCAID_API_KEY", "another" * 5)
    refused = upload(people, server=server.url)
    assert (refused.exit_code, refused.stdout) == (1, "Nothing was sent.\n")
    assert "another API key" in refused.stderr
    assert "--same-account" in refused.stderr
    told = upload(people, "--same-account", server=server.url)
    assert (told.exit_code, told.stdout) == (0, "Nothing to do: all 5 rows were done before.\n")


def test_a_ledger_with_a_secret_from_the_key_outlives_a_change_of_the_key(upload, server, people, monkeypatch):
    ledger = people.with_name("people.csv.ledger")
    assert upload(people, "--ledger-secret", "api-key", server=server.url).exit_code == 0
    assert not ledger.with_name(f"{ledger.name}.key").exists()
    assert "all 5 rows were done before" in upload(people, server=server.url).stdout
    monkeypatch.setenv("KYCAID_API_KEY", "another" * 5)
    for arguments in ([], ["--same-account"], ["--same-account", "--dry-run"]):
        refused = upload(people, *arguments, server=server.url)
        assert (refused.exit_code, refused.stdout) == (1, "Nothing was sent.\n")
        assert "KYCAID_LEDGER_KEY" in refused.stderr
        assert KEY not in refused.stderr
    told = upload(people, "--same-account", server=server.url, KYCAID_LEDGER_KEY=KEY)
    assert (told.exit_code, told.stdout) == (0, "Nothing to do: all 5 rows were done before.\n")
    assert len(server.documents) == 5
    server.revoked_after = 0
    audited = CliRunner().invoke(app, ["audit", str(people), "--base-url", server.url])
    assert "Check the API key" in audited.stderr  # the ledger was opened, and the server was asked
    assert KEY.encode() not in ledger.read_bytes()


def test_a_ledger_with_a_secret_file_is_refused_with_one_from_the_key(upload, server, people):
    assert upload(people, server=server.url).exit_code == 0
    for arguments in ([], ["--dry-run"]):
        refused = upload(people, "--ledger-secret", "api-key", *arguments, server=server.url)
        assert refused.exit_code == 1
        assert "was made with a secret from the file people.csv.ledger.key" in refused.stderr


def test_json_is_an_object_per_row_and_a_last_one_with_the_sums(upload, server, people):
    done = upload(people, "--json", server=server.url)
    *rows, summary = objects(done)
    assert (done.exit_code, done.stderr) == (0, "")
    assert sorted(found["line"] for found in rows) == [2, 3, 4, 5, 6]
    assert {(found["kind"], found["status"], found["error"]) for found in rows} == {("row", "created", None)}
    assert all(found["document_id"] and found["file_ids"]["front_side"] for found in rows)
    assert (summary["kind"], summary["rows"], summary["created"], summary["failed"]) == ("summary", 5, 5, 0)


def test_remote_files_arrive_as_others_do(upload, server, tmp_path):
    fsspec.filesystem("memory").pipe({f"/upload/{n}.png": picture(300_000 + n) for n in range(3)})
    rows = [row(document_number=str(n), front_side=f"memory://upload/{n}.png") for n in range(3)]
    done = upload(write_csv(tmp_path / "people.csv", rows), "--json", "--allow-protocol", "memory", server=server.url)
    *rows, summary = objects(done)
    assert (done.exit_code, summary["created"], summary["files"]) == (0, 3, 3)
    assert sum(found["bytes"] for found in rows) == 900_003


def test_rows_that_are_done_need_their_files_no_more(upload, server, people):
    upload(people, server=server.url)
    for n in range(5):
        (people.parent / f"{n}.png").unlink()
    done = upload(people, server=server.url)
    assert (done.exit_code, done.stdout) == (0, "Nothing to do: all 5 rows were done before.\n")


def test_a_dry_run_says_what_would_be_done_and_needs_no_key_and_leaves_nothing(upload, server, people, monkeypatch):
    upload(write_csv(people.with_name("some.csv"), [row(document_number="0", front_side="0.png")]), server=server.url)
    for part in ("", ".key"):
        people.with_name(f"some.csv.ledger{part}").rename(people.with_name(f"people.csv.ledger{part}"))
    before = sorted(path.name for path in people.parent.iterdir())
    monkeypatch.delenv("KYCAID_API_KEY")
    done = upload(people, "--dry-run", server=server.url)
    assert done.stdout == "Nothing was sent, this was a dry run. 5 rows: 4 to send, 1 done before.\n"
    assert (done.exit_code, len(server.documents)) == (0, 1)
    assert sorted(path.name for path in people.parent.iterdir()) == before


def test_a_manifest_without_rows_says_that_it_has_none(upload, people):
    people.write_text("applicant_id,type,front_side\n")
    done = upload(people)
    assert (done.exit_code, done.stdout) == (0, f"Nothing to do: {people} has no rows.\n")


def test_the_advice_on_uncertain_rows_is_what_can_help(people):
    account = UploadStats(manifest=people, server="")
    account.begin(BulkSummary())

    def note(applicant_id):
        found = BulkRow(document={}, applicant_id=APPLICANT)
        result = BulkResult(row=found, status=BulkStatus.UNCERTAIN, applicant_id=applicant_id, error=KycaidError())
        account.note(result)
        account.summary.count(result)
        return list(advice(options_of(people, **OPTIONS), account, number=0, error=None))

    again, anew = note(APPLICANT)
    assert "1 sent a document that got no answer" in again
    assert "Run the same command again later" in again
    assert "--on-uncertain create" in anew
    documents, applicants, _ = note(None)
    assert documents == again
    assert "1 sent an applicant that got no answer" in applicants
    assert "dashboard" in applicants
    assert "again later" not in applicants


# Bad rows.


def test_when_a_row_is_bad_nothing_is_sent_and_every_bad_row_is_named(upload, server, people):
    write_csv(people, [row(front_side="0.png"), row(type="NONE"), row(front_side="none.png")])
    done = upload(people, server=server.url)
    first, second, total = done.stdout.splitlines()
    assert first == "line 3: bad: type: expected a document type of the reference, got another word"
    assert second.startswith("line 4: bad: front_side: expected an image, a PDF or a video, got one that cannot be")
    assert total == "3 rows, 2 of them bad: nothing was sent."
    assert done.stderr == "Correct these rows, or send the others with --on-error continue.\n"
    assert (done.exit_code, server.documents) == (2, [])


def test_of_one_row_that_is_bad_there_are_no_others(upload, server, people):
    write_csv(people, [row(type="NONE")])
    done = upload(people, server=server.url)
    assert done.stdout.splitlines()[-1] == "1 row, 1 of them bad: nothing was sent."
    assert done.stderr == "Correct these rows.\n"


def test_each_of_thirty_kinds_of_bad_rows_is_named_and_all_good_rows_arrive(upload, sandbox, tmp_path):
    """The table is in ``bad_rows``."""
    bad_rows.make_files(with_pictures(tmp_path, "good.png", "front.png"))
    expected, good = bad_rows.write(tmp_path / "people.csv")
    options = ("--on-error", "continue", "--json", "--allow-protocol", "memory")
    done = upload(tmp_path / "people.csv", *options, server=sandbox.url, KYCAID_API_KEY=sandbox.api_key)
    *rows, summary = objects(done)
    reasons = {found["line"]: found["error"] for found in rows if found["status"] == "bad"}
    assert len(expected) >= 30
    assert {line: reasons.get(line, "")[: len(reason)] for line, reason in expected.items()} == expected
    assert (summary["bad"], summary["created"], summary["failed"]) == (len(expected), good, 0)
    assert done.exit_code == 1
    rejects = (tmp_path / "people.rejects.csv").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    assert [int(line.split(",")[0]) for line in rejects[1:]] == list(expected)


def test_what_rows_may_read_is_said_in_the_command_for_the_rejects_too(upload, server, tmp_path):
    path = write_csv(with_pictures(tmp_path) / "people.csv", [row(type="NONE"), row()])
    allowed = ["--allow-outside", tmp_path, "--allow-urls", "--allow-protocol", "FTP", "--allow-host", "10.0.0.0/8"]
    done = upload(path, "--on-error", "continue", *allowed, server=server.url)
    assert f" --allow-outside {tmp_path} --allow-urls --allow-protocol ftp --allow-host 10.0.0.0/8\n" in done.stderr


def test_rejects_that_were_corrected_are_run_again_with_the_same_ledger(upload, sandbox, tmp_path):
    with_pictures(tmp_path)
    rows = [new(f"p{n}", document_number=str(n), type="NONE" if n % 2 else "PASSPORT") for n in range(6)]
    # A second document of an applicant that is made already: another ledger would make the applicant again.
    rows.append(new("p0", type="VIDEOS"))
    path = write_csv(tmp_path / "people.csv", rows)
    options = {"server": sandbox.url, "KYCAID_API_KEY": sandbox.api_key}
    first = upload(path, "--on-error", "continue", **options)
    rejects = tmp_path / "people.rejects.csv"
    assert first.exit_code == 1
    assert f"correct {rejects} and run: kycaid upload {rejects} --ledger {path}.ledger" in first.stderr
    rejects.write_text(rejects.read_text().replace(",NONE,", ",PASSPORT,").replace(",VIDEOS,", ",VIDEO,"))
    second = upload(rejects, "--json", **options)
    *_, summary = objects(second)
    assert (second.exit_code, summary["created"], summary["applicants"]) == (0, 4, 3)
    assert not (tmp_path / "people.rejects.csv.ledger").exists()


@pytest.mark.parametrize("name", ["people.txt", "people.uncertain.txt", "people.rejects-2.txt"])
def test_rows_that_were_saved_in_another_format_begin_no_ledger_of_their_own(name, upload, server, people):
    assert upload(people, server=server.url).exit_code == 0
    people.rename(people.with_name(name))
    known = people.with_name("people.csv.ledger")
    done = upload(people.with_name(name), server=server.url)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert f"there is no such ledger, only {known}. With a new one, rows that it knows would be sent" in done.stderr
    again = upload(people.with_name(name), "--ledger", known, server=server.url)
    assert (again.exit_code, numbers(server)) == (0, list("01234"))
    assert "all 5 rows were done before" in again.stdout


def test_rows_that_were_set_aside_begin_no_ledger_where_that_of_their_manifest_is_missing(upload, server, people):
    aside = people.rename(people.with_name("people.uncertain.csv"))
    done = upload(aside, server=server.url)
    assert (done.exit_code, numbers(server)) == (2, [])
    assert "go on with that of their manifest: name it with --ledger" in done.stderr
    new = people.with_name("new.ledger")
    assert upload(aside, "--ledger", new, server=server.url).exit_code == 0


def test_a_ledger_of_another_manifest_in_the_same_folder_is_in_nobody_s_way(upload, server, people):
    for name in ("others.csv.ledger", "people.2026.csv.ledger", "my-people.csv.ledger"):
        people.with_name(name).touch()
    assert upload(people, server=server.url).exit_code == 0


def test_a_row_that_the_server_refuses_is_set_aside_with_the_reason_and_without_its_text(upload, server, people):
    server.refused = "3"
    done = upload(people, "--on-error", "continue", server=server.url)
    assert done.exit_code == 1
    assert done.stdout.startswith("line 5: failed: documents.create: KYCAID refused the request (HTTP 422")
    (reject,) = csv.DictReader(people.with_name("people.rejects.csv").read_text().splitlines())
    assert (reject["line"], reject["document_number"]) == ("5", "3")
    assert "HTTP 422" in reject["error"]
    assert "Canary" not in done.output + reject["error"]
    assert numbers(server) == list("0124")


def test_by_default_it_stops_at_the_first_row_that_fails(upload, server, people):
    server.refused = "0"
    done = upload(people, "--concurrency", "1", server=server.url)
    assert done.exit_code == 1
    assert done.stdout.startswith("line 2: failed: documents.create")
    assert "5 rows: 0 created, 1 failed, 4 left." in done.stdout
    assert done.stderr.splitlines()[0] == "kycaid: stopped at the first row that failed"
    assert not people.with_name("people.rejects.csv").exists()


def test_json_lines_have_their_rejects_as_json_lines(upload, server, people):
    path = write_jsonl(
        people.with_name("people.jsonl"), [row(front_side="0.png"), row(type="NONE", document_number="7")]
    )
    done = upload(path, "--on-error", "continue", server=server.url)
    assert (done.exit_code, len(server.documents)) == (1, 1)
    (reject,) = map(json.loads, people.with_name("people.rejects.jsonl").read_text().splitlines())
    assert (reject["line"], reject["document_number"]) == (2, "7")


def test_of_what_an_earlier_run_may_have_sent_no_time_is_made_up():
    result = BulkResult(row=BulkRow(document={"type": "PASSPORT"}), status=BulkStatus.UNCERTAIN, sent_before=True)
    assert look_for(result) == "Look for its applicant, sent by an earlier run, if at all."
    result.applicant_id = APPLICANT
    assert look_for(result) == f"Look for a PASSPORT of applicant {APPLICANT}, sent by an earlier run, if at all."


def test_a_row_that_is_uncertain_goes_to_a_file_that_says_what_to_look_for_and_can_be_run(
    upload, server, people, monkeypatch
):
    monkeypatch.setattr("kycaid_async.bulk.run.BulkRun._settle_after", lambda _: 0.0)
    server.lost = "2"
    done = upload(people, server=server.url)
    assert done.exit_code == 1
    path = people.with_name("people.uncertain.csv")
    (found,) = csv.DictReader(path.read_text().splitlines())
    assert (found["line"], found["document_number"]) == ("4", "2")
    assert f"Look for a PASSPORT of applicant {APPLICANT}, sent between " in found["error"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert f"The uncertain rows are in {path}, each with what to look for." in done.stderr
    again = upload(path, "--on-uncertain", "create", server=server.url)
    assert (again.exit_code, len(server.documents)) == (0, 6)


@pytest.fixture
def unwritable(people, monkeypatch):
    """Let nothing be written into the folder of the manifest: the file system is for reading only."""
    may, opened = os.access, os.open

    def access(path, mode, **options):
        return may(path, mode, **options) and not (mode & os.W_OK and Path(path) == people.parent)

    def refuse(path, flags, *mode, **options):
        if flags & os.O_CREAT and isinstance(path, str | os.PathLike) and Path(path).parent == people.parent:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return opened(path, flags, *mode, **options)

    monkeypatch.setattr(os, "access", access)
    monkeypatch.setattr(os, "open", refuse)
    return people


def test_in_a_folder_that_cannot_be_written_rows_are_set_aside_beside_the_ledger(
    upload, server, unwritable, tmp_path, monkeypatch
):
    monkeypatch.setattr("kycaid_async.bulk.run.BulkRun._settle_after", lambda _: 0.0)
    before = sorted(unwritable.parent.iterdir())
    (tmp_path / "x").mkdir()
    server.lost, server.refused = "2", "3"
    options = ("--ledger", tmp_path / "x/ro.ledger", "--on-error", "continue")
    done = upload(unwritable, *options, server=server.url)
    assert done.stdout.splitlines()[-2] == "5 rows: 3 created, 1 failed, 1 uncertain.", done.stderr
    for mark, line in (("uncertain", "4"), ("rejects", "5")):
        path = tmp_path / f"x/people.{mark}.csv"
        (found,) = csv.DictReader(path.read_text().splitlines())
        assert found["line"] == line
        assert f"{path} stands elsewhere" in done.stderr
    assert sorted(unwritable.parent.iterdir()) == before
    again = upload(unwritable, *options, server=server.url)
    assert "3 done before" in again.stdout, again.stderr


def test_with_no_ledger_elsewhere_rows_are_set_aside_where_somebody_works(unwritable, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = options_of(unwritable, **OPTIONS)
    assert options.uncertain.resolve() == tmp_path / "people.uncertain.csv"
    assert options.rejects.resolve() == tmp_path / "people.rejects.csv"


def test_json_has_the_same_keys_for_all_rows(upload, server, people):
    server.refused = "1"
    write_csv(people, [row(front_side="0.png"), row(type="NONE"), row(document_number="1", front_side="1.png")])
    *rows, summary = objects(upload(people, "--json", "--on-error", "continue", server=server.url))
    assert {found["status"] for found in rows} == {"created", "bad", "failed"}
    assert len({tuple(found) for found in rows}) == 1
    assert summary["files_unused"] == 1


# What goes wrong on the way.


def test_a_key_that_is_revoked_half_way_is_one_line_and_the_next_run_goes_on(upload, server, people):
    server.revoked_after = 2
    done = upload(people, "--concurrency", "1", server=server.url)
    assert done.exit_code == 1
    told = done.stderr.splitlines()
    assert "Check the API key" in told[0]
    assert told[1:] == [f"What was done is recorded in {people}.ledger. Run the same command again to go on."]
    server.revoked_after = None
    assert upload(people, server=server.url).exit_code == 0
    assert numbers(server) == list("01234")


def test_a_file_that_vanishes_on_the_way_is_named_by_its_side(upload, server, people):
    server.on_first_file = (people.parent / "4.png").unlink
    done = upload(people, "--on-error", "continue", "--concurrency", "1", server=server.url)
    assert done.stdout.startswith("line 6: failed: front_side: cannot be opened (No such file or directory)\n")
    assert (done.exit_code, numbers(server)) == (1, list("0123"))


def test_a_ledger_in_use_is_one_line_and_nothing_is_sent(upload, server, people, kycaid_process):
    server.held = True
    process = kycaid_process("upload", people, "--base-url", server.url)
    assert server.waiting.acquire(timeout=20)
    done = upload(people, server=server.url)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"kycaid: {people.name}.ledger: is in use by another run.")
    assert done.stdout == "Nothing was sent.\n"
    server.release.set()
    process.communicate(timeout=20)
    assert process.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="others have no such names")
def test_a_report_about_names_and_keys_that_are_no_text_is_written_and_the_sums_are_told(upload, server, people):
    rows = [row(key=f"k{n}", front_side=f"{n}.png") for n in range(2)]
    odd = write_csv(people.with_name(os.fsdecode(b"people\xff.csv")), rows)
    odd.write_bytes(odd.read_bytes().replace(b"k1", b"k\xfe"))
    page = people.with_name("report.html")
    page.write_text("an older one", encoding="utf-8")
    done = upload(odd, "--report", page, "--on-error", "continue", server=server.url)
    assert done.stdout.splitlines()[1].startswith("2 rows: 1 created")
    assert "Upload of people?.csv" in page.read_text(encoding="utf-8")
    assert list(people.parent.glob("*.rejects.csv"))


@pytest.mark.skipif(sys.platform != "linux", reason="a full disk is a device there")
def test_a_report_that_cannot_be_written_is_one_line_and_all_else_is_done(upload, server, people):
    done = upload(people, "--report", "/dev/full", server=server.url)
    assert (done.exit_code, numbers(server)) == (1, list("01234"))
    assert done.stderr.splitlines()[0] == "kycaid: --report: /dev/full: No space left on device"
    assert "5 created" in done.stdout


def test_a_pipe_that_closes_ends_it_without_a_traceback_and_nothing_in_flight_is_lost(
    command, clean_environment, upload, server, people
):
    ours, theirs = os.pipe()
    os.close(ours)
    arguments = ["upload", str(people), "--json", "--base-url", server.url, "--concurrency", "1"]
    environment = clean_environment | {"KYCAID_API_KEY": KEY, "PYTHONUNBUFFERED": "1"}
    done = subprocess.run([*command, *arguments], env=environment, stdout=theirs, stderr=subprocess.PIPE, check=False)
    os.close(theirs)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    made = len(server.documents)
    assert made
    *_, summary = objects(upload(people, "--json", server=server.url))
    assert (summary["done_before"], summary["created"]) == (made, 5 - made)
    assert numbers(server) == list("01234")


def test_a_disk_that_is_full_for_the_rejects_is_one_line_and_the_next_run_goes_on(upload, server, people, monkeypatch):
    def add(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "people.rejects.csv")

    server.refused = "1"
    with monkeypatch.context() as full:
        full.setattr("kycaid_async.bulk.manifest.rejects.Rejects.add", add)
        done = upload(people, "--on-error", "continue", "--concurrency", "1", server=server.url)
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        "kycaid: people.rejects.csv: No space left on device",
        f"What was done is recorded in {people}.ledger. Run the same command again to go on.",
    ]
    assert upload(people, "--on-error", "continue", server=server.url).exit_code == 1
    assert numbers(server) == list("0234")


GOOD = [row(front_side=f"{n}.png", document_number=str(n)) for n in range(3)]
BAD = row(type="NONE", front_side="3.png")


@pytest.mark.parametrize(
    ("before", "after", "sent"),
    [
        (GOOD, [GOOD[0], BAD], {"0"}),
        (GOOD, GOOD[:2], {"0", "1"}),
        (GOOD, [], set()),
        (GOOD[:2], GOOD, {"0", "1", "2"}),
        ([GOOD[0], BAD, GOOD[2]], [GOOD[0], GOOD[1], GOOD[2]], {"0", "2"}),
    ],
)
def test_a_manifest_that_changes_after_the_check_is_noticed(before, after, sent, upload, server, people, monkeypatch):
    async def check_and_change(check):
        async for found in plainly(check):
            yield found
        people.write_text("".join(whole.splitlines(keepends=True)[:1]))
        if after:
            write_csv(people, after)

    write_csv(people, before)
    whole = people.read_text()
    plainly = ManifestCheck.rows
    monkeypatch.setattr(ManifestCheck, "rows", check_and_change)
    done = upload(people, "--on-error", "continue", server=server.url)
    assert done.exit_code == 1
    assert f"kycaid: {people}: changed while it was read; run the same command again" in done.stderr
    assert set(numbers(server)) == sent


def test_rows_that_nobody_looked_at_are_no_success(people):
    account = UploadStats(manifest=people, server="", rows=5)
    plan = options_of(people, **OPTIONS)
    assert exit_code(plan, account, number=0, error=None) == 0
    account.begin(BulkSummary(created=4))
    assert exit_code(plan, account, number=0, error=None) == 1
    account.begin(BulkSummary(created=5))
    assert exit_code(plan, account, number=0, error=None) == 0


# Ctrl-C.

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="stopped with POSIX signals")


@pytest.fixture
def kycaid_process(command, clean_environment):
    """Start the command in a process of its own."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [*command, *map(str, arguments)],
            env=clean_environment | {"KYCAID_API_KEY": KEY},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_the_first_ctrl_c_finishes_what_is_in_flight_and_the_next_run_goes_on(server, people, upload, kycaid_process):
    server.held = True
    page = people.with_name("report.html")
    process = kycaid_process("upload", people, "--base-url", server.url, "--concurrency", "2", "--report", page)
    for _ in range(2):
        assert server.waiting.acquire(timeout=20)
    process.send_signal(signal.SIGINT)
    assert told(process) == "finishing 2 in flight; press Ctrl-C again to stop at once\n"
    server.release.set()
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "5 rows: 2 created, 3 left." in out
    assert err.splitlines() == [
        "kycaid: interrupted (SIGINT)",
        f"What was done is recorded in {people}.ledger. Run the same command again to go on.",
    ]
    assert "interrupted (SIGINT)" in page.read_text()
    assert len(server.documents) == 2
    assert upload(people, server=server.url).stdout.startswith("5 rows: 3 created, 2 done before.")
    assert numbers(server) == list("01234")


def test_the_second_ctrl_c_stops_at_once(server, people, kycaid_process):
    server.held = True
    process = kycaid_process("upload", people, "--base-url", server.url, "--concurrency", "2")
    for _ in range(2):
        assert server.waiting.acquire(timeout=20)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        if told(process) != "finishing 2 in flight; press Ctrl-C again to stop at once\n":
            break
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "5 rows: 0 created, 5 left." in out
    assert "Traceback" not in err
    assert server.documents == []


@pytest.mark.parametrize("pause", [0.0, 0.01, 0.05])
def test_after_two_signals_the_ledger_is_fit_to_go_on_and_a_report_is_there(
    pause, server, people, kycaid_process, upload
):
    server.held = True
    page = people.with_name("report.html")
    process = kycaid_process("upload", people, "--base-url", server.url, "--concurrency", "2", "--report", page)
    for _ in range(2):
        assert server.waiting.acquire(timeout=20)
    process.send_signal(signal.SIGTERM)
    assert told(process) == "finishing 2 in flight; press Ctrl-C again to stop at once\n"
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(pause)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in err
    assert "interrupted (SIGTERM)" in page.read_text()
    done = upload(people, "--dry-run", server=server.url)
    assert done.stdout.endswith("5 rows: 3 to send, 2 sent before without an answer, to be settled.\n")


class Unwritable(io.StringIO):
    """A stream behind which there is nothing any more."""

    def __init__(self, number, *, terminal):
        super().__init__()
        self.number, self.isatty = number, lambda: terminal

    def write(self, _):
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize(
    ("number", "terminal"), [(errno.EIO, True), (errno.EIO, False), (errno.ENOSPC, False), (errno.EPIPE, False)]
)
def test_when_no_remark_can_be_written_the_first_ctrl_c_still_finishes_what_is_in_flight(
    number, terminal, server, people, upload, monkeypatch
):
    told = []

    async def next_signal():
        told.append(1)
        if len(told) == 2:
            server.release.set()
            await anyio.sleep_forever()
        for _ in range(2):
            await anyio.to_thread.run_sync(server.waiting.acquire)
        return signal.SIGINT

    server.held = True
    with monkeypatch.context() as closed:
        closed.setattr("sys.stderr", Unwritable(number, terminal=terminal))
        closed.setattr("kycaid_async.cli.frame.stop_signals", lambda: nullcontext(next_signal))
        code = run(options_of(people, **OPTIONS | {"base_url": server.url}))
    assert (code, len(told), len(server.documents)) == (130, 2, 2)
    assert upload(people, server=server.url).stdout.startswith("5 rows: 3 created, 2 done before.")
    assert numbers(server) == list("01234")


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_answered_and_reported_also_while_rows_are_checked(
    ended_by, server, people, kycaid_process
):
    rows = [row(type="NONE"), *[row(document_number=str(n), front_side="0.png") for n in range(20_000)]]
    page = people.with_name("report.html")
    process = kycaid_process(
        "upload",
        write_csv(people, rows),
        "--base-url",
        server.url,
        "--report",
        page,
        "--json",
        "--on-error",
        "continue",
    )
    assert process.stdout.readline()  # it is at work
    process.send_signal(ended_by)
    assert told(process) == "stopping; nothing was sent\n"
    process.communicate(timeout=30)
    assert process.returncode == 128 + ended_by
    assert f"interrupted ({ended_by.name})" in page.read_text()
    assert server.documents == []


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("module", ["typer", "rich", "kycaid_async.cli.upload.run"])
def test_a_signal_while_it_starts_ends_it_with_a_line_and_the_usual_code(
    ended_by, module, clean_environment, people, server
):
    """The signal comes while a module is imported, wherever that is."""
    program = (
        "import sys, os, importlib.abc\n"
        "class Tell(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name == {module!r} and sys.argv:\n"
        f"            os.kill(os.getpid(), {int(ended_by)})\n"
        "from kycaid_async.cli import main\n"
        "sys.meta_path.insert(0, Tell())\n"
        f"sys.argv = ['kycaid', 'upload', {str(people)!r}, '--base-url', {server.url!r}]\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=clean_environment | {"KYCAID_API_KEY": KEY},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (128 + ended_by, "")
    assert done.stderr.startswith("kycaid: interrupted")
    assert done.stderr.count("\n") == 1


def test_with_few_files_to_be_open_at_once_every_row_arrives_all_the_same(command, clean_environment, server, people):
    resource = pytest.importorskip("resource")
    for n in range(200):
        (people.parent / f"{n}.png").write_bytes(picture(400 + n))
    rows = [row(document_number=str(n), front_side=f"{n}.png") for n in range(200)]
    arguments = ["upload", str(write_csv(people, rows)), "--base-url", server.url, "--concurrency", "64"]
    done = subprocess.run(
        [*command, *arguments],
        env=clean_environment | {"KYCAID_API_KEY": KEY},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60)),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(server.documents) == 200


# What it looks like.


def test_what_is_piped_has_no_escape_codes(kycaid, server, people):
    write_csv(people, [row(front_side="0.png"), row(front_side="none.png")])
    done = kycaid("upload", people, "--on-error", "continue", "--base-url", server.url, KYCAID_API_KEY=KEY)
    assert done.returncode == 1
    assert ESCAPE not in done.stdout + done.stderr
    assert done.stdout.splitlines()[1].startswith("2 rows: 1 created, 1 bad.")


def test_on_a_terminal_there_is_progress_and_each_bad_row_stands_on_lines_of_its_own(
    command, clean_environment, server, people
):
    write_csv(people, [row(front_side="none.png"), *[row(front_side=f"{n}.png") for n in range(5)]])
    arguments = ["upload", str(people), "--on-error", "continue", "--base-url", server.url]
    screen = on_a_terminal([*command, *arguments], clean_environment | {"KYCAID_API_KEY": KEY}, columns=80)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen)
    lines = [line for part in plain.split("\n") for line in part.split("\r") if line.strip()]
    assert any(line.startswith("line 2: bad: front_side: expected an image") for line in lines)
    assert any(line.startswith("Uploading  ") and " of 5" in line for line in lines)
    assert any(line.startswith("  0 created, 1 bad") for line in lines)
    assert f"{ESCAPE}[?25h" in screen, "the cursor is back"
    # A command to be pasted stands on a line of its own, whatever its length.
    assert max(map(len, (line for line in lines if not line.startswith("  kycaid ")))) <= 80


def test_a_ledger_may_stand_elsewhere_when_it_was_begun_for_the_folder_of_its_manifest(upload, server, people):
    ledger = people.parent.parent / "elsewhere.ledger"
    assert upload(people, "--ledger", ledger, server=server.url).exit_code == 0
    again = upload(people, "--ledger", ledger, server=server.url)
    assert again.stdout.startswith("Nothing to do: all 5 rows were done before.")
    other = shutil.copytree(people.parent, people.parent.parent / "other") / people.name
    for dry in ([], ["--dry-run"]):
        refused = upload(other, "--ledger", ledger, *dry, server=server.url)
        assert refused.exit_code == 1
        assert "was not begun for the manifest's folder" in refused.stderr
    assert len(server.documents) == 5


def test_a_folder_that_cannot_be_written_is_named_with_the_way_out(upload, server, people):
    done = upload(people, "--ledger", people.parent / "none" / "l", server=server.url)
    assert done.exit_code == 1
    assert "cannot be used as a ledger: No such file or directory. It needs a folder that exists" in done.stderr
    assert "--ledger names one elsewhere" in done.stderr


# What cannot work.


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["missing.csv"], "missing.csv: cannot be read (No such file or directory)"),
        (["/dev/null"], "null: is no regular file; write the rows to one, for they are read twice"),
        (["wrong.csv"], 'typ: expected to be said which it is: --map "typ=type" or --map "typ=applicant.type"'),
        (["people.csv", "--rejects", "../rejects.csv"], "--rejects: must stand in the folder of the manifest"),
        (["people.csv", "--rejects", "wrong.csv"], "--rejects: wrong.csv exists"),
        (["people.csv", "--report", "none/report.html"], "--report: none is not a folder"),
        (["people.csv", "--base-url", "http://example.test"], "--base-url: http://example.test would send"),
    ],
)
def test_options_that_cannot_work_get_one_line_of_advice(people, monkeypatch, arguments, advice):
    monkeypatch.chdir(people.parent)
    monkeypatch.setenv("KYCAID_API_KEY", "Canary")
    Path("wrong.csv").write_text("applicant_id,typ,front_side\n")
    done = CliRunner().invoke(app, ["upload", *arguments], catch_exceptions=False)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("kycaid: ")
    assert done.stderr.count("\n") == 1
    assert advice in done.stderr
    assert "Canary" not in done.stderr


def test_without_a_key_it_says_where_to_put_it(people, monkeypatch):
    monkeypatch.delenv("KYCAID_API_KEY", raising=False)
    done = CliRunner().invoke(app, ["upload", str(people)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"kycaid: {KEY_IS_NEEDED}\n"
