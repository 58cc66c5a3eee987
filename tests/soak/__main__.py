"""Let all three kinds of users work for long, with faults and callbacks: ``python -m tests.soak [--minutes N]``.

They work in rounds. After each, when nobody works, memory, descriptors, tasks, threads and timers are counted, the
sandbox's memory too, and reads are timed beside those of a fresh client at a fresh sandbox. At the end all of it must
be what it was after the first minute (or the first quarter, if that is sooner), and so must the work that a call is.
Else it ends with 1. A short form is ``--minutes 1``: it judges all of it, too.
"""

import argparse
import asyncio
import random
import sys
import time
from typing import Protocol

from tests import figures
from tests.soak.measures import ENOUGH, Sample, grown
from tests.soak.users import Work, at_work

_WARM_UP, _ROUND, _LEAST_ROUND = 60.0, 20.0, 0.2
_ROUNDS = ENOUGH + 2
_MORE = 6
"""Rounds more, when something seems to have grown: what grows has grown further then."""


class Working(Protocol):
    """Those who work, and can be looked at when they do not."""

    async def work(self, seconds: float) -> None: ...

    async def sample(self) -> Sample: ...


async def rounds(users: Working, seconds: float) -> list[Sample]:
    """Let users work for about so long, and return what was counted after each round, the first one after a minute."""
    begun = time.monotonic()
    samples: list[Sample] = []

    async def one(most: float) -> float:
        """Let them work for so long, and count. Return how long the count took."""
        await users.work(max(_LEAST_ROUND, most))
        ended = time.monotonic()
        samples.append(await users.sample())
        print(f"{time.monotonic() - begun:6.0f} s  {samples[-1]}", flush=True)
        return time.monotonic() - ended

    of_count = await one(min(_WARM_UP, seconds / 4))
    for left in range(max(_ROUNDS, round(seconds / _ROUND)), 0, -1):
        of_count = await one((begun + seconds - time.monotonic()) / left - of_count)
    for _ in range(_MORE):
        if not grown(samples):
            break
        await one(min(_ROUND, seconds / _ROUNDS))
    return samples


async def soak(seconds: float, *, seed: int) -> tuple[list[Sample], Work]:
    """Let users of all kinds work, and return what was counted after each round, and what they did."""
    async with at_work(random.Random(seed)) as users:
        return await rounds(users, seconds), users.done


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    figures.add_option(parser)
    options = parser.parse_args(arguments)
    samples, work = asyncio.run(soak(options.minutes * 60, seed=options.seed))
    found, first, last = grown(samples), samples[0], samples[-1]
    said = {
        "minutes": options.minutes,
        "calls": work.calls,
        "rows": work.rows,
        "callbacks": work.callbacks,
        "failed by faults": work.failed,
        "MB at first and at last": f"{first.memory / 1e6:.1f} → {last.memory / 1e6:.1f}",
        "MB of the sandbox": f"{first.sandbox_memory / 1e6:.1f} → {last.sandbox_memory / 1e6:.1f}",
        "descriptors": f"{first.descriptors} → {last.descriptors}",
        "ms of work a call": f"{first.work * 1e3:.1f} → {last.work * 1e3:.1f}",
        "times as long a read as of a fresh client": f"{first.reads.slowdown:.2f} → {last.reads.slowdown:.2f}",
        "things that grew": len(found),
    }
    print(said, *found, sep="\n")
    if options.record:
        figures.record("soak", "async, blocking and bulk users together, with faults and callbacks", said)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
