"""One call: attempts, pauses between them, and one deadline over all."""

import asyncio
import inspect
import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import attrs
from yarl import URL

from kycaid_async.errors import (
    ApiError,
    ConnectionLostError,
    DecodeError,
    KycaidError,
    RedirectError,
    RequestTimeoutError,
    UnconfirmedEndpointWarning,
)
from kycaid_async.protocol.endpoint import Endpoint, Evidence
from kycaid_async.protocol.request import Built, build
from kycaid_async.protocol.response import SEE_OTHER, Answer, decode
from kycaid_async.protocol.retry import Certainty, Raise, Retry, RetryBudget, certainty, decide
from kycaid_async.transport.failures import failure
from kycaid_async.transport.sessions import Bound, Sessions
from kycaid_async.transport.settings import Settings
from kycaid_async.transport.timing import Timing
from kycaid_async.transport.upload import MultipartPayload, Upload
from kycaid_async.transport.watch import watch_progress
from kycaid_async.values.model import Request
from kycaid_async.version import __version__

T = TypeVar("T")

logger = logging.getLogger("kycaid_async")

_USER_AGENT = f"kycaid-async/{__version__} aiohttp/{aiohttp.__version__}"


@attrs.define
class _Call:
    """What is known of a call between its attempts."""

    endpoint: Endpoint[Any]
    built: Built
    upload: Upload | None
    attempt: int = 0
    deadline: float | None = None
    maybe_acted: bool = False


