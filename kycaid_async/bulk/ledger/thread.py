"""The thread in which the file of a ledger is opened, committed and closed."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

if TYPE_CHECKING:
    from kycaid_async.bulk.ledger.file import LedgerFile

P = ParamSpec("P")
R = TypeVar("R")

_LOOK: Final = 1.0
"""Seconds after which a thread without work sees whether its program is over."""


class LedgerThread:
    """A thread that does what it is given, in order. It holds up the end of the program only while it has work.

    A pool of `concurrent.futures` hangs at the end when Ctrl-C comes while its thread starts: nobody tells it to stop.
    """

    def __init__(self) -> None:
        self._work: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._is_over = False
        """True once nobody takes what is put into ``_work`` any more."""
        self._thread = threading.Thread(target=self._run, name="kycaid ledger")
        self._thread.start()

    def submit(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> "Future[R]":
        """Do ``function`` after all that was given before, here when the thread is over already."""
        future: Future[R] = Future()

        def work() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function(*args, **kwargs))
                except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
                    future.set_exception(error)

        self.put(work)
        return future

    def put(self, work: Callable[[], object]) -> None:
        """Do as `submit` does with what raises nothing, and let nobody wait for it: that costs less."""
        with self._lock:
            if not self._is_over:
                self._work.put(work)
                return
        self._thread.join()  # the thread may still be at what was given before
        work()

    def end(self) -> None:
        """Take nothing more."""
        with self._lock:
            self._is_over = True
            self._work.put(None)

    def end_without(self, opening: "Future[LedgerFile]") -> "Future[None]":
        """Take nothing more, and close the file whose opening was cancelled, once it is open."""

        def close() -> None:
            if opening.exception() is None:
                opening.result().close([], [])

        closing = self.submit(close)
        self.end()
        return closing

    def _run(self) -> None:
        while True:
            try:
                work = self._work.get(timeout=_LOOK)
            except Empty:
                if threading.main_thread().is_alive() or not self._may_end():
                    continue
                return
            if work is None:
                return
            work()
            del work

    def _may_end(self) -> bool:
        """Say whether nothing has come meanwhile, and take nothing more then."""
        with self._lock:
            self._is_over = self._is_over or self._work.empty()
            return self._is_over and self._work.empty()
