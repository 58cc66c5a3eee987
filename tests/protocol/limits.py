"""Servers that allow so many requests per second, and a client that sends through a pacer, all in simulated time."""

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


@attrs.define
class FixedWindow:
    """So many in each second of its own clock."""

    rate: int
    phase: float
    second: int = -1
    taken: int = 0

    def takes(self, now: float) -> bool:
        second = math.floor(now + self.phase)
        if second != self.second:
            self.second, self.taken = second, 0
        self.taken += 1
        return self.taken <= self.rate


@attrs.define
class SlidingWindow:
    """So many in any second."""

    rate: int
    phase: float
    times: deque = attrs.field(factory=deque)

    def takes(self, now: float) -> bool:
        while self.times and self.times[0] <= now - 1:
            self.times.popleft()
        if len(self.times) < self.rate:
            self.times.append(now)
            return True
        return False


@attrs.define
class TokenBucket:
    """So many on average, and a second's worth at once after a pause."""

    rate: int
    phase: float
    tokens: float = math.inf
    filled: float = 0.0

    def takes(self, now: float) -> bool:
        self.tokens = min(self.rate, self.tokens + (now - self.filled) * self.rate)
        self.filled = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@attrs.define
class Run:
    """What a simulated run came to."""

    seconds: float
    sent: int
    refused: int


def simulate(
    takes: Callable[[float], bool],
    *,
    requests: int,
    concurrency: int,
    latency: float,
    chance: random.Random,
    retry_after: float | None = None,
) -> Run:
    """Send so many requests, again and again until each was taken."""
    pacer, now, ready, active, left = Pacer(64), 0.0, 0.0, 0, requests
    run, events, order = Run(0.0, 0, 0), [], itertools.count()
    while left or active:
        opens = math.inf
        if left and active < min(concurrency, pacer.window):
            opens = max(ready, now if pacer.free else now + pacer.wait(now))
        if opens <= now:
            pacer.started(now)
            active, left, ready, run.sent = active + 1, left - 1, now + CPU, run.sent + 1
            half = latency / 2 * chance.uniform(0.9, 1.1)
            heapq.heappush(events, (now + half, next(order), half, None))
        elif events and events[0][0] <= opens:
            now, _, half, taken = heapq.heappop(events)
            if taken is None:  # it arrives at the server
                heapq.heappush(events, (now + half, next(order), half, takes(now)))
                continue
            active -= 1
            if taken:
                pacer.succeeded()
            else:
                left, run.refused = left + 1, run.refused + 1
                pacer.refused(now, (retry_after or 0.0) + chance.random() * 0.5)
        else:
            now = opens
    run.seconds = now
    return run
