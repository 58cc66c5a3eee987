"""Work in threads that nobody has to wait for."""

import _thread
import asyncio
import contextlib
import os
import sys
from _queue import SimpleQueue  # the one of `queue` is a greenlet's, where gevent has patched it
from collections.abc import Callable
from typing import Any, Final, TypeVar

from kycaid_async.forks import after_fork, notice_fork

T = TypeVar("T")

_MOST: Final = min(32, (os.cpu_count() or 1) + 4)
"""As many as asyncio has of its own: fsspec makes a filesystem, with its connections, for each thread."""


async def in_daemon(function: Callable[[], T]) -> T | Exception:
    """Return what ``function`` returns or raises, from a thread. It may block, even for ever.

    Cancelled, the thread is left to itself: it holds up neither others, nor the loop, nor the end of the program, as
    one of the loop's executor would. An error comes as a value, and so never as the context of another: it may hold
    secrets.
    """
    task = _Task(function)
    _daemons.submit(task)
    try:
        outcome: T | Exception = await task.outcome
    except asyncio.CancelledError:
        _daemons.give_up(task)
        raise
    return outcome


class _Task:
    """Something to do, and the future of a loop that waits for it."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._loop = asyncio.get_running_loop()
        self.outcome: asyncio.Future[Any] = self._loop.create_future()
        self.begun = self.over = self.left = False

    def run(self) -> None:
        try:
            outcome: Any = self._function()
        except Exception as error:  # noqa: BLE001 - the libraries below have errors of their own
            outcome = error
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._give, outcome)

    def _give(self, outcome: Any) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)


def _real(name: str) -> Any:
    """Return what `_thread` has under ``name``, also where gevent has put greenlets in the place of threads."""
    patcher = sys.modules.get("gevent.monkey")
    return getattr(_thread, name) if patcher is None else patcher.get_original("_thread", name)


class Daemons:
    """Threads that take tasks. One that hangs in a task which was given up makes room for another."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._begin()
        after_fork(self._begin)

    def _begin(self) -> None:
        self._tasks: SimpleQueue[_Task] = SimpleQueue()
        self._lock = _real("allocate_lock")()
        self._threads = self._idle = self._hanging = 0

    def submit(self, task: _Task) -> None:
        """Let a thread do ``task``, as soon as there is one."""
        notice_fork()
        with self._lock:
            wanted = self._idle <= self._tasks.qsize() and self._threads - self._hanging < self._most
            if not (wanted and self._grows()) and not self._threads:
                raise RuntimeError("no thread can be started any more")
            self._tasks.put(task)

    def _grows(self) -> bool:
        try:
            _real("start_new_thread")(self._work, ())
        except RuntimeError:  # the interpreter ends
            return False
        self._threads += 1
        return True

    def give_up(self, task: _Task) -> None:
        """Wait for ``task`` no more. If a thread is at it, another may take its place."""
        with self._lock:
            if not task.over:
                self._hanging += task.begun
                task.left = True

    def _work(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
            task = self._tasks.get()
            with self._lock:
                self._idle -= 1
                if task.left:
                    continue
                task.begun = True
            task.run()
            if self._was_replaced(task):
                return

    def _was_replaced(self, task: _Task) -> bool:
        """Say whether ``task`` was given up, so that its thread has to make room again."""
        with self._lock:
            task.over = True
            self._threads -= task.left
            self._hanging -= task.left
            return task.left


_daemons: Final = Daemons()
