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
    markdown = CliRunner().invoke(app, ["operations", "--markdown"])
    assert markdown.stdout.startswith("| operation | request |")
