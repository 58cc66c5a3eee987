"""A ledger that lost a part of itself and was repaired, on a server that shares no code with the package."""

import json
from pathlib import Path

import pytest

from kycaid_async import BulkRow, BulkStatus
from kycaid_async.bulk.ledger import Ledger
from kycaid_async.bulk.ledger.repair import repair
from tests.bulk.conftest import content
from tests.bulk.plain_server import Meddling, PlainServer, closing
from tests.conftest import API_KEY

OWNER = "a" * 36
REFUSED = closing(
    422,
    json.dumps({"type": "validation", "errors": [{"parameter": "document_number", "message": "No"}]}),
    kind="application/json",
)


@pytest.fixture
async def plain():
    async with PlainServer() as server:
        server.applicants[OWNER] = {"applicant_id": OWNER, "type": "PERSON"}
        yield server


@pytest.fixture
def client(plain, make_client):
    return make_client(plain.url)


def row(number, **fields):
    document = {"type": "PASSPORT", "document_number": f"N{number}"} | fields.pop("document", {})
    return BulkRow(
        **{"applicant_id": OWNER, "front_side": content(number), "document": document, "line": number} | fields
    )


@pytest.fixture
async def repaired(client, plain, tmp_path):
    """Deliver rows, lose the newest part of the ledger, and repair it."""

    async def repaired(*rows):
        path = tmp_path / "ledger"
        await (await Ledger.open(path, server=plain.url, api_key=API_KEY)).close()
        before = path.read_bytes()
        results, _ = await client.bulk.upload_all(rows, ledger=path)
        assert all(result.status is BulkStatus.CREATED for result in results)
        again = await Ledger.open(path, server=plain.url, api_key=API_KEY)
        running = path.read_bytes()
        await again.close()
        path.write_bytes(before[:18] + running[18:100] + before[100:])
        Path(f"{path}-wal").unlink(missing_ok=True)
        report, _ = repair(path)
        assert report.may_have_gaps, report
        assert report.rows == {}, report.rows
        return path

    return repaired


def numbers(plain):
    return sorted(document["document_number"] for document in plain.documents.values())


async def test_what_was_delivered_is_found_again(repaired, client, plain):
    rows = [row(n) for n in range(5)]
    path = await repaired(*rows)
    results, _ = await client.bulk.upload_all(rows, ledger=path)
    assert [result.status for result in results] == [BulkStatus.CREATED] * 5
    assert numbers(plain) == [f"N{n}" for n in range(5)]


async def test_a_row_that_fails_before_it_is_asked_for_stays_unknown(repaired, client, plain, tmp_path):
    picture, away = tmp_path / "a.png", tmp_path / "away.png"
    picture.write_bytes(content(0))
    rows = [row(0, front_side=str(picture))]
    path = await repaired(*rows)
    picture.rename(away)
    [result], _ = await client.bulk.upload_all(rows, ledger=path)
    assert result.status is BulkStatus.UNCERTAIN
    assert result.error.maybe_processed
    assert "an earlier run perhaps made it" in str(result.error)
    away.rename(picture)
    [result], _ = await client.bulk.upload_all(rows, ledger=path)
    assert result.status is BulkStatus.CREATED
    assert numbers(plain) == ["N0"]


async def test_a_row_that_was_to_be_created_anew_and_was_refused_stays_uncertain(repaired, client, plain):
    rows = [row(0, document={"document_number": None, "type": "ADDRESS_DOCUMENT"})]
    path = await repaired(*rows)
    plain.meddle = lambda method, path: Meddling(answer=REFUSED) if (method, path) == ("POST", "/documents") else None
    [result], _ = await client.bulk.upload_all(rows, ledger=path, on_uncertain="create")
    assert result.status is BulkStatus.UNCERTAIN
    plain.meddle = lambda _method, _path: None
    [result], _ = await client.bulk.upload_all(rows, ledger=path)
    assert result.status is BulkStatus.UNCERTAIN
    assert len(plain.documents) == 1


async def test_what_was_asked_for_and_then_refused_fails_and_is_sent_again(repaired, client, plain):
    path = await repaired(row(0))
    await client.bulk.upload_all([row(0)], ledger=path)
    plain.meddle = lambda method, path: Meddling(answer=REFUSED) if (method, path) == ("POST", "/documents") else None
    [result], _ = await client.bulk.upload_all([row(1)], ledger=path)
    assert result.status is BulkStatus.FAILED
    plain.meddle = lambda _method, _path: None
    results, _ = await client.bulk.upload_all([row(0), row(1)], ledger=path)
    assert [result.status for result in results] == [BulkStatus.DONE_BEFORE, BulkStatus.CREATED]
    assert numbers(plain) == ["N0", "N1"]
