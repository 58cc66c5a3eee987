"""Requests of a call that are under way: whether they may have acted, when its event loop is lost, or ends."""

from contextvars import ContextVar
from typing import Any, Final, Protocol

from kycaid_async.protocol.endpoint import Endpoint, Replay


class _Call(Protocol):
    """The parts of a call that count here."""

    endpoint: Endpoint[Any]
    maybe_acted: bool


class _Attempt(Protocol):
    """The parts of an attempt that count here."""

    @property
    def call(self) -> _Call: ...
    @property
    def sent(self) -> bool: ...


class UnderWay:
    """The attempts that a call makes just now. Written on its loop, and read in any thread."""

    __slots__ = ("_acted", "_attempts")

    def __init__(self) -> None:
        self._acted = False
        self._attempts: set[_Attempt] = set()

    def begin(self, attempt: _Attempt) -> None:
        """Note that an attempt begins."""
        self._attempts.add(attempt)

    def end(self, attempt: _Attempt) -> None:
        """Note that it has its outcome. One that is cancelled has none."""
        self._attempts.discard(attempt)
        if _may_have_acted(attempt):
            self._acted = True

    @property
    def maybe_processed(self) -> bool:
        """True when the server may have acted on what was sent so far."""
        return self._acted or any(_may_have_acted(attempt) for attempt in list(self._attempts))


def _may_have_acted(attempt: _Attempt) -> bool:
    return attempt.call.maybe_acted or (attempt.sent and attempt.call.endpoint.replay is not Replay.SAFE)


UNDER_WAY: Final[ContextVar[UnderWay | None]] = ContextVar("kycaid_under_way", default=None)
"""Of the call that runs; None where nobody wants to know."""
