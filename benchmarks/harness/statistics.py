"""Medians, quartiles and percentiles."""

import math
from collections.abc import Sequence
from statistics import median, quantiles

import attrs


@attrs.frozen
class Spread:
    """The median of some numbers, with their quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> "Spread":
        if len(numbers) < 2:
            return cls(numbers[0], numbers[0], numbers[0])
        low, _, high = quantiles(numbers, n=4, method="inclusive")
        return cls(median(numbers), low, high)


def ratios(these: Sequence[float], those: Sequence[float]) -> Spread:
    """Return these ÷ those, round by round: what disturbs a round disturbs both."""
    return Spread.of([a / b if b else math.nan for a, b in zip(these, those, strict=True)])


def percentile(numbers: Sequence[float], share: float) -> float:
    """Return the number below which ``share`` of them lie; 0 for none."""
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0
