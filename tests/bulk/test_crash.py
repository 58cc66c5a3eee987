"""A short form of ``python -m tests.bulk.crash``: kills at random moments, and answers that get lost."""

import pytest

from tests.bulk.crash import run


@pytest.mark.parametrize(("mode", "kills"), [("client", 3), ("server", 2), ("answers", 0)])
async def test_the_server_ends_with_exactly_the_manifest(mode, kills, tmp_path):
    outcome = await run(mode, kills=kills, seed=3, rows=48, folder=tmp_path)
    assert outcome.problems == []
    assert outcome.delivered + len(outcome.set_aside) == outcome.rows
    assert outcome.kills >= kills
