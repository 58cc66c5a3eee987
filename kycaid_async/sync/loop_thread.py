"""The loop on which all blocking clients of a process run: one thread, started by the first call."""

import asyncio
import atexit
import importlib
import os
import sys
import threading
import warnings
from _queue import SimpleQueue
from collections.abc import Callable, Coroutine
from contextlib import suppress
from queue import Empty
from typing import TYPE_CHECKING, Any, Final

import attrs

from kycaid_async.errors import BlockedLoopWarning, ConfigurationError
from kycaid_async.forks import after_fork, notice_fork
from kycaid_async.sync.call import Call, stay_out
from kycaid_async.sync.threads import Inbox, inbox, start
from kycaid_async.sync.workers import Workers

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

Closer = Callable[[], Coroutine[Any, Any, None]]

GRACE = 5.0
"""Seconds that the end of the interpreter waits for connections to close."""


@attrs.frozen(eq=False)
class _Running:
    loop: asyncio.AbstractEventLoop
    portal: "BlockingPortal"
    over: SimpleQueue[None]
    """Gets something when the thread is done with the loop."""


_kept: set["asyncio.Task[None]"] = set()


def keep(task: "asyncio.Task[None]") -> None:
    """Hold ``task`` until it is done. A loop does not, and one that is lost would be destroyed half-way."""
    _kept.add(task)
    task.add_done_callback(_kept.discard)


class Bridge:
    """Leads from threads to the loop. There is one, below; a forked child begins with a fresh one."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Know of no loop. In a forked child there is none, and a lock may be held by a thread that is not there."""
        self._lock = threading.RLock()
        self._running: _Running | None = None
        self._starting = False
        self._waiting: list[Inbox[BaseException | None]] = []
        self._warned = False
        self.ended = False

    def hold(self) -> None:
        """Wait until no loop is being started, and let none be: a fork must not meet half-imported modules."""
        self._lock.acquire()

    def let_go(self) -> None:
        """End what `hold` began."""
        self._lock.release()

    def enter(self) -> Call:
        """Return the way in for one call of this thread. Raises `ConfigurationError` when there is none."""
        notice_fork()
        running = self._running or self._start()
        here = asyncio._get_running_loop()  # noqa: SLF001 - documented; the public one raises, which takes long
        if here is not None:
            self._look_at(here, running)
        return Call(running.loop, lambda: self.ended)

    def spawn(self, closer: Closer) -> None:
        """Let ``closer`` run on the loop, if there still is one, and do not wait for it."""
        running = self._running
        if running is None or self.ended:
            return
        try:
            running.loop.call_soon_threadsafe(lambda: keep(running.loop.create_task(closer())))
        except RuntimeError:
            return  # closed meanwhile, and with it what was to be closed

    def _look_at(self, here: asyncio.AbstractEventLoop, running: _Running) -> None:
        if here is running.loop:
            raise ConfigurationError(
                "a blocking call from the thread that has to carry it out would wait for ever; use AsyncKycaid in "
                "asynchronous code, or call from another thread"
            )
        if not self._warned and not _in_notebook():
            self._warned = True
            text = "Kycaid blocks the event loop that runs in this thread while it waits; AsyncKycaid does not"
            warnings.warn(text, BlockedLoopWarning, stacklevel=5)

    def _start(self) -> _Running:
        with self._lock:
            if self._running is None and not self.ended:
                self._wait_for_start()
            running = self._running
        return running or stay_out()

    def _wait_for_start(self) -> None:
        """Start the loop if nobody has, and wait until it runs. Greenlets of one thread pass its lock together."""
        try:
            _import_all()
        except (ImportError, OSError) as problem:
            raise _no_loop(problem) from problem
        mine = inbox()
        self._waiting.append(mine)
        if not self._starting:
            self._starting = True
            try:
                start(self._run, "kycaid-loop")
            except BaseException:
                self._starting = False
                raise
        # The loop first says that it runs, and then tells those who wait: so one who comes in between sees it.
        error = None if self._running is not None else mine.get()
        mine.close()
        if error is not None:
            raise _no_loop(error) from error

    def _started(self, error: BaseException | None = None) -> None:
        self._starting = False
        while self._waiting:
            self._waiting.pop().put(error)

    def _run(self) -> None:
        over: SimpleQueue[None] = SimpleQueue()
        try:
            loop = asyncio.new_event_loop()
            # Not in debug mode (python -X dev): what it tells of a loop of ours is of no use to others.
            loop.set_debug(False)
            loop.set_default_executor(Workers())
            try:
                loop.run_until_complete(self._serve(loop, over))
            finally:
                _close(loop)
        except BaseException as error:
            if self._running is not None:
                raise
            self._started(error)
        finally:
            self._running = None
            over.put(None)

    async def _serve(self, loop: asyncio.AbstractEventLoop, over: "SimpleQueue[None]") -> None:
        from anyio.from_thread import BlockingPortal

        async with BlockingPortal() as portal:
            self._running = _Running(loop, portal, over)
            self._started()
            await portal.sleep_until_stopped()

    def end(self) -> None:
        """Close what is open, at the end of the interpreter."""
        notice_fork()
        with self._lock:
            self.ended = True
            running = self._running
        if running is not None:
            running.loop.call_soon_threadsafe(lambda: running.loop.create_task(running.portal.stop()))
            with suppress(Empty):
                running.over.get(timeout=GRACE)


def _no_loop(error: BaseException) -> ConfigurationError:
    return ConfigurationError(f"the event loop cannot start ({type(error).__name__})")


def _close(loop: asyncio.AbstractEventLoop) -> None:
    """Close ``loop`` as asyncio.run does, but not its executor: that takes a thread, and at exit none starts."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


_NEEDED: Final = ("anyio.from_thread", "encodings.idna", "kycaid_async.transport.exchange")
_USED_WHERE_IT_FITS: Final = (
    "kycaid_async.transport.aiohttp.bodies",
    "kycaid_async.transport.aiohttp.direct",
    "msgspec.json",
)


def _import_all() -> None:
    # In the loop later, a fork could meet a half-imported module, which its child could never import.
    for name in _NEEDED:
        importlib.import_module(name)
    for name in _USED_WHERE_IT_FITS:
        with suppress(Exception):
            importlib.import_module(name)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return hasattr(getattr(ipython, "get_ipython", lambda: None)(), "kernel")


bridge = Bridge()

atexit.register(bridge.end)
after_fork(bridge.begin_anew)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=bridge.hold, after_in_parent=bridge.let_go)
