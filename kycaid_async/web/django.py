"""Callbacks in Django."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse  # type: ignore[import-untyped]
from django.views.decorators.csrf import csrf_exempt  # type: ignore[import-untyped]
from django.views.decorators.http import require_POST  # type: ignore[import-untyped]

from kycaid_async.callbacks.events import Event
from kycaid_async.callbacks.seen import Deduplicator
from kycaid_async.callbacks.signature import MAX_BODY, SIGNATURE_HEADER, Keys
from kycaid_async.tracebacks import border
from kycaid_async.web.receive import Handler, Receiver, Reply, in_calling_thread, is_async

_HEADER = "HTTP_" + SIGNATURE_HEADER.replace("-", "_").upper()


def callback_view(
    handler: Handler,
    keys: Keys,
    *,
    deduplicator: Deduplicator | None = None,
    max_body: int = MAX_BODY,
) -> Callable[..., Any]:
    """Return a view for ``path("kycaid", …)`` that calls ``handler`` with each event; see `kycaid_async.web`.

    A coroutine function gives an async view. A function gives a sync view and runs in the thread of the request, so
    that the ORM and ``ATOMIC_REQUESTS`` work as in any view. The view is exempt from CSRF protection: the signature
    stands in for it. For work that takes long, hand the event to your task queue, with ``transaction.on_commit``.
    Raises `ConfigurationError` without a usable key.
    """
    with border:
        receiver = Receiver(handler, keys, in_calling_thread, deduplicator, max_body)

    def opened(request: HttpRequest) -> Event | Reply:
        return receiver.open(_read(request, receiver.enough), request.META.get(_HEADER))

    async def receive_async(request: HttpRequest) -> HttpResponse:
        return _response(await receiver.handle(opened(request)))

    def receive(request: HttpRequest) -> HttpResponse:
        return _response(async_to_sync(receiver.handle)(opened(request)))

    view: Callable[..., Any] = csrf_exempt(require_POST(receive_async if is_async(handler) else receive))
    return view


def _read(request: HttpRequest, enough: int) -> bytes:
    """Return the body, or its first bytes when there are more than ``enough``. ``request.body`` has another limit."""
    body = b""
    while len(body) < enough and (chunk := request.read(enough - len(body))):
        body += chunk
    return body


def _response(reply: Reply) -> HttpResponse:
    return HttpResponse(reply.body, status=reply.status, content_type="application/json")
