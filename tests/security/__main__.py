"""Attack the package, and print what was tried and what held: ``python -m tests.security [--cases N] [--seed N]``.

With ``--record`` the figures are kept, and ``python -m tests.derived`` makes the table of the documentation from them.

Each module of ``tests/security/attacks`` is one class of attack: a ``NAME``, and a function ``attack(random, cases)``
that returns an `Outcome`; it may be a coroutine function. A new class is a new module, and nothing else.
"""

import argparse
import asyncio
import importlib
import inspect
import json
import pkgutil
import random
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from tests import figures
from tests.security import attacks
from tests.security.outcome import Outcome

RECORDED = figures.RESULTS / "attacks" / "attacks.json"
_HEAD = "| Class of attack | Tried | Held |\n|---|---:|---:|"


def _line(row: Mapping[str, Any]) -> str:
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in row["of which"].items())
    return f"| {row['class']}{f' ({kinds})' if kinds else ''} | {row['tried']:,} | {row['held']:,} |"


def as_markdown() -> str:
    """Return the table of the last recorded run, with how and when it was made."""
    said = json.loads(RECORDED.read_text("utf-8"))
    table = "\n".join([_HEAD, *map(_line, said["rows"])])
    return f"`{said['command']}`, on {said['date']}, at commit {said['commit']}:\n\n{table}\n"


def classes() -> list[ModuleType]:
    """Return the modules of all classes of attack, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(attacks.__path__))
    return [importlib.import_module(f"tests.security.attacks.{name}") for name in names]


def run(module: ModuleType, *, seed: int, cases: int) -> Outcome:
    """Carry out one class of attack."""
    made = module.attack(random.Random(f"{seed} {module.__name__}"), cases)
    return asyncio.run(made) if inspect.iscoroutine(made) else made


def main(arguments: list[str]) -> int:
    """Print the table, and return 1 when something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.security", description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, help="how much is tried of each class")
    parser.add_argument("--seed", type=int, default=1)
    figures.add_option(parser)
    options = parser.parse_args(arguments)
    failures: list[str] = []
    rows: list[dict[str, Any]] = []
    print(_HEAD, flush=True)
    for module in classes():
        outcome = run(module, seed=options.seed, cases=options.cases)
        failures += [f"{module.NAME}: {failure}" for failure in outcome.failures]
        held = outcome.tried - len(outcome.failures)
        rows.append({"class": module.NAME, "tried": outcome.tried, "held": held, "of which": dict(outcome.kinds)})
        print(_line(rows[-1]), flush=True)
    for failure in failures:
        print(failure, file=sys.stderr)
    if options.record:
        command = f"python -m tests.security --cases {options.cases} --seed {options.seed}"
        said = {"command": command, **figures.stamp(), "rows": rows}
        RECORDED.write_text(json.dumps(said, indent=2) + "\n", "utf-8")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
