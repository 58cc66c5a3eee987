"""Decisions after a failed attempt: try again after a pause, or raise.

A request that makes a second object, or costs money again, is repeated only when it is certain that the server did not
act: the connection was never made, or KYCAID itself refused for now. KYCAID has no idempotency key. What a gateway says
is no such certainty, whatever it says: it may have passed the request on before.
"""

import enum
from typing import Final

import attrs

from kycaid_async.errors import (
    ApiError,
    ConfigurationError,
    ConnectionFailedError,
    ConnectionLostError,
    DecodeError,
    FlowError,
    GatewayError,
    InvalidRequestError,
    KycaidError,
    RateLimitError,
    RedirectError,
    RequestTimeoutError,
    ServerError,
    ServerTimeoutError,
    UploadSourceError,
)
from kycaid_async.masking import ValueObject
from kycaid_async.options import whole
from kycaid_async.protocol.endpoint import Endpoint, Replay
from kycaid_async.protocol.response import LIMIT_EXCEEDED


class Certainty(enum.Enum):
    """Conclusions of a failed attempt about the server."""

    NOT_SENT = enum.auto()
    """The connection was never made."""
    BUSY = enum.auto()
    """Refused for now, before anything was done: ``limit_exceeded`` at 429 or 503; to reads, a gateway's 429 or 503."""
    UNCERTAIN = enum.auto()
    """The server may have acted: lost connection, time-out, 5xx, 408, an answer that is not JSON, a gateway's 429."""
    ANSWERED = enum.auto()
    """The server may have acted, and repeating gives the same answer: a redirect, JSON of another form, a page that
    forbids."""
    FINAL = enum.auto()
    """The server, or this side, refused for good. A 429 of KYCAID's with another type is such a refusal, also of a GET:
    no known one goes away by waiting."""


