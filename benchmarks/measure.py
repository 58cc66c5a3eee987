"""Measuring two ways of doing the same thing: in turn, A B A B, so that a noisy machine is noisy to both."""

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

Work = Callable[[], Awaitable[object]]


@contextmanager
def server() -> Iterator[str]:
    """Run the benchmark server in a process of its own and give its URL."""
    with subprocess.Popen([sys.executable, "-m", "benchmarks.server"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


def cpu_seconds() -> float:
    """Return the user and system time of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def measured(work: Work) -> tuple[float, float]:
    """Return wall and CPU seconds of one run."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    await work()
    return time.perf_counter() - wall, cpu_seconds() - cpu


async def compare(ours: Work, theirs: Work, *, rounds: int) -> tuple[float, float]:
    """Return the medians of ours ÷ theirs, of wall and of CPU time, over so many pairs of runs after one warm-up."""
    await ours()
    await theirs()
    pairs = [(await measured(ours), await measured(theirs)) for _ in range(rounds)]
    return (
        statistics.median(a[0] / b[0] for a, b in pairs),
        statistics.median(a[1] / b[1] for a, b in pairs),
    )
