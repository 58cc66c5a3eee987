"""Resets in forked processes, and what no fork falls into.

`os.fork` runs hooks. uWSGI and others fork in C, where none runs, so the process id is compared as well.
"""

import os
import threading
import time
from _queue import Empty, SimpleQueue  # gevent patches the one in `queue`, and `time.sleep`
from collections.abc import Callable
from typing import Final

_LONGEST_WAIT: Final = 0.5
"""Seconds for which a fork waits. A look-up that takes longer waits for a name server, and holds no lock then."""
_PAUSE: Final = 0.0005

_resets: list[Callable[[], None]] = []
_locks: dict[int, threading.RLock] = {}
_pid = os.getpid()


def after_fork(reset: Callable[[], None]) -> None:
    """Call ``reset`` once in each process that is forked from this one, at the latest at its first call of ours."""
    _resets.append(reset)


def notice_fork() -> None:
    """Run the resets when this process was forked since the last call. Takes 0.1 µs when it was not."""
    pid = os.getpid()
    if pid != _pid:
        # One that this thread may take again: a finalizer can call amid the resets.
        with _locks.setdefault(pid, threading.RLock()):
            if pid != _pid:
                _reset_all()


def _reset_all() -> None:
    global _pid  # noqa: PLW0603 - there is one process
    for reset in _resets:
        reset()
    _pid = os.getpid()


class _ApartFromForks:
    """A ``with`` block for what takes locks of the C library, such as a look-up of a name: no fork happens meanwhile.

    A child that was forked amid it would have these locks, and no thread that ever releases them: its own first
    look-up would hang. So a fork waits until nobody is in such a block.
    """

    def __init__(self) -> None:
        self.forget_all()

    def forget_all(self) -> None:
        """Begin anew in a child, which has no other threads."""
        # Of threads. Sets, and not numbers, since to add to a number is more than one step.
        self._inside: set[int] = set()
        self._forking: set[int] = set()

    def __enter__(self) -> None:
        thread = threading.get_ident()
        self._inside.add(thread)  # before the look at forks: a fork looks at this after it has announced itself
        while self._forking:
            self._inside.discard(thread)
            _pause()
            self._inside.add(thread)

    def __exit__(self, *_: object) -> None:
        self._inside.discard(threading.get_ident())

    def before_fork(self) -> None:
        """Let nobody enter, and wait for those inside."""
        self._forking.add(threading.get_ident())
        end = time.monotonic() + _LONGEST_WAIT
        while self._inside and time.monotonic() < end:
            _pause()

    def after_fork_in_parent(self) -> None:
        """Let others enter again."""
        self._forking.discard(threading.get_ident())


def _pause() -> None:
    try:
        SimpleQueue().get(timeout=_PAUSE)
    except Empty:
        return


apart_from_forks: Final = _ApartFromForks()
after_fork(apart_from_forks.forget_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=apart_from_forks.before_fork,
        after_in_parent=apart_from_forks.after_fork_in_parent,
        after_in_child=_reset_all,
    )
