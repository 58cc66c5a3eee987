"""What became of a callback."""

from typing import Final

import attrs

PAUSES: Final = (1.0, 5.0, 30.0, 120.0)
"""Seconds between two attempts. After the last one it gives up. The real service's schedule is not known."""
ATTEMPTS: Final = len(PAUSES) + 1
OK: Final = 200
"""What a receiver answers once it has a callback."""


@attrs.frozen(kw_only=True)
class Delivery:
    """What became of a callback so far."""

    type: str
    """As in ``VERIFICATION_COMPLETED``."""
    request_id: str
    host: str
    """The host it goes to."""
    status: int | None = None
    """What the receiver answered last; None when it did not answer."""
    attempts: int = 0

    @property
    def arrived(self) -> bool:
        """True once the receiver answered 200."""
        return self.status == OK
