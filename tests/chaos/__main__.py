"""Write and run random programs of calls and faults: ``python -m tests.chaos [--seed N] [--programs N] [--minutes M]``.

Programs have numbers, and the same seed and number is the same program: ``--first 1234 --programs 1`` runs one again.
What did not hold while client or server waited for a CPU is tried again, and counted when it holds then.
Prints each program after which something did not hold, as small as it could be made, and figures at the end; ends with
1 when anything was found.
"""

import argparse
import math
import os
import sys
import time
from collections import Counter

from tests import figures
from tests.chaos.run import COUNTED
from tests.chaos.workers import parts


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first program")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=math.inf, help="end after so many minutes, if that is sooner")
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1), help="processes that run programs")
    figures.add_option(parser)
    options = parser.parse_args(arguments)
    begun, counted = time.monotonic(), Counter[str]()
    failed = False
    numbers = range(options.first, options.first + options.programs)
    for part in parts(options.seed, numbers, begun + options.minutes * 60, options.jobs):
        counted.update(part.figures)
        for text in part.found:
            failed = True
            print(text, end="\n\n", flush=True)
    seconds = time.monotonic() - begun
    named = ", ".join(f"{name} {counted[name]:,}" for name in COUNTED)
    print(f"{named}; {counted['programs'] / seconds:.1f} programs a second", flush=True)
    if options.record:
        told = {name: counted[name] for name in COUNTED}
        figures.record("chaos", "random programs of calls, faults, cancellations, stops and forks", told)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
