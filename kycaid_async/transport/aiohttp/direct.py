"""The backend straight over the connections of our own session, past its own way of sending requests.

aiohttp's connector and parser do what they do for the session. What lies between (merging of headers, cookies,
redirects, middlewares, a response object, a task that writes) costs more than all the rest of a small call, and none of
it has anything to do here: each request of a client goes to the same server with the same headers.
"""

import asyncio
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp.http import StreamWriter
from yarl import URL

from kycaid_async.errors import KycaidError
from kycaid_async.loops import let_loop_read
from kycaid_async.protocol.response import Answer
from kycaid_async.transport.aiohttp.answers import HEAD_LIMITS, unpacked, whole_of
from kycaid_async.transport.aiohttp.connector import UNLIMITED, Connector
from kycaid_async.transport.aiohttp.parts import HttpProcessingError, give_up_straight_way, is_patched
from kycaid_async.transport.aiohttp.session import SessionBackend
from kycaid_async.transport.aiohttp.sockets import ConnectionWriter, must_read_first
from kycaid_async.transport.aiohttp.translation import error_of
from kycaid_async.transport.backend import OutgoingRequest
from kycaid_async.transport.deadlines import AttemptTimeout
from kycaid_async.transport.settings import Settings
from kycaid_async.uploads.io_budget import UNSEEN, unsent

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler

    from kycaid_async.uploads.multipart import Multipart


