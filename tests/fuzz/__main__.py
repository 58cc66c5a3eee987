"""Fuzz every decoder: ``python -m tests.fuzz [--seed N] [--inputs N] [--minutes M] [--target NAME]``.

Each decoder gets its share of the inputs, which are made from usual ones and from those with which something new came
out, and then the inputs that were made to take long, or much memory. Anything but its own errors is a finding, and so
are too much time and too much memory. With ``--guided``, atheris makes the inputs, guided by what code they reach; it
is there for Linux on x86-64 only. Prints figures, and ends with 1 when anything was found.
"""

import argparse
import importlib.util
import math
import os
import sys
import time
from collections import Counter

from tests import figures
from tests.fuzz.catalog import all_targets
from tests.fuzz.workers import parts

_GUIDED = "inputs to every decoder that atheris made, guided by the code that they reach"
_COUNTED = ("inputs", "read", "refused", "nasty", "foreign", "slow", "large")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--minutes", type=float, default=math.inf, help="end after so many minutes, if that is sooner")
    parser.add_argument("--target", action="append", choices=sorted(all_targets()), help="only this one; repeatable")
    parser.add_argument("--guided", action="store_true", help="let atheris make the inputs")
    parser.add_argument("--no-nasty", action="store_true", help="leave out inputs made to take long, or much memory")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes that fuzz")
    figures.add_option(parser)
    options = parser.parse_args(arguments)
    if options.guided and importlib.util.find_spec("atheris") is None:
        parser.error("--guided needs atheris, which is not installed: pip install -e '.[dev]', on Linux with x86-64")
    begun, counted, found = time.monotonic(), Counter[str](), list[str]()
    names = options.target or list(all_targets())
    for part in parts(names, options, begun + options.minutes * 60):
        counted.update(part.figures)
        found += part.found
        line = ", ".join(f"{name} {part.figures[name]:,}" for name in _COUNTED)
        print(f"{part.name}: {line}, {part.seconds / max(1, part.figures['inputs']) * 1e6:.0f} µs each", flush=True)
        for text in part.found:
            print(f"  {text}", flush=True)
    named = ", ".join(f"{name} {counted[name]:,}" for name in _COUNTED)
    print(f"{named}; {counted['inputs'] / (time.monotonic() - begun):,.0f} inputs a second", flush=True)
    if options.record:
        told = {"inputs": counted["inputs"], "decoders": len(names)}
        told |= {} if options.guided else {"made to take long": counted["nasty"]}
        told |= {"errors not our own": counted["foreign"], "too slow": counted["slow"], "too large": counted["large"]}
        name, what = ("fuzz_guided", _GUIDED) if options.guided else ("fuzz", "inputs to every decoder")
        figures.record(name, what, told)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
