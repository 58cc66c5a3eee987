"""Flask: callbacks as a blueprint, one client per application, and errors as problems.

::

    kycaid = KycaidExtension()


    def create_app():
        app = Flask(__name__)
        app.config["KYCAID"] = {"API_KEY": os.environ["KYCAID_API_KEY"], "TIMEOUT": 10}
        kycaid.init_app(app)
        app.register_error_handler(KycaidError, kycaid_problem)
        app.register_blueprint(callback_blueprint(handle, API_KEY, deduplicator=Deduplicator(store)))
        return app


    @bp.get("/applicants/<applicant_id>")
    def show(applicant_id):
        applicant = kycaid.client.applicants.get(applicant_id)
"""

from typing import Final

from kycaid_async.extras import missing

try:
    import asgiref.sync  # noqa: F401 - Flask needs it for async handlers, and imports it only then
    from flask import Blueprint, Flask, Response, current_app, request
    from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
except ImportError as error:
    raise missing("flask", error) from error

from kycaid_async.callbacks.deduplication import Deduplicator
from kycaid_async.callbacks.events import Event
from kycaid_async.callbacks.signature import MAX_BODY, Keys
from kycaid_async.errors import ConfigurationError, KycaidError
from kycaid_async.sync.client import Kycaid
from kycaid_async.tracebacks import border, bordered, guarded
from kycaid_async.web.lazy_client import LazyClient, check_options
from kycaid_async.web.problem import MEDIA_TYPE, problem_of
from kycaid_async.web.receive import (
    NO_LENGTH,
    PATH,
    TOO_LARGE,
    Handler,
    Receiver,
    Reply,
    in_calling_thread,
    is_chunked,
    is_withheld,
)

_NAME: Final = "kycaid"
_WHERE: Final = 'app.config["KYCAID"]'


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
        PATH.check("path", path)
        receiver = Receiver(handler, keys, in_calling_thread, deduplicator, max_body)
    blueprint = Blueprint(name, __name__)

    @blueprint.post(path)
    def receive() -> Response:
        reply: Reply = current_app.ensure_sync(receiver.handle)(_opened(receiver, max_body))
        return Response(reply.body, status=reply.status, mimetype="application/json")

    return blueprint


def _opened(receiver: Receiver, max_body: int) -> Event | Reply:
    header = request.headers.get
    withheld = is_withheld(header, request.environ)
    if withheld and is_chunked(header):
        return NO_LENGTH  # Flask takes it for an empty body
    limit = max_body if request.max_content_length is None else min(request.max_content_length, max_body)
    request.max_content_length = limit + 1  # one more, because what came in chunks is cut there without a word
    try:
        body = request.get_data()
    except RequestEntityTooLarge:
        return TOO_LARGE
    except ClientDisconnected:
        body = b""  # cut off, or read before
    return TOO_LARGE if len(body) > limit else receiver.open(body, header, withheld=withheld)


@guarded
class KycaidExtension:
    """An extension of Flask that gives each application one blocking client, made when it is first needed.

    ``KycaidExtension(app)``, or `init_app` later. The client's options are ``app.config["KYCAID"]``, a dictionary such
    as ``{"API_KEY": "…", "TIMEOUT": 10}``; what is not there comes from the environment.
    """

    def __init__(self, app: Flask | None = None) -> None:
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Prepare ``app``. Raises `ConfigurationError` for what ``app.config["KYCAID"]`` cannot be.

        The key may come later, until the client is needed.
        """
        check_options(app.config.setdefault("KYCAID", {}), _WHERE)
        app.extensions[_NAME] = LazyClient(Kycaid, lambda: app.config["KYCAID"], _WHERE)

    @property
    def client(self) -> Kycaid:
        """The client of the application whose context is active. Don't close it. Raises `ConfigurationError`."""
        lazy: LazyClient[Kycaid] | None = current_app.extensions.get(_NAME)
        if lazy is None:
            raise ConfigurationError("this application has no client: call KycaidExtension(app) or init_app(app)")
        return lazy.get()


@bordered
def kycaid_problem(error: KycaidError) -> Response:
    """Answer with `problem_of` an error: for ``app.register_error_handler(KycaidError, kycaid_problem)``."""
    problem = problem_of(error)
    return Response(problem.body, status=problem.status, headers=problem.headers, content_type=MEDIA_TYPE)
