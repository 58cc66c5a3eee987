"""One attempt over HTTP: a request out, an answer in, and what it says."""

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
from kycaid_async.transport.settings import Settings
from kycaid_async.transport.timing import Timing
from kycaid_async.transport.upload import JsonPayload, MultipartPayload, Upload
from kycaid_async.version import __version__

logger = logging.getLogger("kycaid_async")

_USER_AGENT = f"kycaid-async/{__version__} aiohttp/{aiohttp.__version__}"


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
    _headers: dict[str, str] = attrs.field(init=False, repr=False)
    _json_headers: dict[str, str] = attrs.field(init=False, repr=False)
    _timeout: aiohttp.ClientTimeout = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        limits = self.settings.timeout
        self._headers = {"Accept": "application/json", "User-Agent": _USER_AGENT, **self.settings.authorization()}
        self._json_headers = {**self._headers, "Content-Type": "application/json"}
        # Not sock_connect: that ends with TCP, and leaves a proxy's CONNECT and the TLS handshake without a limit.
        self._timeout = aiohttp.ClientTimeout(total=None, connect=limits.connect, sock_read=limits.read)

    async def send(self, call: Call, session: aiohttp.ClientSession) -> Any:
        """Try once. Returns the decoded answer, or the error to judge."""
        started = self.timing.clock()
        try:
            answer = await self._request(call, session)
        except (aiohttp.ClientError, ConnectionError, ValueError) as error:
            outcome: Any = failure(call.endpoint.name, error, self.settings.timeout)
        else:
            outcome = _judge(call, answer)
        _log(call, outcome, self.timing.clock() - started)
        return outcome

    async def _request(self, call: Call, session: aiohttp.ClientSession) -> Answer:
        settings = self.settings
        if call.built.body is not None:
            call.payload = JsonPayload(call.built.body, content_type="application/json")
        async with session.request(
            call.endpoint.method,
            URL(settings.base_url + call.built.target, encoded=True),
            data=call.payload,
            headers=self._headers if call.built.body is None else self._json_headers,
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
                raise AnswerTooLarge
        return bytes(body)


def _judge(call: Call, answer: Answer) -> Any:
    """Return what the answer says: the decoded object or an error."""
    name = call.endpoint.name
    if answer.is_redirect:
        return RedirectError(
            f"{name}: the server answered with a redirect (HTTP {answer.status}); none is followed. Check base_url.",
            operation=name,
            maybe_processed=answer.status in MOVED,
        )
    if answer.is_success and isinstance(call.payload, MultipartPayload) and not call.payload.whole:
        return ConnectionLostError(f"{name}: the server answered before it had the whole file.", operation=name)
    try:
        return decode(call.endpoint, answer)
    except (DecodeError, ApiError) as error:
        return error


def _log(call: Call, outcome: Any, seconds: float) -> None:
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
