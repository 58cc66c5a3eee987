"""A server that shares no code with the package, a ledger, and the audit of it."""

import json
from collections.abc import Callable

import attrs
import pytest

from kycaid_async import AsyncKycaid, AuditResult, AuditSummary, BulkRow
from tests.oracle.running import RunningOracle
from tests.pictures import PNG_START


@pytest.fixture
async def oracle(tmp_path):
    async with RunningOracle(tmp_path / "oracle") as running:
        yield running


@attrs.define
class Trial:
    """Uploads with a ledger, and audits."""

    client: AsyncKycaid
    oracle: RunningOracle
    ledger: str

    async def upload(self, rows: list[BulkRow], **options) -> list[str]:
        """Upload, and return the documents by the rows' order."""
        results, _ = await self.client.bulk.upload_all(rows, ledger=self.ledger, **options)
        return [result.document_id for result in results]

    async def audit(self, rows, **options) -> tuple[dict[int | None, AuditResult], AuditSummary]:
        """Audit, and return the results by number, and the summary."""
        audit = self.client.bulk.audit(rows, ledger=self.ledger, **options)
        found = {result.number: result async for result in audit}
        return found, audit.summary

    async def statuses(self, rows, **options) -> list[str]:
        found, _ = await self.audit(rows, **options)
        return [found[number].status.value for number in sorted(found.keys() - {None})]

    def change(self, document_id: str, **fields) -> None:
        """Change a document behind everybody's back."""
        (row,) = self.oracle.read("SELECT body FROM documents WHERE id = ?", document_id)
        body = json.loads(row["body"]) | fields
        self.write("UPDATE documents SET body = ?, type = ? WHERE id = ?", json.dumps(body), body["type"], document_id)

    def delete(self, document_id: str) -> None:
        self.write("DELETE FROM documents WHERE id = ?", document_id)

    def write(self, sql: str, *values) -> None:
        self.oracle.write(sql, *values)

    @property
    def requests(self) -> list[str]:
        """The names of the endpoints that were asked, in order."""
        return [row["endpoint"] for row in self.oracle.read("SELECT endpoint FROM requests ORDER BY number")]


@pytest.fixture
def trial(oracle, make_client, tmp_path) -> Trial:
    return Trial(make_client(oracle.url, api_key=oracle.key), oracle, str(tmp_path / "ledger"))


@pytest.fixture
async def rows(oracle) -> Callable[..., list[BulkRow]]:
    """Make rows of applicants that are there, each with a file and a number of its own."""
    applicants = await oracle.applicants(20)

    def make(count: int, *, per_applicant: int = 1, **fields) -> list[BulkRow]:
        return [
            BulkRow(
                **{
                    "document": {"type": "PASSPORT", "document_number": f"N{number}"},
                    "applicant_id": applicants[number // per_applicant],
                    "front_side": PNG_START + b"%d" % number * 300,
                    "line": number + 2,
                }
                | fields,
            )
            for number in range(count)
        ]

    return make
