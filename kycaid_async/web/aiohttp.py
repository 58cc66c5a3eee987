"""Callbacks in ``aiohttp.web``."""

import asyncio

from aiohttp import ClientError, web
from aiohttp.http_exceptions import HttpProcessingError

from kycaid_async.callbacks.deduplication import Deduplicator
from kycaid_async.callbacks.events import Event
from kycaid_async.callbacks.signature import MAX_BODY, Keys
from kycaid_async.tracebacks import border
from kycaid_async.web.receive import DECOMPRESSED, Handler, Receiver, Reply


def callback_route(
    handler: Handler,
    keys: Keys,
    *,
    path: str = "/kycaid",
    deduplicator: Deduplicator | None = None,
    max_body: int = MAX_BODY,
) -> web.RouteDef:
    """Return a route for ``app.add_routes`` that calls ``handler`` with each event; see `kycaid_async.web`.

    A function that is not a coroutine function runs in a thread. For work that takes long, put the event into an
    `asyncio.Queue` that a task of ``app.cleanup_ctx`` empties. Raises `ConfigurationError` without a usable key.
    """
    with border:
        receiver = Receiver(handler, keys, asyncio.to_thread, deduplicator, max_body)

    async def opened(request: web.Request) -> Event | Reply:
        # Not None where the server decompresses bodies: the signed bytes are lost then.
        if getattr(request.content, "total_compressed_bytes", None) is not None:
            return DECOMPRESSED
        return receiver.open(await _read(request, receiver.read_limit), request.headers.get)

    async def receive(request: web.Request) -> web.Response:
        reply = await receiver.handle(await opened(request))
        return web.Response(status=reply.status, body=reply.body, content_type="application/json")

    return web.post(path, receive)


async def _read(request: web.Request, limit: int) -> bytes:
    """Return the body, or its first bytes when there are more than ``limit``. aiohttp's own limit is the app's."""
    if not request.can_read_body:
        return await request.read()  # a middleware read it already, or there is none
    body = bytearray()
    try:
        while len(body) < limit and (chunk := await request.content.readany()):
            body += chunk
    except (ClientError, HttpProcessingError, OSError):
        return bytes(body)  # cut off: the receiver notices by its length
    whole = bytes(body)
    request._read_bytes = whole  # noqa: SLF001 - kept for middlewares that read it after the handler
    return whole
