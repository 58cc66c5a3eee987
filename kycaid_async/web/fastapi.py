"""FastAPI: one client per application, callbacks as a dependency, and errors as problems.

::

    app = FastAPI(lifespan=kycaid_lifespan, exception_handlers={KycaidError: kycaid_problem})
    callbacks = CallbackRouter(API_KEY, deduplicator=Deduplicator(store))


    @callbacks.post("/kycaid")
    async def receive(event: Annotated[Event, Depends(kycaid_event)], db: Annotated[Session, Depends(session)]): ...


    @app.get("/applicants/{applicant_id}")
    async def show(applicant_id: str, kycaid: Annotated[AsyncKycaid, Depends(kycaid_client)]): ...


    app.include_router(callbacks)
"""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

from kycaid_async.extras import missing

try:
    from fastapi import APIRouter, FastAPI
    from fastapi.routing import APIRoute
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import Response
except ImportError as error:
    raise missing("fastapi", error) from error

from kycaid_async.callbacks.deduplication import Deduplicator
from kycaid_async.callbacks.events import Event
from kycaid_async.callbacks.signature import BYTES, MAX_BODY, Keys, keys_of
from kycaid_async.client import AsyncKycaid
from kycaid_async.errors import ConfigurationError, KycaidError
from kycaid_async.tracebacks import border, bordered
from kycaid_async.web.lazy_client import client_of
from kycaid_async.web.problem import MEDIA_TYPE, problem_of
from kycaid_async.web.receive import DEDUPLICATOR, Receiver
from kycaid_async.web.starlette import read_body

_REFUSED: Final = 400
"""From this status on an answer says that the event was not handled."""


@asynccontextmanager
async def kycaid_lifespan(app: FastAPI, client: AsyncKycaid | None = None) -> AsyncIterator[None]:
    """Give ``app`` a client as long as it runs, for `kycaid_client`, and close it at the end.

    Use it as ``FastAPI(lifespan=kycaid_lifespan)``, which makes an ``AsyncKycaid()`` with the settings of the
    environment, or in a lifespan of your own: ``async with kycaid_lifespan(app, AsyncKycaid(timeout=10)): yield``.
    Raises `ConfigurationError`.
    """
    async with client_of(client) as app.state.kycaid:
        yield


@bordered
def kycaid_client(request: Request) -> AsyncKycaid:
    """Return the client of the application: a dependency. Raises `ConfigurationError` without `kycaid_lifespan`."""
    client = getattr(request.app.state, "kycaid", None)
    if not isinstance(client, AsyncKycaid):
        raise ConfigurationError(
            "this application has no client: make it with FastAPI(lifespan=kycaid_lifespan). An application that is "
            "mounted in another needs one of its own, because its lifespan does not run"
        )
    return client


@bordered
def kycaid_event(request: Request) -> Event:
    """Return the event of a callback: a dependency. Raises `ConfigurationError` outside of a `CallbackRouter`."""
    event = getattr(request.state, "kycaid_event", None)
    if not isinstance(event, Event):
        raise ConfigurationError("kycaid_event is for the routes of a CallbackRouter, which verifies the signature")
    return event


async def kycaid_problem(_request: Request, error: Exception) -> Response:
    """Answer with `problem_of` an error: for ``exception_handlers={KycaidError: kycaid_problem}``."""
    problem = problem_of(error if isinstance(error, KycaidError) else KycaidError())
    return Response(problem.body, problem.status, problem.headers, media_type=MEDIA_TYPE)


class CallbackRouter(APIRouter):
    """A router of callbacks: its routes are called with events whose signature is right; see `kycaid_async.web`.

    A handler gets the event with ``Depends(kycaid_event)`` beside dependencies of its own. Its event counts as seen
    once it answered with less than 400; commit before that, because a dependency goes on after ``yield`` only later.
    What it returns is the answer, and KYCAID sends the callback again unless it is 200. ``options`` are those of
    ``APIRouter``. Raises `ConfigurationError` for options that cannot be, such as no usable key.
    """

    def __init__(
        self, keys: Keys, *, deduplicator: Deduplicator | None = None, max_body: int = MAX_BODY, **options: Any
    ) -> None:
        with border:
            keys = keys_of(keys)
            DEDUPLICATOR.check("deduplicator", deduplicator)
            BYTES.check("max_body", max_body)

        class CallbackRoute(APIRoute):
            def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
                return _receiving(super().get_route_handler(), keys, deduplicator, max_body)

        super().__init__(route_class=CallbackRoute, **options)


def _receiving(
    endpoint: Callable[[Request], Coroutine[Any, Any, Response]],
    keys: Keys,
    deduplicator: Deduplicator | None,
    max_body: int,
) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """Return a handler of requests that verifies them, and calls ``endpoint`` once for each event."""

    async def receive(request: Request) -> Response:
        async def call(event: Event) -> Response:
            request.state.kycaid_event = event
            response = await endpoint(request)
            if response.status_code >= _REFUSED:
                raise _RefusedError(response)
            return response

        receiver = Receiver(call, keys, run_in_threadpool, deduplicator, max_body)
        body = await read_body(request, receiver.read_limit)
        request._body = body  # noqa: SLF001 - kept for the handler, and for middlewares that read it later
        try:
            reply = await receiver.handle(receiver.open(body, request.headers.get))
        except _RefusedError as refused:
            return refused.response
        if isinstance(reply.result, Response):
            return reply.result
        return Response(reply.body, reply.status, media_type="application/json")

    return receive


class _RefusedError(Exception):
    """The handler answered that it did not handle the event, so that it does not count as seen."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response
