"""Whether a failed attempt is tried again, and after how long.

A request that makes a second object, or costs money again, is repeated only when it is certain that the server did not
act: the connection was never made, or the server refused. KYCAID has no idempotency key.
"""

import enum

import attrs

from kycaid_async.errors import (
    ApiError,
    ConnectionFailedError,
    KycaidError,
    RateLimitError,
    RedirectError,
    RequestTimeoutError,
    ServerError,
    ServerTimeoutError,
    UploadSourceError,
)
from kycaid_async.protocol.endpoint import Endpoint, Replay

UNAVAILABLE = 503


class Certainty(enum.Enum):
    """What a failed attempt says about the server."""

    NOT_SENT = enum.auto()
    """The connection was never made."""
    BUSY = enum.auto()
    """The server refused for now, before it did anything: 429 ``limit_exceeded``, 503."""
    UNCERTAIN = enum.auto()
    """The server may have acted: lost connection, time-out, 5xx, 408, an unreadable answer."""
    FINAL = enum.auto()
    """The server, or this side, refused for good."""


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How often and how long to try. Times are in seconds."""

    max_retries: int = 3
    base: float = 0.5
    """The first pause is drawn between 0 and this; each further one between 0 and twice the range before."""
    cap: float = 30.0
    """The longest pause, also for a ``Retry-After``."""


@attrs.frozen
class Retry:
    """Try again after so many seconds."""

    after: float


@attrs.frozen
class Raise:
    """Give the error to the caller."""

    error: KycaidError
    after: float
    """Seconds that others should wait all the same, when the server was busy."""


def certainty(error: KycaidError) -> Certainty:  # noqa: PLR0911 - a table
    """Return what ``error`` says about whether the server acted."""
    match error:
        case ConnectionFailedError():
            return Certainty.NOT_SENT if error.retryable else Certainty.FINAL
        case RequestTimeoutError(phase="connect" | "slot"):
            return Certainty.NOT_SENT
        case RateLimitError():
            # A type other than limit_exceeded at 429 is another class; none at all is a gateway's own 429.
            return Certainty.BUSY
        case ServerError(status=status):
            return Certainty.BUSY if status == UNAVAILABLE else Certainty.UNCERTAIN
        case ServerTimeoutError():
            return Certainty.UNCERTAIN
        case ApiError() | UploadSourceError():
            return Certainty.FINAL
        case RedirectError():
            return Certainty.FINAL
        case _:
            return Certainty.UNCERTAIN


def decide(
    endpoint: Endpoint[object],
    error: KycaidError,
    *,
    attempt: int,
    policy: RetryPolicy,
    remaining: float | None,
    chance: float,
    earlier_uncertain: bool = False,
    exhausted: bool = False,
) -> Retry | Raise:
    """Return what to do after attempt number ``attempt`` failed with ``error``.

    ``remaining`` is the time left until the deadline in seconds (None: no deadline), ``chance`` a random number from
    0 to 1, ``earlier_uncertain`` true when an attempt before this one may have been acted on, ``exhausted`` true when
    no retry is left in the budget. The error that is to be raised comes back with its attributes and its advice
    filled in.
    """
    sure = certainty(error)
    after = pause(error, attempt=attempt, policy=policy, chance=chance)
    may_repeat = sure in (Certainty.NOT_SENT, Certainty.BUSY) or (sure is Certainty.UNCERTAIN and endpoint.replayable)
    out_of_time = remaining is not None and after >= remaining
    given_up = exhausted or out_of_time or attempt > policy.max_retries or _is_total_timeout(error)
    if may_repeat and not given_up:
        return Retry(after)
    acted = endpoint.replay is not Replay.SAFE and (earlier_uncertain or _may_have_acted(error, sure))
    retryable = may_repeat and (endpoint.replayable or not acted)
    return Raise(_finish(error, attempts=attempt, maybe_processed=acted, retryable=retryable), after)


def pause(error: KycaidError, *, attempt: int, policy: RetryPolicy, chance: float) -> float:
    """Return the pause before the next attempt in seconds: full jitter, and never shorter than ``Retry-After``."""
    drawn = chance * min(policy.cap, policy.base * 2.0 ** min(attempt - 1, 64))
    asked = error.retry_after if isinstance(error, ApiError) else None
    return drawn if asked is None else min(policy.cap, asked + drawn)


def _is_total_timeout(error: KycaidError) -> bool:
    return isinstance(error, RequestTimeoutError) and error.phase == "total"


def _may_have_acted(error: KycaidError, sure: Certainty) -> bool:
    if isinstance(error, RedirectError):
        return error.maybe_processed
    return sure is Certainty.UNCERTAIN


def _finish(error: KycaidError, *, attempts: int, maybe_processed: bool, retryable: bool) -> KycaidError:
    """Fill in what is known now and end the text with what to do."""
    error.attempts, error.maybe_processed, error.retryable = attempts, maybe_processed, retryable
    error.args = (" ".join([str(error), *_advice(error)]),)
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
    own = error.advice if isinstance(error, ApiError) else ""
    return [part for part in (tried, own, state) if part]


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
        self._tokens = min(self._capacity, self._tokens + self._refund)
