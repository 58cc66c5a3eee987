"""Memory of a look at verdicts: the same for very many applicants as for few."""

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime

from kycaid_async.bulk.ledger import Ledger
from tests.bulk.results.conftest import FORM, applicant_of, verification_of
from tests.conftest import API_KEY

LOOK = """
import asyncio, json, resource, sys
from kycaid_async import AsyncKycaid
from tests.bulk.results.conftest import row_of

async def look(url, ledger, count):
    async with AsyncKycaid(sys.argv[4], base_url=url) as client:
        results = client.bulk.results((row_of(number) for number in range(count)), ledger=ledger)
        verdicts = 0
        async for _ in results:
            verdicts += 1
        return verdicts, results.summary.pages, results.summary.asked

told = asyncio.run(look(sys.argv[1], sys.argv[2], int(sys.argv[3])))
print(json.dumps([*told, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


async def ledger_of(path, server, count):
    """Fill a ledger with so many verifications, at once: what is on the disk is of no matter here."""
    ledger = await Ledger.open(path, server=server.url, api_key=API_KEY)
    now = datetime(2026, 11, 28, 12, tzinfo=UTC)
    insert = (
        "INSERT INTO verifications (digest, state, applicant_id, form_id, verification_id, intended_at, run, at) "
        "VALUES (?, 'created', ?, ?, ?, ?, 1, 0.0)"
    )
    for number in range(count):
        values = (number.to_bytes(32, "big"), applicant_of(number), FORM, verification_of(number), now.isoformat())
        ledger._database.write_behind(insert, *values)
        server.add(verification_of(number), applicant_of(number))
        if number % 50 == 0:
            server.decide(verification_of(number))
    await ledger.close()
    return path


async def test_memory_does_not_grow_with_the_applicants(server, tmp_path):
    sizes = {}
    for count in (1000, 8000):
        ledger = await ledger_of(tmp_path / f"{count}.ledger", server, count)
        words = [sys.executable, "-c", LOOK, server.url, str(ledger), str(count), API_KEY]
        done = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        verdicts, pages, asked, sizes[count] = json.loads(done.stdout)
        assert (verdicts, pages, asked) == (count, count // 1000, count // 50)
        server.verifications.clear()
    assert sizes[8000] <= 1.15 * sizes[1000]
