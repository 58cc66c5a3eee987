"""A sandbox, a client whose sleeps take no time, and rows."""

import pytest

from kycaid_async import AsyncKycaid, BulkRow, Person
from kycaid_async.sandbox import Sandbox
from tests.bulk.ledger.shared import ledger_url, postgresql, sql  # noqa: F401 - fixtures
from tests.faults import FaultProxy
from tests.pictures import PNG_START


@pytest.fixture
async def sandbox():
    async with Sandbox(review_after=1e9) as running:
        yield running


@pytest.fixture
async def proxy(sandbox):
    async with FaultProxy(sandbox.url) as running:
        yield running


@pytest.fixture
def bulk_client(sandbox, make_client):
    return make_client(sandbox.url, api_key=sandbox.api_key)


@pytest.fixture
def faulty(sandbox, proxy, make_client):
    """Through the proxy, one request at a time, so that each fault meets the request it is meant for."""
    return make_client(proxy.url, api_key=sandbox.api_key, max_connections=1)


@pytest.fixture
async def applicant(sandbox):
    async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as client:
        yield await client.applicants.create(Person(first_name="Jane"))


def content(number: int, size: int = 2000) -> bytes:
    return PNG_START + b"%d " % number * (size // len(b"%d " % number))


@pytest.fixture
def row(applicant):
    def make(number: int = 0, **fields) -> BulkRow:
        owner = {} if "applicant" in fields else {"applicant_id": applicant}
        document = {"type": "PASSPORT", "document_number": f"N{number}", **fields.pop("document", {})}
        return BulkRow(document=document, **{"front_side": content(number), "line": number + 1} | owner | fields)

    return make
