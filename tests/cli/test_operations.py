"""`kycaid operations` lists what the declarations say."""

from typer.testing import CliRunner

from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.cli.app import app
from kycaid_async.cli.operations import rows


def test_every_operation_has_a_row():
    assert [row[0] for row in rows()] == sorted(ENDPOINTS, key=lambda name: name.split("."))


def test_a_row_says_path_evidence_and_whether_it_is_repeated():
    found = {row[0]: row[1:] for row in rows()}
    assert found["documents.create"] == ("POST /documents", "documented", "never (duplicates)")
    assert found["files.create"] == ("POST /files", "observed", "yes")
    assert found["files.get"] == ("GET /files/{file_id}", "inferred", "yes")


def test_the_command_prints_columns_or_the_table_of_the_readme():
    text = CliRunner().invoke(app, ["operations"])
    assert text.exit_code == 0
    assert "documents.create  " in text.stdout
    assert max(map(len, text.stdout.splitlines())) <= 80
    assert all(f" {name} " in text.stdout for name in ENDPOINTS)
    markdown = CliRunner().invoke(app, ["operations", "--markdown"])
    assert markdown.stdout.startswith("| operation | request |")


def test_the_table_of_repeats_says_what_is_sent_again_after_what():
    table = CliRunner().invoke(app, ["operations", "--repeats"])
    assert table.exit_code == 0
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.stdout.splitlines()]
    by_name = {name.strip("`"): cells[1:] for cells in lines[2:] for name in cells[0].split(", ")}
    assert sorted(by_name) == sorted(ENDPOINTS)
    never = "never: `maybe_processed`"
    assert by_name["documents.get"] == ["yes", "until the time is over", "until the time is over", "yes", "no"]
    assert (
        by_name["documents.update"] == by_name["files.create"] == ["yes", "until the time is over", "yes", "yes", never]
    )
    for name in ("documents.create", "verifications.create"):
        assert by_name[name] == ["yes", "until the time is over", never, never, never]
