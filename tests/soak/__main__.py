"""Let all three kinds of users work for long, with faults and callbacks: ``python -m tests.soak [--minutes N]``.

They work in rounds. After each, when nobody works, memory, descriptors, tasks, threads and timers are counted. At the
end they must be what they were after the first minute, and so must the work that a call is. Else it ends with 1.
"""

import argparse
import asyncio
import random
import sys
import time

from tests import figures
from tests.soak.measures import Sample, grown
from tests.soak.users import Work, at_work

_WARM_UP, _ROUND, _KEPT_ALIVE, _LONG = 60.0, 20.0, 80.0, 300.0
_OPEN = 24
"""Connections that may be open at the end of a short run, with what belongs to them."""


async def soak(seconds: float, *, seed: int) -> tuple[list[Sample], Work]:
    """Let users work for so long, and return what was counted after each round, the first one after a minute."""
    is_long = seconds >= _LONG
    samples: list[Sample] = []
    begun = time.monotonic()
    async with at_work(random.Random(seed)) as users:
        await users.work(_WARM_UP if is_long else seconds / 3)
        while True:
            is_last = time.monotonic() - begun >= seconds and bool(samples)
            # The first count and the last are made when no connection is kept alive any more.
            samples.append(await users.sample(_KEPT_ALIVE if is_long and (is_last or not samples) else 0.5))
            print(f"{time.monotonic() - begun:6.0f} s  {samples[-1]}", flush=True)
            if is_last:
                return samples, users.done
            await users.work(_ROUND if is_long else seconds / 6)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    figures.add_option(parser)
    options = parser.parse_args(arguments)
    samples, work = asyncio.run(soak(options.minutes * 60, seed=options.seed))
    found = grown(samples, slack=0 if options.minutes * 60 >= _LONG else _OPEN)
    first, last = samples[0], samples[-1]
    said = {
        "minutes": options.minutes,
        "calls": work.calls,
        "rows": work.rows,
        "callbacks": work.callbacks,
        "failed by faults": work.failed,
        "MB at first and at last": f"{first.memory / 1e6:.1f} → {last.memory / 1e6:.1f}",
        "ms of work a call at first and at last": f"{first.work * 1e3:.1f} → {last.work * 1e3:.1f}",
        "ms a read at first and at last": f"{first.latency * 1e3:.1f} → {last.latency * 1e3:.1f}",
        "things that grew": len(found),
    }
    print(said, *found, sep="\n")
    if options.record:
        figures.record("soak", "async, blocking and bulk users together, with faults and callbacks", said)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
