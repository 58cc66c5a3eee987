"""The web application: a route per declared endpoint, with the same authentication and error format for all."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import attrs
from aiohttp import web

from kycaid_async.api import documents, files, forms, verifications
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.api.documents.fields import DocumentType
from kycaid_async.masking import ValueObject
from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.sandbox.control import Control
from kycaid_async.sandbox.events.feed import Effects
from kycaid_async.sandbox.events.tasks import Waits
from kycaid_async.sandbox.faults import Faults
from kycaid_async.sandbox.faults.http import FaultInjector, fault_routes
from kycaid_async.sandbox.handlers import forms as form_handlers
from kycaid_async.sandbox.handlers.catalog import paired
from kycaid_async.sandbox.handlers.context import Answer, Handler, NewContext, RequestContext
from kycaid_async.sandbox.handlers.strict import require_proven
from kycaid_async.sandbox.http.access import FILE_PATH, KeyThrottle, SignedUrls
from kycaid_async.sandbox.http.listening import SANDBOX_KEY
from kycaid_async.sandbox.http.middleware import (
    KeyAuthentication,
    RequestPublisher,
    add_route,
    answer_refusals,
    chained,
    note_subject,
    notes_of,
)
from kycaid_async.sandbox.http.refusals import HEALTH_PATH, health, invalid, json_response, not_found
from kycaid_async.sandbox.http.uploads import received
from kycaid_async.sandbox.http.validation import read_fields, read_object, validated
from kycaid_async.sandbox.pages.context import PageContext
from kycaid_async.sandbox.pages.responses import download
from kycaid_async.sandbox.pages.routes import add_pages, redirect_browsers
from kycaid_async.sandbox.review.background import BackgroundWork
from kycaid_async.sandbox.review.reviewer import Reviewer
from kycaid_async.sandbox.rules.verdict import HEADER, ReviewOutcome
from kycaid_async.sandbox.state import SandboxState
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork

_MAX_JSON: Final = 1 << 17
"""Far more than any request has that is no upload. Reading and checking it must not hold the others up."""
_FORM: Final = "application/x-www-form-urlencoded"
_WHITE_LABEL: Final = ("OTHER", "SELFIE", "VISA")
"""Types of documents that a server under another name was seen to take."""
_BODY_IS_OPTIONAL: Final = frozenset({"forms.create_url"})
_Handled = tuple[Answer, Effects]
_Handle = Callable[[UnitOfWork], _Handled]
_Transact = Callable[[_Handle, Callable[[_Handled], None]], Awaitable[_Handled]]


@attrs.frozen(eq=False, repr=False)
class Application(ValueObject):
    """Serves the operations of one sandbox."""

    state: SandboxState
    reviewer: Reviewer
    background: BackgroundWork
    control: Control
    urls: SignedUrls
    faults: Faults
    waits: Waits
    max_file_size: int
    api_key: str = attrs.field(repr=False)

    def build(self) -> web.Application:
        """Return the aiohttp application. Raises `ConfigurationError` when an endpoint has no handler."""
        app = web.Application(client_max_size=_MAX_JSON)
        app.on_shutdown.append(self.waits.end)
        throttle = KeyThrottle(self.api_key, self.waits.wait, self.state.clock)
        authentication = KeyAuthentication(self.api_key, throttle, self.state.settings.strict)
        publisher = RequestPublisher(self.state.feed, self.state.clock)
        authorised = (answer_refusals, authentication.require_key)
        inject_faults = FaultInjector(self.faults, self.waits.wait).inject
        for endpoint, handler in paired(ENDPOINTS.values()):
            perform = partial(self._serve, endpoint, handler)
            chain = (publisher.publish, inject_faults, *authorised)
            add_route(app, endpoint.method, endpoint.path, perform, endpoint.name, *chain)
        # Whoever has the URL of a file needs no key.
        add_route(app, "GET", FILE_PATH, self._send_file, "storage.get", answer_refusals)
        # A person's browser has no key either.
        describe = chained(self._describe_form, publisher.publish, *authorised)
        add_pages(app, self._page_context(throttle), publisher, describe)
        add_route(app, "GET", HEALTH_PATH, health, "sandbox.health", answer_refusals)
        for method, path, serve, name in fault_routes(self.faults):
            add_route(app, method, path, serve, name, *authorised)
        add_route(app, "GET", "/", _nowhere, None, redirect_browsers, publisher.publish, *authorised)
        # Known paths with another verb end up here too: the real server answers 404 to them.
        add_route(app, "*", "/{path:.*}", _nowhere, None, publisher.publish, *authorised)
        return app

    def _page_context(self, throttle: KeyThrottle) -> PageContext:
        return PageContext(
            state=self.state,
            background=self.background,
            control=self.control,
            urls=self.urls,
            faults=self.faults,
            max_file_size=self.max_file_size,
            api_key=self.api_key,
            throttle=throttle,
            is_open=self.api_key == SANDBOX_KEY,
        )

    async def _serve(self, endpoint: Endpoint[Any], handler: Handler, request: web.Request) -> web.StreamResponse:
        return json_response(200, await self._perform(endpoint, handler, request))

    async def _perform(self, endpoint: Endpoint[Any], handler: Handler, request: web.Request) -> Answer:
        ids = dict(request.match_info)
        body = await _body(endpoint, request, strict=self.state.settings.strict)
        answer: Answer | None = None
        try:
            answer = await self._answer(endpoint, handler, request, ids, body)
            return answer
        finally:
            note_subject(request, answer, ids, body)

    async def _answer(
        self,
        endpoint: Endpoint[Any],
        handler: Handler,
        request: web.Request,
        ids: dict[str, str],
        body: dict[str, Any],
    ) -> Answer:
        if self.state.settings.strict:
            require_proven(endpoint, body)
        query = {name: request.query[name] for name in endpoint.query if name in request.query}
        outcome = _outcome(endpoint, request)
        context = partial(
            RequestContext,
            ids=ids,
            body=body,
            query=query,
            upload=None,
            state=self.state,
            urls=self.urls,
            outcome=outcome,
        )
        about = [*ids.values(), body.get("applicant_id", "")]
        if endpoint.method == "GET":
            return await self._read(endpoint, self._handling(handler, context), about)
        if endpoint.uploads:
            async with received(request, folder=self.state.folder, limit=self.max_file_size) as upload:
                return await self._change(self.state.run, self._handling(handler, partial(context, upload=upload)))
        if endpoint.name.startswith("verifications.") and not await self.state.look(_is_all_reviewed):
            await self.background.finish_due(about)
        # To remove a file from the folder may take its time.
        transact = self.state.run if endpoint == files.DELETE else self.state.change
        return await self._change(transact, self._handling(handler, context))

    async def _read(self, endpoint: Endpoint[Any], handle: _Handle, about: list[str]) -> Answer:
        """Answer without a change, after the reviews that are due."""
        # Mostly nothing is due: then one transaction does.
        handled = await self.state.look(lambda unit: handle(unit) if _is_all_reviewed(unit) else None)
        if handled is None:
            await self.reviewer.review_due(about)
            await self.background.finish_due(None if endpoint == verifications.REPORT else about)
            handled = await self.state.look(handle)
        return handled[0]

    async def _change(self, transact: _Transact, handle: _Handle) -> Answer:
        answer, _ = await transact(handle, lambda handled: self.background.carry_out(handled[1]))
        return answer

    def _handling(self, handler: Handler, context: NewContext) -> _Handle:
        """Return what does an operation inside a transaction. What was rolled back can be done again."""

        def handle(unit: UnitOfWork) -> _Handled:
            effects = Effects()
            return handler(context(unit=unit, moment=self.state.clock(), effects=effects)), effects

        return handle

    async def _describe_form(self, request: web.Request) -> web.StreamResponse:
        """Answer for a form. It is no operation of the reference: one integrator asked for it."""
        notes_of(request).operation = "forms.get"
        context = partial(
            RequestContext,
            ids={"form_id": request.match_info["token"]},
            body={},
            upload=None,
            state=self.state,
            moment=self.state.clock(),
            urls=self.urls,
        )
        return json_response(200, await self.state.look(lambda unit: form_handlers.get(context(unit=unit))))

    async def _send_file(self, request: web.Request) -> web.StreamResponse:
        file_id = request.match_info["file_id"]
        if not self.urls.is_valid(file_id, request.match_info["signature"]):
            raise not_found()
        row = await self.state.look(lambda unit: unit.files.find(file_id))
        if row is None:
            raise not_found()
        # Never as a page: the content is the client's, and so is its type.
        return web.FileResponse(self.state.folder / row["stored_as"], headers=download())


def _is_all_reviewed(unit: UnitOfWork) -> bool:
    return unit.verifications.is_all_reviewed()


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
    if not endpoint.accepts:
        return body
    return validated(endpoint, body) if strict else _validated_leniently(endpoint, body)


def _validated_leniently(endpoint: Endpoint[Any], body: dict[str, Any]) -> dict[str, Any]:
    """Return the known fields of a body, with what only some clients send as the reference has it."""
    if type(body.get("external_applicant_id")) is int:
        # Observed of form URLs: one web client sends its own id as a number.
        body["external_applicant_id"] = str(body["external_applicant_id"])
    if endpoint in (documents.CREATE, documents.UPDATE) and body.get("type") in _WHITE_LABEL:
        # Any type of the reference has the same fields.
        return validated(endpoint, body | {"type": DocumentType.PASSPORT.value}) | {"type": body["type"]}
    return validated(endpoint, body)


def _outcome(endpoint: Endpoint[Any], request: web.Request) -> ReviewOutcome | None:
    """Return the outcome that a request asks for. Refuses one that there is not with 422."""
    text = request.headers.get(HEADER)
    if text is None or endpoint not in (documents.CREATE, verifications.CREATE):
        return None
    try:
        return ReviewOutcome.parse(text)
    except ValueError as error:
        raise invalid((HEADER, str(error))) from None


async def _nowhere(_request: web.Request) -> web.StreamResponse:
    raise not_found()
