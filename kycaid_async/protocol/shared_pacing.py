"""One pace for all clients of an account: what they report, what they are told, and how each keeps to it.

All take part in one learning: an `AccountPacer` is told of the answers of all, and says what the account may do. Where
starts can be handed out one by one, a client has a permit for each; else it takes its part, the account's rate divided
by the number of clients. Out of touch with the others it goes by the part that it had, and by what it is refused.
"""

import math
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

import attrs

from kycaid_async.protocol.pacing import Pacer

_LATE: Final = 0.02
"""Seconds by which a late start does not delay those after it."""
_BELOW: Final = 0.04
"""By this share of it, a rate begins below what was refused, and no further: nobody else is to be given a part."""
_STALE_PERMIT: Final = 0.5
"""Seconds after which a permit is worth nothing: others have had that time since."""


@attrs.frozen
class Refusal:
    """A refusal as others are told of it: the arguments of `Pacer.refused`."""

    after: float
    asked: bool
    too_many: bool

    def tell(self, pacer: Pacer) -> Callable[[float], None]:
        """Return what notes it at a moment."""
        return lambda now: pacer.refused(now, self.after, asked=self.asked, too_many=self.too_many)


@attrs.define
class Report:
    """Counts of a client since its last report, and its refusals."""

    started: int = 0
    taken: int = 0
    refusals: list[Refusal] = attrs.field(factory=list)


@attrs.frozen(kw_only=True)
class Pace:
    """The pace as a client is told of it. Times are in seconds from now on."""

    rate: float
    """Requests per second of the whole account; infinite while nothing is held back."""
    gate: float = 0.0
    """Nobody starts sooner."""
    width: float = 1.0
    """The share of its connections that each client may use."""
    backoff: float = 1.0
    """Factor for the own pause of a refused call."""
    clients: int = 1
    permits: tuple[float, ...] | None = None
    """When starts may be; None where the rate is divided instead."""
    retry: float | None = None
    """When to ask for permits again, where some were asked for and there are none yet."""
    again: float = 0.2
    """When to look how things are."""


class PaceStore(Protocol):
    """Place where the clients of an account agree on their pace."""

    all_together: int | None
    """How many requests all clients together may have under way, if somebody said so."""

    async def visit(self, report: Report, wanted: int) -> Pace:
        """Leave what this client did, and return what it may do, with up to so many permits."""
        ...

    async def aclose(self) -> None:
        """Close what is open."""
        ...


PaceOption: TypeAlias = str | Callable[[str], PaceStore]
"""The URL of a Redis, or a function that makes a store for the account with this name."""


class AccountPacer:
    """Learns the pace of an account from what all its clients report."""

    def __init__(self, maximum: int, *, rate: float = math.inf, now: float = 0.0) -> None:
        self._pacer = Pacer(maximum, widest=_BELOW)
        self._maximum = maximum
        self._told = now
        if rate < math.inf:
            self._pacer.adopt(now, rate)

    def note(self, now: float, report: Report) -> None:
        """Note what all clients did since the last time, as if it had been spread evenly over it."""
        since = min(1.0, max(0.0, now - self._told))
        pacer = self._pacer
        steps: list[tuple[float, int, Callable[[float], object]]] = []
        steps += [(place / report.started, 0, pacer.started) for place in range(1, report.started + 1)]
        steps += [(place / report.taken, 1, lambda _: pacer.succeeded()) for place in range(1, report.taken + 1)]
        refusals = report.refusals
        steps += [(place / len(refusals), 2, one.tell(pacer)) for place, one in enumerate(refusals, 1)]
        for place, _, tell in sorted(steps, key=lambda step: step[:2]):
            tell(now - since * (1 - place))
        self._told = now

    def pace(self, now: float) -> Pace:
        """Return what the account may do."""
        pacer = self._pacer
        return Pace(
            rate=pacer.rate(now),
            gate=pacer.gate(now),
            width=pacer.window / self._maximum,
            backoff=pacer.backoff,
        )


