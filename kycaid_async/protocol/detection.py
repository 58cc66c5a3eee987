"""Detection of what refusals mean, chance or a limit: by a sequential test, and by a trial at a lower rate."""

import math
from typing import Final

import attrs

EXPECTED: Final = 12
"""Refusals that a trial would bring if nothing changed, at its end."""


class RefusalDetector:
    """A sequential test (CUSUM) of whether refusals are too many for chance: "every other answer" against ``usual``."""

    def __init__(self, usual: float = 0.15, certain: float = 8.0) -> None:
        self._step, self._relief = math.log(0.5 / usual), math.log((1 - usual) / 0.5)
        self._certain = certain
        self._score = 0.0

    def refused(self) -> bool:
        """Note a refusal, and say whether it is an alarm."""
        self._score += self._step
        if self._score < self._certain:
            return False
        self._score = 0.0
        return True

    def succeeded(self) -> None:
        """Note a good answer."""
        if self._score:
            self._score = max(0.0, self._score - self._relief)


@attrs.define
class Trial:
    """A time at a lower rate, to see whether refusals vanish."""

    since: float
    """Until then answers are to requests that were sent before."""
    share: float
    """Of refusals, before it."""
    rate: float
    before: float
    taken: int = 0
    refused: int = 0

    @property
    def now(self) -> float:
        """The share of refusals so far."""
        return self.refused / (self.taken + self.refused)

    @property
    def is_over(self) -> bool:
        """True when refusals vanished: as many answers came as should have brought twelve."""
        return (self.taken + self.refused) * self.share >= EXPECTED
