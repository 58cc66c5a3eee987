"""One call: attempts, pauses between them, and one deadline over all."""

import inspect
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import attrs

from kycaid_async.errors import (
    ApiError,
    ConfigurationError,
    InvalidFileError,
    KycaidError,
    RateLimitError,
    RequestTimeoutError,
    UnconfirmedEndpointWarning,
    UploadSourceError,
)
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay
from kycaid_async.protocol.request import build
from kycaid_async.protocol.retry import Certainty, Raise, Retry, RetryBudget, certainty, decide, slows_down
from kycaid_async.timing import Timing
from kycaid_async.transport.aiohttp.errors import failure
from kycaid_async.transport.attempt import Wire
from kycaid_async.transport.call import Call
from kycaid_async.transport.deadlines import Limits, Watch
from kycaid_async.transport.loop_resources import Bound, Sessions
from kycaid_async.transport.settings import Settings
from kycaid_async.uploads.upload import Upload
from kycaid_async.values.model import Request

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


@attrs.define(eq=False)
class Exchange:
    """Calls endpoints over HTTP."""

    settings: Settings
    sessions: Sessions
    budget: RetryBudget
    timing: Timing
    _wire: Wire = attrs.field(init=False)
    _limits: Limits = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._wire = Wire(self.settings, self.timing)
        self._limits = Limits.of(self.settings.timeout)

    async def __call__(
        self,
        endpoint: Endpoint[T],
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Request | Mapping[str, Any] | Sequence[Any] | None = None,
        upload: Upload | None = None,
    ) -> T:
        """Call ``endpoint`` and return its decoded answer. Raises a `KycaidError`."""
        if endpoint.name in self.settings.paths:
            endpoint = attrs.evolve(endpoint, path=self.settings.paths[endpoint.name])
        elif endpoint.evidence is Evidence.INFERRED:
            _warn_once(endpoint)
        call = Call(endpoint, build(endpoint, path=path, query=query, body=body, check=self.settings.check), upload)
        del path, query, body, upload  # what looks at running frames, for a message of its own, prints what they hold
        bound = self.sessions.here()
        while True:
            call.begin_attempt()
            outcome = await self._attempt(call, bound)
            if not isinstance(outcome, KycaidError):
                self.budget.succeeded()
                bound.pacer.succeeded()
                return outcome  # type: ignore[no-any-return]  # decode() gave it
            try:
                pause = self._after(call, outcome, bound)
            finally:
                del outcome  # an error that holds its own frame would keep the whole call in memory
            await self.timing.sleep(pause)

    def _after(self, call: Call, error: KycaidError, bound: Bound) -> float:
        """Return the pause before the next attempt, or raise."""
        now = self.timing.clock()
        sure = certainty(error, sent=call.sent, reads=call.endpoint.replay is Replay.SAFE)
        if sure is Certainty.BUSY and call.deadline is None and self.settings.timeout.total is not None:
            call.deadline = now + self.settings.timeout.total
        verdict = self._decide(call, error, now, sure)
        if isinstance(error, ApiError) and slows_down(error):
            # What was asked for holds for all; how often this call was refused is its own affair.
            shut = min(verdict.after, self.settings.retries.base) if error.retry_after is None else verdict.after
            # 503 says that it cannot work, and nothing of a rate, unless KYCAID itself says ``limit_exceeded`` with it.
            bound.pacer.refused(now, shut, too_many=isinstance(error, RateLimitError) or error.status == _TOO_MANY)
        if sure is not Certainty.BUSY and isinstance(verdict, Retry) and not self.budget.take():
            verdict = self._decide(call, error, now, sure, exhausted=True)
        call.maybe_acted = call.maybe_acted or sure is Certainty.UNCERTAIN
        if isinstance(verdict, Raise):
            try:
                raise verdict.error
            finally:
                del error, verdict  # as above
        return verdict.after

    def _decide(
        self, call: Call, error: KycaidError, now: float, sure: Certainty, *, exhausted: bool = False
    ) -> Retry | Raise:
        # An upload has no deadline but for being refused: how long it takes to send is nobody's fault.
        deadline = call.deadline if call.upload is None or sure is Certainty.BUSY else None
        return decide(
            call.endpoint,
            error,
            attempt=call.attempt,
            policy=self.settings.retries,
            remaining=None if deadline is None else deadline - now,
            chance=self.timing.chance(),
            sent=call.sent,
            earlier_uncertain=call.maybe_acted,
            exhausted=exhausted,
        )

    async def _attempt(self, call: Call, bound: Bound) -> Any:
        """Try once. Returns the decoded answer, or the error to judge."""
        left = None
        if call.deadline is not None and call.upload is None:
            left = max(0.0, call.deadline - self.timing.clock())
        watch = Watch(bound.lanes, self._limits, left)
        try:
            with watch:
                first = call.attempt == 1
                if not (first and bound.slots.take()):
                    await bound.slots.acquire(first=first)
                try:
                    if bound.session.closed:
                        name = call.endpoint.name
                        return ConfigurationError(f"{name}: the client was closed meanwhile; make a new one.")
                    if call.upload is not None:
                        return await self._send_file(call, call.upload, bound, watch)
                    if first and self.settings.timeout.total is not None:
                        # Queueing until here does not count: a batch of calls would run out of time.
                        call.deadline = self.timing.clock() + self.settings.timeout.total
                    watch.begin()
                    return await self._wire.send(call, bound, watch)
                finally:
                    bound.slots.release()
        except TimeoutError:
            if not watch.expired:
                raise
        return self._timed_out(call, watch.phase)

    def _timed_out(self, call: Call, phase: str) -> RequestTimeoutError:
        name, timeout = call.endpoint.name, self.settings.timeout
        what = {
            "slot": f"no free connection within {timeout.total} seconds",
            "connect": f"no connection within {timeout.connect} seconds",
            "progress": f"no byte of the file could be sent for {timeout.progress} seconds",
            "read": f"no data from the server for {timeout.read} seconds",
            "total": f"not finished within {timeout.total} seconds",
        }
        return RequestTimeoutError(f"{name}: {what[phase]}.", operation=name, phase=phase)

    async def _send_file(self, call: Call, upload: Upload, bound: Bound, watch: Watch) -> Any:
        try:
            file = await upload.open(self.settings.files, bound.rounds)
        except (InvalidFileError, UploadSourceError) as error:
            if call.attempt == 1 and isinstance(error, InvalidFileError):
                raise  # nothing was sent, and there is nothing to judge
            return error
        call.file = file
        async with file:
            watch.begin(file)
            try:
                outcome = await self._wire.send(call, bound, watch)
            except UploadSourceError as error:
                return error
        if file.error is None:
            return outcome
        if not isinstance(file.error, Exception):
            raise file.error
        return failure(call.endpoint.name, file.error, self.settings.timeout, sent=call.sent)
