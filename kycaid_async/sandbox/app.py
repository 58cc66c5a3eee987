"""The web application: a route per declared endpoint, the same door and the same form of answers for all."""

import hmac
import logging
import traceback
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Any, Final

import attrs
from aiohttp import web

from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.sandbox import links
from kycaid_async.sandbox.call import Call, Handler
from kycaid_async.sandbox.checks import checked, read_object
from kycaid_async.sandbox.handlers.catalog import paired
from kycaid_async.sandbox.links import Links
from kycaid_async.sandbox.refusals import Refused, bad_request, internal, not_found, unauthorized
from kycaid_async.sandbox.review.reviewer import Reviewer
from kycaid_async.sandbox.state import State
from kycaid_async.sandbox.uploads import received
from kycaid_async.values.json import dumps

logger = logging.getLogger("kycaid_async.sandbox")

Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]
_MAX_JSON: Final = 1 << 20
_TOO_LARGE: Final = 413


@attrs.frozen
class Application:
    """Serves the operations of one sandbox."""

    state: State
    reviewer: Reviewer
    links: Links
    max_file_size: int
    api_key: str = attrs.field(repr=False)

    def build(self) -> web.Application:
        """Return the aiohttp application. Raises `ConfigurationError` when an endpoint has no handler."""
        app = web.Application(client_max_size=_MAX_JSON)
        for endpoint, handler in paired(ENDPOINTS.values()):
            app.router.add_route(endpoint.method, endpoint.path, self._answering(endpoint, handler))
        # Whoever has the URL of a file needs no key, so this route stands outside the door.
        app.router.add_route("GET", links.PATH, _refusing("storage.get", self._send_file))
        # Known paths with another verb end up here too: the real server answers 404 to them.
        app.router.add_route("*", "/{path:.*}", _refusing("unknown", self._behind_door(_nowhere)))
        return app

    def _answering(self, endpoint: Endpoint[Any], handler: Handler) -> Serve:
        async def serve(request: web.Request) -> web.StreamResponse:
            return _json(200, await self._perform(endpoint, handler, request))

        return _refusing(endpoint.name, self._behind_door(serve))

    def _behind_door(self, serve: Serve) -> Serve:
        async def guarded(request: web.Request) -> web.StreamResponse:
            given = (request.headers.get("Authorization", ""), request.headers.get("API-Key", ""))
            # Both are compared always, so that the time says nothing.
            if not (_same(given[0], f"Token {self.api_key}") | _same(given[1], self.api_key)):
                raise unauthorized()
            return await serve(request)

        return guarded

    async def _perform(self, endpoint: Endpoint[Any], handler: Handler, request: web.Request) -> dict[str, Any]:
        ids = dict(request.match_info)
        body = checked(endpoint, read_object(await request.read())) if endpoint.accepts else {}
        if endpoint.method == "GET":
            await self.reviewer.settle(ids.values())
        folder = self.state.folder
        arriving = received(request, folder=folder, limit=self.max_file_size) if endpoint.uploads else nullcontext()
        async with arriving as upload:
            moment = self.state.clock()
            return await self.state.run(
                lambda rows: handler(
                    Call(rows=rows, ids=ids, body=body, upload=upload, folder=folder, moment=moment, links=self.links)
                )
            )

    async def _send_file(self, request: web.Request) -> web.StreamResponse:
        file_id = request.match_info["file_id"]
        if not self.links.allow(file_id, request.match_info["signature"]):
            raise not_found()
        row = await self.state.run(lambda rows: rows.find("files", file_id))
        if row is None:
            raise not_found()
        # Never as a page: the content is the client's, and so is its type.
        headers = {"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff"}
        return web.FileResponse(self.state.folder / row["stored_as"], headers=headers)


async def _nowhere(_request: web.Request) -> web.StreamResponse:
    raise not_found()


def _refusing(operation: str, serve: Serve) -> Serve:
    """Turn whatever goes wrong into an answer of the API's form, and log what was done; never whose data it was."""

    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            response = await serve(request)
        except Refused as refused:
            response = _json(refused.status, refused.body)
        except ConnectionError:
            # Nobody is left to read it.
            response = _json(400, bad_request().body)
        except web.HTTPRequestEntityTooLarge:
            response = _json(_TOO_LARGE, bad_request().body)
        except Exception as error:  # noqa: BLE001 - a server answers also when it is broken
            _log_fault(operation, error)
            response = _json(500, internal().body)
        logger.info("%s %d", operation, response.status)
        return response

    return answered


def _log_fault(operation: str, error: Exception) -> None:
    # The text of an exception may hold personal data; where it was raised does not.
    place = traceback.extract_tb(error.__traceback__)[-1]
    logger.error("%s failed: %s at %s:%s", operation, type(error).__name__, place.filename, place.lineno)


def _json(status: int, body: dict[str, Any]) -> web.Response:
    return web.Response(status=status, body=dumps(body), content_type="application/json", charset="utf-8")


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="surrogateescape"), expected.encode())
