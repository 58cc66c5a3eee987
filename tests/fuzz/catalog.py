"""All targets."""

import importlib
import pkgutil

from tests.fuzz import targets
from tests.fuzz.target import Target


def all_targets() -> dict[str, Target]:
    """Return the targets of all modules of ``tests/fuzz/targets``, by name."""
    modules = sorted(module.name for module in pkgutil.iter_modules(targets.__path__))
    found = [importlib.import_module(f"tests.fuzz.targets.{name}").TARGETS for name in modules]
    return {target.name: target for group in found for target in group}
