"""What is known of the requests of a call when its event loop is lost, or ends."""

from contextvars import ContextVar
from typing import Any, Final, Protocol

from kycaid_async.protocol.endpoint import Endpoint, Replay


class Call(Protocol):
    """What counts of a call."""

    endpoint: Endpoint[Any]
    maybe_acted: bool


class Attempt(Protocol):
    """What counts of an attempt."""

    @property
    def call(self) -> Call: ...
    @property
    def sent(self) -> bool: ...


class UnderWay:
    """The attempts that a call makes just now. Written on its loop, and read in any thread."""

    __slots__ = ("_acted", "_attempts")

    def __init__(self) -> None:
        self._acted = False
        self._attempts: set[Attempt] = set()

    def begin(self, attempt: Attempt) -> None:
        """Note that an attempt begins."""
        self._attempts.add(attempt)

    def end(self, attempt: Attempt) -> None:
        """Note that it has its outcome. One that is cancelled has none."""
        self._acted = self.maybe_processed
        self._attempts.discard(attempt)

    @property
    def maybe_processed(self) -> bool:
        """True when the server may have acted on what was sent so far."""
        return self._acted or any(_may_have_acted(attempt) for attempt in list(self._attempts))


def _may_have_acted(attempt: Attempt) -> bool:
    return attempt.call.maybe_acted or (attempt.sent and attempt.call.endpoint.replay is not Replay.SAFE)


UNDER_WAY: Final[ContextVar[UnderWay | None]] = ContextVar("kycaid_under_way", default=None)
"""Of the call that runs; None where nobody wants to know."""
