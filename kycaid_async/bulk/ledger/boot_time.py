"""Moments by a clock that nobody can set, and what is on record of a run: clocks are set, and laptops sleep."""

import functools
import os
import time
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
