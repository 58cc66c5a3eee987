"""``aiohttp.web``: callbacks as a route, one client per application, and errors as problems.

::

    app = web.Application(middlewares=[kycaid_problems])
    app.cleanup_ctx.append(kycaid_context)
    app.add_routes([callback_route(handle, API_KEY, deduplicator=Deduplicator(store))])


    async def show(request):
        applicant = await request.config_dict[KYCAID].applicants.get(request.match_info["id"])
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import ClientError, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler as RequestHandler

from kycaid_async.callbacks.deduplication import Deduplicator
from kycaid_async.callbacks.events import Event
from kycaid_async.callbacks.signature import MAX_BODY, Keys
from kycaid_async.client import AsyncKycaid
from kycaid_async.errors import KycaidError
from kycaid_async.tracebacks import border
from kycaid_async.web.lazy_client import client_of
from kycaid_async.web.problem import MEDIA_TYPE, problem_of
from kycaid_async.web.receive import DECOMPRESSED, INCOMPLETE, PATH, Handler, Receiver, Reply

KYCAID: Final = web.AppKey("KYCAID", AsyncKycaid)
"""The key of an application's client: ``app[KYCAID]``, and ``request.config_dict[KYCAID]`` also in one within it."""


async def kycaid_context(app: web.Application, client: AsyncKycaid | None = None) -> AsyncIterator[None]:
    """Give ``app`` a client as long as it runs, as ``app[KYCAID]``, and close it at the end.

    Use it as ``app.cleanup_ctx.append(kycaid_context)``, which makes an ``AsyncKycaid()`` with the settings of the
    environment, or with a client of your own: ``functools.partial(kycaid_context, client=AsyncKycaid(timeout=10))``.
    Raises `ConfigurationError`.
    """
    async with client_of(client) as app[KYCAID]:
        yield


@web.middleware
async def kycaid_problems(request: web.Request, handler: RequestHandler) -> web.StreamResponse:
    """Answer with `problem_of` an error of KYCAID: a middleware."""
    try:
        return await handler(request)
    except KycaidError as error:
        problem = problem_of(error)
    return web.Response(body=problem.body, status=problem.status, headers=problem.headers, content_type=MEDIA_TYPE)


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
    `asyncio.Queue` that a task of ``app.cleanup_ctx`` empties. Raises `ConfigurationError` for options that cannot be,
    such as no usable key.
    """
    with border:
        PATH.check("path", path)
        receiver = Receiver(handler, keys, asyncio.to_thread, deduplicator, max_body)

    async def opened(request: web.Request) -> Event | Reply:
        # Not None where the server decompresses bodies: the signed bytes are lost then.
        if getattr(request.content, "total_compressed_bytes", None) is not None:
            return DECOMPRESSED
        body = await _read(request, receiver.read_limit)
        # What came in chunks declares no length, but what has come is counted.
        is_part = body and len(body) < min(getattr(request.content, "total_bytes", 0), receiver.read_limit)
        return INCOMPLETE if is_part else receiver.open(body, request.headers.get)

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
