"""How many rows may be under way at once: it grows and shrinks with the answers."""

from typing import Final

_START: Final = 8
_SLACK: Final = 0.05
"""Seconds by which answers may take longer before it counts: a fast server has more to do with chance."""
_FORGETS: Final = 1.01


class AdaptiveConcurrency:
    """Grows while the server answers as quickly as before, and halves when it refuses. Times are in seconds."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._doubling = True
        self._just_refused = False
        self._round = 0
        self._quickest = float("inf")
        self._usual = 0.0
        self.value = min(_START, maximum)
        """How many now; at least one."""

    def answered(self, seconds: float) -> None:
        """Note how long a good answer to a small request took."""
        self._quickest = min(self._quickest, seconds)
        self._usual = seconds if not self._usual else self._usual + (seconds - self._usual) / self.value
        self._round, self._just_refused = self._round + 1, False
        if self._round >= self.value:
            self._adapt()

    def _adapt(self) -> None:
        """After as many answers as there are rows under way: grow or shrink."""
        self._round = 0
        if self._usual <= 2 * self._quickest + _SLACK:
            self.value = min(self._maximum, self.value * 2 if self._doubling else self.value + 1)
        elif self._usual > 4 * self._quickest + _SLACK:
            self._doubling = False
            self.value = max(1, self.value * 9 // 10)
        else:
            self._doubling = False
        self._quickest *= _FORGETS

    def refused(self) -> None:
        """Note that the server refused. Refusals that come together count once."""
        if not self._just_refused:
            self.value = max(1, self.value // 2)
        self._just_refused, self._doubling, self._round = True, False, 0
