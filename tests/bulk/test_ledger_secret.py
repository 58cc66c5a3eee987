"""Uploads with a ledger whose secret the API key gives, on a server that shares no code with the package."""

import logging
import traceback

import pytest

from kycaid_async import BulkRow, ConfigurationError, LedgerError, Person
from tests.bulk.conftest import content
from tests.bulk.plain_server import PlainServer
from tests.conftest import API_KEY

NEW_KEY = "f" * 36


@pytest.fixture
async def plain(monkeypatch):
    monkeypatch.delenv("KYCAID_LEDGER_KEY", raising=False)
    async with PlainServer() as server:
        yield server


@pytest.fixture
def client(plain, make_client):
    return make_client(plain.url)


@pytest.fixture
def client_with_new_key(plain, make_client):
    return make_client(plain.url, api_key=NEW_KEY)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger"


def rows(count=3):
    for n in range(count):
        person = Person(first_name="Jane", dob="1990-05-17", external_applicant_id=f"E{n}")
        yield BulkRow(document={"type": "PASSPORT"}, applicant=person, front_side=content(n), line=n)


def statuses(results):
    return {result.status for result in results}


async def test_the_same_rows_are_known_in_a_second_run_and_in_an_audit(client, plain, path):
    results, _ = await client.bulk.upload_all(rows(), ledger=path, ledger_secret="api-key")
    assert statuses(results) == {"created"}
    for options in ({}, {"ledger_secret": "api-key"}):
        results, summary = await client.bulk.upload_all(rows(), ledger=path, **options)
        assert (statuses(results), summary.requests) == ({"done_before"}, 0)
        audited = [result async for result in client.bulk.audit(rows(), ledger=path, **options)]
        assert statuses(audited) == {"as_sent"}
    assert [part.name for part in path.parent.iterdir()] == ["ledger"]
    assert (len(plain.documents), len(plain.applicants)) == (3, 3)


async def test_another_key_of_the_account_is_refused_before_anything_is_sent(client, client_with_new_key, plain, path):
    await client.bulk.upload_all(rows(), ledger=path, ledger_secret="api-key")
    before = len(plain.seen)
    for same_account in (False, True):
        with pytest.raises(LedgerError, match="KYCAID_LEDGER_KEY"):
            await client_with_new_key.bulk.upload_all(rows(), ledger=path, same_account=same_account)
        with pytest.raises(LedgerError, match="KYCAID_LEDGER_KEY"):
            await anext(aiter(client_with_new_key.bulk.audit(rows(), ledger=path, same_account=same_account)))
    assert len(plain.seen) == before


async def test_a_key_is_changed_without_a_row_sent_again(client, client_with_new_key, plain, path, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    await client.bulk.upload_all(rows(2), ledger=path, ledger_secret="api-key")
    monkeypatch.setenv("KYCAID_LEDGER_KEY", API_KEY)
    first, _ = await client_with_new_key.bulk.upload_all(rows(3), ledger=path, same_account=True)
    assert [result.status for result in first] == ["done_before", "done_before", "created"]
    monkeypatch.delenv("KYCAID_LEDGER_KEY")
    new = client_with_new_key.bulk
    second, _ = await new.upload_all(rows(3), ledger=path, ledger_secret_key=API_KEY)
    audited = [result async for result in new.audit(rows(3), ledger=path, ledger_secret_key=API_KEY)]
    assert (statuses(second), statuses(audited)) == ({"done_before"}, {"as_sent"})
    assert (len(plain.documents), len(plain.applicants)) == (3, 3)
    assert API_KEY not in caplog.text
    assert API_KEY not in repr(new.upload(rows(), ledger=path, ledger_secret_key=API_KEY)._plan)


async def test_a_ledger_of_before_with_a_secret_file_is_no_other_for_the_option(client, plain, path):
    await client.bulk.upload_all(rows(), ledger=path)
    before = len(plain.seen)
    with pytest.raises(LedgerError, match=r"was made with a secret from the file ledger\.key"):
        await client.bulk.upload_all(rows(), ledger=path, ledger_secret="api-key")
    assert len(plain.seen) == before


async def test_options_that_make_no_sense_are_refused_at_once(client, path):
    with pytest.raises(ConfigurationError, match="ledger_secret is file or api-key"):
        client.bulk.upload(rows(), ledger=path, ledger_secret="api_key")
    with pytest.raises(ConfigurationError, match="ledger_secret is file or api-key"):
        client.bulk.audit(rows(), ledger=path, ledger_secret="")
    with pytest.raises(ConfigurationError, match="give ledger too"):
        client.bulk.upload(rows(), ledger_secret="api-key")
    with pytest.raises(ConfigurationError, match="spaces") as refused:
        client.bulk.upload(rows(), ledger=path, ledger_secret_key="old key")
    frames = [frame for frame, _ in traceback.walk_tb(refused.tb) if "kycaid_async/" in frame.f_code.co_filename]
    assert len(frames) > 2
    assert "old key" not in repr([frame.f_locals for frame in frames])
