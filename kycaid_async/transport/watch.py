"""Time limits of the requests under way, with one timer for all that have the same limit.

Nearly every request ends long before its limits. Timers of its own, set and taken back each time, would cost it a
tenth of its time.
"""

import asyncio
import functools
from collections.abc import Callable
from typing import Protocol, Self

import attrs

from kycaid_async.protocol.timeout import Timeout

TICKS = 4
"""Looks per limit: a stall ends between one limit and half a limit more after the last byte."""
EARLY = 0.001
"""Seconds by which a timer may ring too early, because clocks are coarse."""


class Sending(Protocol):
    """A body that is being sent."""

    @property
    def moved(self) -> int:
        """Bytes that have left this process."""
        ...

    @property
    def gone(self) -> bool:
        """True once the last byte has left."""
        ...


class Receiving(Protocol):
    """The body of an answer that is being read."""

    total_bytes: int


class Watched(Protocol):
    """Something with a limit."""

    def look(self, lane: "Lane") -> None:
        """Do what is due, after the time of ``lane``."""
        ...


class Lane:
    """What is to be looked at after the same time, in the order in which it came."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, seconds: float, when_idle: Callable[[], object] = lambda: None
    ) -> None:
        self._loop = loop
        self._seconds = seconds
        self._when_idle = when_idle
        self._due: dict[Watched, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, watched: Watched) -> float:
        """Look at ``watched`` once, counted from now on. Returns what the loop's clock says."""
        now = self._loop.time()
        due = self._due[watched] = now + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._ring)
        return now

    def remove(self, watched: Watched) -> None:
        """Forget ``watched``. The timer stays: whoever comes next needs it."""
        self._due.pop(watched, None)

    def _ring(self) -> None:
        now = self._loop.time()
        while self._due:
            watched, due = next(iter(self._due.items()))
            if due - now > EARLY:
                self._timer = self._loop.call_at(due, self._ring)
                return
            del self._due[watched]
            watched.look(self)  # what it adds here shares the timer that is set next
        self._timer = None
        self._when_idle()


class Lanes:
    """The lanes of one loop, by their time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._lanes: dict[float, Lane] = {}

    def lane(self, seconds: float) -> Lane:
        """Return the lane for what is to be looked at after so many seconds."""
        lane = self._lanes.get(seconds)
        if lane is None:
            forget = functools.partial(self._lanes.pop, seconds, None)
            lane = self._lanes[seconds] = Lane(self.loop, seconds, forget)
        return lane


@attrs.frozen
class Limits:
    """The limits of the requests of a client, worked out once."""

    read: float | None
    progress: float | None
    total: float | None
    first: float | None
    """When a request is looked at first."""
    first_of_upload: float | None

    @classmethod
    def of(cls, timeout: Timeout) -> Self:
        """Return what ``timeout`` means for the one who watches."""
        read, progress, total = timeout.read, timeout.progress, timeout.total
        first = _least(None if read is None else read / TICKS, total)
        return cls(read, progress, total, first, _least(first, None if progress is None else progress / TICKS))


def _least(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)


class Watch:
    """The limits of one attempt: how long it may take in all, and how long nothing may move.

    A context manager for the task that makes the attempt. It raises ``TimeoutError`` when a limit runs out; `phase`
    says which. ``left`` is the time left for the whole call, in seconds, where that counts already.

    Timeouts of asyncio do the same for one limit each, and cost more than all else that is done here for a call. What
    nearly no attempt lives to need is set up at the first look.
    """

    phase = "slot"
    """What was going on when the limit ran out: ``slot``, ``progress``, ``read``, or ``total`` for all of it."""
    expired = False
    """True once a limit has run out."""
    receiving: Receiving | None = None
    """The body of the answer, once there is one."""

    _sending: Sending | None = None
    _lane: Lane | None = None
    _end: asyncio.TimerHandle | None = None
    _began = 0.0
    _since: float | None = None
    _mark = (False, 0)

    def __init__(self, lanes: Lanes, limits: Limits, left: float | None = None) -> None:
        self.task = task = asyncio.current_task(lanes.loop)
        self._cancelling = 0 if task is None else task.cancelling()
        self._lanes = lanes
        self._limits = limits
        if left is not None:
            self._end = lanes.loop.call_later(left, self._expire)

    def begin(self, sending: Sending | None = None) -> None:
        """Count from now on: it is this attempt's turn.

        How long a body takes to send is nobody's fault: with ``sending``, the total counts once that has left.
        """
        self.phase = "total"
        if sending is not None:
            self._sending, self._mark = sending, (True, 0)
        first = self._limits.first if sending is None else self._limits.first_of_upload
        if first is not None:
            self._lane = self._lanes.lane(first)
            self._began = self._lane.add(self)

    def connected(self) -> None:
        """Note that there is a connection: before that nothing can move, and making it has a limit of its own."""
        self._since = self._lanes.loop.time()

    def look(self, lane: Lane) -> None:
        """Make the limit run out when it is time."""
        if self.expired:
            return
        phase = self._stalled()
        if phase:
            self.phase = phase
            self._expire()
            return
        if self._end is None and self._sending is None:
            self._count_total(self._began)
        if not self.expired:
            lane.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if self._lane is not None:
            self._lane.remove(self)
        if self._end is not None:
            self._end.cancel()
        if self.expired and self.task is not None:
            # Somebody else may have cancelled the task too: then it stays cancelled.
            others = self.task.uncancel() - self._cancelling
            if others <= 0 and kind is asyncio.CancelledError:
                raise TimeoutError from error

    def _expire(self) -> None:
        # Two limits can run out in one round of the loop, and the task must be cancelled once.
        if not self.expired:
            self.expired = True
            if self.task is not None:
                self.task.cancel()

    def _stalled(self) -> str:
        """Return what has been waited for too long, or nothing."""
        now = self._lanes.loop.time()
        if self._sending is not None and not self._sending.gone:
            mark, allowed, phase = (True, self._sending.moved), self._limits.progress, "progress"
        else:
            received = 0 if self.receiving is None else self.receiving.total_bytes
            mark, allowed, phase = (False, received), self._limits.read, "read"
        if mark != self._mark:
            if self._mark[0] and not mark[0]:
                self._count_total(now)
            self._mark, self._since = mark, now
        if self._since is None or allowed is None or now - self._since < allowed:
            return ""
        return phase

    def _count_total(self, since: float) -> None:
        """Let the total run out, counted from ``since``; at once when it has already."""
        if self._limits.total is None:
            return
        end = since + self._limits.total
        if end <= self._lanes.loop.time():
            self._expire()
        else:
            self._end = self._lanes.loop.call_at(end, self._expire)
