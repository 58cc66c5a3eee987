"""Callbacks that wait for delivery, and the state of each delivery."""

from typing import Any, Final

import attrs

PAUSES: Final = (1.0, 5.0, 30.0, 120.0)
"""Seconds between two attempts. After the last one it gives up. The real service's schedule is not known."""
ATTEMPTS: Final = len(PAUSES) + 1
OK: Final = 200
"""What a receiver answers once it has a callback."""


@attrs.frozen(kw_only=True)
class Delivery:
    """The state of the delivery of a callback."""

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


@attrs.frozen
class Callback:
    """A message to send."""

    body: dict[str, Any] = attrs.field(repr=False)
    url: str | None = attrs.field(default=None, repr=False)
    """Where to; None for the sandbox's own ``callback_url``, if it has one."""


@attrs.frozen(kw_only=True)
class QueuedCallback:
    """A callback that is kept until it is delivered, and how far its delivery is."""

    body: dict[str, Any] = attrs.field(repr=False)
    url: str = attrs.field(repr=False)
    status: int | None = None
    """What the receiver answered last."""
    attempts: int = 0
    left: int = ATTEMPTS
    """How often it is still tried before it is given up; 0 once its delivery is over."""

    @property
    def id(self) -> str:
        """The id of the callback."""
        request_id: str = self.body["request_id"]
        return request_id


@attrs.frozen
class Effects:
    """Effects of a transaction once it is committed; none when it is rolled back."""

    callbacks: list[QueuedCallback] = attrs.field(factory=list)
    started: list[str] = attrs.field(factory=list)
    """Ids of verifications that run now."""
