"""A function in a process of its own, where it has the memory and the clients' cores for itself."""

import importlib
import json
import os
import subprocess
import sys
from typing import Any

from benchmarks.harness.cores import CLIENTS, pin


def environment() -> dict[str, str]:
    """Return the environment without what would send some peers through a proxy or to other certificates.

    And without what keeps Python from writing bytecode: each import would compile all that it reads.
    """
    unwanted = ("_proxy", "_ca_bundle", "pythondontwritebytecode")
    return {name: value for name, value in os.environ.items() if not name.lower().endswith(unwanted)}


def alone(module: str, function: str, **given: Any) -> Any:
    """Call a function with plain JSON in a fresh process, and return the plain JSON that it returns."""
    command = [sys.executable, "-m", "benchmarks.harness.alone", module, function, json.dumps(given)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment())
    return json.loads(done.stdout)


def main() -> None:
    module, function, given = sys.argv[1:]
    pin(CLIENTS)
    print(json.dumps(getattr(importlib.import_module(module), function)(**json.loads(given))))


if __name__ == "__main__":
    main()
