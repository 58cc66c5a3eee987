"""What is held while nobody works, by this process and by the sandbox's, and what a call and a read cost.

A read is measured beside the same read of a fresh client at a sandbox in which there is next to nothing, turn by turn:
how busy the machine is slows both of them down, and what piles up in a client or in a sandbox only the one.
"""

import asyncio
import ctypes
import gc
import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import attrs

MORE_MEMORY, AT_LEAST = 1.05, 4 << 20
"""As much more at the end is no growth: memory is handed out in pages."""
MORE_WORK, SLOWER = 1.5, 1.5
"""The same of the work of a call, for no round has the same calls as another, and of how long a read takes."""
MORE_THREADS = 2
"""The same of threads: pools have a bound, and start each when so many are needed at once for the first time."""
ENOUGH: Final = 6
"""Samples that a judgement needs: the first three, and the last three."""
_PART: Final = ENOUGH // 2
Read = Callable[[], Awaitable[object]]


@attrs.frozen(kw_only=True)
class Reads:
    """Seconds that a read took: of the client that works, and of a fresh one at a sandbox that holds nothing."""

    used: float = 1.0
    fresh: float = 1.0

    @property
    def slowdown(self) -> float:
        """How many times longer the one takes."""
        return self.used / self.fresh


@attrs.frozen(kw_only=True)
class Sample:
    """One count."""

    memory: int
    """Bytes of this process that are in memory."""
    sandbox_memory: int = 0
    """The same of the sandbox's process. Its data lie on a disk."""
    descriptors: int
    tasks: int
    threads: int
    timers: int
    work: float
    """Seconds for which a call kept a CPU busy, at the client and at the server, in the mean of a round."""
    reads: Reads = Reads()

    def __str__(self) -> str:
        return (
            f"{self.memory / 1e6:.1f} MB, {self.sandbox_memory / 1e6:.1f} MB of the sandbox, "
            f"{self.descriptors} descriptors, {self.tasks} tasks, {self.threads} threads, {self.timers} timers, "
            f"{self.work * 1e3:.1f} ms of work a call, {self.reads.used * 1e3:.1f} ms a read, "
            f"{self.reads.slowdown:.2f} times a fresh one's"
        )


async def _no_pause() -> None:
    pass


def busy(server: int) -> float:
    """Return the seconds for which this process and that of the server used a CPU."""
    stat = Path(f"/proc/{server}/stat")
    ticks = sum(map(int, stat.read_text().rpartition(")")[2].split()[11:13])) if stat.exists() else 0
    return time.process_time() + ticks / (os.sysconf("SC_CLK_TCK") if ticks else 1)


async def compare(used: Read, fresh: Read, times: int, *, before: Read = _no_pause) -> Reads:
    """Time two reads in turn, each after what is to be ``before``; it is not timed.

    Returns the lower quartile of each: what else the machine does adds to some.
    """
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for read, taken in zip((used, fresh), seconds, strict=True):
            await before()
            began = time.perf_counter()
            await read()
            taken.append(time.perf_counter() - began)
    first, second = (sorted(taken)[len(taken) // 4] for taken in seconds)
    return Reads(used=first, fresh=second)


def sample(loops: Iterable[asyncio.AbstractEventLoop], *, work: float, server: int | None = None) -> Sample:
    """Count, after what nobody holds any more is let go of."""
    gc.collect()
    with suppress(OSError, AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)
    running = list(loops)
    return Sample(
        memory=memory_of("self"),
        sandbox_memory=0 if server is None else memory_of(server),
        descriptors=len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0,
        tasks=sum(len(asyncio.all_tasks(loop)) for loop in running),
        threads=threading.active_count(),
        timers=sum(sum(not timer.cancelled() for timer in getattr(loop, "_scheduled", ())) for loop in running),
        work=work,
    )


def memory_of(process: int | str) -> int:
    """Return the bytes of a process that are in memory."""
    statm = Path(f"/proc/{process}/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0


def grown(samples: Sequence[Sample]) -> list[str]:
    """Return what is more in each of the last three samples than it ever was in the first three, in words."""
    assert len(samples) >= ENOUGH, f"{len(samples)} samples say nothing"
    found = []
    for what, value, shown, allowed in _JUDGED:
        most, least = max(map(value, samples[:_PART])), min(map(value, samples[-_PART:]))
        if least > allowed(most):
            found.append(f"{what}: at most {shown.format(most)} at first, at least {shown.format(least)} at last")
    return found


def _same(most: float) -> float:
    return most


def _memory(most: float) -> float:
    return most * MORE_MEMORY + AT_LEAST / 1e6


_JUDGED: Final[tuple[tuple[str, Callable[[Sample], float], str, Callable[[float], float]], ...]] = (
    ("descriptors", lambda one: one.descriptors, "{}", _same),
    ("tasks", lambda one: one.tasks, "{}", _same),
    ("threads", lambda one: one.threads, "{}", lambda most: most + MORE_THREADS),
    ("timers", lambda one: one.timers, "{}", _same),
    ("memory", lambda one: one.memory / 1e6, "{:.1f} MB", _memory),
    ("memory of the sandbox", lambda one: one.sandbox_memory / 1e6, "{:.1f} MB", _memory),
    ("work", lambda one: one.work * 1e3, "{:.1f} ms a call", lambda most: most * MORE_WORK),
    ("latency", lambda one: one.reads.slowdown, "{:.2f} times that of a fresh client", lambda most: most * SLOWER),
)
"""What is judged: its value, how that is shown, and up to which one at the end it has not grown."""
