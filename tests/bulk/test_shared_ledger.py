"""Uploads that share a ledger in a database: at once, one after another, and after an owner died."""

import asyncio
from collections import Counter

import pytest

from kycaid_async import AsyncKycaid, BulkRow, BulkStatus, ConfigurationError, LedgerError, Person
from kycaid_async.bulk.ledger.shared.shared_ledger import SharedLedger
from kycaid_async.bulk.upload import UploadPlan
from tests.bulk.conftest import content
from tests.bulk.ledger.shared import die, end_leases, owners_of
from tests.bulk.plain_server import Meddling, PlainServer
from tests.conftest import API_KEY

EACH_ONCE = {1}
COMMITS = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"


@pytest.fixture
async def plain():
    async with PlainServer() as server:
        yield server


@pytest.fixture
async def client(plain):
    async with AsyncKycaid(API_KEY, base_url=plain.url) as client:
        yield client


def rows(count, *, people=20, contents=40):
    for n in range(count):
        person = Person(first_name="Jane", external_applicant_id=f"E{n % people}")
        document = {"type": "PASSPORT", "document_number": f"N{n}"}
        yield BulkRow(document=document, applicant=person, front_side=content(n % contents), key=f"K{n}", line=n)


def times(plain):
    """How many times each document, each applicant and each file was made."""
    return {
        "documents": Counter(document["document_number"] for document in plain.documents.values()),
        "applicants": Counter(applicant["external_applicant_id"] for applicant in plain.applicants.values()),
        "files": Counter(body.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0] for body in plain.files.values()),
    }


async def test_two_runs_at_once_make_each_thing_once(client, plain, ledger_url):
    async def upload():
        return await client.bulk.upload_all(rows(200), ledger=ledger_url)

    (one, _), (other, _) = await asyncio.gather(upload(), upload())
    made = times(plain)
    assert {name: set(counts.values()) for name, counts in made.items()} == dict.fromkeys(made, EACH_ONCE)
    assert len(made["documents"]) == 200
    assert len(made["applicants"]) == 20
    assert len(made["files"]) == 40
    by_row = [sorted(str(r.status) for r in pair) for pair in zip(one, other, strict=True)]
    assert by_row == [["created", "done_before"]] * 200


async def test_what_another_run_sent_and_lost_is_asked_for(client, plain, ledger_url):
    plain.meddle = lambda _, path: Meddling(acted=True) if path == "/documents" else None
    results, _ = await client.bulk.upload_all(rows(3, people=3), ledger=ledger_url, settle_after=0.0)
    assert {r.status for r in results} == {BulkStatus.CREATED}
    assert set(times(plain)["documents"].values()) == EACH_ONCE


async def test_a_run_whose_lease_is_over_ends_and_the_next_goes_on(client, plain, ledger_url, sql):
    plain.answering.clear()
    first = client.bulk.upload(rows(30), ledger=ledger_url, settle_after=0.0)
    reading = asyncio.create_task(_all(first))
    while not plain.count("/files"):
        await asyncio.sleep(0.01)
    die(sql)
    plain.answering.set()
    with pytest.raises(LedgerError, match="others may have taken over"):
        await reading
    results, _ = await client.bulk.upload_all(rows(30), ledger=ledger_url, settle_after=0.0)
    assert {r.status for r in results} <= {BulkStatus.CREATED, BulkStatus.DONE_BEFORE}
    assert set(times(plain)["documents"].values()) == EACH_ONCE
    assert set(times(plain)["applicants"].values()) == EACH_ONCE
    assert len(times(plain)["documents"]) == 30


async def test_nothing_leaves_in_the_last_part_of_a_lease_and_nothing_is_uncertain_after_it(
    client, plain, ledger_url, monkeypatch
):
    with monkeypatch.context() as later:
        end_leases(later)
        with pytest.raises(LedgerError, match="others may have taken over"):
            await client.bulk.upload_all(rows(3), ledger=ledger_url)
    assert not plain.applicants
    assert not plain.documents
    results, _ = await client.bulk.upload_all(rows(3), ledger=ledger_url, settle_after=3600.0)
    assert {r.status for r in results} == {BulkStatus.CREATED}


