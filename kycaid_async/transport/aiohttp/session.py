"""The backend through an aiohttp session: the user's, or our own where requests cannot go past it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
import attrs
from yarl import URL

from kycaid_async.loops import let_loop_read
from kycaid_async.protocol.response import Answer
from kycaid_async.transport.aiohttp.answers import HEAD_LIMITS, unpacked, whole_of
from kycaid_async.transport.aiohttp.connector import UNLIMITED, Connector
from kycaid_async.transport.aiohttp.parts import default_proxy_of, keep_from_closing, own_bodies_fit
from kycaid_async.transport.aiohttp.translation import Route, error_of
from kycaid_async.transport.backend import OutgoingRequest
from kycaid_async.transport.deadlines import AttemptTimeout
from kycaid_async.transport.proxies import refuse_reading_proxy
from kycaid_async.transport.settings import Settings
from kycaid_async.version import __version__

if TYPE_CHECKING:
    from kycaid_async.uploads.multipart import Multipart
    from kycaid_async.uploads.reader import Buffer

_USER_AGENT = f"kycaid-async/{__version__} aiohttp/{aiohttp.__version__}"


class SessionBackend:
    """Sends requests through an aiohttp session. One that is ``ours`` is closed with the client."""

    def __init__(self, settings: Settings, session: aiohttp.ClientSession, *, ours: bool) -> None:
        self.session = session
        self.headers: Mapping[str, str] = {
            "Accept": "application/json",
            "User-Agent": _USER_AGENT,
            **settings.authorization(),
        }
        """What each request has to carry. Not the session's: aiohttp sends a session's own to the proxy too."""
        own = session.connector
        self.connector = own if ours and isinstance(own, Connector) else None
        """None for a session that the user brought, and where aiohttp's connector has changed too much for ours."""
        proxied = settings.proxy is not None or bool(getattr(session, "_default_proxy", None))
        self.route = Route(_names_of(settings.base_url), proxied)
        self._settings = settings
        self._ours = ours

    @property
    def closed(self) -> bool:
        return self.session.closed

    async def aclose(self) -> None:
        await self.session.close()

    def abandon(self) -> None:
        # Even to close them here would end them in the other process, on the wire (TLS) or in the watch that both
        # loops share (epoll).
        connector = self.session.connector
        self.session.detach()
        if connector is not None:
            keep_from_closing(connector)

    async def send(self, request: OutgoingRequest, timer: AttemptTimeout) -> Answer:
        try:
            return await self._exchange(request, timer)
        except Exception as error:  # noqa: BLE001 - nothing raw leaves a call of which the server may know
            failed = error_of(request, error, timer, self.route)
        try:
            raise failed  # not from within the handler: an error of aiohttp holds the request, and so the key
        finally:
            del failed

    async def _exchange(self, request: OutgoingRequest, timer: AttemptTimeout) -> Answer:
        limit = self._settings.max_answer
        with ExitStack() as afterwards:
            response = await self._begin(request, timer, _body(request, afterwards))
            try:
                timer.receiving = response.content
                body = await whole_of(response.content, limit)
                return unpacked(Answer(response.status, response.headers, body), limit)
            finally:
                if not response.closed:
                    response.release()

    async def _begin(self, request: OutgoingRequest, timer: AttemptTimeout, body: "_Body") -> aiohttp.ClientResponse:
        """Send the request and return its answer as soon as the head of it has come."""

        def connected() -> None:
            timer.connected()
            request.sent = request.sent or not body.tells

        settings = self._settings
        self._refuse_reading_proxy()
        request.check()
        if self.connector is not None:
            self.connector.expect(connected, certain=not request.replayable)
        else:
            if not request.replayable:
                # Nothing is known of its connections. This is time for the loop to notice the end of an idle one; see
                # `Connector.living`.
                await let_loop_read()
            connected()
        try:
            return await self.session.request(
                request.method,
                URL(settings.base_url + request.target, encoded=True),
                data=body.data,
                headers={**self.headers, **body.headers},
                allow_redirects=False,
                raise_for_status=False,
                proxy=settings.proxy,
                ssl=settings.ssl_context if settings.ssl_context is not None else True,
                timeout=self._limits(timer),
                **HEAD_LIMITS,
            )
        finally:
            if self.connector is not None:
                self.connector.forget()

    def _refuse_reading_proxy(self) -> None:
        """Raise `ConfigurationError` when the session has a proxy, or finds one, that would see the key."""
        settings = self._settings
        if settings.proxy is None and settings.base_url.startswith("http://"):
            refuse_reading_proxy(
                default_proxy_of(self.session, ours=self._ours),
                trust_env=self.session.trust_env,
                base_url=settings.base_url,
                allow_http=settings.allow_http,
            )

    def _limits(self, timer: AttemptTimeout) -> aiohttp.ClientTimeout:
        """Return the limits that aiohttp holds: only that of a connection which a session of the user makes.

        Nobody tells when that is there. After the loop was held up it may run out too early; nothing was sent then, and
        the call is tried again. Not sock_connect: it ends with TCP, and leaves a proxy's CONNECT and the TLS handshake
        without a limit.
        """
        if self.connector is not None:
            return UNLIMITED
        return aiohttp.ClientTimeout(total=None, connect=timer.limits.connect)


def _names_of(base_url: str) -> frozenset[str | None]:
    """Return the server's name as it is written and as it is looked up; only the former where nothing encodes it."""
    try:
        url = URL(base_url)
    except ValueError:  # of which a call says more
        return frozenset({urlsplit(base_url).hostname})
    return frozenset({url.host, url.raw_host})


@attrs.frozen(eq=False, repr=False)
class _Body:
    """A body as aiohttp takes it."""

    data: Any
    headers: Mapping[str, str] = attrs.field(factory=dict)
    """Headers that it does not bring itself."""
    tells: bool = False
    """True when it notes by itself that the request leaves this process."""


def _body(request: OutgoingRequest, afterwards: ExitStack) -> _Body:
    body, file = request.body, request.file
    if body is None and file is None:
        return _Body(None)
    if own_bodies_fit():
        from kycaid_async.transport.aiohttp.bodies import FileBody, JsonBody

        own = JsonBody(request, afterwards, body or b"") if file is None else FileBody(request, afterwards, file)
        return _Body(own, _type_of(request), tells=True)
    if file is not None:
        return _Body(_pieces(file), {**_type_of(request), "Content-Length": str(file.size)})
    return _Body(body, _type_of(request))


def _type_of(request: OutgoingRequest) -> dict[str, str]:
    """Return the header that says what the body is: without it, aiohttp sends that of the session's defaults."""
    return {"Content-Type": "application/json" if request.file is None else request.file.content_type}


class _PieceQueue:
    """Hands the pieces of a file on to one who asks for them, one at a time."""

    transport = None

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes | bytearray | memoryview | None] = asyncio.Queue()
        self.next = self._pieces.get
        """Returns the next piece; None behind the last."""
        self.took = self._pieces.task_done
        """Lets the next piece come."""

    async def ready(self) -> None:
        return

    async def write(self, piece: "Buffer") -> None:
        self._pieces.put_nowait(piece)
        await self._pieces.join()

    def end(self) -> None:
        self._pieces.put_nowait(None)


async def _pieces(file: "Multipart") -> AsyncGenerator["Buffer", None]:
    """Give ``file`` piece by piece: what every aiohttp takes."""
    pieces = _PieceQueue()

    async def write() -> None:
        try:
            await file.write(pieces)
        finally:
            pieces.end()

    file.task = asyncio.create_task(write())
    while (piece := await pieces.next()) is not None:
        yield piece
        pieces.took()
    await file.task
