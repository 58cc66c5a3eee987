"""Requests through an aiohttp session: the user's, or our own where somebody looks on at it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack
from typing import Any

import aiohttp
import attrs
from yarl import URL

from kycaid_async.protocol.response import Answer
from kycaid_async.sockets import let_loop_read
from kycaid_async.transport.aiohttp.connector import UNLIMITED
from kycaid_async.transport.aiohttp.parts import own_bodies_fit
from kycaid_async.transport.aiohttp.receiving import HEAD_LIMITS, whole_of
from kycaid_async.transport.call import Call
from kycaid_async.transport.deadlines import Watch
from kycaid_async.transport.loop_resources import Bound
from kycaid_async.transport.proxies import refuse_readers
from kycaid_async.transport.settings import Settings
from kycaid_async.uploads.multipart import Multipart
from kycaid_async.uploads.reader import Buffer


async def send(call: Call, bound: Bound, watch: Watch, settings: Settings) -> Answer:
    """Send ``call`` and return the whole answer. Raises what aiohttp raises."""
    with ExitStack() as afterwards:
        response = await _begun(call, bound, watch, settings, _body(call, afterwards))
        try:
            watch.receiving = response.content
            return Answer(response.status, response.headers, await whole_of(response.content, settings.max_answer))
        finally:
            if not response.closed:
                response.release()


async def _begun(call: Call, bound: Bound, watch: Watch, settings: Settings, body: "_Body") -> aiohttp.ClientResponse:
    """Send the request and return its answer as soon as the head of it has come."""

    def connected() -> None:
        watch.connected()
        call.sent = call.sent or not body.tells

    if settings.proxy is None:
        refuse_readers(
            bound.session, ours=bound.closer is not None, base_url=settings.base_url, allow_http=settings.allow_http
        )
    if bound.connector is not None:
        bound.connector.expect(connected, certain=not call.endpoint.replayable)
    else:
        await _unknown_connection(call)
        connected()
    try:
        return await bound.session.request(
            call.endpoint.method,
            URL(settings.base_url + call.built.target, encoded=True),
            data=body.data,
            headers={**bound.headers, **body.headers},
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


@attrs.frozen
class _Body:
    """A body as aiohttp takes it."""

    data: Any
    headers: Mapping[str, str] = attrs.field(factory=dict)
    """Headers that it does not bring itself."""
    tells: bool = False
    """True when it notes by itself that the request leaves this process."""


def _body(call: Call, afterwards: ExitStack) -> _Body:
    file, json = call.file, call.built.body
    if file is None and json is None:
        return _Body(None)
    if own_bodies_fit():
        from kycaid_async.transport.aiohttp.bodies import FileBody, JsonBody

        own = JsonBody(call, afterwards, json or b"") if file is None else FileBody(call, afterwards, file)
        return _Body(own, tells=True)
    if file is None:
        return _Body(json, {"Content-Type": "application/json"})
    return _Body(_pieces(file), {"Content-Type": file.content_type, "Content-Length": str(file.size)})


async def _pieces(file: Multipart) -> AsyncGenerator[Buffer, None]:
    """Give ``file`` piece by piece: what every aiohttp takes."""
    pieces: asyncio.Queue[Buffer | None] = asyncio.Queue()

    async def send(piece: Buffer) -> None:
        pieces.put_nowait(piece)
        await pieces.join()

    async def write() -> None:
        try:
            await file.write(send, None)
        finally:
            pieces.put_nowait(None)

    file.writer = asyncio.create_task(write())
    while (piece := await pieces.get()) is not None:
        yield piece
        pieces.task_done()
    await file.writer
