"""Servers that refuse some requests, and clients that send through a pacer, all in simulated time."""

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Callable

import attrs

from kycaid_async.protocol.pacing import Pacer

CPU = 0.0004
"""Seconds that a request costs the client."""
BASE = 0.5
"""The first pause of a refused call, at most; it doubles with each further one."""
LONGEST = 60.0


@attrs.define
class FixedWindow:
    """So many in each second, or other period, of its own clock."""

    rate: int
    phase: float
    period: float = 1.0
    index: int = -1
    taken: int = 0

    def takes(self, now: float) -> bool:
        index = math.floor(now / self.period + self.phase)
        if index != self.index:
            self.index, self.taken = index, 0
        self.taken += 1
        return self.taken <= self.rate


@attrs.define
class SlidingWindow:
    """So many in any second, or other period."""

    rate: int
    phase: float
    period: float = 1.0
    times: deque = attrs.field(factory=deque)

    def takes(self, now: float) -> bool:
        while self.times and self.times[0] <= now - self.period:
            self.times.popleft()
        if len(self.times) < self.rate:
            self.times.append(now)
            return True
        return False


@attrs.define
class TokenBucket:
    """So many on average, and those of a period at once after a pause."""

    rate: int
    phase: float
    period: float = 1.0
    tokens: float = math.inf
    filled: float = 0.0

    def takes(self, now: float) -> bool:
        self.tokens = min(self.rate, self.tokens + (now - self.filled) * self.rate / self.period)
        self.filled = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@attrs.define
class Shedding:
    """Refuses a share of all requests, whatever their rate."""

    share: float
    chance: random.Random

    def takes(self, now: float) -> bool:
        return self.chance.random() >= self.share


@attrs.define
class Changing:
    """A limit that changes: from which second on which server decides."""

    servers: list[tuple[float, Callable[[float], bool]]]

    def takes(self, now: float) -> bool:
        return next(takes for since, takes in reversed(self.servers) if now >= since)(now)


@attrs.define
class Run:
    """What a simulated run of one client came to."""

    seconds: float = 0.0
    sent: int = 0
    refused: int = 0
    taken: dict[int, int] = attrs.field(factory=dict)
    """By second."""
    turned_away: dict[int, int] = attrs.field(factory=dict)
    """Refused, by second."""

    def rate(self, since: float, until: float) -> float:
        """Return the requests taken per second between two whole seconds."""
        return sum(self.taken.get(second, 0) for second in range(int(since), int(until))) / (until - since)

    def share_refused(self, since: float = 0.0, until: float = math.inf) -> float:
        """Return the share of the answers between two whole seconds that were refusals."""
        taken, refused = (
            sum(n for second, n in counts.items() if since <= second < until)
            for counts in (self.taken, self.turned_away)
        )
        return refused / max(1, taken + refused)


@attrs.define
class Client:
    """Workers, each with one request under way or pausing after a refusal, behind one pacer."""

    workers: int
    left: float
    starts_at: float = 0.0
    pacer: Pacer = attrs.field(factory=lambda: Pacer(64))
    active: int = 0
    idle: int = attrs.field(init=False)
    ready: float = 0.0
    repeats: deque = attrs.field(factory=deque)
    """Attempts made by each call that waits to go again."""
    run: Run = attrs.field(factory=Run)

    def __attrs_post_init__(self) -> None:
        self.idle = self.workers
        self.ready = self.starts_at

    def opens(self, now: float) -> float:
        if self.active >= self.pacer.window or not (self.repeats or (self.idle and self.left > 0)):
            return math.inf
        return max(self.ready, now if self.pacer.free else now + self.pacer.wait(now))

    def start(self, now: float) -> int:
        self.pacer.started(now)
        self.active, self.ready, self.run.sent = self.active + 1, now + CPU, self.run.sent + 1
        if self.repeats:
            return self.repeats.popleft()
        self.idle, self.left = self.idle - 1, self.left - 1
        return 1

    def answered(self, now: float, *, taken: bool) -> None:
        self.active -= 1
        counts = self.run.taken if taken else self.run.turned_away
        counts[int(now)] = counts.get(int(now), 0) + 1
        self.run.seconds = now
        if taken:
            self.pacer.succeeded()
            self.idle += 1
        else:
            self.run.refused += 1

    def pause(self, now: float, attempt: int, chance: random.Random, retry_after: float | None) -> float:
        """Note a refusal, and return the call's own pause."""
        drawn = chance.random() * min(LONGEST, BASE * 2.0 ** (attempt - 1)) * self.pacer.backoff
        if retry_after is None:
            self.pacer.refused(now, min(drawn, BASE), asked=False)
            return drawn
        after = retry_after + chance.random() * BASE
        self.pacer.refused(now, after)
        return after


def simulate(
    takes: Callable[[float], bool],
    *,
    clients: list[Client],
    latency: float,
    chance: random.Random,
    retry_after: float | None = None,
    until: float = math.inf,
) -> list[Run]:
    """Let all clients send what they have to, each request again and again until it was taken, or until a moment."""
    now, events, order = 0.0, [], itertools.count()
    while now < until:
        opens, client = min(((client.opens(now), n) for n, client in enumerate(clients)), default=(math.inf, 0))
        who = clients[client]
        if opens <= now:
            attempt = who.start(now)
            half = latency / 2 * chance.uniform(0.9, 1.1)
            heapq.heappush(events, (now + half, next(order), "arrives", who, attempt))
        elif events and events[0][0] <= opens:
            now, _, what, who, attempt = heapq.heappop(events)
            if what == "arrives":
                half = latency / 2 * chance.uniform(0.9, 1.1)
                heapq.heappush(events, (now + half, next(order), "taken" if takes(now) else "refused", who, attempt))
            elif what == "repeats":
                who.repeats.append(attempt + 1)
            else:
                who.answered(now, taken=what == "taken")
                if what == "refused":
                    again = now + who.pause(now, attempt, chance, retry_after)
                    heapq.heappush(events, (again, next(order), "repeats", who, attempt))
        elif opens == math.inf:
            break
        else:
            now = opens
    return [client.run for client in clients]
