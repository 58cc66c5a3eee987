"""The web application: a route per declared endpoint, the same door and the same form of answers for all."""

import hmac
import logging
import traceback
from contextlib import nullcontext
from functools import partial
from typing import Any, Final

import attrs
from aiohttp import web

from kycaid_async.api import documents, forms, verifications
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.sandbox.control import Control
from kycaid_async.sandbox.events.effects import Effects
from kycaid_async.sandbox.events.waits import Waits
from kycaid_async.sandbox.faults import Faults
from kycaid_async.sandbox.faults.middleware import with_faults
from kycaid_async.sandbox.faults.routes import fault_routes
from kycaid_async.sandbox.handlers.catalog import paired
from kycaid_async.sandbox.handlers.context import Answer, Call, Handler
from kycaid_async.sandbox.handlers.strict import require_proven
from kycaid_async.sandbox.http import health
from kycaid_async.sandbox.http import signed_urls as links
from kycaid_async.sandbox.http.key import SANDBOX_KEY
from kycaid_async.sandbox.http.middleware import watched
from kycaid_async.sandbox.http.refusals import Refused, bad_request, internal, invalid, not_found, unauthorized
from kycaid_async.sandbox.http.responses import Serve, json_answer, refusal
from kycaid_async.sandbox.http.signed_urls import Links
from kycaid_async.sandbox.http.throttle import KeyThrottle
from kycaid_async.sandbox.http.uploads import received
from kycaid_async.sandbox.http.validation import checked, read_fields, read_object
from kycaid_async.sandbox.pages.context import House
from kycaid_async.sandbox.pages.responses import download
from kycaid_async.sandbox.pages.routes import add_pages
from kycaid_async.sandbox.review.background import Aftermath
from kycaid_async.sandbox.review.reviewer import Reviewer
from kycaid_async.sandbox.rules.outcome import HEADER, Outcome
from kycaid_async.sandbox.state import State
from kycaid_async.sandbox.storage import verifications as runs

logger = logging.getLogger("kycaid_async.sandbox")

_MAX_JSON: Final = 1 << 17
"""Far more than any request has that is no upload. Reading and checking it must not hold the others up."""
_TOO_LARGE: Final = 413
_FORM: Final = "application/x-www-form-urlencoded"
_BODY_IS_OPTIONAL: Final = frozenset({"forms.create_url"})


