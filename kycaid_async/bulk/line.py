"""The requests of a run: repeated as long as that does no harm, and patient while the server is away."""

import asyncio
from typing import Any, Final, Protocol, TypeVar

import attrs

from kycaid_async.bulk.limit import Limit
from kycaid_async.bulk.outage import Outage
from kycaid_async.errors import (
    ApiError,
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    GatewayError,
    InsufficientFundsError,
    KycaidError,
    PermissionDeniedError,
    RedirectError,
)
from kycaid_async.protocol.caller import Caller
from kycaid_async.protocol.endpoint import Endpoint, Replay
from kycaid_async.protocol.retry import Certainty, certainty, slows_down
from kycaid_async.transport.timing import Timing

T = TypeVar("T")

_LOST: Final = 4
"""How many times more often a request is repeated that got lost than one that was answered with a fault."""

_UNSENT: Final = "it was not sent, because the run had to end"


class Stopped(Exception):  # noqa: N818 - it is no error of its own
    """The whole run has to end, for this error."""

    def __init__(self, error: KycaidError) -> None:
        super().__init__()
        self.error = error


class Tally(Protocol):
    """Something that counts the requests made for it."""

    attempts: int


@attrs.define(kw_only=True, eq=False)
class Line:
    """Calls endpoints. ``caller`` must not repeat anything itself: that is decided and counted here.

    What ends the run ends all calls: none is sent after it.
    """

    caller: Caller
    timing: Timing
    limit: Limit
    max_retries: int
    give_up_after: float
    requests: int = 0
    refusals: int = 0
    _answers: int = 0
    _ended_by: KycaidError | None = None
    _outage: Outage = attrs.field(factory=Outage)
    _door: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    async def call(self, endpoint: Endpoint[T], tally: Tally, **given: Any) -> T:
        """Return the answer. Raises `Stopped`, and `KycaidError` for what concerns this request only."""
        failures, answers = 0, self._answers
        while True:
            try:
                return await self._when_there(endpoint, tally, given)
            except KycaidError as error:
                sure = certainty(error, reads=endpoint.replay is Replay.SAFE)
                if _ends_all(error) or (error.retryable and self._silence() > self.give_up_after):
                    self._ended_by = self._ended_by or error
                    raise Stopped(error) from error
                failures += sure is Certainty.UNCERTAIN
                if not error.retryable or self._is_at_fault(error, failures, answers):
                    raise
            if sure is not Certainty.BUSY:  # for these, the client keeps all waiting
                await self.timing.sleep(self.timing.chance() * 2.0 ** min(failures, 5) / 4)

    def _is_at_fault(self, error: KycaidError, failures: int, answers: int) -> bool:
        """Say whether it is this request that does not work, and not the way to the server."""
        if isinstance(error, ApiError) and not isinstance(error, GatewayError):
            return failures > self.max_retries
        return failures > self.max_retries * _LOST and self._answers > answers

    async def _when_there(self, endpoint: Endpoint[T], tally: Tally, given: dict[str, Any]) -> T:
        """Send one request; while the server is away, only one of all at a time, after a pause."""
        while self._outage.is_on and self._ended_by is None:
            async with self._door:
                if self._outage.is_on and self._ended_by is None:
                    await self.timing.sleep(self._outage.pause(self.give_up_after - self._silence()))
                    return await self._send(endpoint, tally, given)
        return await self._send(endpoint, tally, given)

    async def _send(self, endpoint: Endpoint[T], tally: Tally, given: dict[str, Any]) -> T:
        if self._ended_by is not None:
            # Said of this request: it does nothing, whatever became of the one that ended the run.
            raise Stopped(KycaidError(_UNSENT, operation=endpoint.name)) from self._ended_by
        tally.attempts += 1
        self.requests += 1
        started = self.timing.clock()
        try:
            answer = await self.caller(endpoint, **given)
        except KycaidError as error:
            self._note(error, reads=endpoint.replay is Replay.SAFE)
            raise
        self._answers += 1
        self._outage.answered()
        if not endpoint.uploads:
            self.limit.answered(self.timing.clock() - started)
        return answer

    def _note(self, error: KycaidError, *, reads: bool) -> None:
        now, sure = self.timing.clock(), certainty(error, reads=reads)
        if slows_down(error):
            self.refusals += 1
            self.limit.refused()
        if sure is Certainty.BUSY:
            self._outage.busy(now)
        elif sure in (Certainty.NOT_SENT, Certainty.UNCERTAIN):
            self._outage.failed(now, connected=sure is Certainty.UNCERTAIN)
        elif isinstance(error, ApiError) and not isinstance(error, GatewayError):
            self._outage.answered()

    def _silence(self) -> float:
        return self._outage.lasts(self.timing.clock())


def _ends_all(error: KycaidError) -> bool:
    """Say whether ``error`` is about the key, the balance or the server, and not about one row."""
    if isinstance(error, PermissionDeniedError):
        return not (error.type or "").startswith("forbidden_")
    if isinstance(error, ConnectionFailedError):
        return not error.retryable
    return isinstance(error, AuthenticationError | InsufficientFundsError | ConfigurationError | RedirectError)
