"""What an operation sets off: callbacks, and verifications that finish later."""

from typing import Any

import attrs


@attrs.frozen
class Callback:
    """A message to send."""

    body: dict[str, Any] = attrs.field(repr=False)
    url: str | None = attrs.field(default=None, repr=False)
    """Where to; None for the sandbox's own ``callback_url``, if it has one."""


@attrs.frozen
class Effects:
    """What is to happen once a transaction is committed; nothing of it when it is rolled back."""

    callbacks: list[Callback] = attrs.field(factory=list)
    started: list[str] = attrs.field(factory=list)
    """Ids of verifications that run now."""