class SharedPacer:
    """The pacer of a client that shares its pace with others. It is asked as a `Pacer` is."""

    def __init__(self, maximum: int, *, all_together: int | None = None) -> None:
        self._maximum = maximum
        self._all_together = all_together
        """How many requests all clients together may have under way, if somebody said so."""
        self._own = Pacer(maximum)
        """By what this client was answered: it decides as long as the account has no rate, or when out of touch."""
        self._pace: Pace | None = None
        self._in_touch = False
        self._report = Report()
        self._permits: deque[float] = deque()
        self._opens_at = self._next = self._look_at = -math.inf
        self.is_stale = True
        """True when the others should be heard of before the next start."""

    @property
    def free(self) -> bool:
        """True while nothing is held back: then `wait` need not be asked."""
        return not self.is_stale and self._part == math.inf and self._opens_at == -math.inf and self._own.free

    @property
    def window(self) -> int:
        """Number of requests that may be under way; at least one."""
        width, clients = (1.0, 1) if self._pace is None else (self._pace.width, self._pace.clients)
        window = int(self._maximum * width)
        if self._by_own:
            window = min(window, self._own.window)
        if self._all_together is not None:
            window = min(window, self._all_together // clients)
        return max(1, window)

    @property
    def backoff(self) -> float:
        """Factor, up to 1, for the own pause of a refused call."""
        return self._own.backoff if self._by_own or self._pace is None else self._pace.backoff

    @property
    def rate(self) -> float:
        """The rate of the account that was told of last."""
        return math.inf if self._pace is None else self._pace.rate

    @property
    def has_news(self) -> bool:
        """True when requests were started that the others have not been told of."""
        return self._report.started > 0

    def has_to_ask(self, now: float) -> bool:
        """Say whether the others have to be asked before a start can be."""
        self._drop_stale_permits(now)
        return self.is_stale or (self._by_permits and not self._permits and now >= self._look_at)

    @property
    def _by_permits(self) -> bool:
        return self._in_touch and self.rate < math.inf and self._pace is not None and self._pace.permits is not None

    @property
    def _part(self) -> float:
        """The part of the rate that is this client's, where it is divided."""
        return math.inf if self._pace is None else self._pace.rate / max(1, self._pace.clients)

    @property
    def _by_own(self) -> bool:
        return not self._in_touch or self.rate == math.inf

    def wait(self, now: float) -> float:
        """Return how long from ``now`` on nobody may start."""
        opens_at = max(self._opens_at, self._own.wait(now) + now if self._by_own else -math.inf)
        if self._opens_at <= now:
            self._opens_at = -math.inf
        if self._by_permits:
            self._drop_stale_permits(now)
            return max(0.0, opens_at - now, (self._permits[0] if self._permits else self._look_at) - now)
        return max(0.0, opens_at - now, self._next - now)

    def _drop_stale_permits(self, now: float) -> None:
        while self._permits and self._permits[0] < now - _STALE_PERMIT:
            self._permits.popleft()

    def started(self, now: float) -> None:
        """Note that a request starts."""
        self._report.started += 1
        if self._by_own:
            self._own.started(now)
        if self._by_permits:
            if self._permits:
                self._permits.popleft()
        elif self._part < math.inf:
            self._next = max(self._next, now - _LATE) + 1 / self._part

    def succeeded(self) -> None:
        """Note a good answer."""
        self._report.taken += 1
        if self._by_own:
            self._own.succeeded()

    def refused(self, now: float, after: float, *, asked: bool = True, too_many: bool = True) -> None:
        """Note that the server refused."""
        self._report.refusals.append(Refusal(after, asked, too_many))
        self.is_stale = self._in_touch
        if self._by_own:
            self._own.refused(now, after, asked=asked, too_many=too_many)

    # The others.

    def report(self) -> Report:
        """Return what was not reported yet, and begin anew."""
        report, self._report = self._report, Report()
        return report

    def heard(self, now: float, pace: Pace) -> None:
        """Go by what the others have learned."""
        if self._by_own and pace.rate < math.inf:
            self._own = Pacer(self._maximum)  # what it has learned was of a part only
        self._pace, self._in_touch, self.is_stale = pace, True, False
        self._opens_at = now + pace.gate if pace.gate > 0 else -math.inf
        self._permits = deque(time for time in self._permits if time >= self._opens_at)
        self._permits.extend(now + permit for permit in pace.permits or ())
        if pace.retry is not None:
            self._look_at = now + pace.retry

    def take_back(self, report: Report) -> None:
        """Report it once more: nobody knows whether the others were told."""
        self._report.started += report.started
        self._report.taken += report.taken
        self._report.refusals[:0] = report.refusals

    def lost_touch(self, now: float, report: Report) -> None:
        """Go on with the part that this client had, for the others cannot be heard of, or told of what it did last."""
        if not self._by_own:
            self._permits.clear()
            for refusal in report.refusals:
                refusal.tell(self._own)(now)
        self._in_touch = self.is_stale = False
