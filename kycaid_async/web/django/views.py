"""Callbacks as a view of Django, and errors as problems."""

from collections.abc import Callable
from typing import Any

from kycaid_async.extras import missing

try:
    from asgiref.sync import async_to_sync, iscoroutinefunction, markcoroutinefunction
    from django.http import HttpRequest, HttpResponse, UnreadablePostError
    from django.views.decorators.csrf import csrf_exempt
    from django.views.decorators.http import require_POST
except ImportError as error:
    raise missing("django", error) from error

from kycaid_async.callbacks.deduplication import Deduplicator
from kycaid_async.callbacks.events import Event
from kycaid_async.callbacks.signature import MAX_BODY, Keys
from kycaid_async.errors import KycaidError
from kycaid_async.tracebacks import border
from kycaid_async.web.problem import MEDIA_TYPE, problem_of
from kycaid_async.web.receive import (
    NO_LENGTH,
    Handler,
    Receiver,
    Reply,
    in_calling_thread,
    is_async,
    is_chunked,
    is_withheld,
)


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

    def opened(request: Any) -> Event | Reply:
        body = _read(request, receiver.read_limit)
        withheld = "wsgi.input" in request.META and is_withheld(request.headers.get, request.META)
        return NO_LENGTH if body is None else receiver.open(body, request.headers.get, withheld=withheld)

    async def receive_async(request: HttpRequest) -> HttpResponse:
        return _response(await receiver.handle(opened(request)))

    def receive(request: HttpRequest) -> HttpResponse:
        return _response(async_to_sync(receiver.handle)(opened(request)))

    view: Callable[..., Any] = csrf_exempt(require_POST(receive_async if is_async(handler) else receive))
    return view


def _read(request: Any, limit: int) -> bytes | None:
    """Return the body, or its first bytes when there are more than ``limit``; None when the server withholds it.

    ``request.body`` has another limit. It is left for middlewares that read it after the view.
    """
    already_read: bytes = getattr(request, "_body", b"")
    if already_read:
        return already_read
    stream = request
    if "wsgi.input" in request.META and not request.META.get("CONTENT_LENGTH"):
        if request.META.get("wsgi.input_terminated"):
            stream = request.META["wsgi.input"]  # Django takes a body without a length for an empty one
        elif is_chunked(request.headers.get):
            return None
    body = _bytes_of(stream, limit)
    if len(body) < limit:
        request._body = body  # noqa: SLF001 - kept for middlewares that read `request.body` after the view
    return body


def _bytes_of(stream: Any, limit: int) -> bytes:
    body = bytearray()
    try:
        while len(body) < limit and (chunk := stream.read(limit - len(body))):
            body += chunk
    except (UnreadablePostError, OSError):
        pass  # cut off: the receiver notices by its length
    return bytes(body)


def _response(reply: Reply) -> HttpResponse:
    return HttpResponse(reply.body, status=reply.status, content_type="application/json")


class KycaidProblems:
    """Answer with `problem_of` an error of KYCAID that a view raised: a middleware, for ``MIDDLEWARE``."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[..., Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_exception(self, _request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the answer to an error of KYCAID, and None to any other."""
        if not isinstance(error, KycaidError):
            return None
        problem = problem_of(error)
        return HttpResponse(problem.body, status=problem.status, headers=problem.headers, content_type=MEDIA_TYPE)
