"""One attempt of a call: its turn, its limits in time, a request out, an answer in, and what that says."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

import attrs

from kycaid_async.errors import (
    ConfigurationError,
    ConnectionLostError,
    InvalidFileError,
    KycaidError,
    RequestTimeoutError,
    UploadSourceError,
)
from kycaid_async.masking import Unlisted
from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.protocol.request import BuiltRequest
from kycaid_async.protocol.response import Answer, decode
from kycaid_async.timing import Timing
from kycaid_async.transport.backend import OutgoingRequest
from kycaid_async.transport.deadlines import AttemptTimeout, Limits
from kycaid_async.transport.loop_resources import LoopResources
from kycaid_async.transport.settings import Settings

if TYPE_CHECKING:
    from kycaid_async.uploads.multipart import Multipart, Upload

logger = logging.getLogger("kycaid_async")


@attrs.define(eq=False, repr=False)
class Call(Unlisted):
    """One call of an endpoint, over all its attempts."""

    endpoint: Endpoint[Any]
    request: BuiltRequest
    upload: "Upload | None"
    attempts: int = 0
    """How many were begun."""
    deadline: float | None = None
    """When it has to be over, on the monotonic clock. For uploads it bounds only the time spent on busy refusals."""
    maybe_acted: bool = False
    """True when the server may have acted on an attempt before this one."""
    answer: Answer | None = attrs.field(default=None, repr=False)
    """The last one, as long as somebody may want to know of it."""


@attrs.define(eq=False, repr=False)
class Times:
    """The begin and the end of a request, on the monotonic clock."""

    started: float | None = None
    """When its turn had come; None when it never did."""
    ended: float = 0.0


@attrs.define(eq=False, repr=False)
class Attempt(Unlisted):
    """One attempt of a call."""

    call: Call
    resources: LoopResources
    settings: Settings
    limits: Limits
    timing: Timing
    began: float | None = None
    """When the first attempt of a call without a file had its turn. The total counts from then on, for queueing does
    not count: a batch of calls would run out of time."""
    times: "Times | None" = None
    """Filled in for those who want to know."""
    _request: OutgoingRequest | None = attrs.field(default=None, repr=False)
    _outcome: Any = attrs.field(default=None, repr=False)
    """The result, while it is logged. Not in a variable: handlers of logs can report the running frames."""

    @property
    def sent(self) -> bool:
        """False when no byte can have left: there was never a connection to write it to."""
        return self._request is not None and self._request.sent

    @property
    def size(self) -> int:
        """Bytes of the body that was sent, or was to be."""
        if self._request is None:
            return 0
        return len(self._request.body or b"") if self._request.file is None else self._request.file.size

    async def send_once(self) -> Any:
        """Try once. Returns the decoded answer, or the error to judge."""
        call, limiter = self.call, self.resources.limiter
        left = None
        if call.deadline is not None and call.upload is None:
            left = max(0.0, call.deadline - self.timing.clock())
        timer = AttemptTimeout(self.resources.timers, self.limits, left)
        try:
            with timer:
                first = call.attempts == 1
                at_once = first and limiter.try_acquire()
                if not at_once:
                    await limiter.acquire(first=first)
                try:
                    if not at_once and self.resources.backend.closed:
                        name = call.endpoint.name
                        return ConfigurationError(f"{name}: the client was closed meanwhile; make a new one.")
                    if call.upload is not None:
                        return await self._send_file(call.upload, timer)
                    if first:
                        self.began = self.timing.clock()
                    timer.begin()
                    return await self._send(timer)
                finally:
                    limiter.release()
        except TimeoutError:
            if not timer.expired:
                raise
        return self._timed_out(timer.phase)

    async def _send_file(self, upload: "Upload", timer: AttemptTimeout) -> Any:
        # A disk or an object of the user may not answer, and nothing has begun that its limits could end.
        limit = asyncio.timeout(self.limits.progress)
        try:
            async with limit:
                file = await upload.open(self.settings.files, self.resources.io_budget)
        except TimeoutError:
            if not limit.expired():
                raise
            return self._timed_out("progress")
        except (InvalidFileError, UploadSourceError) as error:
            if self.call.attempts == 1 and isinstance(error, InvalidFileError):
                raise  # nothing was sent, and there is nothing to judge
            return error
        try:
            timer.begin(file)
            outcome = await self._send(timer, file)
        finally:
            await file.release()
        if file.error is None:
            return outcome
        if isinstance(file.error, Exception):
            return file.error
        raise file.error

    def _send(self, timer: AttemptTimeout, file: "Multipart | None" = None) -> Awaitable[Any]:
        endpoint, built = self.call.endpoint, self.call.request
        self._request = request = OutgoingRequest(
            endpoint.name, endpoint.method, built.target, built.body, endpoint.replayable, file
        )
        is_timed = self.times is not None or logger.isEnabledFor(logging.DEBUG)
        send = self._timed_exchange if is_timed else self._exchange
        return send(request, timer)

    async def _timed_exchange(self, request: OutgoingRequest, timer: AttemptTimeout) -> Any:
        times = self.times or Times()
        times.started = started = self.timing.clock()
        try:
            self._outcome = await self._exchange(request, timer)
        finally:
            times.ended = self.timing.clock()
        if logger.isEnabledFor(logging.DEBUG):
            self._log(times.ended - started)
        try:
            return self._outcome
        finally:
            self._outcome = None

    async def _exchange(self, request: OutgoingRequest, timer: AttemptTimeout) -> Any:
        """Send ``request``. Returns the decoded answer, or the error to judge."""
        try:
            self.call.answer = answer = await self.resources.backend.send(request, timer)
            file = request.file
            if file is not None and answer.is_success and not file.gone:
                name = request.operation
                text = f"{name}: the server answered before it had the whole file."
                return ConnectionLostError(text, operation=name)
            return decode(self.call.endpoint, answer, self.call.request.ids)
        except KycaidError as error:
            return error

    def _log(self, seconds: float) -> None:
        endpoint = self.call.endpoint
        logger.debug(
            "%s %s %s, attempt %d: %s in %.3f s",
            endpoint.name,
            endpoint.method,
            endpoint.path,
            self.call.attempts,
            _in_short(self._outcome),
            seconds,
            extra={
                "kycaid_operation": endpoint.name,
                "kycaid_method": endpoint.method,
                "kycaid_path": endpoint.path,
                "kycaid_attempt": self.call.attempts,
                "kycaid_status": None if self.call.answer is None else self.call.answer.status,
                "kycaid_error": type(self._outcome).__name__ if isinstance(self._outcome, KycaidError) else None,
                "kycaid_seconds": round(seconds, 6),
            },
        )

    def _timed_out(self, phase: str) -> RequestTimeoutError:
        name, timeout = self.call.endpoint.name, self.settings.timeout
        through = "" if self.settings.proxy is None else " through the proxy"
        what = {
            "slot": f"no free connection within {timeout.total} seconds",
            "connect": f"no connection{through} within {timeout.connect} seconds",
            "progress": f"no byte of the file could be sent for {timeout.progress} seconds",
            "read": f"no data from the server for {timeout.read} seconds",
            "total": f"not finished within {timeout.total} seconds",
        }
        return RequestTimeoutError(f"{name}: {what[phase]}.", operation=name, phase=phase)


def _in_short(outcome: Any) -> str:
    if not isinstance(outcome, KycaidError):
        return "ok"
    return f"{type(outcome).__name__} {getattr(outcome, 'status', '')}".strip()
