"""The seam between a call and the HTTP library that carries it out."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, Protocol

import attrs

from kycaid_async.masking import Unlisted
from kycaid_async.protocol.response import Answer
from kycaid_async.transport.deadlines import AttemptTimeout

if TYPE_CHECKING:
    from kycaid_async.uploads.multipart import Multipart


Guard = Callable[[], None]
"""Is asked right before a request leaves; raises a `KycaidError` when it must not."""

_guard: Final[ContextVar[Guard | None]] = ContextVar("kycaid_guard", default=None)


_UNGUARDED: Final = nullcontext()


def guarded(guard: Guard | None) -> AbstractContextManager[None]:
    """Ask ``guard`` before each request of this task leaves."""
    return _UNGUARDED if guard is None else _asking(guard)


@contextmanager
def _asking(guard: Guard) -> Iterator[None]:
    token = _guard.set(guard)
    try:
        yield
    finally:
        _guard.reset(token)


@attrs.define(eq=False, repr=False)
class OutgoingRequest(Unlisted):
    """The request of one attempt."""

    operation: str
    """The endpoint's name, for errors."""
    method: str
    target: str = attrs.field(repr=False)
    """Path and query below the base URL, percent-encoded."""
    body: bytes | None = attrs.field(repr=False)
    """JSON."""
    replayable: bool
    """False when it must not get lost: then the backend makes sure that its connection lives."""
    file: "Multipart | None" = attrs.field(default=None, repr=False)
    """The body instead of JSON, when it is a file."""
    sent: bool = False
    """Set by the backend. False while no byte of it can have left: there was no connection to write it to."""

    guard: Guard | None = attrs.field(init=False, factory=_guard.get)

    def check(self) -> None:
        """Raise what keeps it from leaving, if anything does by now."""
        if self.guard is not None:
            self.guard()

    def leaves(self) -> None:
        """Note that it leaves with what is done next. Raises as `check` does."""
        self.check()
        self.sent = True


class HttpBackend(Protocol):
    """Sends the requests of one client on one event loop. Nothing above knows which library does it."""

    @property
    def closed(self) -> bool:
        """True when nothing can be sent any more."""
        ...

    async def send(self, request: OutgoingRequest, timer: AttemptTimeout, /) -> Answer:
        """Send ``request`` and return the whole answer.

        Tells ``timer`` when there is a connection and what is being received. Raises a `KycaidError`, and no other
        exception but those that end tasks and programs: each backend translates the errors of its library.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...

    def abandon(self) -> None:
        """Never touch the connections again: they are those of the process that forked this one."""
        ...
