"""One call: attempts, pauses between them, and one deadline over all."""

from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from kycaid_async.errors import (
    ApiError,
    KycaidError,
    LedgerError,
    RateLimitError,
    UnconfirmedEndpointWarning,
)
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay
from kycaid_async.protocol.request import build
from kycaid_async.protocol.retry import Certainty, Raise, Retry, RetryBudget, certainty, decide, slows_down
from kycaid_async.timing import Timing
from kycaid_async.transport.attempt import Attempt, Call
from kycaid_async.transport.deadlines import Limits
from kycaid_async.transport.loop_resources import ResourceRegistry
from kycaid_async.transport.settings import Settings
from kycaid_async.transport.under_way import UNDER_WAY
from kycaid_async.values.model import Request
from kycaid_async.warning import warn_once

if TYPE_CHECKING:
    from kycaid_async.protocol.pacing import Pacer
    from kycaid_async.protocol.shared_pacing import SharedPacer
    from kycaid_async.uploads.multipart import Upload

T = TypeVar("T")

_TOO_MANY = 429


def _warn_once(endpoint: Endpoint[Any]) -> None:
    text = f"{endpoint.name}: path and payload are inferred and may be wrong (see paths=… of the client)"
    warn_once(endpoint.name, text, UnconfirmedEndpointWarning)


@attrs.define(eq=False, repr=False)
class Exchange:
    """Calls endpoints over HTTP."""

    settings: Settings
    registry: ResourceRegistry
    budget: RetryBudget
    timing: Timing
    calls: list[Call] | None = None
    """Takes the calls, for those who want to know of more than what was decoded."""
    _limits: Limits = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._limits = Limits.of(self.settings.timeout)

    def __call__(
        self,
        endpoint: Endpoint[T],
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Request | Mapping[str, Any] | Sequence[Any] | None = None,
        upload: "Upload | None" = None,
    ) -> Coroutine[Any, Any, T]:
        """Call ``endpoint`` and return its decoded answer. Raises a `KycaidError`."""
        # Not the coroutine itself: what looks at running frames, for a message of its own, prints what they hold.
        if endpoint.name in self.settings.paths:
            endpoint = attrs.evolve(endpoint, path=self.settings.paths[endpoint.name])
        elif endpoint.evidence is Evidence.INFERRED:
            _warn_once(endpoint)
        call = Call(endpoint, build(endpoint, path=path, query=query, body=body, check=self.settings.check), upload)
        if self.calls is not None:
            self.calls.append(call)
        return self.run(call)

    async def run(self, call: Call) -> Any:
        """Carry out ``call`` and return its decoded answer. Raises a `KycaidError`."""
        resources = self.registry.current()
        under_way = UNDER_WAY.get()
        while True:
            call.attempts += 1
            attempt = Attempt(call, resources, self.settings, self._limits, self.timing)
            if under_way is not None:
                under_way.begin(attempt)
            outcome = await self._try(attempt)
            if under_way is not None:
                under_way.end(attempt)
            if not isinstance(outcome, KycaidError):
                self.budget.succeeded()
                resources.pacer.succeeded()
                return outcome
            try:
                pause = self._after(attempt, outcome, resources.pacer)
            finally:
                del outcome  # an error that holds its own frame would keep the whole call in memory
            call.answer = None  # nor is it kept while the call waits
            await self.timing.sleep(pause)

    _try = staticmethod(Attempt.send_once)

    def _after(self, attempt: Attempt, error: KycaidError, pacer: "Pacer | SharedPacer") -> float:
        """Return the pause before the next attempt, or raise."""
        if isinstance(error, LedgerError):
            try:
                raise error  # it kept the request from leaving, and says itself what may be done
            finally:
                del error
        call, now = attempt.call, self.timing.clock()
        sure = certainty(error, sent=attempt.sent, reads=call.endpoint.replay is Replay.SAFE)
        begins = attempt.began if attempt.began is not None else now if sure is Certainty.BUSY else None
        if call.deadline is None and begins is not None and self.settings.timeout.total is not None:
            call.deadline = begins + self.settings.timeout.total
        verdict = self._decide(attempt, error, now, sure, backoff=pacer.backoff)
        if isinstance(error, ApiError) and slows_down(error):
            # What was asked for holds for all; how often this call was refused is its own affair.
            asked = error.retry_after is not None
            shut = verdict.after if asked else min(verdict.after, self.settings.retries.base)
            # 503 says that it cannot work, and nothing of a rate, unless KYCAID itself says ``limit_exceeded`` with it.
            too_many = isinstance(error, RateLimitError) or error.status == _TOO_MANY
            pacer.refused(now, shut, asked=asked, too_many=too_many)
        if sure is not Certainty.BUSY and isinstance(verdict, Retry) and not self.budget.take():
            verdict = self._decide(attempt, error, now, sure, exhausted=True)
        call.maybe_acted = call.maybe_acted or sure is Certainty.UNCERTAIN
        if isinstance(verdict, Raise):
            try:
                raise verdict.error
            finally:
                del error, verdict  # as above
        return verdict.after

    def _decide(
        self,
        attempt: Attempt,
        error: KycaidError,
        now: float,
        sure: Certainty,
        *,
        exhausted: bool = False,
        backoff: float = 1.0,
    ) -> Retry | Raise:
        call = attempt.call
        asked = isinstance(error, ApiError) and error.retry_after is not None
        backoff = 1.0 if asked or sure is not Certainty.BUSY else backoff
        # An upload has no deadline but for being refused: how long it takes to send is nobody's fault.
        deadline = call.deadline if call.upload is None or sure is Certainty.BUSY else None
        return decide(
            call.endpoint,
            error,
            attempt=call.attempts,
            policy=self.settings.retries,
            remaining=None if deadline is None else deadline - now,
            chance=self.timing.chance() * backoff,
            sent=attempt.sent,
            earlier_uncertain=call.maybe_acted,
            exhausted=exhausted,
        )
