"""Threads of the operating system, also where gevent has patched them, and the queues in which they wait."""

import _thread
import asyncio
import sys
import threading
import time
from _queue import SimpleQueue  # gevent patches the one in `queue`
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from queue import Empty
from typing import Any, Final, Generic, ParamSpec, Protocol, TypeVar

from kycaid_async.errors import ConfigurationError

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Job = tuple["Future[Any]", Callable[[], Any]]
"""What a worker does next; `None` in its place ends a worker."""

MAX_WORKERS: Final = 8
"""Threads that work at one time."""
MOST_WORKERS: Final = 64
"""Threads, with those that are stuck: in a disk, a file of a user or a name server that does not answer."""
STUCK_AFTER: Final = 1.0
"""Seconds of one job after which another thread may work in place of its own."""

_UNINTERRUPTIBLE: Final = sys.platform == "win32" and sys.version_info < (3, 14)
"""Where Ctrl-C is noticed only after a wait, not in it."""
_POLL_INTERVAL: Final = 0.1
"""Seconds between two checks for Ctrl-C there."""


class Inbox(Protocol[T]):
    """A queue from any thread to the one that created it."""

    def put(self, item: T) -> None:
        """Add an item, from any thread."""
        ...

    def get(self, *, timeout: float | None = None) -> T:
        """Return the next item. Raises `queue.Empty` after ``timeout`` seconds."""
        ...

    def close(self) -> None:
        """Stop waiting. Other threads may still call `put`."""
        ...


def inbox() -> "Inbox[Any]":
    """Return a queue in which this thread waits. Under gevent other greenlets go on meanwhile."""
    return _GreenletInbox() if _is_patched_by("gevent.monkey", "is_module_patched", "threading") else _ThreadInbox()


def waits(timeout: float | None) -> Iterator[float | None]:
    """Yield the timeouts of waits that together take ``timeout``: many short ones where Ctrl-C interrupts none."""
    if not _UNINTERRUPTIBLE:
        yield timeout
        return
    deadline = None if timeout is None else time.monotonic() + timeout
    while deadline is None or time.monotonic() < deadline:
        yield _POLL_INTERVAL if deadline is None else min(_POLL_INTERVAL, max(0.0, deadline - time.monotonic()))


def result_of(future: "Future[R]") -> R:
    """Wait for the result of ``future``. An interruption, such as Ctrl-C, cancels it."""
    try:
        any(wait([future], timeout).done for timeout in waits(None))
        return future.result()
    except BaseException:
        future.cancel()
        raise


class Once:
    """A thing to do that whoever comes first takes upon himself, in whatever thread."""

    def __init__(self) -> None:
        self._left = [True]

    def take(self) -> bool:
        """Say whether nobody took it before."""
        try:
            return self._left.pop()  # a look and a mark would be two steps
        except IndexError:
            return False


def start(function: Callable[[], object]) -> None:
    """Run ``function`` in a daemon thread of the operating system, and do not wait until it runs.

    `threading` waits for its threads until they run. Before that the garbage collector can run a finalizer in them,
    which may wait for the thread that waits there. Raises `ConfigurationError` where eventlet has patched threads.
    """
    if _is_patched_by("eventlet.patcher", "is_monkey_patched", "thread"):
        raise ConfigurationError(
            "eventlet has put green threads in the place of threads, and Kycaid needs a real one for its event loop: "
            "call eventlet.monkey_patch(thread=False), or use AsyncKycaid under asyncio, or Kycaid under gevent"
        )
    if _is_patched_by("gevent.monkey", "is_module_patched", "threading"):
        from gevent.monkey import get_original

        get_original("_thread", "start_new_thread")(function, ())
    else:
        _thread.start_new_thread(function, ())


def introduce(name: str) -> None:
    """Give the current thread, begun by `start`, its name, and the tracers that `threading` gives to its own."""
    if _is_patched_by("gevent.monkey", "is_module_patched", "threading"):
        return
    threading.current_thread().name = name
    if (tracer := threading.gettrace()) is not None:
        sys.settrace(tracer)
    if (profiler := threading.getprofile()) is not None:
        sys.setprofile(profiler)


def forget_current() -> None:
    """Take the current thread, introduced before and about to end, off the list of `threading`.

    Before Python 3.12 nothing else does, and it would be counted for ever.
    """
    getattr(threading, "_active", {}).pop(threading.get_ident(), None)


