"""The time limit of an upload: not how long it takes, but how long nothing moves."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

TICKS = 4
"""Looks per limit: a stall ends between one limit and half a limit more after its last byte."""


class Moving(Protocol):
    """Something that is being sent."""

    @property
    def moved(self) -> int:
        """Bytes that have left this process."""
        ...

    @property
    def size(self) -> int | None:
        """Bytes in all."""
        ...


@contextmanager
def watch_progress(
    limit: asyncio.Timeout, sending: Moving, seconds: float | None, *, then: float | None = None
) -> Iterator[None]:
    """Let ``limit`` run out when no byte of ``sending`` leaves for ``seconds``.

    Once all have left, it runs out after ``then`` more seconds; None for never.
    """
    if seconds is None:
        yield
        return
    loop = asyncio.get_running_loop()
    seen = sending.moved
    timer: asyncio.TimerHandle
    pause = seconds / TICKS
    # One look longer than the limit: what moved since the last look is not known before the next.
    limit.reschedule(loop.time() + seconds + pause)

    def look() -> None:
        nonlocal seen, timer
        if limit.expired():
            return
        if sending.moved == sending.size:
            limit.reschedule(None if then is None else loop.time() + then)
            return
        if sending.moved != seen:
            seen = sending.moved
            limit.reschedule(loop.time() + seconds + pause)
        timer = loop.call_later(pause, look)

    timer = loop.call_later(pause, look)
    try:
        yield
    finally:
        timer.cancel()
        if not limit.expired():
            limit.reschedule(None)
