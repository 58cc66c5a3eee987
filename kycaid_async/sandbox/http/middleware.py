"""Middlewares of the routes: the request log, refusals as answers, the API key."""

import hmac
import logging
import time
import traceback
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final, Protocol

import attrs
from aiohttp import web

from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.events.feed import EventFeed, RequestServed
from kycaid_async.sandbox.http.access import KeyThrottle
from kycaid_async.sandbox.http.refusals import (
    Refused,
    Serve,
    bad_request,
    internal,
    json_response,
    refusal_response,
    unauthorized,
)
from kycaid_async.values.fields import ID_LENGTH

logger = logging.getLogger("kycaid_async.sandbox")

_LONGEST_PATH: Final = 200
_ABOUT_KEYS: Final = ("applicant_id", "verification_id", "document_id")
_TOO_LARGE: Final = 413


@attrs.define(eq=False, repr=False)
class RequestNotes(ValueObject):
    """Notes about a request while it is served, for `RequestServed`."""

    operation: str
    """As in ``documents.create``."""
    fault: str | None = None
    fields: tuple[str, ...] = ()
    about: str | None = attrs.field(default=None, repr=False)


_NOTES: Final = web.RequestKey("notes", RequestNotes)


class Middleware(Protocol):
    """Stands between aiohttp and what serves a route."""

    async def __call__(self, request: web.Request, serve: Serve) -> web.StreamResponse: ...


def add_route(
    app: web.Application, method: str, path: str, serve: Serve, name: str | None, *middlewares: Middleware
) -> None:
    """Add a route. The first middleware is the outermost one; `notes_of` tells them the name."""
    app.router.add_route(method, path, chained(serve, *middlewares), name=name)


def chained(serve: Serve, *middlewares: Middleware) -> Serve:
    """Return what serves behind middlewares, of which the first is the outermost one."""
    for middleware in reversed(middlewares):
        serve = partial(middleware, serve=serve)
    return serve


def notes_of(request: web.Request) -> RequestNotes:
    """Return the notes of a request. Its operation is called as its route, unless somebody names it otherwise."""
    try:
        return request[_NOTES]
    except KeyError:
        notes = request[_NOTES] = RequestNotes(request.match_info.route.name or "unknown")
        return notes


def note_subject(request: web.Request, *things: object) -> None:
    """Note what a request is about: the first id in these dicts of an applicant, a verification or a document."""
    mappings = [thing for thing in things if isinstance(thing, dict)]
    for key in _ABOUT_KEYS:
        for mapping in mappings:
            subject = mapping.get(key)
            if isinstance(subject, str) and len(subject) == ID_LENGTH:
                notes_of(request).about = subject
                return


@attrs.frozen(eq=False, repr=False)
class RequestPublisher(ValueObject):
    """Publishes each served request to the event feed and remembers it; nobody's data."""

    _feed: EventFeed
    _clock: Callable[[], datetime]

    async def publish(self, request: web.Request, serve: Serve) -> web.StreamResponse:
        """Serve a request and publish it."""
        started = time.perf_counter()
        notes = notes_of(request)
        response = await serve(request)
        served = RequestServed(
            operation=notes.operation,
            status=response.status,
            milliseconds=(time.perf_counter() - started) * 1000,
            fault=notes.fault,
            method=request.method,
            path=request.path[:_LONGEST_PATH],
            fields=notes.fields,
            about=notes.about,
        )
        self._feed.requests.append((self._clock(), served))
        self._feed.publish([served])
        return response


async def answer_refusals(request: web.Request, serve: Serve) -> web.StreamResponse:
    """Turn whatever goes wrong into an answer of the API's form, and log the operation; never whose data it was."""
    try:
        response = await serve(request)
    except Refused as refused:
        notes_of(request).fields = tuple(error["parameter"] for error in refused.body["errors"])
        response = refusal_response(refused)
    except ConnectionError:
        # Nobody is left to read it.
        response = refusal_response(bad_request())
    except web.HTTPRequestEntityTooLarge:
        response = json_response(_TOO_LARGE, bad_request().body)
    except Exception as error:  # noqa: BLE001 - a server answers also when it is broken
        log_fault(notes_of(request).operation, error)
        response = refusal_response(internal())
    if logger.isEnabledFor(logging.INFO):
        logger.info("%s %d", notes_of(request).operation, response.status)
    return response


def log_fault(operation: str, error: Exception) -> None:
    """Log where an operation failed. The text of an exception may hold personal data; where it was raised does not."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    logger.error("%s failed: %s at %s:%s", operation, type(error).__name__, place.filename, place.lineno)


def _headers_of(api_key: str) -> tuple[bytes, bytes]:
    return f"Token {api_key}".encode(), api_key.encode()


@attrs.frozen(eq=False, repr=False)
class KeyAuthentication(ValueObject):
    """Lets requests in that carry the API key."""

    _api_key: str = attrs.field(repr=False)
    _throttle: KeyThrottle
    _is_strict: bool
    """Whether the key is taken from ``Authorization: Token`` only."""
    _right: tuple[bytes, bytes] = attrs.field(
        init=False,
        repr=False,
        default=attrs.Factory(lambda own: _headers_of(own._api_key), takes_self=True),  # noqa: SLF001 - it is its own
    )
    """Both headers, one of which a request must have."""

    async def require_key(self, request: web.Request, serve: Serve) -> web.StreamResponse:
        """Serve a request that carries the key. Refuses others with 401, and with 429 after many guesses."""
        token, key = request.headers.get("Authorization", ""), request.headers.get("API-Key", "")
        # Both are compared always, so that the time says nothing.
        has_token, has_key = _is_same(token, self._right[0]), _is_same(key, self._right[1])
        is_right = has_token or (has_key and not self._is_strict)
        if not (token or key) or not await self._throttle.judge(request.remote, f"{token}\n{key}", is_right=is_right):
            raise unauthorized()
        return await serve(request)


def _is_same(text: str, expected: bytes) -> bool:
    return hmac.compare_digest(text.encode(errors="surrogateescape"), expected)
