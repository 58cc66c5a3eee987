"""A few seconds of ``python -m tests.soak``, and its judgement. Nothing here is about how fast this machine is."""

import asyncio

import attrs

from tests.soak.__main__ import soak
from tests.soak.measures import Sample, grown

FLAT = Sample(memory=100_000_000, descriptors=10, tasks=3, threads=4, timers=2, work=0.01)


def test_all_three_kinds_of_users_work_and_leave_nothing():
    samples, work = asyncio.run(soak(3, seed=3))
    assert grown(samples, slack=24) == []
    assert (work.calls > 0, work.rows > 0) == (True, True)


def test_what_grows_is_named():
    more = attrs.evolve(FLAT, memory=110_000_000, descriptors=11, tasks=4, threads=5, timers=3, work=0.03)
    assert [text.partition(":")[0] for text in grown([FLAT] * 5 + [more] * 4, slack=0)] == [
        *("descriptors", "tasks", "threads", "timers"),
        *("memory", "work"),
    ]
    assert grown([FLAT] * 9, slack=0) == []
    assert grown([FLAT, attrs.evolve(FLAT, memory=200_000_000)], slack=0) == []
