"""A server that shares no code with the package, its applicants, and verifications of them."""

import json
import time
from collections import Counter

import attrs
import pytest

from kycaid_async import AsyncKycaid, VerifyResult
from tests.oracle.running import RunningOracle
from tests.oracle.store import new_id

FORM, OTHER_FORM = "c" * 36, "d" * 36


@pytest.fixture
async def oracle(tmp_path):
    async with RunningOracle(tmp_path / "oracle") as running:
        yield running


@attrs.define
class Trial:
    """Verifies with a ledger."""

    client: AsyncKycaid
    oracle: RunningOracle
    ledger: str

    async def verify(self, rows, **options) -> list[VerifyResult]:
        """Verify, and return the results in the order of the rows."""
        results, _ = await self.client.bulk.verify_all(
            rows, **{"ledger": self.ledger, "form_id": FORM, "settle_after": 2} | options
        )
        return results

    async def statuses(self, rows, **options) -> list[str]:
        return [result.status.value for result in await self.verify(rows, **options)]

    @property
    def started(self) -> Counter:
        """How many verifications the server has of each applicant and form."""
        rows = self.oracle.read("SELECT applicant_id, body FROM verifications")
        return Counter((row["applicant_id"], json.loads(row["body"]).get("form_id")) for row in rows)

    @property
    def requests(self) -> list[str]:
        """The names of the endpoints that were asked, in order."""
        return [row["endpoint"] for row in self.oracle.read("SELECT endpoint FROM requests ORDER BY number")]

    def start_elsewhere(self, applicant_id: str) -> None:
        """Start a verification behind everybody's back."""
        values = (new_id(), applicant_id, "{}", time.time())
        self.oracle.write("INSERT INTO verifications VALUES (?, ?, ?, ?, 0)", *values)


@pytest.fixture
def trial(oracle, make_client, tmp_path) -> Trial:
    return Trial(make_client(oracle.url, api_key=oracle.key), oracle, str(tmp_path / "ledger"))


@pytest.fixture
async def people(oracle) -> list[str]:
    """The ids of applicants that are there."""
    return await oracle.applicants(4)
