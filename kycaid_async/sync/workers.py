"""The threads in which the loop reads disks and asks for addresses of hosts."""

from _queue import SimpleQueue
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, ParamSpec, TypeVar

from kycaid_async.sync.threads import start

P = ParamSpec("P")
R = TypeVar("R")
Job = tuple["Future[Any]", Callable[[], Any]]

MOST = 8


class Workers(ThreadPoolExecutor):
    """Threads that end with the process and never hold it up.

    The pool that asyncio brings takes no more work once the main thread is done, although other threads of a script
    may still call; and Python waits for it at exit, for as long as a name server does not answer.
    """

    def __init__(self) -> None:
        super().__init__(MOST)
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._count = 0

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> "Future[R]":
        """Run ``fn`` soon. Called by the loop, hence by one thread only."""
        future: Future[R] = Future()
        job = (future, lambda: fn(*args, **kwargs))
        if self._grow():
            self._jobs.put(job)
        else:
            _do(*job)
        return future

    def _grow(self) -> bool:
        """Start one more thread, and say whether there is any: once the interpreter ends, none can be started."""
        if self._count < MOST:
            with suppress(RuntimeError):
                start(partial(_work, self._jobs), "kycaid-worker")
                self._count += 1
        return self._count > 0

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for nothing: these threads hold nothing that has to be put in order."""


def _work(jobs: "SimpleQueue[Job]") -> None:
    while True:
        _do(*jobs.get())


def _do(future: "Future[Any]", function: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function()
    except BaseException as error:  # noqa: BLE001 - whoever waits for it gets it
        future.set_exception(error)
    else:
        future.set_result(result)
