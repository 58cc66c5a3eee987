"""What is known of a call between its attempts."""

from typing import Any

import attrs

from kycaid_async.masking import Unlisted
from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.protocol.request import Built
from kycaid_async.uploads.multipart import Multipart
from kycaid_async.uploads.upload import Upload


@attrs.define
class Call(Unlisted):
    """One call of an endpoint."""

    endpoint: Endpoint[Any]
    built: Built
    upload: Upload | None
    attempt: int = 0
    deadline: float | None = None
    """When it has to be over, on the monotonic clock. An upload has none, but is not refused for longer than that."""
    maybe_acted: bool = False
    """True when the server may have acted on an attempt before this one."""
    file: Multipart | None = None
    """The body of this attempt, when it is a file."""
    sent: bool = False
    """False when no byte of this attempt can have left: there was never a connection to write it to."""

    outcome: Any = attrs.field(default=None, repr=False)
    """What this attempt came to, until it is taken. Not in a variable: what logs could report the running frames."""

    def take_outcome(self) -> Any:
        """Return the outcome, and keep it no longer."""
        outcome, self.outcome = self.outcome, None
        return outcome

    def begin_attempt(self) -> None:
        """Count one more attempt, of which nothing has left yet."""
        self.attempt, self.file, self.sent = self.attempt + 1, None, False
