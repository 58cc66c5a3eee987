"""The event loop of all blocking clients of a process: it runs in a thread that the first call starts."""

import asyncio
import atexit
import os
import sys
import threading
import warnings
from _queue import SimpleQueue
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, suppress
from functools import partial
from queue import Empty
from typing import TYPE_CHECKING, Any, Final

import attrs

from kycaid_async.errors import BlockedLoopWarning, ConfigurationError
from kycaid_async.forks import after_fork, notice_fork
from kycaid_async.sync.call import LOOK_AFTER, LoopCall, exit_pause, refuse_at_exit
from kycaid_async.sync.imports import ForkBarrier, finish_imports, import_all, is_amid_an_import
from kycaid_async.sync.threads import Inbox, Once, Workers, forget_current, inbox, introduce, start

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

Closer = Callable[[], Coroutine[Any, Any, None]]

CLOSE_TIMEOUT: Final = 5.0
"""Seconds that the end of the interpreter waits for connections to close."""

MOST_LOOKS: Final = 60
"""Looks after which a start is given up. Not a time: a process that was stopped meanwhile has lost none."""

_ALL_CLOSED: Final = "all descriptors of this process were closed, and with them the event loop"
_OWN_THREAD: Final = "a blocking call from the thread that has to carry it out would wait for ever; "


@attrs.frozen(eq=False)
class _RunningLoop:
    loop: asyncio.AbstractEventLoop
    portal: "BlockingPortal"
    finished: SimpleQueue[None]
    """Gets an item when the thread is done with the loop."""
    canary: "_Canary"

    def is_lost(self) -> bool:
        """Say whether the loop can carry nothing out any more."""
        return self.loop.is_closed() or not self.canary.is_alive()


class _Canary:
    """A descriptor that goes when somebody closes all of this process, as programs do that become daemons.

    The loop's are closed then too. A thread that waits for them waits for ever, or until one fails.
    """

    def __init__(self) -> None:
        self._fd, self._other = os.pipe()
        self._identity = self._look()

    def _look(self) -> tuple[int, int]:
        found = os.fstat(self._fd)
        return found.st_dev, found.st_ino

    def is_alive(self) -> bool:
        """Say whether the descriptor is still what it was, and not gone or another's."""
        try:
            return self._look() == self._identity
        except OSError:
            return False

    def close(self) -> None:
        """Close it, unless it is another's by now."""
        if self.is_alive():
            os.close(self._fd)
            os.close(self._other)


_background: set["asyncio.Task[None]"] = set()


def keep_alive(task: "asyncio.Task[None]") -> None:
    """Hold a reference to ``task`` until it is done: a loop's is weak, and a lost task is destroyed half-way."""
    _background.add(task)
    task.add_done_callback(_background.discard)


class _Start:
    """An attempt to start the loop.

    Any thread may launch one for it, and the first that runs takes it: between somebody's decision to launch a thread
    and its start, a signal's handler or a finalizer can call in that very thread, and must not wait for it.
    """

    def __init__(self) -> None:
        self.launched = False
        self.to_carry_out = Once()
        self._is_over = False
        self._error: BaseException | None = None
        self._waiting: list[Inbox[None]] = []

    def end(self, error: BaseException | None = None) -> None:
        """Wake all who wait."""
        self._error, self._is_over = error, True
        while self._waiting:
            self._waiting.pop().put(None)

    def wait(self, is_off: Callable[[], bool]) -> None:
        """Wait for the end, or until ``is_off``. Raises `ConfigurationError` when the loop does not start."""
        woken = inbox()
        try:
            self._waiting.append(woken)
            looks = 0
            while not (self._is_over or is_off()):  # after `append`, which `end` may have missed
                if looks == MOST_LOOKS:
                    raise ConfigurationError(f"the event loop did not start within {LOOK_AFTER * looks:.0f} seconds")
                with suppress(Empty):
                    woken.get(timeout=LOOK_AFTER)
                looks += 1
        finally:
            woken.close()
        if self._error is not None:
            raise _no_loop(self._error) from self._error


