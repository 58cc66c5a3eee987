"""Time that passed since a row was sent, without trust in the time of day: clocks are set, and laptops sleep."""

import functools
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import attrs


@attrs.frozen
class BootTime:
    """A moment by a clock that nobody can set."""

    boot: str
    """Which start of which machine it counts from."""
    seconds: float

    def since(self, boot: str, seconds: float) -> float:
        """Return the seconds since another moment, 0 when it counts from another start."""
        return max(0.0, self.seconds - seconds) if boot and boot == self.boot else 0.0


NO_BOOT_TIME = BootTime("", 0.0)


def boot_time() -> BootTime:
    """Return the time since the machine started, with what names that start; nothing where no system tells it."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    boot = _boot()
    return NO_BOOT_TIME if clock is None or not boot else BootTime(boot, time.clock_gettime(clock))


@functools.cache
def _boot() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # A container may have a clock of its own.
        return f"{boot} {os.readlink('/proc/self/ns/time')}"
    except (OSError, ValueError):
        return ""


@attrs.frozen(kw_only=True)
class Run:
    """Record of the time that a run took."""

    number: int
    seconds: float
    """For how long it certainly ran, by its own clock."""
    boot: str
    began: float
    """When it began, by the clock of ``boot``."""
    beat: float
    """When ``seconds`` was written."""


@attrs.frozen
class _Past:
    seconds: float
    since_beat: float
    """Seconds between ``seconds`` of it and the start of this run, at least."""
    since_next: float
    """The same, from the start of the run after it."""


class RunClock:
    """The clock of a run, which knows how long the runs before it took."""

    def __init__(self, past: Iterable[Run], clock: Callable[[], float], boot: Callable[[], BootTime]) -> None:
        self._clock, self._boot = clock, boot
        self._started, self._began = clock(), boot()
        self._past: dict[int, _Past] = {}
        since_next, self.number = 0.0, 1
        for run in sorted(past, key=lambda run: run.number, reverse=True):
            self.number = max(self.number, run.number + 1)
            since_beat = max(since_next, self._began.since(run.boot, run.beat))
            self._past[run.number] = _Past(run.seconds, since_beat, since_next)
            since_next = max(run.seconds + since_beat, self._began.since(run.boot, run.began))

    @property
    def elapsed(self) -> float:
        """Seconds since this run began."""
        return max(0.0, self._clock() - self._started)

    def waited(self, run: int, at: float) -> float:
        """Return how many seconds have certainly passed since a run was ``at`` seconds old."""
        if run == self.number:
            return max(0.0, self.elapsed - at)
        past = self._past.get(run)
        if past is None:
            return self.elapsed
        before = past.seconds - at + past.since_beat if at <= past.seconds else past.since_next
        return before + self.elapsed

    def record(self) -> Run:
        """Return what the ledger should know of this run by now."""
        elapsed, boot = self.elapsed, self._boot()
        return Run(
            number=self.number, seconds=elapsed, boot=self._began.boot, began=self._began.seconds, beat=boot.seconds
        )