def _is_patched_by(module: str, predicate: str, patched: str) -> bool:
    patcher = sys.modules.get(module)
    return patcher is not None and bool(getattr(patcher, predicate)(patched))


class _ThreadInbox(Generic[T]):
    """The `Inbox` of a thread."""

    def __init__(self) -> None:
        self._items: SimpleQueue[T] = SimpleQueue()
        self.put = self._items.put
        if not _UNINTERRUPTIBLE:
            self.get = self._items.get  # type: ignore[method-assign]  # bound directly: one call less

    def get(self, *, timeout: float | None = None) -> T:
        """Return the next item. Ctrl-C interrupts the wait on each system."""
        for part in waits(timeout):
            with suppress(Empty):
                return self._items.get(timeout=part)
        raise Empty

    def close(self) -> None:
        return


class _GreenletInbox(Generic[T]):
    """The `Inbox` of a greenlet of gevent: others run while it waits."""

    def __init__(self) -> None:
        from gevent import get_hub
        from gevent.event import Event
        from gevent.monkey import get_original

        self._items: deque[T] = deque()
        self._arrived = Event()
        self._lock = get_original("_thread", "allocate_lock")()
        # The only object of gevent that another thread may use, and only while it is open.
        self._wakeup = get_hub().loop.async_()
        self._wakeup.start(self._arrived.set)

    def put(self, item: T) -> None:
        self._items.append(item)
        with self._lock:
            if self._wakeup is not None:
                self._wakeup.send()

    def get(self, *, timeout: float | None = None) -> T:
        while not self._items:
            self._arrived.clear()
            if not self._items and not self._arrived.wait(timeout):
                raise Empty
        return self._items.popleft()

    def close(self) -> None:
        with self._lock:
            wakeup, self._wakeup = self._wakeup, None
        if wakeup is not None:
            wakeup.stop()
            wakeup.close()


class Workers(ThreadPoolExecutor):
    """The loop's executor, for disk reads and name resolution: daemon threads, for which Python does not wait at exit.

    asyncio's own pool takes no more work once the main thread is done, although other threads of a script may still
    call; and Python waits for it at exit, for as long as a name server does not answer. Only the loop's thread counts
    them, hence without a lock, which a finalizer could wait for.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(MAX_WORKERS)
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._count = 0
        self._clock = clock
        self._busy: dict[int, float] = {}
        self._is_look_due = False

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> "Future[R]":
        """Run ``fn`` in a worker. Only the loop calls this, hence one thread."""
        future: Future[R] = Future()
        job = (future, lambda: fn(*args, **kwargs))
        if self._grow():
            self._jobs.put(job)
            self._look_later()
        else:
            _do(*job)
        return future

    def _grow(self) -> bool:
        """Start another thread; return False if there is none, because none starts once the interpreter ends."""
        if self._count < self._allowed():
            with suppress(RuntimeError):
                start(self._work)
                self._count += 1
        return self._count > 0

    def _allowed(self) -> int:
        stuck = sum(self._clock() - since >= STUCK_AFTER for since in list(self._busy.values()))
        return min(MAX_WORKERS + stuck, MOST_WORKERS)

    def _look_later(self) -> None:
        """Look again, for what waits when all threads turn out to be stuck, and for those that are no longer stuck."""
        waits_for_more = MAX_WORKERS <= self._count < MOST_WORKERS and not self._jobs.empty()
        if (waits_for_more or self._count > MAX_WORKERS) and not self._is_look_due:
            loop = asyncio._get_running_loop()  # noqa: SLF001 - documented; the public one raises
            if loop is not None:
                self._is_look_due = True
                loop.call_later(STUCK_AFTER, self._look)

    def _look(self) -> None:
        self._is_look_due = False
        if not self._jobs.empty():
            self._grow()
        else:
            self._shrink_to(self._allowed())
        self._look_later()

    def _shrink_to(self, count: int) -> None:
        while self._count > count:
            self._count -= 1
            self._jobs.put(None)

    def _work(self) -> None:
        introduce("kycaid-worker")
        thread = threading.get_ident()
        while (job := self._jobs.get()) is not None:
            self._busy[thread] = self._clock()
            _do(*job)
            del job, self._busy[thread]
        forget_current()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002 - as its base has it
        """Let each thread end once it has nothing to do. Do not wait: they hold nothing that needs closing."""
        self._shrink_to(0)


def _do(future: "Future[Any]", function: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function()
    except BaseException as error:  # noqa: BLE001 - raised by the future
        future.set_exception(error)
    else:
        future.set_result(result)
