"""Signals that stop a program: Ctrl-C, and those that mean the same."""

import atexit
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NoReturn

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


def _ignore() -> None:
    for number in _numbers():
        signal.signal(number, signal.SIG_IGN)


def _interrupt(number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt(number)


def _numbers() -> list[signal.Signals]:
    return [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]


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
