"""Time limits of the requests under way, with one timer for all that have the same limit.

Nearly every request ends long before its limits. Timers of its own, set and taken back each time, would cost it a
tenth of its time.
"""

import asyncio
from typing import Protocol, Self

from kycaid_async.protocol.timeout import Timeout

TICKS = 4
"""Looks per limit: a stall ends between one limit and half a limit more after the last byte."""


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

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._seconds = seconds
        self._due: dict[Watched, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, watched: Watched) -> None:
        """Look at ``watched`` once, from now on counted."""
        due = self._due[watched] = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._ring)

    def remove(self, watched: Watched) -> None:
        """Forget ``watched``. The timer stays: whoever comes next needs it."""
        self._due.pop(watched, None)

    def _ring(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._due:
            watched, due = next(iter(self._due.items()))
            if due > now:
                self._timer = self._loop.call_at(due, self._ring)
                return
            del self._due[watched]
            watched.look(self)


class Lanes:
    """The lanes of one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._lanes: dict[tuple[str, float], Lane] = {}

    def lane(self, purpose: str, seconds: float) -> Lane:
        """Return the lane for what is due in ``seconds``. What has two purposes can stand in a lane of each."""
        lane = self._lanes.get((purpose, seconds))
        if lane is None:
            lane = self._lanes[purpose, seconds] = Lane(self.loop, seconds)
        return lane


class Watch:
    """The limits of one attempt: how long it may take in all, and how long nothing may move.

    A context manager for the task that makes the attempt. It raises ``TimeoutError`` when a limit runs out; `phase`
    says which. ``left`` is the time left for the whole call, in seconds, where that counts already.

    Timeouts of asyncio do the same for one limit each, and cost more than all else that is done here for a call.
    """

    __slots__ = (
        "_cancelling",
        "_deadline",
        "_lanes",
        "_looks",
        "_mark",
        "_sending",
        "_since",
        "_timeout",
        "_total",
        "expired",
        "phase",
        "receiving",
        "task",
    )

    def __init__(self, lanes: Lanes, timeout: Timeout, left: float | None = None) -> None:
        self.task = task = asyncio.current_task()
        self._cancelling = 0 if task is None else task.cancelling()
        self._lanes = lanes
        self._timeout = timeout
        self._sending: Sending | None = None
        self._total: Lane | None = None
        self._looks: Lane | None = None
        self._since: float | None = None
        self._mark = (False, 0)
        self._deadline = None if left is None else lanes.loop.call_later(left, self._expire)
        self.phase = "slot"
        """What was going on when the limit ran out: ``slot``, ``progress``, ``read``, or ``total`` for all of it."""
        self.expired = False
        """True once a limit has run out."""
        self.receiving: Receiving | None = None
        """The body of the answer, once there is one."""

    def begin(self, sending: Sending | None = None) -> None:
        """Count from now on: it is this attempt's turn.

        How long a body takes to send is nobody's fault: with ``sending``, the total counts once that has left.
        """
        self.phase = "total"
        limits, self._sending = self._timeout, sending
        if sending is None:
            self._start_total()
            shortest = limits.read
        else:
            self._mark = (True, 0)
            stalls = (limits.read, limits.progress, limits.total)
            shortest = min((seconds for seconds in stalls if seconds is not None), default=None)
        if shortest is not None:
            self._looks = self._lanes.lane("look", shortest / TICKS)
            self._looks.add(self)

    def connected(self) -> None:
        """Note that there is a connection: before that nothing can move, and making it has a limit of its own."""
        self._since = self._lanes.loop.time()

    def look(self, lane: Lane) -> None:
        """Make the limit run out when it is time."""
        if lane is self._total:
            self._expire()
        elif phase := self._stalled():
            self.phase = phase
            self._expire()
        else:
            lane.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if self._total is not None:
            self._total.remove(self)
        if self._looks is not None:
            self._looks.remove(self)
        if self._deadline is not None:
            self._deadline.cancel()
        if self.expired and self.task is not None:
            # Somebody else may have cancelled the task too: then it stays cancelled.
            others = self.task.uncancel() - self._cancelling
            if others <= 0 and kind is asyncio.CancelledError:
                raise TimeoutError from error

    def _expire(self) -> None:
        self.expired = True
        if self.task is not None:
            self.task.cancel()

    def _stalled(self) -> str:
        """Return what has been waited for too long, or nothing."""
        now = self._lanes.loop.time()
        if self._sending is not None and not self._sending.gone:
            mark, allowed, phase = (True, self._sending.moved), self._timeout.progress, "progress"
        else:
            received = 0 if self.receiving is None else self.receiving.total_bytes
            mark, allowed, phase = (False, received), self._timeout.read, "read"
        if mark != self._mark:
            if self._mark[0] and not mark[0]:
                self._start_total()
            self._mark, self._since = mark, now
        if self._since is None or allowed is None or now - self._since < allowed:
            return ""
        return phase

    def _start_total(self) -> None:
        if self._timeout.total is not None:
            self._total = self._lanes.lane("total", self._timeout.total)
            self._total.add(self)
