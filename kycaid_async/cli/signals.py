"""Being told to stop: Ctrl-C, or the signals that mean the same."""

import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import anyio


@contextmanager
def stop_signals() -> Iterator[Callable[[], Awaitable[int]]]:
    """Catch what tells a program to stop, and give a function that waits for the next signal and returns its number."""
    if sys.platform == "win32":
        # Ctrl-C arrives as KeyboardInterrupt there.
        yield _never
        return
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        yield lambda: anext(signals)


async def _never() -> int:
    await anyio.sleep_forever()
    raise AssertionError
