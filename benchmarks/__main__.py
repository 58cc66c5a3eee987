"""Run all benchmarks, one after the other: every module beside this one that has a ``run``."""

import importlib
import pkgutil

import benchmarks
from benchmarks.harness.report import Run, arguments, run_all


def found() -> dict[str, Run]:
    """Return the benchmarks by their names."""
    names = (module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name != "__main__")
    modules = {name: importlib.import_module(f"benchmarks.{name}") for name in names}
    return {name: module.run for name, module in modules.items() if hasattr(module, "run")}


def main() -> None:
    runs = found()
    given = arguments(sorted(runs))
    run_all({name: run for name, run in runs.items() if not given.only or name in given.only}, given)


if __name__ == "__main__":
    main()
