"""A few seconds of ``python -m tests.soak``, and its judgement. Nothing here is about how fast this machine is."""

import asyncio
import os
import random
import threading
import time

import attrs
import pytest

from tests.soak.__main__ import rounds
from tests.soak.measures import ENOUGH, Reads, Sample, compare, grown, sample
from tests.soak.users import at_work

FLAT = Sample(
    memory=100_000_000,
    sandbox_memory=80_000_000,
    descriptors=10,
    tasks=3,
    threads=4,
    timers=2,
    work=0.01,
    reads=Reads(),
)
MORE = {
    "descriptors": {"descriptors": 11},
    "tasks": {"tasks": 4},
    "threads": {"threads": 7},
    "timers": {"timers": 3},
    "memory": {"memory": 110_000_000},
    "memory of the sandbox": {"sandbox_memory": 90_000_000},
    "work": {"work": 0.016},
    "latency": {"reads": Reads(used=1.6)},
}


async def test_all_three_kinds_of_users_work_and_leave_nothing():
    async with at_work(random.Random(3)) as users:
        await users.work(0.2)
        first = await users.sample()
        await users.work(0.2)
        last = await users.sample()
    assert (users.done.calls > 0, users.done.rows > 0) == (True, True)
    assert (last.descriptors, last.tasks) == (first.descriptors, first.tasks)
    assert min(last.sandbox_memory, last.work, last.reads.used, last.reads.fresh) > 0


@pytest.mark.parametrize("what", MORE)
def test_what_grows_is_named_alone(what):
    samples = [FLAT] * 4 + [attrs.evolve(FLAT, **MORE[what])] * 3
    assert [text.partition(":")[0] for text in grown(samples)] == [what]


def test_what_is_the_same_at_the_end_has_not_grown():
    assert grown([FLAT] * ENOUGH) == []
    for more in MORE.values():
        once = attrs.evolve(FLAT, **more)
        assert grown([once, once, FLAT, FLAT, once, once, once]) == [], "what it was at first is no growth"
        assert grown([FLAT, FLAT, FLAT, FLAT, FLAT, once, FLAT]) == [], "nor is what was once"


def test_a_machine_that_is_slow_slows_a_fresh_client_down_too():
    slow = attrs.evolve(FLAT, reads=Reads(used=1000.0, fresh=1000.0))
    assert grown([FLAT] * 4 + [slow] * 4) == []
    slower = attrs.evolve(FLAT, reads=Reads(used=1000.0, fresh=1.0))
    said = "latency: at most 1.00 times that of a fresh client at first, at least 1000.00 times that of a fresh client"
    assert grown([FLAT] * 4 + [slower] * 4) == [f"{said} at last"]


def test_too_few_samples_are_no_judgement():
    with pytest.raises(AssertionError, match="5 samples"):
        grown([FLAT] * (ENOUGH - 1))


class Leaking:
    """Works, and keeps something of each round. What it is said to read takes longer with each."""

    def __init__(self, what):
        self.what, self.kept, self.end = what, [], threading.Event()
        self.before = sample([], work=1.0, server=os.getpid()).memory - (100 << 20)
        """Memory that does not count: all tests of this process keep theirs, of which a leak would be a small part."""

    async def work(self, seconds):
        loop = asyncio.get_running_loop()
        match self.what:
            case "descriptors":
                self.kept += [os.open(os.devnull, os.O_RDONLY)]
            case "tasks":
                self.kept += [loop.create_task(asyncio.Event().wait())]
            case "threads":
                self.kept += [threading.Thread(target=self.end.wait)]
                self.kept[-1].start()
            case "timers":
                self.kept += [loop.call_later(1000, print)]
            case "memory":
                self.kept += [bytearray(b"x") * (4 << 20)]
            case _:
                self.kept += [None]

    async def sample(self):
        work = len(self.kept) if self.what == "work" else 1.0
        counted = sample([asyncio.get_running_loop()], work=work, server=os.getpid())
        counted = attrs.evolve(counted, memory=counted.memory - self.before)
        steps = len(self.kept) if self.what == "latency" else 1
        reads = await compare(lambda: count_to(steps * 20_000), lambda: count_to(20_000), 12)
        return attrs.evolve(counted, reads=reads, sandbox_memory=counted.memory if self.what == "memory" else 0)

    def close(self):
        self.end.set()
        for one in self.kept:
            match self.what:
                case "descriptors":
                    os.close(one)
                case "tasks" | "timers":
                    one.cancel()
                case "threads":
                    one.join()


async def count_to(number):
    for _ in range(number):
        pass


@pytest.mark.parametrize("what", [*(what for what in MORE if what != "memory of the sandbox"), "nothing"])
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="what it counts, it reads from /proc")
async def test_what_is_kept_of_each_round_is_found(what, capsys):
    users, began = Leaking(what), time.monotonic()
    try:
        samples = await rounds(users, 0.0)
    finally:
        users.close()
    found = [text.partition(":")[0] for text in grown(samples)]
    wanted = {"nothing": [], "memory": ["memory", "memory of the sandbox"]}.get(what, [what])
    assert found == wanted
    assert time.monotonic() - began < 60
