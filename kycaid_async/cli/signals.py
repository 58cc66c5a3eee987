"""Being told to stop: Ctrl-C, or the signals that mean the same."""

import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


def exit_at_once() -> None:
    """Let what tells this program to stop end it at once, for as long as there is nothing to clean up.

    An exception would not do: while modules are imported, Python drops some, and the signal would be lost.
    """
    for number in _numbers():
        signal.signal(number, _exit)


def _exit(number: int, _frame: object) -> NoReturn:
    with contextlib.suppress(OSError):
        os.write(2, f"kycaid: interrupted ({signal.Signals(number).name})\n".encode())
    os._exit(128 + number)


def end_like_ctrl_c() -> None:
    """From now on, clean up when this program is told to stop: it may have drawn or stored documents."""
    for number in _numbers():
        if signal.getsignal(number) is _exit:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else _interrupt)


def _interrupt(number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt(number)


def _numbers() -> list[signal.Signals]:
    return [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]


@contextmanager
def stop_signals() -> Iterator[Callable[[], Awaitable[int]]]:
    """Catch what tells a program to stop, and give a function that waits for the next signal and returns its number."""
    if sys.platform == "win32":
        # Ctrl-C arrives as KeyboardInterrupt there.
        yield _never
        return
    import anyio

    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        yield lambda: anext(signals)


async def _never() -> int:
    import anyio

    await anyio.sleep_forever()
    raise AssertionError
