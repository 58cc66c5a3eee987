"""Pacing of requests: how many are under way and when the next starts, learned from the server's refusals.

The API publishes no limits and sends no rate headers. Until the server refuses, nothing is held back. From then on:

* One refusal among many good answers changes nothing: a server sheds load, or another program uses the same key. A
  sequential test says when they are too many for that: an alarm.
* The window of requests under way halves with an alarm, and grows by one for each windowful of good answers.
* After an alarm, and when the server says how long to wait, nobody starts before one moment, the gate, that only ever
  moves forward.
* Starts are spaced to a rate, when it was too many that the server refused, and it took some. What it took within one
  second before is what it allows; the rate begins a little below that, comes up to it within half a minute, then tries
  more and more, and is lifted when two minutes passed without a refusal. A server that takes nothing says nothing about
  a rate.
* That rate is an experiment: below a limit refusals vanish. Where their share stays as it was although we are slower,
  they are not for our rate, and it is lifted.
"""

import math
from collections import deque
from typing import Final

_BELOW: Final = 0.95
"""The share of what the server allows at which the rate begins after a refusal."""
_BACK_AFTER: Final = 30.0
"""Seconds until the rate is again what it was when the server refused."""
_BACK_REQUESTS: Final = 120.0
"""At least so many requests are made until then: to find the limit again costs a refusal or two."""
_LIFTED: Final = 3
"""How many times that, from there on, until nothing is held back any more."""
_EPISODE: Final = 1.0
"""Refusals within so many seconds have one cause. It is also the time over which servers are taken to count."""
_TELLING: Final = 3
"""How many requests within one second say something about a rate."""
_LATE: Final = 0.02
"""Seconds by which a late start does not delay those after it."""
_SOME: Final = 4
"""How many refusals are more than an accident."""
_SLOWER: Final = 0.9
"""So much of a rate is slower, and should see fewer of them."""
_MOSTLY: Final = 0.3
"""The share of refused answers that no load shed at random explains."""
_ENOUGH: Final = 600
"""Answers with fewer refusals than that end an experiment: it helped to be slower."""


class RefusalDetector:
    """A sequential test (CUSUM) of whether so many answers are refusals that they are no accident.

    It weighs "every other request is refused" against the usual share of refusals, which it learns. With no
    more than one good answer since the last alarm a refusal is another.
    """

    _ALARM: Final = 8.0
    _MEMORY: Final = 200.0
    _LEAST: Final = 0.02
    _MOST: Final = 0.15
    _OVER: Final = 0.5

    def __init__(self) -> None:
        self._usual = self._LEAST
        self._score = 0.0
        self._relief = math.log((1 - self._LEAST) / (1 - self._OVER))
        self._taken = 0

    def refused(self) -> bool:
        """Note a refusal, and say whether it is an alarm."""
        usual = min(self._MOST, max(self._LEAST, self._usual))
        self._relief = math.log((1 - usual) / (1 - self._OVER))
        self._score += math.log(self._OVER / usual)
        self._usual += (1 - self._usual) / self._MEMORY
        if self._taken > 1 and self._score < self._ALARM:
            return False
        self._score, self._taken = 0.0, 0
        return True

    def succeeded(self) -> None:
        """Note a good answer."""
        self._taken += 1
        self._usual -= self._usual / self._MEMORY
        if self._score:
            self._score = max(0.0, self._score - self._relief)


class Pacer:
    """The window, the gate and the rate of one client. Times are in seconds of a monotonic clock of the caller."""

    def __init__(self, maximum: int) -> None:
        self._maximum = float(maximum)
        self._window = self._maximum
        self._opens_at = float("-inf")
        self._starts: deque[float] = deque(maxlen=4096)
        self._detector = RefusalDetector()
        self._answered = 0
        self._share = 1.0
        self._tried = self._tried_refusals = 0
        self._share_before = self._rate_before = 0.0
        self._is_slower = False
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

    @property
    def backoff(self) -> float:
        """Factor, up to 1, for the own pause of a refused call: small where few of many are refused."""
        return min(1.0, 2 * self._share)

    def wait(self, now: float) -> float:
        """Return how long from ``now`` on nobody may start."""
        return max(0.0, self._opens_at - now, self._next - now)

    def started(self, now: float) -> None:
        """Note that a request starts."""
        self._starts.append(now)
        if self.free:
            return
        back = max(_BACK_AFTER, _BACK_REQUESTS / self._allowed) if self._rate else _BACK_AFTER
        since = (now - self._refused_at - back) / back
        if since > _LIFTED:
            self._lift()
        elif self._rate:
            self._counted += 1
            self._rate = self._allowed * (1 + (1 - _BELOW) * since**3)
            self._next = max(self._next, now - _LATE) + 1 / self._rate

    def _lift(self) -> None:
        self.free, self._rate, self._least, self._next = True, 0.0, 1.0, float("-inf")
        self._try_anew()

    def _try_anew(self, share: float = 0.0, rate: float = 0.0) -> None:
        self._tried = self._tried_refusals = 0
        self._share_before, self._rate_before, self._is_slower = share, rate, False

    def refused(self, now: float, after: float, *, asked: bool = True, too_many: bool = True) -> None:
        """Note that the server refused.

        Nobody should start within ``after`` seconds: when the server ``asked`` for that in any case, and else when
        this is an alarm. ``too_many`` is false when it did not say that there were too many requests, but that it
        cannot work now. Refusals that come while the gate is shut belong to requests that were under way already: they
        may move the gate, and do not halve the window again.
        """
        self._note(refused=1.0)
        alarm = self._detector.refused()
        if alarm and now >= self._opens_at:
            self._window = max(1.0, self._window / 2)
        if asked or alarm:
            self._opens_at = max(self._opens_at, now + after)
            self.free = False
        new = now - self._refused_at >= _EPISODE
        self._refusals = 1 if new else self._refusals + 1
        self._refused_at = now if new else self._refused_at
        if too_many and (alarm or asked or self._rate) and not self._is_no_limit():
            self._adjust(now, new=new)

    def _is_no_limit(self) -> bool:
        """Note a refusal at the rate that there is, and lift it when refusals go on as before although it is lower."""
        self._tried_refusals += 1
        if not self._rate or self._tried_refusals < _SOME:
            return False
        share, before = self._tried_refusals / (self._tried + self._tried_refusals), self._share_before
        if not before or share >= _MOSTLY:
            self._try_anew(share, self._rate)
        elif self._rate <= min(_SLOWER, 1 - before) * self._rate_before and not self._is_slower:
            self._tried, self._tried_refusals, self._is_slower = 0, 0, True
        elif self._is_slower:
            if share >= before / 2:
                self._lift()
                return True
            self._try_anew(share, self._rate)
        return False

    def _adjust(self, now: float, *, new: bool) -> None:
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
            self.free = False

    def succeeded(self) -> None:
        """Note a good answer."""
        self._note(refused=0.0)
        self._detector.succeeded()
        self._good += 1
        self._tried += 1
        if self._tried > _ENOUGH and self._tried_refusals < _SOME:
            self._try_anew()
        if self._window < self._maximum:
            self._window = min(self._maximum, self._window + 1 / self._window)

    def _note(self, *, refused: float) -> None:
        self._answered = min(100, self._answered + 1)
        self._share += (refused - self._share) / self._answered