_WITHOUT_LENGTH: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Verbs whose requests have no body unless one is given."""
_INFORMATIONAL: Final = range(100, 200)
_SWITCHING: Final = 101


_NAMED: Final = (KycaidError, aiohttp.ClientError, HttpProcessingError, OSError)
"""Failures of requests. Any other exception says that aiohttp is not what this is built on."""


class DirectBackend:
    """Sends requests over the connections of our own session, and through it where they cannot go past it."""

    def __init__(
        self, settings: Settings, own: SessionBackend, connector: Connector, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.own = own
        self._connector = connector
        self._max_answer = settings.max_answer
        self._loop = loop
        # Template request: aiohttp keys its pool by host, port, TLS and proxy, which all requests of a client share.
        self._template = aiohttp.ClientRequest(
            "GET",
            URL(settings.base_url),
            headers=own.headers,
            loop=loop,
            session=own.session,
            ssl=settings.ssl_context if settings.ssl_context is not None else True,
            proxy=None if settings.proxy is None else URL(settings.proxy),
        )
        self._prefix = urlsplit(settings.base_url).path
        lines = [f"{name}: {value}\r\n" for name, value in self._template.headers.items()]
        self._after_target = f" HTTP/1.1\r\n{''.join(lines)}"
        # A proxy reads the requests that it passes on without TLS, and wants another target in them.
        self._fits = not own.session.trace_configs and (settings.proxy is None or self._template.is_ssl())

    @property
    def closed(self) -> bool:
        return self._connector.closed

    async def aclose(self) -> None:
        await self.own.aclose()

    def abandon(self) -> None:
        self.own.abandon()

    async def send(self, request: OutgoingRequest, timer: AttemptTimeout) -> Answer:
        if not self._fits or is_patched():
            return await self.own.send(request, timer)
        failed = None
        try:  # not in a function of its own: each coroutine more that waits costs a small call a hundredth
            connection = await self._connector.living(self._template, [], UNLIMITED, certain=not request.replayable)
            timer.connected()
            try:
                protocol = connection.protocol
                assert protocol is not None  # noqa: S101 - it is released below, and not before
                skip = request.method == "HEAD"
                protocol.set_response_params(skip_payload=skip, read_until_eof=True, **HEAD_LIMITS)
                # What is sent is in no variable of this frame, which waits.
                file = request.file
                size = self._write_small(request, protocol) if file is None else file.size
                if file is not None:
                    await self._write_file(request, file, protocol)
                message, content = await protocol.read()
                while message.code in _INFORMATIONAL and message.code != _SWITCHING:
                    message, content = await protocol.read()
                timer.receiving = content
                answer = Answer(message.code, message.headers, await whole_of(content, self._max_answer))
                # What was refused before it was read may be on this side still: over TLS some of it is out of sight.
                gone = size <= UNSEEN or answer.is_success
                if gone and file is not None and _is_closing(protocol.transport):
                    await _look_for_loss(file, protocol)
                gone = gone and (not unsent(protocol.transport) if file is None else file.gone)
            except BaseException:
                connection.close()
                raise
            if gone:
                connection.release()
            else:
                protocol.abort()  # it was answered before it was sent, and the rest of it must not follow
                connection.close()
            return unpacked(answer, self._max_answer)
        except _NAMED as error:
            failed = error_of(request, error, timer, self.own.route)
        except Exception as error:  # noqa: BLE001 - there is no telling what a changed part raises
            failed = self._give_up(request, error, timer)
        if failed is None:
            return await self.own.send(request, timer)
        try:
            raise failed  # not from within the handler: an error of aiohttp holds the request, and so the key
        finally:
            del failed

    def _give_up(self, request: OutgoingRequest, error: Exception, timer: AttemptTimeout) -> KycaidError | None:
        """Send no request past the session any more. Returns None for one that can still go through it."""
        self._fits = False
        give_up_straight_way(error)
        return error_of(request, error, timer, self.own.route) if request.sent else None

    def _write_small(self, request: OutgoingRequest, protocol: "ResponseHandler") -> int:
        """Write a request without a file, and return the size of its body."""
        body = request.body or b""
        whole = self._head(request) + body
        transport = _open_transport(protocol)
        request.leaves()
        transport.write(whole)
        return len(body)

    async def _write_file(self, request: OutgoingRequest, body: "Multipart", protocol: "ResponseHandler") -> None:
        """Write the request: as much as there is room for, and the rest in a task, for an answer can come meanwhile."""
        file = await body.in_one(lambda: self._head(request))
        transport = _open_transport(protocol)
        request.leaves()
        rest = None if file is None else memoryview(file)
        while rest and not (protocol.writing_paused or must_read_first(transport)):
            rest = body.hand(rest, transport)
        if rest is None or rest:
            body.task = self._loop.create_task(self._write_on(request, body, rest, protocol))

    async def _write_on(
        self, request: OutgoingRequest, body: "Multipart", rest: memoryview | None, protocol: "ResponseHandler"
    ) -> None:
        """Write what is left of a request whose file was read whole; all of it where ``rest`` is None."""
        writer = StreamWriter(protocol, self._loop)
        try:
            if rest is None:
                await writer.write(self._head(request), drain=False)
                await body.write(ConnectionWriter(writer))
            while rest:
                await writer.drain()
                if must_read_first(protocol.transport):
                    await let_loop_read()
                rest = body.hand(rest, _open_transport(protocol))
        except Exception as error:  # noqa: BLE001 - whatever it is, no answer is to be waited for
            protocol.set_exception(aiohttp.ClientOSError(), error)

    def _head(self, request: OutgoingRequest) -> bytes:
        method, body, file = request.method, request.body, request.file
        if file is not None:
            length = f"Content-Type: {file.content_type}\r\nContent-Length: {file.size}\r\n"
        elif body is not None:
            length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        else:
            length = "" if method in _WITHOUT_LENGTH else "Content-Length: 0\r\n"
        return f"{method} {self._prefix}{request.target}{self._after_target}{length}\r\n".encode("ascii")


def _open_transport(protocol: "ResponseHandler") -> asyncio.WriteTransport:
    transport = protocol.transport
    if transport is None or transport.is_closing():
        raise aiohttp.ClientConnectionResetError
    return transport


def _is_closing(transport: asyncio.Transport | None) -> bool:
    return transport is None or transport.is_closing()


async def _look_for_loss(body: "Multipart", protocol: "ResponseHandler") -> None:
    """Note whether a connection that closes lost what it still had to send.

    One that breaks drops that, and says so within two iterations of the loop.
    """
    await let_loop_read()
    body.cut_off = isinstance(protocol.exception(), aiohttp.ClientOSError)