_PERHAPS: Final = (Certainty.UNCERTAIN, Certainty.ANSWERED)
_FAULT: Final = 500
_TOO_MANY: Final = 429
_BUSY: Final = (_TOO_MANY, 503)
_UNAUTHORIZED: Final = 401
_PASSING: Final = (408, 425, 429)
"""Statuses below 500 that a gateway gives for now. With the others the same request gets the same page again."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RetryPolicy(ValueObject):
    """Limits of retries. Times are in seconds."""

    max_retries: int = attrs.field(default=3, validator=whole(0))
    base: float = 0.5
    """The first pause is drawn between 0 and this; each further one between 0 and twice the range before."""
    cap: float = 60.0
    """The longest pause. A ``Retry-After`` beyond it is not waited for."""


@attrs.frozen(eq=False, repr=False)
class Retry(ValueObject):
    """Try again after so many seconds."""

    after: float


@attrs.frozen(eq=False, repr=False)
class Raise(ValueObject):
    """Give the error to the caller."""

    error: KycaidError
    after: float
    """Seconds that others should wait all the same, when the server was busy."""


def certainty(error: KycaidError, *, sent: bool = True, reads: bool = False) -> Certainty:  # noqa: PLR0911 - a table
    """Return what ``error`` says about whether the server acted.

    ``sent`` is false when no byte can have left, ``reads`` is true for a request that only reads.
    """
    match error:
        case ConnectionFailedError():
            return Certainty.NOT_SENT if error.retryable else Certainty.FINAL
        case RequestTimeoutError(phase="connect" | "slot"):
            return Certainty.NOT_SENT
        case ConnectionLostError() | RequestTimeoutError() if not sent:
            return Certainty.NOT_SENT
        case ApiError():
            return _of_answer(error, reads=reads)
        case UploadSourceError() | InvalidRequestError() | ConfigurationError():
            return Certainty.FINAL
        case RedirectError():
            return Certainty.ANSWERED
        case DecodeError():
            return Certainty.UNCERTAIN if error.retryable else Certainty.ANSWERED
        case _:
            return Certainty.UNCERTAIN


def _of_answer(error: ApiError, *, reads: bool) -> Certainty:
    match error:
        case GatewayError() if reads and error.status in _BUSY:
            return Certainty.BUSY
        case GatewayError() if error.status < _FAULT and error.status not in _PASSING:
            return Certainty.ANSWERED
        case ApiError(type="limit_exceeded") if error.status in _BUSY:
            return Certainty.BUSY
        case ServerError() | ServerTimeoutError():
            return Certainty.UNCERTAIN
        case _:
            return Certainty.UNCERTAIN if error.status >= _FAULT else Certainty.FINAL


def slows_down(error: KycaidError) -> bool:
    """Say whether ``error`` asks for fewer requests, be it KYCAID or a gateway that says so."""
    return isinstance(error, ApiError) and _of_answer(error, reads=True) is Certainty.BUSY


def decide(
    endpoint: Endpoint[object],
    error: KycaidError,
    *,
    attempt: int,
    policy: RetryPolicy,
    remaining: float | None,
    chance: float,
    sent: bool = True,
    earlier_uncertain: bool = False,
    exhausted: bool = False,
) -> Retry | Raise:
    """Return what to do after attempt number ``attempt`` failed with ``error``.

    ``remaining`` is the time left until the deadline in seconds (None: no deadline), ``chance`` a random number from
    0 to 1, ``sent`` false when no byte of this attempt can have left, ``earlier_uncertain`` true when an attempt before
    this one may have been acted on, ``exhausted`` true when no retry is left in the budget. The error that is to be
    raised comes back with its attributes and its advice filled in.

    A server that is busy is asked again until the deadline, however often: nothing was done, and there is no header
    that says when to come back.
    """
    sure = certainty(error, sent=sent, reads=endpoint.replay is Replay.SAFE)
    after = pause(error, attempt=attempt, policy=policy, chance=chance)
    may_repeat = sure in (Certainty.NOT_SENT, Certainty.BUSY) or (sure is Certainty.UNCERTAIN and endpoint.replayable)
    patient = sure is Certainty.BUSY and policy.max_retries > 0 and remaining is not None
    out_of_tries = attempt > policy.max_retries and not patient
    out_of_time = after > policy.cap or (remaining is not None and after >= remaining)
    if may_repeat and not (out_of_tries or out_of_time or exhausted or _is_total_timeout(error)):
        return Retry(after)
    acted = endpoint.replay is not Replay.SAFE and (earlier_uncertain or sure in _PERHAPS)
    retryable = may_repeat and (endpoint.replayable or not acted)
    finished = _finish(error, endpoint, attempts=attempt, maybe_processed=acted, retryable=retryable)
    return Raise(finished, min(after, policy.cap))


def pause(error: KycaidError, *, attempt: int, policy: RetryPolicy, chance: float) -> float:
    """Return the pause before the next attempt in seconds: full jitter, and never shorter than ``Retry-After``.

    What KYCAID asks for when it refuses is kept as it is; what a gateway asks for does not keep pauses from growing.
    """
    drawn = chance * min(policy.cap, policy.base * 2.0 ** min(attempt - 1, 64))
    if not isinstance(error, ApiError) or error.retry_after is None:
        return drawn
    asked = error.retry_after + chance * policy.base
    return asked if isinstance(error, RateLimitError) else max(asked, drawn)


def _is_total_timeout(error: KycaidError) -> bool:
    return isinstance(error, RequestTimeoutError) and error.phase == "total"


def _finish(
    error: KycaidError, endpoint: Endpoint[object], *, attempts: int, maybe_processed: bool, retryable: bool
) -> KycaidError:
    """Fill in what is known now and end the text with what to do."""
    error.operation = error.operation or endpoint.name
    error.attempts, error.maybe_processed, error.retryable = attempts, maybe_processed, retryable
    error.args = (" ".join([error.message, *_advice(error)]),)
    return error


def _advice(error: KycaidError) -> list[str]:
    tried = f"Tried {error.attempts} times." if error.attempts > 1 else ""
    if error.maybe_processed and not error.retryable:
        state = "The server may have processed it: look for its result before you repeat it."
    elif error.maybe_processed:
        state = "The server may have processed it; repeating it does no harm."
    elif error.retryable:
        state = "It was not processed; it may be repeated."
    else:
        state = ""
    own = (_EITHER if _is_either(error) else error.advice) if isinstance(error, ApiError) else ""
    key = "Perhaps it is the API key." if isinstance(error, GatewayError) and error.status == _UNAUTHORIZED else ""
    return [part for part in (tried, own, key, state) if part]


_EITHER: Final = (
    "KYCAID says so of a step that is not allowed, for good, and of too many requests, for now: it can be either, so "
    "it is not repeated by itself. Look whether what you make exists already; if not, wait a minute, then call again."
)


def _is_either(error: ApiError) -> bool:
    return (
        isinstance(error, FlowError)
        and error.status == _TOO_MANY
        and any(field.parameter == LIMIT_EXCEEDED for field in error.errors)
    )


class RetryBudget:
    """Bounds the retries of a client as a share of its calls, so that a failing server is not buried in repeats.

    Retries after refusals do not count: these are paced already.
    """

    def __init__(self, capacity: float = 50.0, refund: float = 0.2) -> None:
        self._capacity = self._tokens = capacity
        self._refund = refund

    def take(self) -> bool:
        """Take one retry out of the budget; False when it is empty."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def succeeded(self) -> None:
        """Put a share of a retry back after a call that went well."""
        if self._tokens < self._capacity:
            self._tokens = min(self._capacity, self._tokens + self._refund)
