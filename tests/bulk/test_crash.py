"""A short form of ``python -m tests.bulk.crash``: each mode, with a kill or two. All run beside each other, once."""

import asyncio
import sys

import pytest

from tests.bulk.crash.modes import MODES
from tests.bulk.crash.runs import Forks
from tests.bulk.crash.trial import run
from tests.oracle.running import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it forks, and sends signals")

_AT_ONCE = 6


@pytest.fixture(scope="module")
def outcomes(request, tmp_path_factory):
    """The outcome of each mode that is asked for."""
    wanted = [item.callspec.params["mode"] for item in request.session.items if item.path == request.path]
    return asyncio.run(_outcomes(wanted, tmp_path_factory.mktemp("crash")))


async def _outcomes(names, folder):
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def one(name):
        async with at_once:
            place = folder / name
            place.mkdir()
            kills = 6 if MODES[name].verifies else 1  # of two kinds of runs
            return await run(name, kills=kills, seed=3, rows=18, folder=place, forks=forks)

    async with Forks(ROOT) as forks, asyncio.TaskGroup() as group:
        tasks = {name: group.create_task(one(name)) for name in names}
    return {name: task.result() for name, task in tasks.items()}


@pytest.mark.parametrize("mode", MODES)
def test_every_row_is_delivered_once_or_named_and_nothing_is_told_that_is_not_so(mode, outcomes):
    outcome = outcomes[mode]
    assert not MODES[mode].preventable or outcome.verdict.problems == []
    assert outcome.delivered + outcome.statuses["uncertain"] + outcome.statuses["failed"] >= outcome.rows
