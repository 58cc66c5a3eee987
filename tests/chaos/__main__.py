"""Write and run random programs of calls and faults: ``python -m tests.chaos [--seed N] [--programs N] [--minutes M]``.

Prints the smallest program of each round that failed, and figures at the end; ends with 1 when anything was found.
"""

import argparse
import sys
import time

from tests.chaos.run import Chaos, chaos

_ROUND = 500
"""Programs that are drawn by one number."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=None, help="end after so many minutes, if that is sooner")
    options = parser.parse_args(arguments)
    begun = time.monotonic()
    with chaos() as found:
        if options.minutes is not None:
            found.end = begun + options.minutes * 60
        failed = _rounds(found, options)
    seconds = time.monotonic() - begun
    print(f"{found}, {found.figures['programs'] / seconds:.1f} programs a second", flush=True)
    return 1 if failed else 0


def _rounds(found: Chaos, options: argparse.Namespace) -> bool:
    failed, number = False, options.seed
    while (left := options.programs - found.figures["programs"]) > 0 and time.monotonic() < found.end:
        try:
            found.check_many(min(left, _ROUND), number)
        except Exception as error:
            failed = True
            print(f"seed {number}: {error}" if found.smallest is None else found.smallest[1], flush=True)
            found.smallest = None
        number += 1
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