@attrs.frozen
class Application:
    """Serves the operations of one sandbox."""

    state: State
    reviewer: Reviewer
    aftermath: Aftermath
    control: Control
    links: Links
    faults: Faults
    waits: Waits
    max_file_size: int
    api_key: str = attrs.field(repr=False)
    _throttle: KeyThrottle = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Count guesses from none."""
        object.__setattr__(self, "_throttle", KeyThrottle(self.api_key, self.waits.wait, self.state.clock))

    def build(self) -> web.Application:
        """Return the aiohttp application. Raises `ConfigurationError` when an endpoint has no handler."""
        app = web.Application(client_max_size=_MAX_JSON)
        app.on_shutdown.append(self.waits.end)
        elsewhere = watched(self.state.feed, "unknown", _refusing("unknown", self._behind_door(_nowhere)))
        for endpoint, handler in paired(ENDPOINTS.values()):
            app.router.add_route(endpoint.method, endpoint.path, self._answering(endpoint, handler))
        # Whoever has the URL of a file needs no key, so this route stands outside the door.
        app.router.add_route("GET", links.PATH, _refusing("storage.get", self._send_file))
        # A person's browser has no key either.
        add_pages(app, self._house(), elsewhere)
        app.router.add_route("GET", health.PATH, _refusing("sandbox.health", health.health))
        for method, path, serve in fault_routes(self.faults):
            app.router.add_route(method, path, _refusing("sandbox.faults", self._behind_door(serve)))
        # Known paths with another verb end up here too: the real server answers 404 to them.
        app.router.add_route("*", "/{path:.*}", elsewhere)
        return app

    def _house(self) -> House:
        return House(
            state=self.state,
            aftermath=self.aftermath,
            control=self.control,
            links=self.links,
            faults=self.faults,
            max_file_size=self.max_file_size,
            api_key=self.api_key,
            throttle=self._throttle,
            is_open=self.api_key == SANDBOX_KEY,
        )

    def _answering(self, endpoint: Endpoint[Any], handler: Handler) -> Serve:
        async def serve(request: web.Request) -> web.StreamResponse:
            return json_answer(200, await self._perform(endpoint, handler, request))

        refusing = _refusing(endpoint.name, self._behind_door(serve))
        faulty = with_faults(self.faults, self.waits.wait, endpoint.name, refusing)
        return watched(self.state.feed, endpoint.name, faulty)

    def _behind_door(self, serve: Serve) -> Serve:
        async def guarded(request: web.Request) -> web.StreamResponse:
            given = (request.headers.get("Authorization", ""), request.headers.get("API-Key", ""))
            # Both are compared always, so that the time says nothing.
            has_token, has_key = _same(given[0], f"Token {self.api_key}"), _same(given[1], self.api_key)
            is_right = has_token or (has_key and not self.state.settings.strict)
            if not any(given) or not await self._throttle.judge(request.remote, "\n".join(given), is_right=is_right):
                raise unauthorized()
            return await serve(request)

        return guarded

    async def _perform(self, endpoint: Endpoint[Any], handler: Handler, request: web.Request) -> Answer:
        ids = dict(request.match_info)
        body = await _body(endpoint, request, strict=self.state.settings.strict)
        if self.state.settings.strict:
            require_proven(endpoint, body)
        outcome = _outcome(endpoint, request)
        await self._catch_up(endpoint, [*ids.values(), body.get("applicant_id", "")])
        query = {name: request.query[name] for name in endpoint.query if name in request.query}
        folder = self.state.folder
        arriving = received(request, folder=folder, limit=self.max_file_size) if endpoint.uploads else nullcontext()
        async with arriving as upload:
            effects, moment = Effects(), self.state.clock()
            call = partial(Call, ids=ids, body=body, query=query, upload=upload, moment=moment, effects=effects)
            follow = partial(self.state.run, then=lambda _: self.aftermath.carry_out(effects))
            done = self.state.look if endpoint.method == "GET" else follow
            return await done(
                lambda rows: handler(call(rows=rows, state=self.state, links=self.links, outcome=outcome))
            )

    async def _catch_up(self, endpoint: Endpoint[Any], ids: list[str]) -> None:
        """Do what is due of the things that an operation reads, so that it finds them as they should be by now."""
        reads = endpoint.method == "GET"
        if not (reads or endpoint.name.startswith("verifications.")) or await self.state.look(runs.all_is_settled):
            return
        if reads:
            await self.reviewer.settle(ids)
        await self.aftermath.settle(None if endpoint == verifications.REPORT else ids)

    async def _send_file(self, request: web.Request) -> web.StreamResponse:
        file_id = request.match_info["file_id"]
        if not self.links.allow(file_id, request.match_info["signature"]):
            raise not_found()
        row = await self.state.look(lambda rows: rows.find("files", file_id))
        if row is None:
            raise not_found()
        # Never as a page: the content is the client's, and so is its type.
        return web.FileResponse(self.state.folder / row["stored_as"], headers=download())


async def _body(endpoint: Endpoint[Any], request: web.Request, *, strict: bool) -> dict[str, Any]:
    if endpoint.uploads or endpoint.method in ("GET", "DELETE"):
        return {}
    raw = await request.read()
    is_form = request.content_type == _FORM and not strict and not raw.lstrip().startswith(b"{")
    read = read_fields if is_form else read_object
    body = {} if not raw and endpoint.name in _BODY_IS_OPTIONAL else read(raw)
    if endpoint == forms.CREATE_URL and body.get("applicant_id", "") is None:
        # Observed: the vendor's own kit for apps sends it.
        del body["applicant_id"]
    if endpoint == forms.CREATE_URL and not strict and type(body.get("external_applicant_id")) is int:
        # Observed: one web client sends its own id as a number.
        body["external_applicant_id"] = str(body["external_applicant_id"])
    return checked(endpoint, body) if endpoint.accepts else body


def _outcome(endpoint: Endpoint[Any], request: web.Request) -> Outcome | None:
    """Return the outcome that a request asks for. Refuses one that there is not with 422."""
    text = request.headers.get(HEADER)
    if text is None or endpoint not in (documents.CREATE, verifications.CREATE):
        return None
    try:
        return Outcome.parse(text)
    except ValueError as error:
        raise invalid((HEADER, str(error))) from None


async def _nowhere(_request: web.Request) -> web.StreamResponse:
    raise not_found()


def _refusing(operation: str, serve: Serve) -> Serve:
    """Turn whatever goes wrong into an answer of the API's form, and log what was done; never whose data it was."""

    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            response = await serve(request)
        except Refused as refused:
            response = refusal(refused)
        except ConnectionError:
            # Nobody is left to read it.
            response = refusal(bad_request())
        except web.HTTPRequestEntityTooLarge:
            response = json_answer(_TOO_LARGE, bad_request().body)
        except Exception as error:  # noqa: BLE001 - a server answers also when it is broken
            _log_fault(operation, error)
            response = refusal(internal())
        logger.info("%s %d", operation, response.status)
        return response

    return answered


def _log_fault(operation: str, error: Exception) -> None:
    # The text of an exception may hold personal data; where it was raised does not.
    place = traceback.extract_tb(error.__traceback__)[-1]
    logger.error("%s failed: %s at %s:%s", operation, type(error).__name__, place.filename, place.lineno)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="surrogateescape"), expected.encode())