async def test_a_run_that_ended_in_order_leaves_no_claims(client, ledger_url, sql):
    await client.bulk.upload_all(rows(10), ledger=ledger_url)
    assert owners_of(sql) == 0
    assert sql("SELECT count(*) FROM kycaid_claims").fetchone() == (0,)


async def test_nothing_of_a_person_or_of_the_key_stands_in_the_database(client, ledger_url, sql):
    await client.bulk.upload_all(rows(10), ledger=ledger_url)
    tables = sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'").fetchall()
    for (table,) in tables:
        text = str(sql(f"SELECT * FROM {table}").fetchall())  # noqa: S608 - tables of ours
        for secret in ("Jane", "E1", "N1", "K1", API_KEY):
            assert f"'{secret}'" not in text, table


def test_a_plan_shows_no_password():
    plan = UploadPlan(ledger="postgresql+psycopg://me:secret@db/kyc?password=secret")
    assert "me:" not in repr(plan)
    assert "password" not in repr(plan)
    assert "postgresql+psycopg://db/kyc" in repr(plan)


def test_a_lease_is_for_a_shared_ledger():
    with pytest.raises(ConfigurationError, match="ledger_lease"):
        UploadPlan(ledger="l.db", ledger_lease=10.0)
    with pytest.raises(ConfigurationError, match="ledger_lease"):
        UploadPlan(ledger="postgresql+psycopg://db/kyc", ledger_lease=0.1)


async def _all(upload):
    return [result async for result in upload]


async def test_more_rows_than_requests_are_under_way_as_some_of_them_wait_for_the_database(plain, ledger_url):
    plain.answering.clear()
    async with AsyncKycaid(API_KEY, base_url=plain.url, max_connections=4) as client:
        upload = client.bulk.upload(rows(20), ledger=ledger_url)
        reading = asyncio.create_task(_all(upload))
        while upload.progress.in_flight < 8 or plain.count("/files") < 4:
            await asyncio.sleep(0.01)
        plain.answering.set()
        await reading
    assert upload.summary.created == 20
    assert set(plain.most_at_once.values()) == {4}


async def test_no_more_rows_are_under_way_than_was_said(plain, ledger_url):
    plain.answering.clear()
    async with AsyncKycaid(API_KEY, base_url=plain.url) as client:
        upload = client.bulk.upload(rows(20), ledger=ledger_url, concurrency=3)
        reading = asyncio.create_task(_all(upload))
        while plain.count("/files") < 3:
            await asyncio.sleep(0.01)
        assert upload.progress.in_flight == 3
        plain.answering.set()
        await reading
    assert upload.summary.created == 20


async def test_a_large_file_needs_no_claim_more_than_a_small_one(client, ledger_url, monkeypatch):
    claims, claim = [], SharedLedger.try_claim

    def counted(ledger, name):
        claims.append(name)
        return claim(ledger, name)

    monkeypatch.setattr(SharedLedger, "try_claim", counted)
    large = content(0) + bytes(100_000)
    document = {"type": "PASSPORT", "document_number": "N"}
    await _all(
        client.bulk.upload([BulkRow(document=document, applicant_id="a" * 36, front_side=large)], ledger=ledger_url)
    )
    assert len(claims) == len(set(claims)) == 3  # the row, its file, and documents that look the same


@pytest.mark.parametrize("kind", ["a list", "an asynchronous iterable"])
async def test_rows_share_transactions(client, ledger_url, sql, kind):
    async def one_by_one():
        for row in rows(300, people=300, contents=300):
            yield row

    before = sql(COMMITS).fetchone()[0]
    given = rows(300, people=300, contents=300) if kind == "a list" else one_by_one()
    upload = client.bulk.upload(given, ledger=ledger_url, applicants_at_once=64)
    await _all(upload)
    assert sql(COMMITS).fetchone()[0] - before < 300
