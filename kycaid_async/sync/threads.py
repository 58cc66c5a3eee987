"""Threads of the operating system, also where gevent has put greenlets in their place."""

import sys
import threading
from _queue import SimpleQueue  # the one of `queue` is a greenlet's, where gevent has patched it
from collections import deque
from collections.abc import Callable
from queue import Empty
from typing import Any, Final, Generic, Protocol, TypeVar

from kycaid_async.errors import ConfigurationError

T = TypeVar("T")

_UNINTERRUPTIBLE: Final = sys.platform == "win32" and sys.version_info < (3, 14)
"""Where Ctrl-C is noticed only after a wait, not in it."""
_LOOK: Final = 0.1
"""Seconds between two looks for Ctrl-C there."""


class Inbox(Protocol[T]):
    """A queue from other threads to the one that made it."""

    def put(self, item: T) -> None:
        """Add an item. For any thread."""
        ...

    def get(self, *, timeout: float | None = None) -> T:
        """Return the next item. Raises `queue.Empty` after ``timeout`` seconds."""
        ...

    def close(self) -> None:
        """Wait for nothing more. For the thread that made it; others may still put."""
        ...


def inbox() -> "Inbox[Any]":
    """Return a queue in which this thread waits. Under gevent other greenlets go on meanwhile."""
    return _GreenInbox() if _is_patched_by("gevent.monkey", "is_module_patched", "threading") else _Inbox()


def start(function: Callable[[], object], name: str) -> None:
    """Run ``function`` in a thread of the operating system, which never holds up the end of the process.

    Raises `ConfigurationError` where eventlet has patched threads.
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
        threading.Thread(target=function, name=name, daemon=True).start()


def _is_patched_by(module: str, asked: str, what: str) -> bool:
    patcher = sys.modules.get(module)
    return patcher is not None and bool(getattr(patcher, asked)(what))


class _Inbox(Generic[T]):
    """A queue in which a thread waits."""

    def __init__(self) -> None:
        self._items: SimpleQueue[T] = SimpleQueue()
        self.put = self._items.put
        if not _UNINTERRUPTIBLE:
            self.get = self._items.get  # type: ignore[method-assign]  # the same, without a call in between

    def get(self, *, timeout: float | None = None) -> T:
        """Return the next item, and let Ctrl-C through while there is none."""
        while timeout is None:
            try:
                return self._items.get(timeout=_LOOK)
            except Empty:
                continue
        return self._items.get(timeout=timeout)

    def close(self) -> None:
        return


class _GreenInbox(Generic[T]):
    """A queue in which a greenlet waits for a thread of the operating system."""

    def __init__(self) -> None:
        from gevent import get_hub
        from gevent.event import Event
        from gevent.monkey import get_original

        self._items: deque[T] = deque()
        self._arrived = Event()
        self._lock = get_original("_thread", "allocate_lock")()
        # The one thing of gevent that another thread may touch, while it is open.
        self._bell = get_hub().loop.async_()
        self._bell.start(self._arrived.set)

    def put(self, item: T) -> None:
        self._items.append(item)
        with self._lock:
            if self._bell is not None:
                self._bell.send()

    def get(self, *, timeout: float | None = None) -> T:
        while not self._items:
            self._arrived.clear()
            if not self._items and not self._arrived.wait(timeout):
                raise Empty
        return self._items.popleft()

    def close(self) -> None:
        with self._lock:
            bell, self._bell = self._bell, None
        if bell is not None:
            bell.stop()
            bell.close()
