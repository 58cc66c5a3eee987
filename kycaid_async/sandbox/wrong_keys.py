"""Slowing down who tries keys."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import attrs

from kycaid_async.sandbox.courier import Sleep
from kycaid_async.sandbox.key import SANDBOX_KEY

SHORTEST: Final = 16
"""Characters that the key of a sandbox has at least, where others can reach it."""
FREE: Final = 3
"""Wrong keys that are answered at once: everybody mistypes."""
FIRST: Final = 0.1
LONGEST: Final = 5.0
"""Seconds that the answers to the next ones wait: twice as long each time, up to this."""
FORGOTTEN: Final = timedelta(minutes=5)
"""How long after the last wrong key all are forgotten."""


@attrs.define
class WrongKeys:
    """Counts the wrong keys that a sandbox was given, by whomever."""

    _api_key: str = attrs.field(repr=False)
    _wait: Sleep
    _clock: Callable[[], datetime]
    _count: int = 0
    _latest: datetime | None = None

    async def pause(self) -> None:
        """Wait before a wrong key is answered. Not where everybody knows the right one."""
        if self._api_key == SANDBOX_KEY:
            return
        now = self._clock()
        if self._latest is not None and now - self._latest > FORGOTTEN:
            self._count = 0
        self._latest = now
        # Bounded, because a power has no end.
        over = min(self._count - FREE, 10)
        self._count += 1
        if over >= 0:
            await self._wait(min(FIRST * 2**over, LONGEST))
