"""Memory of a look at verdicts, and of their table: the same for very many applicants as for few.

``python -m tests.bulk.scale`` does this for 50,000, and for verifications and tables of a million rows.
"""

import sys

import pytest

from tests.bulk.scale import MOST, alone, ledger_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it asks POSIX for the memory of a process")


async def test_memory_does_not_grow_with_the_applicants(server, tmp_path):
    sizes = {}
    for count in (1000, 8000):
        ledger = await ledger_of(tmp_path / f"{count}.ledger", server, count)
        table = tmp_path / f"{count}.parquet"
        found = await alone("look", server.url, str(ledger), count, str(table))
        assert found["came"] == {"verdicts": count, "pages": count // 1000, "asked": count // 50}
        assert table.stat().st_size > count
        sizes[count] = found["megabytes"]
        server.verifications.clear()
    assert sizes[8000] <= MOST * sizes[1000]
