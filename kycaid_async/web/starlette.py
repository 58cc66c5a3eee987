"""Callbacks in Starlette and FastAPI."""

from contextlib import aclosing, suppress
from typing import Final

from kycaid_async.extras import missing

try:
    from anyio import move_on_after
    from starlette.background import BackgroundTask
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import Response
    from starlette.routing import Route
except ImportError as error:
    raise missing("starlette", error) from error

from kycaid_async.callbacks.deduplication import Deduplicator
from kycaid_async.callbacks.signature import MAX_BODY, Keys
from kycaid_async.tracebacks import border, confidential
from kycaid_async.web.receive import PATH, Handler, Receiver

PATIENCE: Final = 10.0
"""Seconds without a byte after which a body counts as cut off. Callbacks take some kilobytes, and are sent again."""


def callback_route(
    handler: Handler,
    keys: Keys,
    *,
    path: str = "/kycaid",
    deduplicator: Deduplicator | None = None,
    max_body: int = MAX_BODY,
) -> Route:
    """Return a route that calls ``handler`` with each event; see `kycaid_async.web`.

    Use it as ``Starlette(routes=[route])``, or ``app.router.routes.append(route)`` in FastAPI. A function that is not a
    coroutine function runs in the thread pool. A handler that returns a ``BackgroundTask`` has it run after the answer.
    Raises `ConfigurationError` for options that cannot be, such as no usable key.
    """
    with border:
        PATH.check("path", path)
        receiver = Receiver(handler, keys, run_in_threadpool, deduplicator, max_body)

    async def receive(request: Request) -> Response:
        opened = receiver.open(await read_body(request, receiver.read_limit), request.headers.get)
        reply = await receiver.handle(opened)
        task = reply.result if isinstance(reply.result, BackgroundTask) else None
        return Response(reply.body, reply.status, media_type="application/json", background=task)

    return Route(path, receive, methods=["POST"])


@confidential
async def read_body(request: Request, limit: int) -> bytes:
    """Return the body, or its first bytes when there are more than ``limit``, or when no more come for long.

    To a server of ASGI, a body that a middleware used up looks like one whose sender is slow: it waits for more until
    the sender gives up.
    """
    body = bytearray()
    async with aclosing(request.stream()) as chunks:
        while len(body) < limit:
            chunk = None
            with suppress(ClientDisconnect), move_on_after(PATIENCE):
                chunk = await anext(chunks, None)
            if chunk is None:
                break  # whole or cut off: the receiver notices by its length
            body += chunk
    return bytes(body)
