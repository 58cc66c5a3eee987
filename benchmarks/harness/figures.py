"""The figures that were promised, and the machine that they are from."""

import os
import platform
from pathlib import Path
from typing import Literal

import attrs


@attrs.frozen
class Figure:
    """A promise, and what came of it."""

    name: str
    measured: float | None
    """None when what it needs is missing."""
    reach: float
    aim: float | None
    sense: Literal["≤", "≥"]
    unit: str

    def holds(self, limit: float | None) -> bool:
        if limit is None or self.measured is None:
            return False
        return self.measured >= limit if self.sense == "≥" else self.measured <= limit

    @property
    def verdict(self) -> str:
        if self.measured is None:
            return "not measured"
        if self.holds(self.aim):
            return "beyond the aim"
        return "met" if self.holds(self.reach) else "missed"

    def row(self) -> list[str]:
        return [self.name, self._text(self.reach), self._text(self.aim), self._plain(self.measured), self.verdict]

    def _text(self, limit: float | None) -> str:
        return f"{self.sense} {self._plain(limit)}" if limit is not None else ""

    def _plain(self, number: float | None) -> str:
        return "–" if number is None else f"{number:,.{0 if abs(number) >= 100 else 2}f} {self.unit}"


def at_least(name: str, measured: float | None, reach: float, aim: float | None = None, unit: str = "×") -> Figure:
    """Return a figure that should be large."""
    return Figure(name, measured, reach, aim, "≥", unit)


def at_most(name: str, measured: float | None, reach: float, aim: float | None = None, unit: str = "×") -> Figure:
    """Return a figure that should be small."""
    return Figure(name, measured, reach, aim, "≤", unit)


def machine() -> str:
    """Return the machine in a line."""
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} × {_processor()}, {system}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
