"""Faults of remote files: why one cannot be read, and which are tried again."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import attrs

from kycaid_async.timing import Timing

T = TypeVar("T")

PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that say nothing about a file."""
_TRIES: Final = 4
_FIRST_PAUSE: Final = 0.5
"""Seconds."""


@attrs.frozen
class RemoteFault:
    """Reason why a remote file cannot be read, as a value: errors of libraries may hold its URL with its signature."""

    words: str
    """Nothing of the URL is in them."""
    passing: bool = False
    """True when it says nothing about the file, and may be over soon."""


class RemoteFaultError(Exception):
    """Ends a reading; never leaves the package."""

    def __init__(self, words: str, *, passing: bool = False) -> None:
        super().__init__(words)
        self.fault = RemoteFault(words, passing)


async def persisted(timing: Timing, work: Callable[[], Awaitable[T | RemoteFault]]) -> T | RemoteFault:
    """Return what ``work`` returns. What may be over soon is tried again, with growing pauses."""
    outcome = await work()
    for attempt in range(_TRIES - 1):
        if not (isinstance(outcome, RemoteFault) and outcome.passing):
            break
        await timing.sleep(_FIRST_PAUSE * 2.0**attempt * (1 + timing.chance()))
        outcome = await work()
    return outcome
