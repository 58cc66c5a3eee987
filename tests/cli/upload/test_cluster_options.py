"""Where the ledger of an upload is named that workers share."""

import pytest

from kycaid_async.cli.manifests import next_command
from kycaid_async.cli.problems import UsageProblem
from kycaid_async.cli.upload.options import options_of

URL = "postgresql+psycopg://me@db/kyc"


@pytest.fixture
def options(tmp_path, monkeypatch):
    monkeypatch.delenv("KYCAID_LEDGER_URL", raising=False)
    manifest = tmp_path / "people.csv"
    manifest.write_text("applicant_id,type,front_side\n")

    def options(**choices):
        given = {"ledger": None, "base_url": None, "api_key": "k" * 36, "concurrency": 4, **choices}
        return options_of(manifest, **given)

    return options


def test_the_ledger_is_a_file_beside_the_manifest_unless_a_url_is_named(options, monkeypatch):
    assert options().ledger_url is None
    assert options(ledger_url=URL).ledger_url == URL
    monkeypatch.setenv("KYCAID_LEDGER_URL", URL)
    assert options().ledger_url == URL


def test_a_file_that_is_named_goes_before_the_environment(options, monkeypatch, tmp_path):
    monkeypatch.setenv("KYCAID_LEDGER_URL", URL)
    assert options(ledger=tmp_path / "l").ledger_url is None


def test_a_password_is_taken_from_the_environment_only(options, monkeypatch):
    with pytest.raises(UsageProblem, match="KYCAID_LEDGER_URL") as raised:
        options(ledger_url="postgresql+psycopg://me:secret@db/kyc")
    assert "me:secret" not in str(raised.value)
    monkeypatch.setenv("KYCAID_LEDGER_URL", "postgresql+psycopg://me:secret@db/kyc")
    chosen = options(workers=2)
    assert chosen.ledger_url == "postgresql+psycopg://me:secret@db/kyc"
    assert "me:secret" not in repr(chosen)


@pytest.mark.parametrize("choices", [{"workers": 2}, {"dask": "tcp://x:1"}])
def test_workers_need_a_ledger_that_they_can_share(options, choices):
    with pytest.raises(UsageProblem, match="--ledger-url"):
        options(**choices)


def test_workers_are_here_or_elsewhere(options):
    with pytest.raises(UsageProblem, match="--workers and --dask"):
        options(ledger_url=URL, workers=2, dask="tcp://x:1")


def test_a_path_is_no_url(options):
    with pytest.raises(UsageProblem, match="expected a URL"):
        options(ledger_url="people.ledger")


def test_a_command_that_follows_names_the_ledger_where_that_shows_no_password(options, monkeypatch):
    assert f"--ledger-url {URL}" in next_command("verify", options(ledger_url=URL))
    monkeypatch.setenv("KYCAID_LEDGER_URL", "postgresql+psycopg://me:secret@db/kyc")
    assert "ledger" not in next_command("verify", options())


def test_rows_that_were_set_aside_go_on_with_the_ledger_of_their_manifest(options, tmp_path):
    assert options(ledger_url=URL).ledger_words_elsewhere == ["--ledger-url", URL]
    assert options().ledger_words_elsewhere == ["--ledger", str(tmp_path / "people.csv.ledger")]
