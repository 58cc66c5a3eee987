"""The event loop of all blocking clients of a process: it runs in a thread that the first call starts."""

import asyncio
import atexit
import importlib
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
from kycaid_async.sync.call import LoopCall, refuse_at_exit
from kycaid_async.sync.threads import Inbox, Workers, inbox, start

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

Closer = Callable[[], Coroutine[Any, Any, None]]

CLOSE_TIMEOUT: Final = 5.0
"""Seconds that the end of the interpreter waits for connections to close."""


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


class LoopThread:
    """The thread with the event loop. There is one per process, `loop_thread`; a forked child starts its own."""

    def __init__(self) -> None:
        self.after_fork_in_child()

    def after_fork_in_child(self) -> None:
        """Forget the loop: a child has no such thread, and a thread of the parent may have held the lock."""
        self._lock = threading.RLock()
        self._running: _RunningLoop | None = None
        self._starting = False
        self._waiting: list[Inbox[BaseException | None]] = []
        self._warned = False
        self.is_shut_down = False

    def before_fork(self) -> None:
        """Block the start of a loop until the fork is done, so that no child gets half-imported modules."""
        _finish_imports()  # before the lock is taken, which an import in another thread may want
        self._lock.acquire()

    def after_fork_in_parent(self) -> None:
        """Allow the start of a loop again."""
        self._lock.release()

    def holding_up_forks(self) -> AbstractContextManager[object]:
        """Return a context in which no fork begins, for imports in other threads than the loop's."""
        return self._lock

    def new_call(self) -> LoopCall:
        """Return a call from this thread to the loop. Raises `ConfigurationError` when the loop cannot take one."""
        notice_fork()
        running = self._current()
        calling_loop = asyncio._get_running_loop()  # noqa: SLF001 - documented; the public one raises, which takes long
        if calling_loop is not None:
            self._check_calling_loop(calling_loop, running)
        return LoopCall(running.loop, lambda: self.is_shut_down, lambda: self._current().loop)

    def _current(self) -> _RunningLoop:
        """Return the loop that runs, a new one where it was lost."""
        running = self._running
        # Looked at each time: to wake a loop is to write to one of its descriptors, which may be another's by now.
        if running is None or running.is_lost():
            running = self._start(instead_of=running)
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

    def _check_calling_loop(self, calling: asyncio.AbstractEventLoop, running: _RunningLoop) -> None:
        if calling is running.loop:
            raise ConfigurationError(
                "a blocking call from the thread that has to carry it out would wait for ever; use AsyncKycaid in "
                "asynchronous code, or call from another thread"
            )
        if not self._warned and not _in_notebook():
            self._warned = True
            text = "Kycaid blocks the event loop that runs in this thread while it waits; AsyncKycaid does not"
            warnings.warn(text, BlockedLoopWarning, stacklevel=5)

    def _start(self, instead_of: _RunningLoop | None) -> _RunningLoop:
        with self._lock:
            if instead_of is not None and self._running is instead_of:
                self._running = None  # its thread, if it still waits, ends with the process
                _forget(instead_of)
            if self._running is None and not self.is_shut_down:
                self._wait_for_start()
            running = self._running
        return running or refuse_at_exit()

    def _wait_for_start(self) -> None:
        """Start the loop unless another thread did, and wait until it runs. Greenlets of one thread share its lock."""
        try:
            _import_all()
        except (ImportError, OSError) as problem:
            if not _is_amid_an_import():
                raise _no_loop(problem) from problem
        if _is_amid_an_import():
            raise ConfigurationError(
                "the first call, from a signal handler that interrupted an import that it needs, would wait for ever; "
                "make another call before, or let the handler leave the call to what it interrupts"
            )
        started = inbox()
        self._waiting.append(started)
        if not self._starting:
            self._starting = True
            try:
                start(self._run, "kycaid-loop")
            except RuntimeError as problem:
                self._starting = False
                why = f"Kycaid runs in a thread of its own, and none can be started here ({problem})"
                raise ConfigurationError(f"{why}; AsyncKycaid needs none") from problem
            except BaseException:
                self._starting = False
                raise
        # `_serve` sets `_running` before it wakes the waiting threads, so one that comes in between sees it.
        error = None if self._running is not None else started.get()
        started.close()
        if error is not None:
            raise _no_loop(error) from error

    def _started(self, error: BaseException | None = None) -> None:
        self._starting = False
        while self._waiting:
            self._waiting.pop().put(error)

    def _run(self) -> None:
        finished: SimpleQueue[None] = SimpleQueue()
        mine: _RunningLoop | None = None

        def serving(loop: asyncio.AbstractEventLoop, portal: "BlockingPortal") -> None:
            nonlocal mine
            self._running = mine = _RunningLoop(loop, portal, finished, _Canary())
            self._started()

        try:
            loop = asyncio.new_event_loop()
            # Not in debug mode (python -X dev): its warnings about our loop are of no use to callers.
            loop.set_debug(False)
            loop.set_default_executor(Workers())
            try:
                loop.run_until_complete(_serve(partial(serving, loop)))
            finally:
                if mine is None or mine.canary.is_alive():
                    _close(loop)
        except BaseException as error:
            if mine is None:
                self._started(error)
            elif mine.canary.is_alive():
                raise
            else:
                _forget(mine)
        finally:
            if mine is not None:
                mine.canary.close()
            if self._running is mine:
                self._running = None
            finished.put(None)

    def shut_down(self) -> None:
        """Close all connections, at the end of the interpreter."""
        notice_fork()
        with self._lock:
            self.is_shut_down = True
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
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


_REQUIRED: Final = (
    "anyio.from_thread",
    "cattrs",
    "decimal",
    "difflib",
    "encodings.idna",
    "kycaid_async.transport.exchange",
    "kycaid_async.values.check",
    "numbers",
)
_OPTIONAL: Final = (
    "kycaid_async.transport.aiohttp.bodies",
    "kycaid_async.transport.aiohttp.direct",
    "msgspec.json",
)


def _import_all() -> None:
    # Imported by the loop later, a module could be half-imported at a fork, and its child could never import it.
    for name in _REQUIRED:
        importlib.import_module(name)
    for name in _OPTIONAL:
        with suppress(Exception):
            importlib.import_module(name)


def _is_amid_an_import() -> bool:
    """Say whether this thread itself is importing what the loop's would wait for: others were waited for."""
    wanted = (name.split(".") for name in (*_REQUIRED, *_OPTIONAL))
    with_parents = {".".join(parts[:count]) for parts in wanted for count in range(1, len(parts) + 1)}
    return any(_is_half_imported(sys.modules.get(name)) for name in with_parents)


def _is_half_imported(module: object) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def _finish_imports() -> None:
    """Wait for modules that other threads are importing: a child could never import what is half-imported at a fork."""
    for name, module in list(sys.modules.items()):
        if _is_half_imported(module):
            with suppress(Exception):  # what fails to import is not there in a child either
                importlib.import_module(name)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return hasattr(getattr(ipython, "get_ipython", lambda: None)(), "kernel")


loop_thread: Final = LoopThread()

atexit.register(loop_thread.shut_down)
after_fork(loop_thread.after_fork_in_child)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=loop_thread.before_fork, after_in_parent=loop_thread.after_fork_in_parent)