class LoopThread:
    """The thread with the event loop. There is one per process, `loop_thread`; a forked child starts its own."""

    def __init__(self) -> None:
        self.after_fork_in_child()

    def after_fork_in_child(self) -> None:
        """Forget the loop: a child has no such thread."""
        self._forks = ForkBarrier()  # threads of the parent may have been inside
        self._running: _RunningLoop | None = None
        self._start: _Start | None = None
        self._own_threads: set[int] = set()
        self._warned = False
        self.is_shut_down = False
        exit_pause.reset()
        self.why_lost = "this process was forked meanwhile, and its parent has the event loop"

    def before_fork(self) -> None:
        """Block the start of a loop until the fork is done, so that no child gets half-imported modules."""
        finish_imports()  # before others are kept from entering, whose imports it would wait for
        self._forks.before_fork()

    def after_fork_in_parent(self) -> None:
        """Allow the start of a loop again."""
        self._forks.after_fork_in_parent()

    def holding_up_forks(self) -> AbstractContextManager[object]:
        """Return a context in which no fork begins, for imports in other threads than the loop's."""
        notice_fork()  # a child that was forked in C has no thread that would leave
        return self._forks.block()

    def new_call(self) -> LoopCall:
        """Return a call from this thread to the loop. Raises `ConfigurationError` when the loop cannot take one."""
        notice_fork()
        # Not only while the loop runs: a finalizer can call in its thread before and afterwards.
        if threading.get_ident() in self._own_threads:
            raise ConfigurationError(f"{_OWN_THREAD}use AsyncKycaid in asynchronous code, or call from another thread")
        running = self._current()
        calling_loop = asyncio._get_running_loop()  # noqa: SLF001 - documented; the public one raises, which takes long
        if calling_loop is not None:
            self._check_calling_loop()
        return LoopCall(running.loop, self)

    def current_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop to which calls go by now: another, when one can carry nothing out any more."""
        return self._current().loop

    def serves(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Say whether calls go to ``loop``, as far as is known."""
        return self._running is not None and self._running.loop is loop

    def _current(self) -> _RunningLoop:
        """Return the loop that runs, a new one where it was lost."""
        running = self._running
        # Looked at each time: to wake a loop is to write to one of its descriptors, which may be another's by now.
        if running is None or running.is_lost():
            running = self._started(instead_of=running)
        return running

    def spawn(self, closer: Closer) -> None:
        """Start ``closer`` on the loop, if there still is one, without waiting for it."""
        running = self._running
        if running is None or self.is_shut_down or running.is_lost():
            return
        try:
            running.loop.call_soon_threadsafe(lambda: keep_alive(running.loop.create_task(closer())))
        except RuntimeError:
            return  # closed meanwhile, and with it what was to be closed

    def _check_calling_loop(self) -> None:
        if not self._warned and not _in_notebook():
            self._warned = True
            text = "Kycaid blocks the event loop that runs in this thread while it waits; AsyncKycaid does not"
            warnings.warn(text, BlockedLoopWarning, stacklevel=5)

    def _started(self, instead_of: _RunningLoop | None) -> _RunningLoop:
        """Return the loop once it runs, and start it unless that is being done."""
        with self.holding_up_forks():
            if instead_of is not None and self._running is instead_of:
                self._running = None  # its thread, if it still waits, ends with the process
                self.why_lost = _ALL_CLOSED
                _forget(instead_of)
            while (running := self._running) is None:
                if self.is_shut_down:
                    refuse_at_exit()
                self._wait_for_start()
        return running

    def _wait_for_start(self) -> None:
        try:
            import_all()
        except (ImportError, OSError) as problem:
            if not is_amid_an_import():
                raise _no_loop(problem) from problem
        if is_amid_an_import():
            raise ConfigurationError(
                "the first call, from a signal handler that interrupted an import that it needs, would wait for ever; "
                "make another call before, or let the handler leave the call to what it interrupts"
            )
        attempt = self._start
        if attempt is None:
            attempt = self._start = _Start()
        if not attempt.launched:
            try:
                start(lambda: self._run(attempt))
            except RuntimeError as problem:
                why = f"Kycaid runs in a thread of its own, and none can be started here ({problem})"
                raise ConfigurationError(f"{why}; AsyncKycaid needs none") from problem
            attempt.launched = True
        attempt.wait(lambda: self._start is not attempt)  # as in a child of this process, forked by a signal's handler

    def _run(self, attempt: _Start) -> None:
        self._own_threads.add(threading.get_ident())  # before all else: from here on a finalizer may call
        try:
            if attempt.to_carry_out.take() and self._start is attempt:
                introduce("kycaid-loop")
                self._serve(attempt)
        finally:
            self._own_threads.discard(threading.get_ident())
            forget_current()

    def _serve(self, attempt: _Start) -> None:
        finished: SimpleQueue[None] = SimpleQueue()
        mine: _RunningLoop | None = None
        workers = Workers()

        def serving(loop: asyncio.AbstractEventLoop, portal: "BlockingPortal") -> None:
            nonlocal mine
            self._running = mine = _RunningLoop(loop, portal, finished, _Canary())
            self._start = None
            attempt.end()

        try:
            loop = asyncio.new_event_loop()
            # Not in debug mode (python -X dev): its warnings about our loop are of no use to callers.
            loop.set_debug(False)
            loop.set_default_executor(workers)
            try:
                _run_whatever_tasks_raise(loop, _serve(partial(serving, loop)))
            finally:
                if mine is None or mine.canary.is_alive():
                    if self._running is mine:
                        self._running = None  # what ends now takes no more calls
                        self.why_lost = "the event loop of the blocking client was ended"
                    _close(loop)
        except BaseException as error:
            if mine is None:
                self._start = None
                attempt.end(error)
            elif mine.canary.is_alive():
                raise
            else:
                self.why_lost = _ALL_CLOSED
                _forget(mine)
        finally:
            workers.shutdown()
            if mine is not None:
                mine.canary.close()
            if self._running is mine:
                self._running = None
            finished.put(None)

    def shut_down(self) -> None:
        """Close all connections, at the end of the interpreter."""
        notice_fork()
        self.is_shut_down = True
        exit_pause.begin()
        running = self._running
        if running is not None and not running.is_lost():
            running.loop.call_soon_threadsafe(lambda: running.loop.create_task(running.portal.stop()))
            with suppress(Empty):
                running.finished.get(timeout=CLOSE_TIMEOUT)


