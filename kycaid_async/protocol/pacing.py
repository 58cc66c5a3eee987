"""Pacing of requests: how many are under way and when the next starts, learned from the server's refusals.

The API publishes no limits and sends no rate headers. Until the first refusal nothing is held back. From then on:

* The window of requests under way halves when the server refuses, and grows by one for each windowful of good answers.
* After a refusal nobody starts before one moment, the gate, that only ever moves forward.
* Starts are spaced to a rate, when it was too many that the server refused, and it took some. What it took within one
  second before is what it allows; the rate begins a little below that, comes up to it within half a minute, then tries
  more and more, and is lifted when two minutes passed without a refusal. A server that takes nothing says nothing about
  a rate.
"""

from collections import deque
from typing import Final

_BELOW: Final = 0.95
"""The share of what the server allows at which the rate begins after a refusal."""
_BACK_AFTER: Final = 30.0
"""Seconds until the rate is again what it was when the server refused."""
_LIFTED: Final = 3
"""How many times that, from there on, until nothing is held back any more."""
_EPISODE: Final = 1.0
"""Refusals within so many seconds have one cause. It is also the time over which servers are taken to count."""
_TELLING: Final = 3
"""How many requests within one second say something about a rate."""
_LATE: Final = 0.02
"""Seconds by which a late start does not delay those after it."""


class Pacer:
    """The window, the gate and the rate of one client. Times are in seconds of a monotonic clock of the caller."""

    def __init__(self, maximum: int) -> None:
        self._maximum = float(maximum)
        self._window = self._maximum
        self._opens_at = float("-inf")
        self._starts: deque[float] = deque(maxlen=1024)
        self._allowed = 0.0
        self._rate = 0.0
        self._refused_at = float("-inf")
        self._next = float("-inf")
        self._counted, self._counted_from = 0, 0.0
        self._least = 1.0
        self._good = self._refusals = 0
        self.free = True
        """True until the server refuses for the first time: then `wait` need not be asked."""

    @property
    def window(self) -> int:
        """Number of requests that may be under way; at least one."""
        return int(self._window)

    def wait(self, now: float) -> float:
        """Return how long from ``now`` on nobody may start."""
        return max(0.0, self._opens_at - now, self._next - now)

    def started(self, now: float) -> None:
        """Note that a request starts."""
        self._starts.append(now)
        if self.free:
            return
        since = (now - self._refused_at - _BACK_AFTER) / _BACK_AFTER
        if since > _LIFTED:
            self.free, self._rate, self._least = True, 0.0, 1.0
        elif self._rate:
            self._counted += 1
            self._rate = self._allowed * (1 + (1 - _BELOW) * since**3)
            self._next = max(self._next, now - _LATE) + 1 / self._rate

    def refused(self, now: float, after: float, *, too_many: bool = True) -> None:
        """Note that the server refused and that nobody should start within ``after`` seconds.

        ``too_many`` is false when it did not say that there were too many requests, but that it cannot work now.
        Refusals that come while the gate is shut belong to requests that were under way already: they may move the
        gate, and do not halve the window again.
        """
        if now >= self._opens_at:
            self._window = max(1.0, self._window / 2)
        self._opens_at = max(self._opens_at, now + after)
        new = now - self._refused_at >= _EPISODE
        self.free, self._refused_at = False, now if new else self._refused_at
        self._refusals = 1 if new else self._refusals + 1
        if not too_many:
            return
        if self._good and (new or not self._rate):
            self._learn(now)
            self._good = 0
        elif self._rate and not new:  # it was counted among what the server took
            self._allowed = max(self._least, self._allowed - 1)

    def _learn(self, now: float) -> None:
        recent = [start for start in self._starts if start > now - _EPISODE]
        if self._rate:
            # A server that counts over longer than a second allows more on average than right before a refusal.
            average = self._counted / (now - self._counted_from + _EPISODE)
            self._least = max(1.0, self._rate / 2, _BELOW * average)
            self._allowed = min(self._rate, max(float(len(recent)), self._least))
        elif len(recent) >= _TELLING:
            self._rate = self._allowed = max(1.0, float(len(recent) - self._refusals))
            self._counted, self._counted_from = len(recent), recent[0]
            self._next = recent[0] + _EPISODE  # the server has given this second's share already

    def succeeded(self) -> None:
        """Note a good answer."""
        self._good += 1
        if self._window < self._maximum:
            self._window = min(self._maximum, self._window + 1 / self._window)
