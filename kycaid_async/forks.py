"""Resets in forked processes.

`os.fork` runs hooks. uWSGI and others fork in C, where none runs, so the process id is compared as well.
"""

import os
import threading
from collections.abc import Callable

_resets: list[Callable[[], None]] = []
_locks: dict[int, threading.Lock] = {}
_pid = os.getpid()


def after_fork(reset: Callable[[], None]) -> None:
    """Call ``reset`` once in each process that is forked from this one, at the latest at its first call of ours."""
    _resets.append(reset)


def notice_fork() -> None:
    """Run the resets when this process was forked since the last call. Takes 0.1 µs when it was not."""
    pid = os.getpid()
    if pid != _pid:
        with _locks.setdefault(pid, threading.Lock()):
            if pid != _pid:
                _reset_all()


def _reset_all() -> None:
    global _pid  # noqa: PLW0603 - there is one process
    for reset in _resets:
        reset()
    _pid = os.getpid()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_all)
