"""The lease of one process on a shared ledger: until when nobody takes over what it is at."""

import time
from collections.abc import Callable
from typing import Final

import attrs

from kycaid_async.errors import LedgerError

LEASE: Final = 30.0
"""Seconds for which an owner that says nothing counts as alive."""
_MARGIN: Final = 0.2
"""The share of a lease that is left unused: clocks differ in speed, and what is sent takes a moment to leave."""
_RENEWALS: Final = 6
"""How many times a lease is renewed while it lasts, when there is nothing to write."""


def suspend_clock() -> float:
    """Return seconds of a clock that only goes forward, and while the machine sleeps, too, where there is one."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@attrs.define(kw_only=True, eq=False)
class Lease:
    """The lease of an owner, by the clock of this machine: it is over here before it is for the database."""

    name: str
    """That of the ledger, for errors."""
    seconds: float = LEASE
    clock: Callable[[], float] = suspend_clock
    number: int = 0
    """The fencing number: none before had it, and none after will."""
    is_lost: bool = False
    _until: float = float("-inf")

    def renewed(self, asked: float) -> None:
        """Note that the database renewed it for one who asked at that moment, or later."""
        self._until = max(self._until, asked + self.seconds * (1 - _MARGIN))

    def check(self) -> None:
        """Raise `LedgerError` when it may be over by now: then nothing that makes something may leave."""
        if self.is_lost or self.clock() >= self._until:
            raise self.error()

    @property
    def pause(self) -> float:
        """Seconds between two renewals."""
        return self.seconds / _RENEWALS

    def error(self) -> LedgerError:
        """Return what is raised when it is over."""
        return LedgerError(
            f"{self.name}: this process was stopped, or could not reach the database, for so long that others may have "
            "taken over what it was at, so it sends and records nothing more. What it sent and got no answer to is "
            "asked for by them, or by the next run",
            retryable=True,
        )
