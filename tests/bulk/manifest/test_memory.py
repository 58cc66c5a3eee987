"""Memory stays the same however many rows a manifest has."""

import gc
import tracemalloc

import pytest

from kycaid_async import read_manifest
from kycaid_async.bulk.tables import write_table
from tests.bulk.manifests import new


def peak(path, rows):
    columns = list(new())
    write_table(path, columns, (list(new(f"person-{number}").values()) for number in range(rows)))
    gc.collect()
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_manifest(path)) == rows
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_ten_times_the_rows_take_no_more_memory(tmp_path, form):
    peak(tmp_path / f"a.{form}", 300)  # what is imported, and kept, at the first time
    assert (
        peak(tmp_path / f"c.{form}", 3000) < 1.15 * peak(tmp_path / f"b.{form}", 300) + 2**19
    )  # rows held would be 3 MB
