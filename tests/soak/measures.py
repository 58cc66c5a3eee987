"""What a process holds while nobody works: memory, descriptors, tasks, threads, timers; and the work of a call."""

import asyncio
import ctypes
import gc
import os
import statistics
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import attrs

MORE_MEMORY, MORE_WORK = 1.05, 1.5
"""As much more at the end is no growth: memory is handed out in pages, and no round has the same calls as another."""
_AT_LEAST = 4 << 20
_ENOUGH = 6
"""Samples from which on times say something."""


@attrs.frozen
class Sample:
    """One count."""

    memory: int
    """Bytes of this process that are in memory."""
    descriptors: int
    tasks: int
    threads: int
    timers: int
    work: float
    """Seconds for which a call kept a CPU busy, at the client and at the server, in the mean of a round."""
    latency: float = 0.0
    """Seconds that a read took, in the median. It is shown, not judged: it says how busy the machine is, too."""

    def __str__(self) -> str:
        return (
            f"{self.memory / 1e6:.1f} MB, {self.descriptors} descriptors, {self.tasks} tasks, {self.threads} threads, "
            f"{self.timers} timers, {self.work * 1e3:.1f} ms of work a call, {self.latency * 1e3:.1f} ms a read"
        )


def busy(server: int) -> float:
    """Return the seconds for which this process and that of the server used a CPU."""
    stat = Path(f"/proc/{server}/stat")
    ticks = sum(map(int, stat.read_text().rpartition(")")[2].split()[11:13])) if stat.exists() else 0
    return time.process_time() + ticks / (os.sysconf("SC_CLK_TCK") if ticks else 1)


def sample(loops: Iterable[asyncio.AbstractEventLoop], work: float, latencies: Sequence[float]) -> Sample:
    """Count, after what nobody holds any more is let go of."""
    gc.collect()
    with suppress(OSError, AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)
    running = list(loops)
    return Sample(
        memory=_memory(),
        descriptors=len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0,
        tasks=sum(len(asyncio.all_tasks(loop)) for loop in running),
        threads=threading.active_count(),
        timers=sum(sum(not timer.cancelled() for timer in getattr(loop, "_scheduled", ())) for loop in running),
        work=work,
        latency=statistics.median(latencies) if latencies else 0.0,
    )


def _memory() -> int:
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0


def grown(samples: Sequence[Sample], *, slack: int) -> list[str]:
    """Return what is more at the end than at the beginning, in words."""
    first, last = samples[0], samples[-1]
    found = [
        f"{name}: {getattr(first, name)} at first, {getattr(last, name)} at last"
        for name in ("descriptors", "tasks", "threads", "timers")
        if getattr(last, name) > getattr(first, name) + slack
    ]
    if len(samples) < _ENOUGH:
        return found
    most = max(one.memory for one in samples[:2]) * MORE_MEMORY + _AT_LEAST
    least = min(one.memory for one in samples[-3:])
    if least > most:
        found.append(f"memory: {first.memory} bytes at first, {least} at last")
    before, now = (statistics.median(one.work for one in part) for part in (samples[:3], samples[-3:]))
    if now > before * MORE_WORK:
        found.append(f"work: {before:.4f} s a call at first, {now:.4f} s at last")
    return found
