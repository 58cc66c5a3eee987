"""One attempt over HTTP: a request out, an answer in, and what it says."""

import asyncio
import logging
from typing import Any

import aiohttp
import attrs
from yarl import URL

from kycaid_async.errors import ApiError, ConnectionLostError, DecodeError, KycaidError, RedirectError
from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.protocol.request import Built
from kycaid_async.protocol.response import MOVED, Answer, decode
from kycaid_async.transport.failures import AnswerTooLarge, failure
from kycaid_async.transport.sessions import Bound
from kycaid_async.transport.settings import Settings
from kycaid_async.transport.timing import Timing
from kycaid_async.transport.upload import JsonPayload, MultipartPayload, Upload
from kycaid_async.transport.watch import Watch

logger = logging.getLogger("kycaid_async")


@attrs.define
class Call:
    """What is known of a call between its attempts."""

    endpoint: Endpoint[Any]
    built: Built
    upload: Upload | None
    attempt: int = 0
    deadline: float | None = None
    """When it has to be over, on the monotonic clock. An upload has none, but is not refused for longer than that."""
    maybe_acted: bool = False
    """True when the server may have acted on an attempt before this one."""
    payload: JsonPayload | MultipartPayload | None = None
    """The body of this attempt."""

    @property
    def sent(self) -> bool:
        """False when no byte of this attempt can have left: there was never a connection to write its body to."""
        return self.payload is None or self.payload.wrote


@attrs.define(eq=False)
class Wire:
    """Sends requests of one client."""

    settings: Settings
    timing: Timing
    _timeout: aiohttp.ClientTimeout = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        # Not sock_connect: that ends with TCP, and leaves a proxy's CONNECT and the TLS handshake without a limit.
        # For the other limits, see `Watch`.
        self._timeout = aiohttp.ClientTimeout(total=None, connect=self.settings.timeout.connect)

    async def send(self, call: Call, bound: Bound, watch: Watch) -> Any:
        """Try once. Returns the decoded answer, or the error to judge."""
        logged = logger.isEnabledFor(logging.DEBUG)
        started = self.timing.clock() if logged else 0.0
        if bound.connector is not None:
            bound.connector.expect(watch, alive=not call.endpoint.replayable)
        else:
            await _unknown_connection(call, watch)
        try:
            answer = await self._request(call, bound, watch)
        except (aiohttp.ClientError, ConnectionError, ValueError) as error:
            outcome: Any = failure(call.endpoint.name, error, self.settings.timeout)
        else:
            outcome = _judge(call, answer)
        finally:
            if bound.connector is not None:
                bound.connector.forget(watch)
        if logged:
            _log(call, outcome, self.timing.clock() - started)
        return outcome

    async def _request(self, call: Call, bound: Bound, watch: Watch) -> Answer:
        settings = self.settings
        if call.built.body is not None:
            call.payload = JsonPayload(call.built.body, content_type="application/json")
        response = await bound.session.request(
            call.endpoint.method,
            URL(settings.base_url + call.built.target, encoded=True),
            data=call.payload,
            headers=bound.headers,
            allow_redirects=False,
            raise_for_status=False,
            proxy=settings.proxy,
            ssl=settings.ssl_context if settings.ssl_context is not None else True,
            timeout=self._timeout,
        )
        try:
            watch.receiving = content = response.content
            if content.is_eof() and content.total_bytes <= settings.max_answer:
                return Answer(response.status, response.headers, await response.read())
            return Answer(response.status, response.headers, await self._read(response))
        finally:
            if not response.closed:
                response.release()

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self.settings.max_answer:
                raise AnswerTooLarge
        return bytes(body)


async def _unknown_connection(call: Call, watch: Watch) -> None:
    """Do what can be done for a request over a session of the user, of whose connections nothing is known."""
    if not call.endpoint.replayable:
        # Time for the loop to notice the end of an idle connection; see `Connector.expect`.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    watch.connected()


def _judge(call: Call, answer: Answer) -> Any:
    """Return what the answer says: the decoded object or an error."""
    name = call.endpoint.name
    if answer.is_redirect:
        return RedirectError(
            f"{name}: the server answered with a redirect (HTTP {answer.status}); none is followed. Check base_url.",
            operation=name,
            maybe_processed=answer.status in MOVED,
        )
    if answer.is_success and isinstance(call.payload, MultipartPayload) and not call.payload.complete:
        return ConnectionLostError(f"{name}: the server answered before it had the whole file.", operation=name)
    try:
        return decode(call.endpoint, answer)
    except (DecodeError, ApiError) as error:
        return error


def _log(call: Call, outcome: Any, seconds: float) -> None:
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
