"""Signals that stop a program: Ctrl-C, and those that mean the same."""

from __future__ import annotations  # so that typing, which takes long to import, is not needed

import atexit
import contextlib
import os
import signal
import sys
from contextlib import ExitStack, contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Iterator
    from typing import NoReturn, TypeVar, TypeVarTuple

    T = TypeVar("T")
    P = TypeVarTuple("P")

_began: list[bool] = []
"""Not empty in a program that began with `exit_at_once`."""
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""A terminal that is closed sends SIGHUP, and SIGBREAK on Windows."""


def exit_at_once() -> None:
    """Let what tells this program to stop end it at once, for as long as there is nothing to clean up.

    An exception would not do: while modules are imported, Python drops some, and the signal would be lost.
    """
    _began.append(True)
    atexit.register(_ignore)  # or else Python, at its very end, lets signals kill it again
    for number in _numbers():
        signal.signal(number, _exit)


def end_with(code: int) -> None:
    """From now on, when this program is told to stop, let it end at once with ``code``: all is done and said.

    For a program that began with `exit_at_once`; to others it does nothing.
    """

    def leave(_number: int, _frame: object) -> NoReturn:
        with contextlib.suppress(Exception):  # it may come while something is written
            sys.stdout.flush()
        os._exit(code)

    if _began:
        for number in _numbers():
            signal.signal(number, leave)


def _exit(number: int, _frame: object) -> NoReturn:
    with contextlib.suppress(OSError):
        os.write(2, f"kycaid: interrupted ({signal.Signals(number).name})\n".encode())
    os._exit(128 + number)


def end_like_ctrl_c() -> None:
    """From now on, clean up when this program is told to stop: it may have drawn or stored documents."""
    for number in _numbers():
        if signal.getsignal(number) is _exit:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else _interrupt)


def run_async(function: Callable[[*P], Awaitable[T]], *args: *P) -> T:
    """Run an asynchronous function in an event loop of its own, as `anyio.run` does.

    Signals wait until that loop is made, and until it is closed: of one that is neither, Python prints a traceback.
    """
    import anyio

    return anyio.run(function, *args, backend_options={"loop_factory": _new_loop})


def _new_loop() -> asyncio.AbstractEventLoop:
    import asyncio

    with ExitStack() as stack:
        with _held_back():
            loop = asyncio.new_event_loop()
            close = loop.close
            stack.callback(close)

            def close_whole() -> None:
                del loop.close  # which holds the loop
                try:
                    with _held_back():
                        close()
                finally:
                    close()  # it was not, when a signal came first

            with contextlib.suppress(AttributeError):  # a loop of another library may not let it be replaced
                loop.close = close_whole  # type: ignore[method-assign]  # of this one object
        stack.pop_all()  # no signal came meanwhile
    return loop


@contextmanager
def _held_back() -> Iterator[None]:
    """Let signals that tell this program to stop wait until the end of a block."""
    import threading

    came: list[int] = []

    def note(number: int, _frame: object) -> None:
        came.append(number)

    # Only the main thread has to do with signals. A handler that is not Python's could not be put back.
    is_main = threading.current_thread() is threading.main_thread()
    try:
        with ExitStack() as handlers:  # each is put back, also when a signal comes between two of them
            for number in _numbers() if is_main else ():
                if (handler := signal.getsignal(number)) is not None:
                    handlers.callback(_put_back, number, handler, note)
                    signal.signal(number, note)
            yield
    finally:
        for got in came:
            signal.raise_signal(got)


def _put_back(number: signal.Signals, handler: Callable[..., object] | int, instead_of: Callable[..., object]) -> None:
    if signal.getsignal(number) is instead_of:
        signal.signal(number, handler)


def _ignore() -> None:
    for number in _numbers():
        signal.signal(number, signal.SIG_IGN)


def _interrupt(number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt(number)


def _numbers() -> list[signal.Signals]:
    """Return the signals to heed. What nohup, or a shell in whose background this runs, let be ignored stays so."""
    found = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    return [number for number in found if signal.getsignal(number) is not signal.SIG_IGN]


@contextmanager
def stop_signals() -> Iterator[Callable[[], Awaitable[int]]]:
    """Catch what tells a program to stop, and give a function that waits for the next signal and returns its number."""
    import anyio

    with ExitStack() as stack:
        try:
            received = stack.enter_context(anyio.open_signal_receiver(*_numbers()))
        except NotImplementedError:
            yield stack.enter_context(_caught())
        else:
            yield lambda: anext(received)


@contextmanager
def _caught() -> Iterator[Callable[[], Awaitable[int]]]:
    """Do the same on Windows, whose loops know no signals; but one wakes them."""
    import asyncio

    loop, arrived = asyncio.get_running_loop(), asyncio.Queue[int]()
    before = {
        number: signal.signal(number, lambda got, _: loop.call_soon_threadsafe(arrived.put_nowait, got))
        for number in _numbers()
    }
    try:
        yield arrived.get
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
