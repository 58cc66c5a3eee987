"""Requests through an aiohttp session: the user's, or our own where somebody looks on at it."""

import asyncio
from contextlib import ExitStack

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from yarl import URL

from kycaid_async.protocol.response import Answer
from kycaid_async.transport.call import Call
from kycaid_async.transport.connector import UNLIMITED
from kycaid_async.transport.multipart import Multipart
from kycaid_async.transport.proxies import refuse_readers
from kycaid_async.transport.receiving import HEAD_LIMITS, whole_of
from kycaid_async.transport.sessions import Bound
from kycaid_async.transport.settings import Settings
from kycaid_async.transport.sockets import let_loop_read, make_patient
from kycaid_async.transport.watch import Watch


async def send(call: Call, bound: Bound, watch: Watch, settings: Settings) -> Answer:
    """Send ``call`` and return the whole answer. Raises what aiohttp raises."""
    with ExitStack() as afterwards:
        response = await _begun(call, bound, watch, settings, _payload(call, afterwards))
        try:
            watch.receiving = response.content
            return Answer(response.status, response.headers, await whole_of(response.content, settings.max_answer))
        finally:
            if not response.closed:
                response.release()


async def _begun(
    call: Call, bound: Bound, watch: Watch, settings: Settings, body: "_Json | _File | None"
) -> aiohttp.ClientResponse:
    """Send the request and return its answer as soon as the head of it has come."""

    def connected() -> None:
        watch.connected()
        call.sent = call.sent or body is None  # without a body nobody else tells

    if settings.proxy is None:
        refuse_readers(bound.session, base_url=settings.base_url, allow_http=settings.allow_http)
    if bound.connector is not None:
        bound.connector.expect(connected, certain=not call.endpoint.replayable)
    else:
        await _unknown_connection(call)
        connected()
    try:
        return await bound.session.request(
            call.endpoint.method,
            URL(settings.base_url + call.built.target, encoded=True),
            data=body,
            headers=bound.headers,
            allow_redirects=False,
            raise_for_status=False,
            proxy=settings.proxy,
            ssl=settings.ssl_context if settings.ssl_context is not None else True,
            timeout=_timeout(bound, settings),
            **HEAD_LIMITS,
        )
    finally:
        if bound.connector is not None:
            bound.connector.forget()


def _timeout(bound: Bound, settings: Settings) -> aiohttp.ClientTimeout:
    """Return the limits that aiohttp holds: only that of a connection which a session of the user makes.

    Nobody tells when that is there. After the loop was held up it may run out too early; nothing was sent then, and the
    call is tried again. Not sock_connect: it ends with TCP, and leaves a proxy's CONNECT and the TLS
    handshake without a limit.
    """
    if bound.connector is not None:
        return UNLIMITED
    return aiohttp.ClientTimeout(total=None, connect=settings.timeout.connect)


async def _unknown_connection(call: Call) -> None:
    """Do what can be done for a request over a session of the user, of whose connections nothing is known."""
    if not call.endpoint.replayable:
        # Time for the loop to notice the end of an idle connection; see `Connector.living`.
        await let_loop_read()


def _payload(call: Call, afterwards: ExitStack) -> "_Json | _File | None":
    if call.file is not None:
        return _File(call, afterwards, call.file)
    if call.built.body is not None:
        return _Json(call, afterwards, call.built.body)
    return None


class _Json(aiohttp.BytesPayload):
    """A JSON body that tells when there is a connection to write it to."""

    def __init__(self, call: Call, afterwards: ExitStack, body: bytes) -> None:
        super().__init__(body, content_type="application/json")
        self._call = call
        self._afterwards = afterwards

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Send the body. aiohttp calls this."""
        self._call.sent = True
        self._afterwards.callback(make_patient(_transport_of(writer)))
        await super().write_with_length(writer, content_length)


class _File(aiohttp.Payload):
    """A file, as aiohttp wants a body to be."""

    _autoclose = True

    def __init__(self, call: Call, afterwards: ExitStack, file: Multipart) -> None:
        super().__init__(file, content_type=file.content_type)
        self._call = call
        self._afterwards = afterwards
        self._file = file
        self._size = file.size

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:  # noqa: ARG002 - aiohttp's signature
        """Refuse: an upload is never turned into text."""
        raise TypeError("an upload has no text")

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send the body. aiohttp calls this."""
        if self._call.sent:
            # A session of the user repeats a PUT by itself; the source is at its end by then.
            raise ConnectionResetError("the connection was lost while the file was sent")
        self._call.sent = True
        transport = _transport_of(writer)
        self._afterwards.callback(make_patient(transport))
        await self._file.write(writer.write, transport)


def _transport_of(writer: AbstractStreamWriter) -> asyncio.WriteTransport | None:
    return getattr(writer, "transport", None)
