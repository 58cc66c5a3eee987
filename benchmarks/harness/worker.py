"""The process of one peer. It does a round whenever a line comes in, and says what the round cost.

A process for each, because memory, threads, imports and the collector's debts of one must not be another's.
"""

import asyncio
import gc
import importlib
import json
import os
import resource
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TextIO

import attrs

from benchmarks.harness.case import Case
from benchmarks.harness.cores import CLIENTS, pin
from benchmarks.harness.statistics import percentile

PERIOD = 0.002
TRIES = 3
"""The quickest of so many says how much is a round: the others were held up by something else."""

Say = Callable[[object], None]


@attrs.define
class Meter:
    """Looks at the process before and after."""

    base: int
    """Resident bytes before the first round."""
    wall: float = 0.0
    cpu: float = 0.0

    @contextmanager
    def measure(self) -> Iterator[None]:
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall, self.cpu = time.perf_counter() - wall, time.process_time() - cpu

    def report(self, count: int, lags: list[float]) -> dict[str, Any]:
        return {
            "count": count,
            "wall": self.wall / count,
            "cpu": self.cpu / count,
            "lag_p95": percentile(lags, 0.95),
            "lag_p99": percentile(lags, 0.99),
            "lag_max": max(lags, default=0.0),
            "memory": max(0, peak() - self.base),
        }


def resident(key: str) -> int | None:
    try:
        text = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(key)), None)


def peak() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resident("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def forget_peak() -> int:
    """Let the peak start from here, where the system can, and return the resident size."""
    gc.collect()
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return peak()
    return resident("VmRSS") or peak()


@asynccontextmanager
async def lags(into: list[float]) -> AsyncIterator[None]:
    """Note how late the loop is for something that is due every 2 ms; a long stop makes all that fall into it late."""
    loop = asyncio.get_running_loop()
    due = loop.time() + PERIOD
    timer: asyncio.TimerHandle

    def tick() -> None:
        nonlocal due, timer
        now = loop.time()
        while due <= now:
            into.append(now - due)
            due += PERIOD
        timer = loop.call_at(due, tick)

    timer = loop.call_at(due, tick)
    try:
        yield
    finally:
        timer.cancel()


def _scaled(case: Case, count: int, seconds: float) -> int:
    wanted = int(count * case.seconds / max(seconds, 1e-9))
    return max(case.concurrency, wanted // case.concurrency * case.concurrency)


def _serve(work: Callable[[int], object], case: Case, found: list[float], lines: TextIO, say: Say) -> None:
    """Warm up, find out how much is a round, and do one for each line. ``work`` notes lags in ``found``."""
    work(1)
    meter = Meter(forget_peak())
    count = case.count or _count(work, case, meter)
    say({"ready": True})
    for _ in lines:
        began = time.perf_counter()
        work(case.concurrency)  # connections that were closed meanwhile
        found.clear()
        with meter.measure():
            work(count)
        say(meter.report(count, found) | {"whole": time.perf_counter() - began})


def _count(work: Callable[[int], object], case: Case, meter: Meter) -> int:
    """Return how many operations, in whole turns of all that run at once, fit into the time of a round."""
    count = case.concurrency
    while (took := min(_wall(work, count, meter) for _ in range(TRIES))) < case.seconds / 4:
        count *= 2
    turns = int(count * case.seconds / took) // case.concurrency
    return max(1, turns) * case.concurrency


def _wall(work: Callable[[int], object], count: int, meter: Meter) -> float:
    with meter.measure():
        work(count)
    return meter.wall


def _serve_async(manager: AbstractAsyncContextManager[Any], case: Case, lines: TextIO, say: Say) -> None:
    found: list[float] = []

    async def watched(work: Any, count: int) -> None:
        async with lags(found):
            await work(count)

    with asyncio.Runner() as runner:
        work = runner.run(manager.__aenter__())
        try:
            _serve(lambda count: runner.run(watched(work, count)), case, found, lines, say)
        finally:
            runner.run(manager.__aexit__(None, None, None))


def main() -> None:
    module, peer, text = sys.argv[1:]
    talk = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a peer prints is no answer

    def say(value: object) -> None:
        print(json.dumps(value), file=talk, flush=True)

    pin(CLIENTS)
    case = Case.loads(text)
    try:
        manager = importlib.import_module(module).PEERS[peer](case)
        if isinstance(manager, AbstractAsyncContextManager):
            _serve_async(manager, case, sys.stdin, say)
        else:
            with manager as work:
                _serve(work, case, [], sys.stdin, say)
    except ImportError as error:
        say({"missing": error.msg.partition(" (")[0]})
    except Exception as error:  # noqa: BLE001 - whatever a peer does, the others go on
        say({"failed": f"{type(error).__name__}: {error}"[:300]})


if __name__ == "__main__":
    main()
