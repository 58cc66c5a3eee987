"""What an operation sets off: callbacks, and verifications that finish later."""

from typing import Any

import attrs

from kycaid_async.sandbox.events.delivery import ATTEMPTS


@attrs.frozen
class Callback:
    """A message to send."""

    body: dict[str, Any] = attrs.field(repr=False)
    url: str | None = attrs.field(default=None, repr=False)
    """Where to; None for the sandbox's own ``callback_url``, if it has one."""


@attrs.frozen(kw_only=True)
class Kept:
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
    """What is to happen once a transaction is committed; nothing of it when it is rolled back."""

    callbacks: list[Kept] = attrs.field(factory=list)
    started: list[str] = attrs.field(factory=list)
    """Ids of verifications that run now."""
