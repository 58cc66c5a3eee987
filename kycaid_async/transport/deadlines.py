"""Time limits of attempts, with one timer of the loop for all that share a delay.

Nearly every request ends long before its limits. Timers of its own, set and taken back each time, would cost it a
tenth of its time.
"""

import asyncio
import functools
from collections.abc import Callable
from typing import Final, Protocol, Self

import attrs

from kycaid_async.masking import ValueObject
from kycaid_async.protocol.timeout import Timeout

TICKS = 4
"""Checks per limit: a stall ends between one limit and half a limit more after the last byte."""
ITERATIONS = 4
"""Iterations of the loop between a limit and its end: one to read all that has come, the others to act on it."""
EARLY = 0.001
"""Seconds by which a timer may fire too early, because clocks are coarse."""


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


class Timed(Protocol):
    """An entry of a timer queue."""

    def check(self, queue: "TimerQueue", late: float) -> None:
        """Do what is due after the delay of ``queue`` and ``late`` seconds more, for which the loop was held up."""
        ...


class TimerQueue:
    """A FIFO timer queue: all entries share one delay, so one timer of the loop serves them."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, seconds: float, when_idle: Callable[[], object] = lambda: None
    ) -> None:
        self._loop = loop
        self._seconds = seconds
        self._when_idle = when_idle
        self._due: dict[Timed, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, timed: Timed) -> float:
        """Check ``timed`` once, after the delay. Returns the time of the loop's clock."""
        now = self._loop.time()
        due = self._due[timed] = now + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._fire)
        return now

    def remove(self, timed: Timed) -> None:
        """Remove ``timed``. The timer stays: the next entry needs it."""
        self._due.pop(timed, None)

    def _fire(self) -> None:
        now = self._loop.time()
        while self._due:
            timed, due = next(iter(self._due.items()))
            if due - now > EARLY:
                self._timer = self._loop.call_at(due, self._fire)
                return
            del self._due[timed]
            timed.check(self, max(0.0, now - due))  # entries that it adds share the timer that is set next
        self._timer = None
        self._when_idle()


