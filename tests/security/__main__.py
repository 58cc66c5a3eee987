"""Attack the package, and print what was tried and what held: ``python -m tests.security [--cases N] [--seed N]``.

Each module of ``tests/security/attacks`` is one class of attack: a ``NAME``, and a function ``attack(random, cases)``
that returns an `Outcome`; it may be a coroutine function. A new class is a new module, and nothing else.
"""

import argparse
import asyncio
import importlib
import inspect
import pkgutil
import random
import sys
from types import ModuleType

from tests.security import attacks
from tests.security.outcome import Outcome


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
    options = parser.parse_args(arguments)
    failures: list[str] = []
    print("| Class of attack | Tried | Held |\n|---|---:|---:|", flush=True)
    for module in classes():
        outcome = run(module, seed=options.seed, cases=options.cases)
        failures += [f"{module.NAME}: {failure}" for failure in outcome.failures]
        print(f"| {module.NAME} | {outcome.tried:,} | {outcome.tried - len(outcome.failures):,} |", flush=True)
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
