"""Requests over the connections of our own session, past its own way of sending them.

aiohttp's connector and parser do what they do for the session. What lies between (merging of headers, cookies,
redirects, middlewares, a response object, a task that writes) costs more than all the rest of a small call, and none of
it has anything to do here: each request of a client goes to the same server with the same headers.
"""

import asyncio
from collections.abc import Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Final

import aiohttp
from aiohttp.http import StreamWriter
from yarl import URL

from kycaid_async.protocol.response import Answer
from kycaid_async.transport.call import Call
from kycaid_async.transport.liveness import surely_lives
from kycaid_async.transport.multipart import Multipart
from kycaid_async.transport.receiving import whole_of
from kycaid_async.transport.settings import Settings
from kycaid_async.transport.watch import Watch

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection

    from kycaid_async.transport.reading import Buffer

_WITHOUT_LENGTH: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Verbs whose requests have no body unless one is given."""
_INFORMATIONAL: Final = range(100, 200)
_SWITCHING: Final = 101

# Those who look on at aiohttp's requests, or answer them in tests (aioresponses, VCR, tracers), put a function of their
# own in this place. Then each request has to pass there.
_request = aiohttp.ClientSession._request  # noqa: SLF001 - see above
_UNTOUCHED: Final = _request if isinstance(_request, FunctionType) and _request.__module__ == "aiohttp.client" else None


class Direct:
    """Sends the requests of one client on one loop."""

    def __init__(
        self,
        settings: Settings,
        session: aiohttp.ClientSession,
        connector: aiohttp.TCPConnector,
        headers: Mapping[str, str],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._connector = connector
        self._loop = loop
        # Stands for all: a connection is chosen and made by the server, and that is the same for each request.
        self._any = aiohttp.ClientRequest(
            "GET",
            URL(settings.base_url),
            headers=headers,
            loop=loop,
            session=session,
            ssl=settings.ssl_context if settings.ssl_context is not None else True,
            proxy=None if settings.proxy is None else URL(settings.proxy),
        )
        self._prefix = URL(settings.base_url).raw_path.rstrip("/")
        lines = [f"{name}: {value}\r\n" for name, value in self._any.headers.items()]
        self._after_target = f" HTTP/1.1\r\n{''.join(lines)}"
        # A proxy reads the requests that it passes on without TLS, and wants another target in them.
        self._fit = not session.trace_configs and (settings.proxy is None or self._any.is_ssl())

    @property
    def fit(self) -> bool:
        """False when requests have to pass through aiohttp's session after all."""
        return self._fit and aiohttp.ClientSession._request is _UNTOUCHED  # noqa: SLF001 - see there

    async def send(
        self,
        call: Call,
        watch: Watch,
        settings: Settings,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - as aiohttp has it
    ) -> Answer:
        """Send ``call`` and return the whole answer. Raises what aiohttp raises."""
        connection = await self._connection(timeout, certain=not call.endpoint.replayable)
        watch.connected()
        try:
            protocol = connection.protocol
            assert protocol is not None  # noqa: S101 - it is released below, and not before
            protocol.set_response_params(skip_payload=call.endpoint.method == "HEAD", read_until_eof=True)
            await self._write(call, protocol)
            message, content = await protocol.read()
            while message.code in _INFORMATIONAL and message.code != _SWITCHING:
                message, content = await protocol.read()
            watch.receiving = content
            answer = Answer(message.code, message.headers, await whole_of(content, settings.max_answer))
            gone = await _all_has_left(call, protocol)
        except BaseException:
            connection.close()
            raise
        if gone:
            connection.release()
        else:
            connection.close()  # it was answered before it was sent, and the rest of it must not follow
        return answer

    async def _connection(
        self,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - as aiohttp has it
        *,
        certain: bool,
    ) -> "Connection":
        """Return a connection from the pool, or a new one; with ``certain``, one that surely lives."""
        # All that the pool can hold may be dead, but then the next is new.
        for _ in range(self._connector.limit + 1):
            try:
                connection = await self._connector.connect(self._any, [], timeout)
            except TimeoutError as error:
                raise aiohttp.ConnectionTimeoutError from error
            if connection.protocol is None or connection.protocol.should_close:
                connection.close()  # something came over it that nobody had asked for
            elif not certain or await surely_lives(connection):
                return connection
        raise aiohttp.ServerDisconnectedError

    async def _write(self, call: Call, protocol: "ResponseHandler") -> None:
        """Write the request: all at once where that can be, otherwise in a task, for an answer can come meanwhile."""
        body = call.file if call.file is not None else call.built.body
        head = self._head(call, body)
        whole: Buffer | None
        if isinstance(body, Multipart):
            whole = await body.in_one(head, protocol.transport)
        else:
            whole = head if body is None else head + body
        transport = protocol.transport
        if transport is None or transport.is_closing():
            raise aiohttp.ClientConnectionResetError
        call.sent = True
        if whole is not None:
            transport.write(whole)
        elif isinstance(body, Multipart):
            body.writer = self._loop.create_task(self._write_pieces(head, body, protocol))

    async def _write_pieces(self, head: bytes, body: Multipart, protocol: "ResponseHandler") -> None:
        writer = StreamWriter(protocol, self._loop)
        try:
            await writer.write(head, drain=False)
            await body.write(writer.write, protocol.transport)
        except Exception as error:  # noqa: BLE001 - whatever it is, no answer is to be waited for
            protocol.set_exception(aiohttp.ClientOSError(), error)

    def _head(self, call: Call, body: "bytes | Multipart | None") -> bytes:
        method = call.endpoint.method
        if body is None:
            length = "" if method in _WITHOUT_LENGTH else "Content-Length: 0\r\n"
        elif isinstance(body, Multipart):
            length = f"Content-Type: {body.content_type}\r\nContent-Length: {body.size}\r\n"
        else:
            length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return f"{method} {self._prefix}{call.built.target}{self._after_target}{length}\r\n".encode("ascii")


async def _all_has_left(call: Call, protocol: "ResponseHandler") -> bool:
    """Say whether nothing of the request is on this side any more."""
    transport = protocol.transport
    if call.file is None:
        return transport is None or not transport.get_write_buffer_size()
    if transport is None or transport.is_closing():
        # A connection that breaks drops what it still had to send, and says so within two rounds of the loop.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        call.file.cut_off = isinstance(protocol.exception(), aiohttp.ClientOSError)
    return call.file.gone