async def _serve(serving: "Callable[[BlockingPortal], None]") -> None:
    from anyio.from_thread import BlockingPortal

    async with BlockingPortal() as portal:
        serving(portal)
        await portal.sleep_until_stopped()


def _run_whatever_tasks_raise(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a loop, also when code of a caller raises `SystemExit` in a task.

    It ends the run, but it is that task's affair: who waits for the task gets it.
    """
    task = loop.create_task(coroutine)
    while True:
        try:
            return loop.run_until_complete(task)
        except (SystemExit, KeyboardInterrupt):
            if task.done():
                raise


def _forget(lost: _RunningLoop) -> None:
    """Never touch the descriptors of a lost loop again: their numbers may be those of other files by now."""
    from kycaid_async.transport.loop_resources import forget_loop

    _lost.append(lost)
    # Its thread may wake once more, by a timer. A loop that had the number of its selector would lose events to it.
    lost.loop.stop()
    selector = getattr(lost.loop, "_selector", None)
    if selector is not None and sys.platform != "win32":
        _occupy(selector.fileno())
    forget_loop(lost.loop)


def _occupy(descriptor: int) -> None:
    """Give a number to what is no selector, if nobody has it."""
    try:
        os.fstat(descriptor)
    except OSError:
        nothing = os.open(os.devnull, os.O_RDONLY)
        if nothing != descriptor:
            os.dup2(nothing, descriptor, inheritable=False)
            os.close(nothing)


_lost: Final[list[_RunningLoop]] = []  # kept, so that nothing of them is finalized


def _no_loop(error: BaseException) -> ConfigurationError:
    cause = error
    while isinstance(cause, BaseExceptionGroup):  # as anyio raises it, also for one error
        cause = cause.exceptions[0]
    reason = getattr(cause, "strerror", None)
    named = f"{type(cause).__name__}: {reason}" if isinstance(reason, str) else type(cause).__name__
    return ConfigurationError(f"the event loop cannot start ({named})")


def _close(loop: asyncio.AbstractEventLoop) -> None:
    """Close ``loop`` as `asyncio.run` does, but for its executor: that needs a thread, and none starts at exit."""
    while tasks := asyncio.all_tasks(loop):  # of those that end, some begin others
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.wait(tasks))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return hasattr(getattr(ipython, "get_ipython", lambda: None)(), "kernel")


loop_thread: Final = LoopThread()

atexit.register(loop_thread.shut_down)
after_fork(loop_thread.after_fork_in_child)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=loop_thread.before_fork, after_in_parent=loop_thread.after_fork_in_parent)
