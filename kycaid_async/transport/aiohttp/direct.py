"""Requests over the connections of our own session, past its own way of sending them.

aiohttp's connector and parser do what they do for the session. What lies between (merging of headers, cookies,
redirects, middlewares, a response object, a task that writes) costs more than all the rest of a small call, and none of
it has anything to do here: each request of a client goes to the same server with the same headers.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp.http import StreamWriter
from yarl import URL

from kycaid_async.protocol.response import Answer
from kycaid_async.sockets import let_loop_read, must_read_first
from kycaid_async.transport.aiohttp.connector import UNLIMITED, Connector
from kycaid_async.transport.aiohttp.receiving import HEAD_LIMITS, whole_of
from kycaid_async.transport.call import Call
from kycaid_async.transport.deadlines import Watch
from kycaid_async.transport.settings import Settings
from kycaid_async.uploads.multipart import UNSEEN, Multipart

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler


_WITHOUT_LENGTH: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Verbs whose requests have no body unless one is given."""
_INFORMATIONAL: Final = range(100, 200)
_SWITCHING: Final = 101


def _way_through() -> tuple[Any, ...]:
    """Return what aiohttp's session calls for a request.

    Those who look on at requests, or answer them in tests (tracers, VCR, aioresponses, a mock), put something of their
    own into one of these places. Then each request has to pass there.
    """
    session = aiohttp.ClientSession
    return session.request, session._request, getattr(aiohttp.ClientRequest, "send", None)  # noqa: SLF001 - looked at only


def _is_of_aiohttp(function: Any) -> bool:
    """Say whether it is aiohttp's own, and no wrapper that passes for it."""
    if not isinstance(function, FunctionType) or hasattr(function, "__wrapped__"):
        return False
    return Path(function.__code__.co_filename).parent == Path(aiohttp.__file__).parent


_found = _way_through()
_UNTOUCHED: Final = _found if all(map(_is_of_aiohttp, _found)) else ()


class Direct:
    """Sends the requests of one client on one loop."""

    def __init__(
        self,
        settings: Settings,
        session: aiohttp.ClientSession,
        connector: Connector,
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
        self._prefix = urlsplit(settings.base_url).path
        lines = [f"{name}: {value}\r\n" for name, value in self._any.headers.items()]
        self._after_target = f" HTTP/1.1\r\n{''.join(lines)}"
        # A proxy reads the requests that it passes on without TLS, and wants another target in them.
        self._fit = not session.trace_configs and (settings.proxy is None or self._any.is_ssl())

    @property
    def fit(self) -> bool:
        """False when requests have to pass through aiohttp's session after all."""
        return self._fit and _way_through() == _UNTOUCHED

    async def send(self, call: Call, watch: Watch, settings: Settings) -> Answer:
        """Send ``call`` and return the whole answer. Raises what aiohttp raises."""
        connection = await self._connector.living(self._any, [], UNLIMITED, certain=not call.endpoint.replayable)
        watch.connected()
        try:
            protocol = connection.protocol
            assert protocol is not None  # noqa: S101 - it is released below, and not before
            skip = call.endpoint.method == "HEAD"
            protocol.set_response_params(skip_payload=skip, read_until_eof=True, **HEAD_LIMITS)
            await self._write(call, protocol)
            message, content = await protocol.read()
            while message.code in _INFORMATIONAL and message.code != _SWITCHING:
                message, content = await protocol.read()
            watch.receiving = content
            answer = Answer(message.code, message.headers, await whole_of(content, settings.max_answer))
            gone = await _all_has_left(call, answer, protocol)
        except BaseException:
            connection.close()
            raise
        if gone:
            connection.release()
        else:
            protocol.abort()  # it was answered before it was sent, and the rest of it must not follow
            connection.close()
        return answer

    async def _write(self, call: Call, protocol: "ResponseHandler") -> None:
        """Write the request: as much as there is room for, and the rest in a task, for an answer can come meanwhile."""
        body = call.file if call.file is not None else call.built.body
        # Nothing is waited for while the head, which holds the key, is in a variable of this frame.
        fits = await body.fits() if isinstance(body, Multipart) else True
        head = self._head(call, body)
        whole = head + (body or b"") if not isinstance(body, Multipart) else body.in_one(head) if fits else None
        transport = protocol.transport
        if transport is None or transport.is_closing():
            raise aiohttp.ClientConnectionResetError
        call.sent = True
        if not isinstance(body, Multipart):
            transport.write(whole or b"")
            return
        rest = None if whole is None else memoryview(whole)
        while rest and not (protocol.writing_paused or must_read_first(transport)):
            rest = body.hand(rest, transport)
        if rest is None or rest:
            body.writer = self._loop.create_task(self._write_on(call, body, rest, protocol))

    async def _write_on(
        self, call: Call, body: Multipart, rest: memoryview | None, protocol: "ResponseHandler"
    ) -> None:
        """Write what is left of a request whose file was read whole; all of it where ``rest`` is None."""
        writer = StreamWriter(protocol, self._loop)
        try:
            if rest is None:
                await writer.write(self._head(call, body), drain=False)
                await body.write(writer.write, protocol.transport)
            while rest:
                await writer.drain()
                if must_read_first(protocol.transport):
                    await let_loop_read()
                if protocol.transport is None or protocol.transport.is_closing():
                    raise aiohttp.ClientConnectionResetError
                rest = body.hand(rest, protocol.transport)
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


async def _all_has_left(call: Call, answer: Answer, protocol: "ResponseHandler") -> bool:
    """Say whether nothing of the request is on this side any more, as far as can be known."""
    transport, file = protocol.transport, call.file
    size = file.size if file is not None else len(call.built.body or b"")
    if not answer.is_success and size > UNSEEN:
        return False  # it may have been refused before it was read, and over TLS some of it is out of sight
    if file is None:
        return transport is None or not transport.get_write_buffer_size()
    if transport is None or transport.is_closing():
        # A connection that breaks drops what it still had to send, and says so within two rounds of the loop.
        await let_loop_read()
        file.cut_off = isinstance(protocol.exception(), aiohttp.ClientOSError)
    return file.gone
