"""Work in threads that nobody has to wait for."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final, TypeVar

T = TypeVar("T")

_MOST: Final = min(32, (os.cpu_count() or 1) + 4)
"""As many as asyncio has of its own: fsspec makes a filesystem, with its connections, for each thread."""


async def in_daemon(function: Callable[[], T]) -> T | Exception:
    """Return what ``function`` returns or raises, from a thread. It may block, even for ever.

    Cancelled, the thread is left to itself: it holds up neither others, nor the loop, nor the end of the program, as
    one of the loop's executor would. An error comes as a value, and so never as the context of another: it may hold
    secrets.
    """
    task: _Task = _Task(function)
    daemons = Daemons.of_process()
    daemons.submit(task)
    try:
        found: T | Exception = await task.found
    except asyncio.CancelledError:
        daemons.give_up(task)
        raise
    return found


class _Task:
    """Something to do, and the future of a loop that waits for it."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._loop = asyncio.get_running_loop()
        self.found: asyncio.Future[Any] = self._loop.create_future()
        self.begun = self.left = False

    def run(self) -> bool:
        """Do it, and say whether nobody waits for it any more."""
        try:
            found: Any = self._function()
        except Exception as error:  # noqa: BLE001 - the libraries below have errors of their own
            found = error
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._give, found)
        return self.left

    def _give(self, found: Any) -> None:
        if not self.found.done():
            self.found.set_result(found)


class Daemons:
    """Threads that take tasks. One that hangs in a task which was given up makes room for another."""

    _of_process: "Daemons | None" = None

    def __init__(self, most: int = _MOST) -> None:
        self.pid = os.getpid()
        self._tasks: SimpleQueue[_Task] = SimpleQueue()
        self._lock = threading.Lock()
        self._room = most
        """Threads that may still be started."""
        self._idle = 0

    @classmethod
    def of_process(cls) -> "Daemons":
        """Return those of this process: a fork takes no threads along."""
        if cls._of_process is None or cls._of_process.pid != os.getpid():
            cls._of_process = cls()
        return cls._of_process

    def submit(self, task: _Task) -> None:
        """Let a thread do ``task``, as soon as there is one."""
        with self._lock:
            starts = self._room > 0 and self._idle <= self._tasks.qsize()
            self._room -= starts
            self._tasks.put(task)
        if starts:
            threading.Thread(target=self._work, name="kycaid remote", daemon=True).start()

    def give_up(self, task: _Task) -> None:
        """Wait for ``task`` no more. If a thread is at it, another may take its place."""
        with self._lock:
            self._room += task.begun and not task.left
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
            if task.run():
                return
