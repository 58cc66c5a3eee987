"""Clock, sleep and randomness, so that tests can bring their own."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import attrs


def _now() -> datetime:
    return datetime.now(UTC)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Timing:
    """Sources of time, sleep and randomness, to be injected."""

    clock: Callable[[], float] = time.monotonic
    """Seconds that only go forward."""
    now: Callable[[], datetime] = _now
    """The time of day, aware."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    """A number from 0 to 1."""
