"""Pacing of requests: how many are under way and when the next starts, learned from the server's refusals.

The API publishes no limits and sends no rate headers. Until the server refuses, nothing is held back. From then on:

* Refusals among good answers change nothing by themselves: a server sheds load, or another program uses the same key. A
  sequential test says when they are too many for that: an alarm.
* With an alarm the window of requests under way halves; it grows by one for each windowful of good answers. What the
  server took within one second before is the rate that it allows, to which starts are spaced from then on: a little
  below first, back at it after a while, then more and more, until nothing is held back any more.
* A refusal near the highest rate that was refused before lowers the rate by little; many, by their share. Where they
  come sooner than that, others use the key: steps grow, so that what is left is shared sooner. A server that took
  nothing for seconds counts over longer: its average is taken.
* Refusals that go on well below that rate, or at no rate, are put to a trial: a little slower, do they vanish? Those of
  a limit do; of those that do not, the rate is not the cause, and nothing is held back.
* After a refusal with ``Retry-After`` nobody starts before one moment, the gate, that only ever moves forward. A long
  pause says nothing of a rate; a refusal soon after it does.
"""

import math
from collections import deque
from typing import Final

from kycaid_async.protocol.detection import RefusalDetector, Trial

_BELOW: Final = 0.04
"""By this share of it, a rate begins below what the server allows, where refusals come only at that."""
_WIDEST: Final = 0.12
"""The same where refusals come sooner, at most: others use the key, and larger steps share sooner."""
_CUT: Final = 0.6
"""What a refusal takes from a rate, by that share."""
_CUT_AGAIN: Final = 0.9
"""What a refusal leaves of a rate that was set only a moment ago: what it was set by was far off."""
_SOON: Final = 3.0
_HIGHEST_AGAIN: Final = 0.95
_SHORTEST: Final = 8.0
"""Seconds until a rate is again what it was, at least; more where it is low, for some answers cost."""
_REQUESTS: Final = 150.0
"""Seconds for one request per second, and at most."""
_FEWER: Final = 1.25
"""The power of the rate by which they become fewer."""
_PAUSES: Final = 25.0
"""The same in pauses that the server asked for: each is lost."""
_LONGEST_BACK: Final = 300.0
_LIFTED: Final = 2.5
"""How many times that, from there on, until nothing is held back any more."""
_EPISODE: Final = 1.0
"""Refusals within so many seconds have one cause. It is also the time over which servers are taken to count."""
_FEW: Final = 5.0
"""So many requests could be sent meanwhile, or refusals have one cause, too."""
_EPISODES: Final = 2.5
"""How many of them a share of refusals looks back at."""
_TELLING: Final = 3
"""How many requests within one second say something about a rate."""
_MANY: Final = 0.04
"""The share of refusals above which what the server took says more than the rate at which it was asked."""
_LEAST_LEFT: Final = 0.1
_WELL_BELOW: Final = 0.88
_LEAST: Final = 0.5
"""Requests per second: a rate is never less. Whoever counts over longer is asked one at a time, with growing pauses."""
_GOLDEN: Final = (math.sqrt(5) - 1) / 2
"""After a refusal starts are shifted by a part of their distance: or two clients keep step, and one is refused."""
_ASKS_FOR_LONG: Final = 5.0
"""Seconds of a pause: who asks for more counts over longer, and what was taken within a second says nothing."""
_AGAIN: Final = 10.0
"""Within so many seconds after a pause, or two such pauses, the next refusal is no chance."""
_LATE: Final = 0.02
"""Seconds by which a late start does not delay those after it."""
_DRY: Final = 1.0
"""Seconds without a good answer, and refusals in a row, after which one request at a time looks for the end of it."""
_SHUTS: Final = 4
"""Refusals in a row after which all wait for a moment."""
_IN_A_ROW: Final = 5
_SAYS_AN_AVERAGE: Final = 10
"""Good answers."""
_EVERY_THIRD: Final = 0.33
_LONGEST_GATE: Final = 8.0
_WORTH_A_TRIAL: Final = 0.01
"""The share of refusals from which a trial pays, and how many of them say that share."""
_SOME: Final = 8
_SLOWER: Final = 0.85
"""The rate of a trial, by that before it."""
_SAME: Final = 5
"""Refusals with which a trial is over before."""
_LONGEST_TRIAL: Final = 60.0
_FIRST_PAUSE: Final = 2.0
"""Seconds from one trial at no rate to the next; each time twice as many, up to ten minutes."""
_LONGEST_PAUSE: Final = 600.0
_UNASKED: Final = 4.0
"""Seconds without a good answer in which somebody would have asked, if anybody had wanted to."""
_LAST: Final = 100
"""How many answers the share of refusals among them is taken of."""
_FORGOTTEN: Final = 60.0
"""Seconds after which a gate without a rate has no part in anything."""


