"""Being told to stop: Ctrl-C, or the signals that mean the same."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import anyio

# A terminal that is closed sends SIGHUP, and SIGBREAK on Windows.
STOPPING: Final = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
]


@contextmanager
def stop_signals() -> Iterator[Callable[[], Awaitable[int]]]:
    """Catch what tells a program to stop, and give a function that waits for the next signal and returns its number."""
    with ExitStack() as stack:
        try:
            received = stack.enter_context(anyio.open_signal_receiver(*STOPPING))
        except NotImplementedError:
            yield stack.enter_context(_caught())
        else:
            yield lambda: anext(received)


@contextmanager
def _caught() -> Iterator[Callable[[], Awaitable[int]]]:
    """Do the same on Windows, whose loops know no signals; but one wakes them."""
    loop, arrived = asyncio.get_running_loop(), asyncio.Queue[int]()
    before = {
        number: signal.signal(number, lambda got, _: loop.call_soon_threadsafe(arrived.put_nowait, got))
        for number in STOPPING
    }
    try:
        yield arrived.get
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
