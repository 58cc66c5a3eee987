"""Options that commands share."""

import pytest
from typer.core import TyperOption

COMMANDS = [
    ("countries", "list"),
    ("call", "countries.list"),
    ("report", "2026-01-01"),
    ("upload", "people.csv"),
    ("verify", "people.csv", "--form", "0" * 36),
    ("results", "people.csv"),
    ("audit", "people.csv"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("reads_variables", [True, False])
def test_the_server_of_the_environment_counts_also_where_typer_reads_no_variables(
    words, reads_variables, kycaid_within, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text("applicant_id\n" + "0" * 36 + "\n")
    if not reads_variables:  # as Typer 0.26.0
        monkeypatch.setattr(TyperOption, "value_from_envvar", lambda *_: None)
    done = kycaid_within(*words, KYCAID_API_KEY="a" * 36, KYCAID_BASE_URL="ftp://127.0.0.1")
    assert done.returncode == 2
    assert "--base-url: expected a URL as https://host" in done.stderr
