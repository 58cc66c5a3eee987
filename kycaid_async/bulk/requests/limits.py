"""Limits to what is done at once: one for each key, what the server takes, and what this process may open.

Beside them stands the outcome of what such a limit, or the end of a run, keeps from being done.
"""

import asyncio
import contextlib
import errno
import os
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable, Iterator
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import attrs

from kycaid_async.errors import KycaidError, TooManyOpenFilesError
from kycaid_async.protocol.detection import RefusalDetector

T = TypeVar("T")

_START: Final = 8
_SLACK: Final = 0.05
"""Latency tolerance in seconds: below it jitter dominates."""
_FORGETS: Final = 1.01


class BulkOutcome(Exception):  # noqa: N818 - its kinds are no errors
    """End of a step of a run that is an outcome and no error: it never leaves the package."""


class Stopped(BulkOutcome):
    """Ends the work on a row, because the run has to end: for ``error``, or None when it was told to drain."""

    def __init__(self, error: KycaidError | None = None) -> None:
        super().__init__()
        self.error = error


class Withheld(BulkOutcome):
    """Ends one try to send a request, for the server went away before it was this one's turn."""


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
        """Note that the server refused. A few among good answers change nothing; those that come together count once.

        Refusals say nothing of how many are under way when the rate is the cause: starts are spaced to that already.
        """
        if self._detector.refused():
            self.shrink()

    def shrink(self) -> None:
        """Halve, once for all that comes together: no more connections can be made, or no more files opened."""
        if not self._just_refused:
            self.value = max(1, self.value // 2)
        self._just_refused, self._doubling, self._round = True, False, 0


_MOST_WAITING: Final = 1000
"""Rows that may wait without a place among the workers; further ones keep theirs, so that memory stays bounded."""
_MOST_BYTES: Final = 64 << 20
"""The same for the bytes of files that rows brought along."""


@attrs.define(kw_only=True, eq=False)
class WorkerPool:
    """Pool of as many workers as the server takes. A row that waits takes no place among them: another row is begun."""

    concurrency: AdaptiveConcurrency
    active: int = 0
    """Workers that are at work on a row, or on their way to one."""
    waiting: int = 0
    """Rows that wait, and take no place."""
    bytes: int = 0
    """Of files that rows under way brought along."""
    drained: asyncio.Event = attrs.field(factory=asyncio.Event)
    _hire: Callable[[], object] = lambda: None

    def start(self, group: asyncio.TaskGroup, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Let tasks of ``group`` do ``work``, which ends when there is nothing to do or too many do it."""

        def hire() -> None:
            while self.active < self.concurrency.value and not self.drained.is_set():
                self.active += 1
                group.create_task(work())

        self._hire = hire
        hire()

    def end(self) -> None:
        """Hire no more."""
        self._hire = lambda: None

    @property
    def is_too_large(self) -> bool:
        """True when a worker should end."""
        return self.active > self.concurrency.value

    def grow(self) -> None:
        """Let more work, if the server takes more by now."""
        self._hire()

    def left(self) -> None:
        """Note that a worker ended."""
        self.active -= 1

    def hold(self, size: int) -> None:
        """Count the bytes of files that a row brought along, until `let_go`."""
        self.bytes += size

    def let_go(self, size: int) -> None:
        """Count them no more: the row has come to its end."""
        self.bytes -= size

    @contextlib.contextmanager
    def idle(self) -> Iterator[None]:
        """Let another row be worked on meanwhile. Raises `Stopped` when the run was told to drain by then."""
        counts = self.waiting < _MOST_WAITING and self.bytes < _MOST_BYTES
        if counts:
            self.waiting, self.active = self.waiting + 1, self.active - 1
            self._hire()
        try:
            yield
        finally:
            if counts:
                # Without a wait for a place: those who hold one may wait for what this row holds.
                self.waiting, self.active = self.waiting - 1, self.active + 1
        if self.drained.is_set():
            raise Stopped


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
    work: Callable[..., Awaitable[T]],
    *given: Any,
    sleep: Callable[[float], Awaitable[None]],
    slow_down: Callable[[], None] = lambda: None,
) -> T:
    """Return what ``work`` returns; do it again, after pauses that grow, while too many files are open.

    Raises `TooManyOpenFilesError` in the end: it is about this process, and not about a row.
    """
    for pause in _PAUSES:
        try:
            return await work(*given)
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


Waiting = dict[Hashable, deque[asyncio.Future[None]] | None]
"""Those who wait for each lock that is held; None where nobody does."""


class KeyedLock:
    """An asyncio lock per key. A lock exists as long as somebody uses it."""

    def __init__(self, idle: Idle = nullcontext) -> None:
        self._idle = idle
        self._waiting: Waiting = {}

    def of(self, key: Hashable) -> "KeyHold":
        """Return the lock of ``key`` as an async context manager."""
        return KeyHold(self._waiting, key, self._idle)

    @contextlib.asynccontextmanager
    async def look(self, key: Hashable, look: Callable[[], Awaitable[T]]) -> AsyncIterator[T]:
        """Hold the lock of ``key``, and give what ``look`` shows once it is held."""
        hold = self.of(key)
        seen = await hold.look(look)
        try:
            yield seen
        finally:
            await hold.leave()

    def is_held(self, key: Hashable) -> bool:
        """Say whether somebody holds the lock of this key."""
        return key in self._waiting


@attrs.define(eq=False)
class KeyHold:
    """A hold of one lock. Nearly always it is free, which has to cost next to nothing."""

    _waiting: Waiting
    _key: Hashable
    _idle: Idle

    async def __aenter__(self) -> Self:
        if self._key not in self._waiting:
            self._waiting[self._key] = None
            return self
        queue = self._waiting[self._key]
        if queue is None:
            queue = self._waiting[self._key] = deque()
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

    async def look(self, look: Callable[[], Awaitable[T]]) -> T:
        """Take it, and return what ``look`` shows then."""
        await self.__aenter__()
        try:
            return await look()
        except BaseException:
            await self.leave()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.leave()

    async def leave(self) -> None:
        """Let the next one have it."""
        self._pass_on()

    def _pass_on(self) -> None:
        queue = self._waiting[self._key]
        while queue:
            turn = queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._waiting[self._key]
