"""Which cores are whose: the last is the server's, the others are for what is measured."""

import os
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


CLIENTS = _cores()[:-1]
"""Empty, as is `SERVER`, where there is one core only, or where the system does not let one choose."""
SERVER = _cores()[-1:] if CLIENTS else []


def pin(cores: Collection[int], process: int = 0) -> None:
    """Keep a process, this one if none is said, and what it starts from now on, on ``cores``."""
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process, cores)


@contextmanager
def busy_cores() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Keep every core busy with a process of its own."""
    with ExitStack() as stack:
        processes = []
        for core in [*CLIENTS, *SERVER]:
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(process.kill)
            pin([core], process.pid)
            processes.append(process)
        yield processes
