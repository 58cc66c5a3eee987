"""Callbacks in Flask."""

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from kycaid_async.callbacks.events import Event
from kycaid_async.callbacks.seen import Deduplicator
from kycaid_async.callbacks.signature import MAX_BODY, SIGNATURE_HEADER, Keys
from kycaid_async.tracebacks import border
from kycaid_async.web.receive import TOO_LARGE, Handler, Receiver, Reply, in_calling_thread


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
    limit = request.max_content_length
    request.max_content_length = max_body if limit is None else min(limit, max_body)
    try:
        body = request.get_data()
    except RequestEntityTooLarge:
        return TOO_LARGE
    return receiver.open(body, request.headers.get(SIGNATURE_HEADER))
