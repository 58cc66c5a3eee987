"""End everything from outside, and see how it ends and goes on: ``python -m tests.shutdown [--seed N] [--only WORDS]``.

Signals, once and twice, while a request is open; full disks, folders that can only be read, limits of files and of open
files. Ends with 1 when something did not hold.
"""

import argparse
import random
import sys
import time
from collections import Counter

from tests import figures
from tests.shutdown.cases import can_mount, cases, check
from tests.signals import heed_terminal

DISKS = ("a full disk", "a folder to read only")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.shutdown", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60, help="begin no more cases after so many minutes")
    parser.add_argument("--only", default="", help="cases with these words in their name")
    figures.add_option(parser)
    options = parser.parse_args(arguments)
    heed_terminal()
    end, done, failed = time.monotonic() + options.minutes * 60, Counter[str](), 0
    every = [one for one in cases() if options.only in str(one) and (can_mount() or one.by not in DISKS)]
    random.Random(options.seed).shuffle(every)
    for case in every:
        if time.monotonic() > end:
            break
        problems = check(case, random.Random(f"{options.seed} {case}"))
        done["signals" if case.by.startswith("SIG") else "scarcities"] += 1
        failed += bool(problems)
        for problem in problems:
            print(f"{case}: {problem}", flush=True)
    said = {"ends": done.total(), **done, "that did not hold": failed}
    print(said)
    if options.record:
        figures.record("shutdown", "ends by signals, full disks, folders to read only, limits of files", said)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
