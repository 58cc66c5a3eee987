"""A ledger with verifications, as `client.bulk.verify` leaves it, and the server that has them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kycaid_async import AsyncKycaid, BulkRow
from kycaid_async.bulk.ledger import Intent, Ledger
from tests.bulk.verdict_server import VerdictServer
from tests.conftest import API_KEY

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
FORM = "f" * 36
Fill = Callable[..., Awaitable[Path]]


def applicant_of(number: int) -> str:
    return f"a{number:035}"


def verification_of(number: int) -> str:
    return f"v{number:035}"


def document_of(number: int) -> str:
    return f"d{number:035}"


def row_of(number: int, **fields) -> BulkRow:
    """The row of a person, who exists, with a key of the customer's."""
    made = {"document": {"type": "PASSPORT"}, "applicant_id": applicant_of(number), "key": f"K-{number}"}
    return BulkRow(**{**made, "front_side": f"{number}.jpg", "line": number + 2} | fields)


@pytest.fixture
async def server():
    async with VerdictServer() as running:
        yield running


@pytest.fixture
def client(server, make_client) -> AsyncKycaid:
    return make_client(server.url)


@pytest.fixture
def fill(server, client, tmp_path) -> Fill:
    """Fill the ledger, and the server, with so many delivered rows whose verifications were started."""

    async def filled(count: int, *, days: int = 1, name: str = "people.csv.ledger") -> Path:
        path = tmp_path / name
        ledger = await Ledger.open(path, server=server.url, api_key=API_KEY)
        for number in range(count):
            applicant, row = applicant_of(number), row_of(number)
            await ledger.intend_row(row.digest, Intent(applicant_id=applicant, type="PASSPORT", file_ids={}), row.says)
            ledger.created_row(row.digest, document_of(number))
            moment = NOON + timedelta(days=number * days // count)
            entry = await ledger.verifications.intend(applicant, FORM, count_before=0, now=moment)
            ledger.verifications.created(entry, verification_of(number))
            server.add(verification_of(number), applicant, day=f"{moment:%Y-%m-%d}")
        await ledger.close()
        return path

    return filled
