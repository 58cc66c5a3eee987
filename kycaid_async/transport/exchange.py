"""One call: attempts, pauses between them, and one deadline over all."""

import inspect
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from kycaid_async.errors import (
    ApiError,
    KycaidError,
    RateLimitError,
    UnconfirmedEndpointWarning,
)
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay
from kycaid_async.protocol.pacing import Pacer
from kycaid_async.protocol.request import build
from kycaid_async.protocol.retry import Certainty, Raise, Retry, RetryBudget, certainty, decide, slows_down
from kycaid_async.timing import Timing
from kycaid_async.transport.attempt import Attempt, Call
from kycaid_async.transport.deadlines import Limits
from kycaid_async.transport.loop_resources import ResourceRegistry
from kycaid_async.transport.settings import Settings
from kycaid_async.values.model import Request

if TYPE_CHECKING:
    from kycaid_async.uploads.multipart import Upload

T = TypeVar("T")

_TOO_MANY = 429
_PACKAGE = str(Path(__file__).parent.parent) + os.sep
_warned: set[str] = set()


def _warn_once(endpoint: Endpoint[Any]) -> None:
    if endpoint.name not in _warned:
        _warned.add(endpoint.name)
        text = f"{endpoint.name}: path and payload are inferred and may be wrong (see paths=… of the client)"
        warnings.warn(text, UnconfirmedEndpointWarning, stacklevel=_frames_of_ours())


def _frames_of_ours() -> int:
    """Return how far up the stack the caller of this package is, as warnings count."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    return level - 1


@attrs.define(eq=False, repr=False)
class Exchange:
    """Calls endpoints over HTTP."""

    settings: Settings
    registry: ResourceRegistry
    budget: RetryBudget
    timing: Timing
    _limits: Limits = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._limits = Limits.of(self.settings.timeout)

    async def __call__(
        self,
        endpoint: Endpoint[T],
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Request | Mapping[str, Any] | Sequence[Any] | None = None,
        upload: "Upload | None" = None,
    ) -> T:
        """Call ``endpoint`` and return its decoded answer. Raises a `KycaidError`."""
        if endpoint.name in self.settings.paths:
            endpoint = attrs.evolve(endpoint, path=self.settings.paths[endpoint.name])
        elif endpoint.evidence is Evidence.INFERRED:
            _warn_once(endpoint)
        call = Call(endpoint, build(endpoint, path=path, query=query, body=body, check=self.settings.check), upload)
        del path, query, body, upload  # what looks at running frames, for a message of its own, prints what they hold
        resources = self.registry.current()
        while True:
            call.attempts += 1
            attempt = Attempt(call, resources, self.settings, self._limits, self.timing)
            outcome = await attempt.send_once()
            if not isinstance(outcome, KycaidError):
                self.budget.succeeded()
                resources.pacer.succeeded()
                return outcome  # type: ignore[no-any-return]  # decode() gave it
            try:
                pause = self._after(attempt, outcome, resources.pacer)
            finally:
                del outcome  # an error that holds its own frame would keep the whole call in memory
            await self.timing.sleep(pause)

    def _after(self, attempt: Attempt, error: KycaidError, pacer: Pacer) -> float:
        """Return the pause before the next attempt, or raise."""
        call, now = attempt.call, self.timing.clock()
        sure = certainty(error, sent=attempt.sent, reads=call.endpoint.replay is Replay.SAFE)
        begins = attempt.began if attempt.began is not None else now if sure is Certainty.BUSY else None
        if call.deadline is None and begins is not None and self.settings.timeout.total is not None:
            call.deadline = begins + self.settings.timeout.total
        verdict = self._decide(attempt, error, now, sure)
        if isinstance(error, ApiError) and slows_down(error):
            # What was asked for holds for all; how often this call was refused is its own affair.
            shut = min(verdict.after, self.settings.retries.base) if error.retry_after is None else verdict.after
            # 503 says that it cannot work, and nothing of a rate, unless KYCAID itself says ``limit_exceeded`` with it.
            pacer.refused(now, shut, too_many=isinstance(error, RateLimitError) or error.status == _TOO_MANY)
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
        self, attempt: Attempt, error: KycaidError, now: float, sure: Certainty, *, exhausted: bool = False
    ) -> Retry | Raise:
        call = attempt.call
        # An upload has no deadline but for being refused: how long it takes to send is nobody's fault.
        deadline = call.deadline if call.upload is None or sure is Certainty.BUSY else None
        return decide(
            call.endpoint,
            error,
            attempt=call.attempts,
            policy=self.settings.retries,
            remaining=None if deadline is None else deadline - now,
            chance=self.timing.chance(),
            sent=attempt.sent,
            earlier_uncertain=call.maybe_acted,
            exhausted=exhausted,
        )