class Pacer:
    """The window, the gate and the rate of one client. Times are in seconds of a monotonic clock of the caller."""

    def __init__(self, maximum: int, *, widest: float = _WIDEST) -> None:
        self._maximum = self._window = float(maximum)
        self._widest = widest
        self._now = self._opens_at = self._next = -math.inf
        self._detector = RefusalDetector()
        self._starts: deque[float] = deque(maxlen=1024)
        self._taken: deque[float] = deque(maxlen=1024)
        self._refusals: deque[float] = deque(maxlen=1024)
        self._streak = 0
        self._is_dry = False
        self._counted, self._counted_from = 0, math.inf
        self._asked = 0.0
        self._allowed = 0.0
        self._set_at = self._corrected_at = -math.inf
        self._climbs = self._counts_down = False
        self._highest = 0.0
        self._shift, self._below = 0.0, _BELOW
        self._counts_until = -math.inf
        self._opened_at = -math.inf
        self._unexplained = 0
        self._good = self._bad = 0
        self._trial: Trial | None = None
        self._next_trial, self._trial_pause = -math.inf, _FIRST_PAUSE
        self._answers, self._share = 0, 1.0
        self.free = True
        """True while nothing is held back: then `wait` need not be asked."""

    @property
    def window(self) -> int:
        """Number of requests that may be under way; at least one."""
        return int(self._window)

    @property
    def backoff(self) -> float:
        """Factor, up to 1, for the own pause of a refused call: small where few of many are refused at any rate."""
        return min(1.0, 2 * self._share) if self.free else 1.0

    def wait(self, now: float) -> float:
        """Return how long from ``now`` on nobody may start."""
        return max(0.0, self._opens_at - now, self._next - now)

    def gate(self, now: float) -> float:
        """Return for how long from ``now`` on nobody may start, whatever the rate."""
        return max(0.0, self._opens_at - now, self._counts_until - now)

    def rate(self, now: float) -> float:
        """Return the requests per second that may start; infinity while there is no such limit."""
        return self._rate(now) if self._allowed or self._trial is not None else math.inf

    def adopt(self, now: float, rate: float) -> None:
        """Begin with a rate that others have learned."""
        self._set(now, rate)

    def started(self, now: float) -> None:
        """Note that a request starts."""
        self._now = now
        self._starts.append(now)
        if self.free:
            return
        if not self._allowed and self._trial is None:
            self.free = now > self._opens_at + _FORGOTTEN
            return
        rate = self._rate(now)
        if rate == math.inf:
            self._lift()
        else:
            self._next = max(self._next, now - _LATE) + 1 / rate

    def succeeded(self) -> None:
        """Note a good answer."""
        now = self._now
        self._note(refused=0.0)
        self._good, self._streak = self._good + 1, 0
        self._detector.succeeded()
        if self._is_dry:
            self._end_dry(now)
        if not self._taken or (now - self._taken[-1] > _DRY + _UNASKED and now - self._opens_at > _UNASKED):
            self._counted, self._counted_from = 0, now  # nobody asked meanwhile: that says nothing of a rate
        self._counted += 1
        self._taken.append(now)
        if self._trial is not None and now > self._trial.since:
            self._trial.taken += 1
            self._judge(self._trial, now)
        if self._window < self._maximum:
            self._window = min(self._maximum, self._window + 1 / self._window)

    def refused(self, now: float, after: float, *, asked: bool = True, too_many: bool = True) -> None:
        """Note that the server refused.

        Nobody should start within ``after`` seconds: when the server ``asked`` for that in any case, and else when
        this is an alarm. ``too_many`` is false when it did not say that there were too many requests, but that it
        cannot work now. Refusals that come while the gate is shut belong to requests that were under way already: they
        may move the gate, and do not halve the window again.
        """
        self._now = max(now, self._now)
        self._note(refused=1.0)
        self._bad, self._streak = self._bad + 1, self._streak + 1
        self._refusals.append(now)
        alarm, dry = self._detector.refused(), too_many and self._takes_nothing(now)
        if (alarm or asked or dry) and now >= self._opens_at:
            self._window = 1.0 if dry else max(1.0, self._window / 2)
        if dry:
            after = max(after, min(_LONGEST_GATE, (now - self._taken[-1]) / 2))
            self._is_dry = True
        if asked or alarm or self._streak >= _SHUTS:
            self._opens_at = max(self._opens_at, now + after)
            self.free = False
        if too_many and asked:
            self._asked = after
        if too_many and not dry:
            again = asked and self._opened_at <= now < self._opened_at + max(_AGAIN, 2 * after)
            self._adjust(now, alarm=again if asked and after > _ASKS_FOR_LONG else alarm or asked)
            if asked:
                self._opened_at = max(self._opened_at, now + after)

    def _note(self, *, refused: float) -> None:
        """Keep the share of refusals among the last answers."""
        if self._answers < _LAST:
            self._answers += 1
        self._share += (refused - self._share) / self._answers

    def _adjust(self, now: float, *, alarm: bool) -> None:
        if self._trial is not None:
            if now > self._trial.since:
                self._trial.refused += 1
                self._judge(self._trial, now)
        elif self._allowed:
            if now - self._set_at >= max(_EPISODE, _FEW / self._allowed):
                if self._streak == 1 or self._allowed > _FEW:  # else it is the end of a longer time that is full
                    self._explain(now)
            elif self._counts_down and now < self._counts_until:  # it was counted among what the server took
                self._allowed = self._highest = max(1.0, self._allowed - 1, self._recent(now, _EPISODE)[0])
        elif alarm:
            self._learn(now)
        elif self._bad >= _SOME and now >= self._next_trial and (speed := self._speed(now)) >= 1:
            self._next_trial = now + self._trial_pause
            self._trial_pause = min(_LONGEST_PAUSE, 2 * self._trial_pause)
            self._try(now, speed)

    # A rate.

    def _rate(self, now: float) -> float:
        """Return the rate at this moment; infinity when nothing is to be held back any more."""
        if self._trial is not None:
            return max(self._trial.rate, _LEAST)
        since = now - self._set_at
        if self._climbs:
            return self._allowed * math.exp2(min(64.0, (since - _EPISODE) / max(5.0, 20 / self._allowed)))
        back = self._back()
        steps = (since - back) / back
        if steps > _LIFTED:
            return math.inf
        return self._allowed * (1 + (self._below * steps**3 if steps < 1 else self._below + _BELOW * (steps**5 - 1)))

    def _back(self) -> float:
        """Return the seconds until a rate is again what it was."""
        asked = min(_PAUSES * self._asked, _LONGEST_BACK)
        if self._counts_down:  # it was never refused
            return max(_SHORTEST, asked)
        return max(_SHORTEST, min(_REQUESTS, _REQUESTS / math.pow(self._allowed, _FEWER)), asked)

    def _set(self, now: float, allowed: float, *, climbs: bool = False) -> None:
        self._allowed = self._highest = max(allowed, _LEAST)
        self._set_at, self._climbs, self._counts_down = now, climbs, False
        self._trial, self._unexplained, self.free = None, 0, False

    def _lift(self) -> None:
        self.free = self._now >= self._opens_at  # the refusal that ends a trial may have shut the gate
        self._allowed, self._highest, self._next, self._trial = 0.0, 0.0, -math.inf, None
        self._unexplained = self._good = self._bad = 0

    def _learn(self, now: float) -> None:
        """Set a rate for the first time, by what the server took within a second."""
        taken, refused = self._recent(now, _EPISODE)
        starts = [start for start in self._starts if start > now - _EPISODE]
        if taken >= _TELLING:
            # Those under way count until they are refused. Where answers take longer than a second, none may be.
            self._set(now, max(1.0, float(len(starts) - refused if starts else taken)))
            self._counts_down = True
            began = starts[0] if starts else now - _EPISODE
            self._next = max(self._next, began + _EPISODE)  # the server has given this second's share already
            self._below = _BELOW
            self._counts_until = self._set_at = self._next
        elif self._share > _EVERY_THIRD and len(self._taken) >= _SAYS_AN_AVERAGE:
            self._set(now, _SAYS_AN_AVERAGE / (now - self._taken[-_SAYS_AN_AVERAGE]))

    def _explain(self, now: float) -> None:
        """Find out what a refusal at a rate means, and go by it."""
        rate, since = self._rate(now), now - self._set_at
        if rate == math.inf:
            return
        span = since if since <= _EPISODES * _EPISODE else max(_EPISODE, min(10 / rate, since))
        taken, refused = self._recent(now, span)
        many = rate * span >= _SAME and refused > max(1, _MANY * (taken + refused))
        early, self._counts_down = since < self._back(), False
        if since >= _SOON:
            self._below = min(self._widest, 2 * self._below) if early else max(_BELOW, self._below / 2)
        if many or self._climbs:
            left = max(_LEAST_LEFT, taken / (taken + refused))
        else:
            left = _CUT_AGAIN if since < _SOON else 1 - _CUT * self._below
            left = min(left, math.sqrt(self._highest / rate))  # a rise that was in vain may have gone far beyond
        self._next += self._shift / rate
        self._shift = (self._shift + _GOLDEN) % 1.0
        if self._climbs or (many and now - self._corrected_at > max(5.0, 20 / rate)):
            self._corrected_at = -math.inf if self._climbs else now
            self._set(now, rate * left)
        else:
            self._lower(now, rate, left, many=many)

    def _lower(self, now: float, rate: float, left: float, *, many: bool) -> None:
        """Lower the rate, or put to a trial whether that helps at all."""
        if now - self._set_at < _SOON:
            self._highest *= _HIGHEST_AGAIN
        if not many and rate >= _WELL_BELOW * self._highest:
            self._unexplained, self._good, self._bad = 0, 0, 1
            self._highest = max(rate, 0.99 * self._highest)
        else:
            self._unexplained += 1
            if self._unexplained >= _TELLING:
                self._try(now, rate * left if many else rate)
                return
        self._allowed, self._set_at = max(_LEAST, rate * left), now

    def _recent(self, now: float, span: float) -> tuple[int, int]:
        """Return how many were taken and refused of late."""
        since = now - span
        return sum(time > since for time in self._taken), sum(time > since for time in self._refusals)

    def _speed(self, now: float) -> float:
        """Return how many are taken per second; 0 before a whole second says it."""
        if not self._taken or (now - self._taken[0] < _EPISODE and len(self._taken) < (self._taken.maxlen or 0)):
            return 0.0
        some, recent = min(10, len(self._taken)), self._recent(now, _EPISODE)[0]
        if recent == self._taken.maxlen:
            return recent / max(now - self._taken[0], 0.001)
        return max(recent / _EPISODE, some / max(now - self._taken[-some], _EPISODE))

    # A time without any good answer.

    def _takes_nothing(self, now: float) -> bool:
        """Say whether the server has taken nothing for longer than its rate explains."""
        if self._streak < _IN_A_ROW or not self._taken:
            return False
        return now - self._taken[-1] >= max(_DRY, 3 / self._allowed if self._allowed else 0.0)

    def _end_dry(self, now: float) -> None:
        """Go by the average since the last such time: the server counts over longer than a second."""
        self._is_dry = False
        if now - self._taken[-1] >= 2 * _DRY and self._counted >= _SAYS_AN_AVERAGE and now > self._counted_from:
            average = self._counted / (now - self._counted_from)
            self._counted, self._counted_from = 0, now
            self._set(now, min(self._allowed or math.inf, average))

    # A trial.

    def _try(self, now: float, rate: float) -> None:
        share = self._bad / (self._good + self._bad)
        self._good = self._bad = 0
        if share >= _WORTH_A_TRIAL:
            self._trial = Trial(since=now + _EPISODE, share=share, rate=_SLOWER * rate, before=rate)
            self.free = False

    def _judge(self, trial: Trial, now: float) -> None:
        if trial.refused >= _SAME and trial.now > max(0.1, 2.5 * trial.share):
            self._trial = None
            self._learn(now)
        elif trial.now >= 0.4 * trial.share and (trial.refused >= _SAME or now > trial.since + _LONGEST_TRIAL):
            self._detector = RefusalDetector(max(0.15, min(0.4, 1.5 * trial.now)), 10.0)
            self._lift()
        elif trial.is_over or now > trial.since + _LONGEST_TRIAL:
            self._set(now, trial.before)
            self._allowed, self._climbs, self._trial_pause = trial.rate, True, _FIRST_PAUSE