_PACKAGE = str(Path(__file__).parent.parent)
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
    _headers: dict[str, str] = attrs.field(init=False, repr=False)
    _json_headers: dict[str, str] = attrs.field(init=False, repr=False)
    _timeout: aiohttp.ClientTimeout = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        limits = self.settings.timeout
        self._headers = {"Accept": "application/json", "User-Agent": _USER_AGENT, **self.settings.authorization()}
        self._json_headers = {**self._headers, "Content-Type": "application/json"}
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=limits.connect, sock_read=limits.read)

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
        built = build(endpoint, path=path, query=query, body=body, check=self.settings.check)
        call = _Call(endpoint, built, upload)
        bound = await self.sessions.here()
        while True:
            call.attempt += 1
            outcome = await self._attempt(call, bound)
            if not isinstance(outcome, KycaidError):
                self.budget.succeeded()
                bound.pacer.succeeded()
                return outcome  # type: ignore[no-any-return]  # decode() gave it
            await self.timing.sleep(self._after(call, outcome, bound))

    def _after(self, call: _Call, error: KycaidError, bound: Bound) -> float:
        """Return the pause before the next attempt, or raise."""
        now = self.timing.clock()
        verdict = self._decide(call, error, now, exhausted=False)
        sure = certainty(error)
        if sure is Certainty.BUSY:
            bound.pacer.refused(now, verdict.after)
        elif isinstance(verdict, Retry) and not self.budget.take():
            verdict = self._decide(call, error, now, exhausted=True)
        call.maybe_acted = call.maybe_acted or sure is Certainty.UNCERTAIN
        if isinstance(verdict, Raise):
            raise verdict.error
        return verdict.after

    def _decide(self, call: _Call, error: KycaidError, now: float, *, exhausted: bool) -> Retry | Raise:
        return decide(
            call.endpoint,
            error,
            attempt=call.attempt,
            policy=self.settings.retries,
            remaining=None if call.deadline is None else call.deadline - now,
            chance=self.timing.chance(),
            earlier_uncertain=call.maybe_acted,
            exhausted=exhausted,
        )

    async def _attempt(self, call: _Call, bound: Bound) -> Any:
        """Try once. Returns the decoded answer, or the error to judge; raises what needs no judging."""
        first, started = call.attempt == 1, False
        limit = asyncio.timeout(self._left(call))
        try:
            async with limit:
                await bound.slots.acquire(first=first)
                started = True
                try:
                    return await self._in_slot(call, bound, limit)
                finally:
                    bound.slots.release()
        except TimeoutError:
            if not limit.expired():
                raise
        return self._timed_out(call, started=started)

    async def _in_slot(self, call: _Call, bound: Bound, limit: asyncio.Timeout) -> Any:
        if call.upload is not None:
            return await self._send_file(call, call.upload, bound, limit)
        total = self.settings.timeout.total
        if call.attempt == 1 and total is not None:
            # Queueing before the first attempt does not count: a batch of calls would run out of time.
            call.deadline = self.timing.clock() + total
            limit.reschedule(asyncio.get_running_loop().time() + total)
        return await self._exchange(call, bound, None)

    def _left(self, call: _Call) -> float | None:
        return None if call.deadline is None else max(0.0, call.deadline - self.timing.clock())

    def _timed_out(self, call: _Call, *, started: bool) -> RequestTimeoutError:
        name, timeout = call.endpoint.name, self.settings.timeout
        if call.upload is not None:
            text, phase = f"{name}: no byte of the file could be sent for {timeout.progress} seconds.", "progress"
        elif started:
            text, phase = f"{name}: not finished within {timeout.total} seconds.", "total"
        else:
            text, phase = f"{name}: no free connection within {timeout.total} seconds.", "slot"
        return RequestTimeoutError(text, operation=name, phase=phase)

    async def _send_file(self, call: _Call, upload: Upload, bound: Bound, limit: asyncio.Timeout) -> Any:
        async with await upload.payload(self.settings.files) as payload:
            with watch_progress(limit, payload, self.settings.timeout.progress):
                outcome = await self._exchange(call, bound, payload)
        if payload.error is not None:
            raise payload.error
        return outcome

    async def _exchange(self, call: _Call, bound: Bound, payload: MultipartPayload | None) -> Any:
        started = self.timing.clock()
        try:
            answer = await self._request(call, bound.session, payload)
        except (aiohttp.ClientError, ConnectionError) as error:
            outcome: Any = failure(call.endpoint.name, error, self.settings.timeout)
        else:
            outcome = self._judge(call, answer, payload)
        self._log(call, outcome, self.timing.clock() - started)
        return outcome

    async def _request(self, call: _Call, session: aiohttp.ClientSession, payload: MultipartPayload | None) -> Answer:
        settings, body = self.settings, call.built.body
        async with session.request(
            call.endpoint.method,
            URL(settings.base_url + call.built.target, encoded=True),
            data=body if payload is None else payload,
            headers=self._headers if body is None else self._json_headers,
            allow_redirects=False,
            raise_for_status=False,
            proxy=settings.proxy,
            ssl=settings.ssl_context if settings.ssl_context is not None else True,
            timeout=self._timeout,
        ) as response:
            return Answer(response.status, response.headers, await self._read(response))

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        limit, length = self.settings.max_answer, response.content_length
        if length is not None and length <= limit and "Content-Encoding" not in response.headers:
            return await response.read()
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > limit:
                raise aiohttp.ClientPayloadError("the answer is too large")
        return bytes(body)

    def _judge(self, call: _Call, answer: Answer, payload: MultipartPayload | None) -> Any:
        """Return what the answer says: the decoded object or an error."""
        name = call.endpoint.name
        if answer.is_redirect:
            return RedirectError(
                f"{name}: the server answered with a redirect (HTTP {answer.status}), which is never followed. "
                "Check base_url.",
                operation=name,
                maybe_processed=answer.status == SEE_OTHER,
            )
        if answer.is_success and payload is not None and not payload.whole:
            return ConnectionLostError(f"{name}: the server answered before it had the whole file.", operation=name)
        try:
            return decode(call.endpoint, answer)
        except (DecodeError, ApiError) as error:
            return error

    def _log(self, call: _Call, outcome: Any, seconds: float) -> None:
        if logger.isEnabledFor(logging.DEBUG):
            failed = isinstance(outcome, KycaidError)
            logger.debug(
                "%s %s %s, attempt %d: %s in %.3f s",
                call.endpoint.name,
                call.endpoint.method,
                call.endpoint.path,
                call.attempt,
                f"{type(outcome).__name__} {getattr(outcome, 'status', '')}".strip() if failed else "ok",
                seconds,
            )
