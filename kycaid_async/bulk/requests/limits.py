"""Limits to what is done at once: one for each key, what the server takes, and what this process may open."""

import asyncio
import errno
import os
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Final, Self, TypeVar

import attrs

from kycaid_async.errors import KycaidError, TooManyOpenFilesError
from kycaid_async.protocol.pacing import RefusalDetector

T = TypeVar("T")

_START: Final = 8
_SLACK: Final = 0.05
"""Latency tolerance in seconds: below it jitter dominates."""
_FORGETS: Final = 1.01


class AdaptiveConcurrency:
    """Grows while the server answers as quickly as before, and halves when it refuses too many. Times: seconds."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._doubling = True
        self._just_refused = False
        self._detector = RefusalDetector()
        self._round = 0
        self._quickest = float("inf")
        self._usual = 0.0
        self.value = min(_START, maximum)
        """How many now; at least one."""

    def answered(self, seconds: float) -> None:
        """Note how long a good answer to a small request took."""
        self._detector.succeeded()
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
        """Note that the server refused. One among many good answers changes nothing; those together count once."""
        if not self._detector.refused():
            return
        if not self._just_refused:
            self.value = max(1, self.value // 2)
        self._just_refused, self._doubling, self._round = True, False, 0


_FIRST_ALLOWED: Final = 4
"""How many requests may be under way before anything is known of the server."""
_CALM: Final = 8
"""Successes in a row after which an earlier opening plays no part any more."""


@attrs.define(kw_only=True)
class CircuitBreaker:
    """Opens after ``threshold`` failures in a row, and closes with the first success. Times are in seconds.

    While it is open, one request at a time should try, after a `pause` that grows. ``allowed`` says how many may be
    under way: after the first failure only as many as it takes to open, and after it closed one, then more with each
    success.
    """

    threshold: int = 5
    first_pause: float = 0.25
    longest_pause: float = 15.0
    _failures: int = 0
    _is_shut_out: bool = False
    _since: float | None = None
    _window: int = _FIRST_ALLOWED
    _openings: int = 0
    _successes: int = 0

    @property
    def is_open(self) -> bool:
        """True while requests should be sent one at a time, with pauses."""
        return self._is_shut_out or self._failures >= self.threshold

    @property
    def allowed(self) -> int:
        """Number of requests that may be under way at once."""
        return max(1, self.threshold - self._failures) if self._failures else self._window

    def failed(self, now: float, *, connected: bool = True) -> None:
        """Note a failure. When not even a connection was made, it opens at once."""
        was_open = self.is_open
        self._failures += 1
        self._successes = 0
        self._is_shut_out = self._is_shut_out or not connected
        if self._since is None:
            self._since = now
        if self.is_open and not was_open:
            self._openings += 1
            self._window = 1

    def busy(self, now: float) -> None:
        """Note that the server is there, and refuses for now."""
        self._failures, self._is_shut_out = 0, False
        if self._since is None:
            self._since = now

    def succeeded(self) -> None:
        """Note an answer of use."""
        self._failures, self._is_shut_out, self._since = 0, False, None
        self._window += 1
        self._successes += 1
        if self._successes >= _CALM:
            self._openings = 0

    def lasts(self, now: float) -> float:
        """Return for how many seconds no request got an answer of use."""
        return 0.0 if self._since is None else now - self._since

    def pause(self, left: float) -> float:
        """Return the seconds to wait before the next request, when so many are left until the run gives up.

        It begins longer when the breaker opened a moment ago already.
        """
        steps = self._failures + max(0, self._openings - 1)
        return min(self.longest_pause, self.first_pause * 2.0 ** min(steps, 10), max(self.first_pause, left))


_REASONS: Final = tuple(os.strerror(code) for code in (errno.EMFILE, errno.ENFILE))
_PAUSES: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds. Others close what they have open meanwhile."""
_SPARE: Final = 16
"""For the ledger, the log, and what else a program opens meanwhile."""
_PER_ROW: Final = 3
"""A file, a connection, and one that is kept for the next row."""


async def when_there_is_room(
    work: Callable[[], Awaitable[T]],
    *,
    sleep: Callable[[float], Awaitable[None]],
    slow_down: Callable[[], None] = lambda: None,
) -> T:
    """Return what ``work`` returns; do it again, after pauses that grow, while too many files are open.

    Raises `TooManyOpenFilesError` in the end: it is about this process, and not about a row.
    """
    for pause in _PAUSES:
        try:
            return await work()
        except KycaidError as error:
            if not _is_for_want_of_room(error):
                raise
        slow_down()
        await sleep(pause)
    raise TooManyOpenFilesError(
        "bulk: this process has as many files and connections open as the system lets it (see ulimit -n). Raise that "
        "limit, or lower the concurrency. It is about none of the rows: run them again"
    )


def most_rows_at_once(wanted: int) -> int:
    """Return how many of so many rows can be under way at once, by the files that this process may open still."""
    try:
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        open_now = len(os.listdir("/dev/fd"))  # noqa: PTH208 - a count, and no paths
    except (ImportError, OSError):  # Windows, where there is no such limit; or a system that does not say
        return wanted
    if limit == resource.RLIM_INFINITY:
        return wanted
    return min(wanted, max(1, (limit - open_now - _SPARE) // _PER_ROW))


def _is_for_want_of_room(error: KycaidError) -> bool:
    # By its text, for an error does not keep the system's own: that holds the path of a file.
    return any(f"({reason})" in str(error) or f": {reason})" in str(error) for reason in _REASONS)


Idle = Callable[[], AbstractContextManager[None]]
"""What stands around a wait, so that others work meanwhile: see `WorkerPool.idle`."""


class KeyedLock:
    """An asyncio lock per key. A lock exists as long as somebody uses it."""

    def __init__(self, idle: Idle = nullcontext) -> None:
        self._idle = idle
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}

    def of(self, key: Hashable) -> "KeyHold":
        """Return the lock of ``key`` as an async context manager."""
        return KeyHold(self._waiting, key, self._idle)

    def is_held(self, key: Hashable) -> bool:
        """Say whether somebody holds the lock of this key."""
        return key in self._waiting


@attrs.define(eq=False)
class KeyHold:
    """A hold of one lock. Nearly always it is free, which has to cost next to nothing."""

    _waiting: dict[Hashable, deque[asyncio.Future[None]]]
    _key: Hashable
    _idle: Idle

    async def __aenter__(self) -> Self:
        queue = self._waiting.get(self._key)
        if queue is None:
            self._waiting[self._key] = deque()
            return self
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            with self._idle():
                await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self._pass_on()  # it was handed over after the wait was cancelled
            elif turn in queue:
                queue.remove(turn)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        queue = self._waiting[self._key]
        while queue:
            turn = queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._waiting[self._key]
