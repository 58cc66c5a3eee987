"""What a program left behind in this process: descriptors, threads, tasks, timers, and what was never closed."""

import asyncio
import gc
import os
import sys
import threading
import time
import warnings
from collections.abc import Coroutine, Iterable
from typing import Any, Self, TypeVar

T = TypeVar("T")

_PATIENCE = 2.0
"""Seconds that threads and descriptors have to end."""
_SHARED = "kycaid-worker"
"""Threads of all blocking clients of a process, which read files; they stay for the next one."""
_MOST_WORKERS = 8
"""So many of them stay. More work where some are stuck, and end when those go on."""
_OF_THE_CLIENT = ("TimerQueue", "Workers")
"""One timer of each may stay until it fires: it looks, finds nothing, and is gone."""


class Leaks:
    """Compares what this process has open before and after; what is more stands in ``found``."""

    def __init__(self, found: list[str]) -> None:
        self._found = found
        self._catching = warnings.catch_warnings(record=True)

    def __enter__(self) -> Self:
        self._before = _held()
        self._workers = _workers()
        self._hook, sys.unraisablehook = sys.unraisablehook, self._note
        self._warned = self._catching.__enter__()
        warnings.simplefilter("always")
        # Python 3.12 and newer say so of every fork beside a thread, and a program with a fork is one on purpose.
        warnings.filterwarnings("ignore", r"This process .* is multi-threaded, use of fork\(\)", DeprecationWarning)
        return self

    def __exit__(self, *error: object) -> None:
        gc.collect()
        end = time.monotonic() + _PATIENCE
        while (any(map(_more, _held(), self._before)) or self._has_more_workers()) and time.monotonic() < end:
            time.sleep(0.001)
        after = _held()
        self._catching.__exit__(*error)
        sys.unraisablehook = self._hook
        for what, now, before in zip(("descriptors", "threads"), after, self._before, strict=True):
            if now - before:
                self._found.append(f"{what} left: {sorted(now - before)}")
        if self._has_more_workers():
            self._found.append(f"{_workers()} threads of the name {_SHARED}, before: {self._workers}")
        self._found += [f"warning: {warning.message}" for warning in self._warned]

    def _has_more_workers(self) -> bool:
        return _workers() > max(_MOST_WORKERS, self._workers)

    def _note(self, unraisable: Any) -> None:
        if unraisable.exc_type is KeyboardInterrupt:
            return  # it came while Python called back for an object that is gone, and Python drops it there
        self._found.append(f"unraisable: {unraisable.exc_value!r} in {unraisable.object!r}")


def _more(now: set[Any], before: set[Any]) -> bool:
    return bool(now - before)


def _held() -> tuple[set[str], set[str]]:
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add(f"{number} {os.readlink(f'/proc/self/fd/{number}')}")
        except OSError:
            continue  # the one that lists them
    return found, {f"{one.name} {one.ident}" for one in threading.enumerate() if one.name != _SHARED}


def _workers() -> int:
    return sum(one.name == _SHARED for one in threading.enumerate())


class LoopLeaks:
    """Compares the tasks and timers of a loop that goes on, in a thread of its own, before and after."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._before = self._ask(_tasks_and_timers(loop))

    def left(self) -> list[str]:
        """Return what is more than before."""
        return self._ask(left_in_loop(self._loop, besides=self._before))

    def _ask(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_PATIENCE)


async def _tasks_and_timers(loop: asyncio.AbstractEventLoop) -> list[object]:
    return [*_tasks(loop), *_timers(loop)]


async def left_in_loop(loop: asyncio.AbstractEventLoop, *, besides: Iterable[object] = ()) -> list[str]:
    """Return the tasks and timers that are left in the running loop once its clients are closed."""
    for _ in range(5):
        await asyncio.sleep(0)
    known = set(map(id, besides))
    found = [f"task left: {task!r}" for task in _tasks(loop) if id(task) not in known]
    queues = set()
    for timer in _timers(loop):
        owner = getattr(timer._callback, "__self__", None)  # type: ignore[attr-defined]
        is_first = type(owner).__name__ in _OF_THE_CLIENT and id(owner) not in queues
        queues.add(id(owner))
        if not is_first and id(timer) not in known:
            found.append(f"timer left: {timer!r}")
    return found


def _tasks(loop: asyncio.AbstractEventLoop) -> list[Any]:
    return [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task()]


def _timers(loop: asyncio.AbstractEventLoop) -> list[asyncio.TimerHandle]:
    return [timer for timer in loop._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]
