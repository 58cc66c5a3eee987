"""Callbacks in Flask."""

from kycaid_async.extras import missing

try:
    import asgiref.sync  # noqa: F401 - Flask needs it for async handlers, and imports it only then
    from flask import Blueprint, Response, current_app, request
    from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
except ImportError as error:
    raise missing("flask", error) from error

from kycaid_async.callbacks.deduplication import Deduplicator
from kycaid_async.callbacks.events import Event
from kycaid_async.callbacks.signature import MAX_BODY, Keys
from kycaid_async.tracebacks import border
from kycaid_async.web.receive import NO_LENGTH, TOO_LARGE, Handler, Receiver, Reply, in_calling_thread, is_chunked


def callback_blueprint(
    handler: Handler,
    keys: Keys,
    *,
    path: str = "/kycaid",
    name: str = "kycaid",
    deduplicator: Deduplicator | None = None,
    max_body: int = MAX_BODY,
) -> Blueprint:
    """Return a blueprint for ``app.register_blueprint`` that calls ``handler`` with each event; see `kycaid_async.web`.

    A function runs in the thread of the request, in the context of the app; a coroutine function runs as in an async
    view of Flask. For work that takes long, hand the event to your task queue. ``name`` tells several blueprints of one
    app apart. Raises `ConfigurationError` without a usable key.
    """
    with border:
        receiver = Receiver(handler, keys, in_calling_thread, deduplicator, max_body)
    blueprint = Blueprint(name, __name__)

    @blueprint.post(path)
    def receive() -> Response:
        reply: Reply = current_app.ensure_sync(receiver.handle)(_opened(receiver, max_body))
        return Response(reply.body, status=reply.status, mimetype="application/json")

    return blueprint


def _opened(receiver: Receiver, max_body: int) -> Event | Reply:
    header = request.headers.get
    if not header("Content-Length") and is_chunked(header) and not request.environ.get("wsgi.input_terminated"):
        return NO_LENGTH  # Flask takes it for an empty body
    limit = max_body if request.max_content_length is None else min(request.max_content_length, max_body)
    request.max_content_length = limit + 1  # one more, because what came in chunks is cut there without a word
    try:
        body = request.get_data()
    except RequestEntityTooLarge:
        return TOO_LARGE
    except ClientDisconnected:
        body = b""  # cut off, or read before
    return TOO_LARGE if len(body) > limit else receiver.open(body, header)