class TimerQueues:
    """The timer queues of one event loop, by their delay."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._queues: dict[float, TimerQueue] = {}

    def queue(self, seconds: float) -> TimerQueue:
        """Return the timer queue for a delay in seconds."""
        queue = self._queues.get(seconds)
        if queue is None:
            forget = functools.partial(self._queues.pop, seconds, None)
            queue = self._queues[seconds] = TimerQueue(self.loop, seconds, forget)
        return queue


_NOTHING: Final = -1
"""Bytes of the body of an answer of which not even the head has come."""


@attrs.frozen(eq=False, repr=False)
class Limits(ValueObject):
    """The limits of the requests of a client, worked out once."""

    connect: float | None
    read: float | None
    progress: float | None
    total: float | None
    ticks: tuple[float | None, float | None]
    """Seconds to the first check of a request, and between checks once there is a connection."""
    ticks_of_upload: tuple[float | None, float | None]

    @classmethod
    def of(cls, timeout: Timeout) -> Self:
        """Return the limits that ``timeout`` sets."""
        connect, read, progress = _part(timeout.connect), _part(timeout.read), _part(timeout.progress)
        tick = _least(read, timeout.total)
        of_upload = _least(tick, progress)
        return cls(
            timeout.connect,
            timeout.read,
            timeout.progress,
            timeout.total,
            (_least(connect, tick), tick),
            (_least(connect, of_upload), of_upload),
        )


def _part(limit: float | None) -> float | None:
    return None if limit is None else limit / TICKS


def _least(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)


class AttemptTimeout:
    """The limits of one attempt: how long it may take in all, and how long nothing may move.

    A context manager for the task that makes the attempt. It raises ``TimeoutError`` when a limit runs out; `phase`
    says which. ``left`` is the time left for the whole call, in seconds, where that counts already.

    Limits are judged by what has arrived. While the loop is held up or the process is stopped, an answer can come and
    lie in the socket: the time of it is nobody's silence, and before any limit ends an attempt the loop reads once
    more. What that brings is not cut off.

    Timeouts of asyncio do the same for one limit each, and cost more than all else that is done here for a call. What
    nearly no attempt lives to need is set up at the first check.
    """

    phase = "slot"
    """What was going on when the limit ran out: ``slot``, ``connect``, ``progress``, ``read``, or ``total`` for all."""
    expired = False
    """True once a limit has run out."""
    receiving: Receiving | None = None
    """The body of the answer, once there is one."""

    _sending: Sending | None = None
    _tick: float | None = None
    _queue: TimerQueue | None = None
    _end: asyncio.TimerHandle | None = None
    _began = 0.0
    _since = 0.0
    _state = ("connect", 0)
    _over = False

    def __init__(self, timers: TimerQueues, limits: Limits, left: float | None = None) -> None:
        self.task = task = asyncio.current_task(timers.loop)
        self._cancelling = 0 if task is None else task.cancelling()
        self._timers = timers
        self.limits = limits
        if left is not None:
            self._end = timers.loop.call_later(left, self._end_all)

    def begin(self, sending: Sending | None = None) -> None:
        """Count from now on: it is this attempt's turn.

        How long a body takes to send is nobody's fault: with ``sending``, the total counts once that has left.
        """
        self.phase = "total"
        self._sending = sending
        first, self._tick = self.limits.ticks if sending is None else self.limits.ticks_of_upload
        if first is not None:
            self._queue = self._timers.queue(first)
            self._began = self._since = self._queue.add(self)

    def connected(self) -> None:
        """Note that there is a connection."""
        self._since = self._timers.loop.time()
        self._state = ("read", _NOTHING) if self._sending is None else ("progress", 0)

    def check(self, queue: TimerQueue, late: float) -> None:
        """Expire the attempt when one of its limits has run out."""
        if self.expired:
            return
        now = self._timers.loop.time()
        if not self._moved(now):
            self._since = min(now, self._since + late)
            allowed = getattr(self.limits, self._state[0])
            if allowed is not None and now - self._since >= allowed:
                self._read_first(self._state[0], self._state)
                return
        if self._end is None and self._sending is None:
            self._count_total(self._began)
        self._check_again(queue)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._over = True
        if self._queue is not None:
            self._queue.remove(self)
        if self._end is not None:
            self._end.cancel()
        if self.expired and self.task is not None:
            # Somebody else may have cancelled the task too: then it stays cancelled.
            others = self.task.uncancel() - self._cancelling
            if others <= 0 and kind is asyncio.CancelledError:
                raise TimeoutError from error

    def _check_again(self, queue: TimerQueue) -> None:
        if self._state[0] != "connect" and self._tick is not None:
            queue = self._timers.queue(self._tick)
        self._queue = queue
        queue.add(self)

    def _moved(self, now: float) -> bool:
        """Say whether anything has moved since the last check, and note what."""
        before, state = self._state, self._state_now()
        if state == before:
            return False
        self._state, self._since = state, now
        if before[0] == "progress" and state[0] == "read":
            self._count_total(now)
        return True

    def _state_now(self) -> tuple[str, int]:
        """Return the name of the limit that counts, and how far it has come that this is about."""
        if self._state[0] == "connect":
            return self._state
        if self._sending is not None and not self._sending.gone:
            return "progress", self._sending.moved
        # aiohttp does not promise that it counts them; not to know is not to see them move.
        return "read", _NOTHING if self.receiving is None else getattr(self.receiving, "total_bytes", 0)

    def _read_first(self, phase: str, before: tuple[str, int], iterations: int = ITERATIONS) -> None:
        """Let the loop read all that has come, and end the attempt when that was nothing."""
        if self._over or self.expired:
            return
        loop = self._timers.loop
        if iterations:
            loop.call_soon(self._read_first, phase, before, iterations - 1)
            return
        self._moved(loop.time())
        if self._state == before:
            self._expire(phase)
        elif phase == "total":
            self._read_first(phase, self._state)
        elif self._queue is not None:
            self._check_again(self._queue)

    def _expire(self, phase: str) -> None:
        # Two limits can run out in one round of the loop, and the task must be cancelled once.
        if not self.expired:
            self.phase, self.expired = phase, True
            if self.task is not None:
                self.task.cancel()

    def _count_total(self, since: float) -> None:
        """Let the total run out, counted from ``since``; at once when it has already."""
        if self.limits.total is None:
            return
        end = since + self.limits.total
        if end <= self._timers.loop.time():
            self._end_all()
        else:
            self._end = self._timers.loop.call_at(end, self._end_all)

    def _end_all(self) -> None:
        self._moved(self._timers.loop.time())
        if self._state[0] == "connect":
            self._expire(self.phase)  # nothing was sent, and nothing must be now
        else:
            self._read_first(self.phase, self._state)
