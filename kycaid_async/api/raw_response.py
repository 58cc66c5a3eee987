"""An answer with what came around it: status, headers, attempts, seconds."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Generic, Protocol, TypeVar

import attrs

from kycaid_async.api.section import Caller
from kycaid_async.masking import MASK, Unlisted
from kycaid_async.timing import Timing
from kycaid_async.tracebacks import guarded
from kycaid_async.values.secret import HiddenText

T = TypeVar("T")

_SHOWN: Final = frozenset(
    {
        *("age", "cache-control", "connection", "content-encoding", "content-length", "content-type", "date", "etag"),
        *("expires", "keep-alive", "last-modified", "retry-after", "server", "transfer-encoding", "vary", "via"),
        *("alt-svc", "access-control-allow-origin", "strict-transport-security", "x-powered-by", "x-request-id"),
    }
)
"""Headers that tell nothing. Others can carry a session, or a URL with an id, and print masked."""


@guarded
class Headers(Mapping[str, str]):
    """The headers of an answer, by names in capital or small letters. One that came twice has its first value.

    Values that may be secret are themselves, and print as ``***``.
    """

    def __init__(self, given: Mapping[str, str]) -> None:
        self._values: dict[str, tuple[str, str]] = {}
        for name, value in given.items():
            shown = value if name.lower() in _SHOWN else HiddenText(value)
            self._values.setdefault(name.lower(), (name, shown))

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()][1]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._values.values())

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({dict(self._values.values())!r})"


@guarded
@attrs.frozen(kw_only=True, eq=False)
class RawResponse(Unlisted, Generic[T]):
    """An answer with what came around it."""

    parsed: T = attrs.field(repr=lambda _: MASK)
    """What the method returns otherwise."""
    status: int
    """HTTP status: that of a success, for anything else is raised."""
    headers: Headers
    seconds: float
    """Of the whole call, with waits and pauses."""
    attempts: int
    """How many it took."""

    def parse(self) -> T:
        """Return ``parsed``, under the name that other SDKs use."""
        return self.parsed


class Recorder(Caller, Protocol):
    """Calls endpoints, and keeps what came."""

    calls: Any
    """A list that takes each call, with its ``answer`` and its ``attempts``; None to keep none."""


@attrs.define(eq=False)
class RecordedCall:
    """One call, whose answer is kept."""

    exchange: Recorder
    timing: Timing
    _started: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.exchange.calls = []
        self._started = self.timing.clock()

    def response(self, parsed: T) -> RawResponse[T]:
        """Return ``parsed`` with what came around it."""
        calls = self.exchange.calls
        answer = calls[-1].answer if calls else None
        if not calls or answer is None:
            raise RuntimeError("a call that went well has an answer")
        return RawResponse(
            parsed=parsed,
            status=answer.status,
            headers=Headers(answer.headers),
            seconds=self.timing.clock() - self._started,
            attempts=calls[-1].attempts,
        )
