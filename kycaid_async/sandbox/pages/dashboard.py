"""The pages of the dashboard: lists with one line per thing, newest first, and a page for each applicant."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import attrs
from aiohttp import web

from kycaid_async.html import Html
from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.control import Control
from kycaid_async.sandbox.events.feed import RequestServed, Watch
from kycaid_async.sandbox.http.refusals import not_found
from kycaid_async.sandbox.pages.case_page import NO_NAME, CasePage, decision, title
from kycaid_async.sandbox.pages.context import PageContext
from kycaid_async.sandbox.pages.controls_page import controls, start
from kycaid_async.sandbox.pages.layout import HOME, Excerpt, Shell, live, rows
from kycaid_async.sandbox.pages.list_entries import applicant_entry, callback_entry, request_entry, verification_entry
from kycaid_async.sandbox.pages.login import LoginSessions
from kycaid_async.sandbox.pages.middleware import refuse
from kycaid_async.sandbox.pages.responses import PAGE, page
from kycaid_async.sandbox.storage.applicants import name_in
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork

EVENTS_PATH: Final = "/_sandbox/events"
_PAUSE: Final = 0.1
"""Seconds between two messages to one browser: it looks again after each."""
PULSE: Final = 15.0
"""Seconds without news after which it looks whether the page is still open, and its session still known."""
_NEWS: Final = b"data: news\n\n"
_COMMENT: Final = b": nothing new\n\n"
_MOST: Final = 100
"""Pages that are told at the same time: everything that happens is put down for each."""


@attrs.frozen(eq=False, repr=False)
class Live(ValueObject):
    """Tells open pages that there is news."""

    _control: Control
    _admits: Callable[[web.Request], bool]
    """Whether somebody may see what happens."""
    _watches: set[Watch] = attrs.field(factory=set)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Say that something changed, each time, until either side stops or the session ends."""
        if len(self._watches) >= _MOST:
            return refuse(503, "Too many pages are open.")
        response = web.StreamResponse(headers=PAGE | {"Content-Type": "text/event-stream"})
        await response.prepare(request)
        with self._control.watch() as watch:
            self._watches.add(watch)
            try:
                # The first message says that from here on nothing is missed.
                await response.write(b"data: ready\n\n")
                while (message := await _next(watch)) is not None and self._admits(request):
                    await response.write(message)
            except ConnectionError:
                # The page was closed.
                pass
            finally:
                self._watches.discard(watch)
        return response

    async def end(self, _app: web.Application) -> None:
        """End all streams: a sandbox that stops waits for nobody's page."""
        for watch in tuple(self._watches):
            watch.close()


async def _next(watch: Watch) -> bytes | None:
    """Return what to say next; None when the watch ended."""
    try:
        async with asyncio.timeout(PULSE):
            if await anext(watch, None) is None:
                return None
    except TimeoutError:
        return _COMMENT
    await asyncio.sleep(_PAUSE)
    watch.skip()
    return _NEWS


T = TypeVar("T")

_PER_PAGE = 50
_LONGEST_SEARCH: Final = 100
_NOT_FOUND: Final = "Nothing is found."
_MAX_DIGITS = 10
"""More digits are more rows than there are."""
_MOST_OF_ONE = 200


@attrs.frozen(eq=False, repr=False)
class Dashboard(ValueObject):
    """Shows a sandbox to a person."""

    _context: PageContext
    _sessions: LoginSessions

    async def applicants(self, request: web.Request) -> web.StreamResponse:
        """Show the applicants, or how to begin where there are none."""
        shell, search, offset = self._shell(request), _search(request), _offset(request)
        rows_ = await self._context.control.applicants(search=search, offset=offset, count=_PER_PAGE)
        total = await self._context.state.look(lambda unit: unit.applicants.count(search))
        self._context.background.review_soon([row.applicant_id for row in rows_ if row.document_status == "new"])
        excerpt = Excerpt(path=HOME, search=search, offset=offset, per_page=_PER_PAGE, total=total)
        nobody = None
        if not total and not search:
            nobody = start(shell, self._context.urls.base_url, has_own_key=not self._context.is_open)
        return _list(shell, "Applicants", excerpt, [applicant_entry(row) for row in rows_], nobody or _NOT_FOUND)

    async def verifications(self, request: web.Request) -> web.StreamResponse:
        """Show the verifications."""
        search, offset = _search(request), _offset(request)
        rows_ = await self._context.control.verifications(search=search, offset=offset, count=_PER_PAGE)
        total = await self._context.state.look(lambda unit: unit.verifications.count(search))
        path = f"{HOME}verifications"
        excerpt = Excerpt(path=path, search=search, offset=offset, per_page=_PER_PAGE, total=total)
        entries = [verification_entry(row) for row in rows_]
        return _list(self._shell(request), "Verifications", excerpt, entries, _NOT_FOUND if search else "None yet.")

    async def callbacks(self, request: web.Request) -> web.StreamResponse:
        """Show the callbacks that were sent, and what was answered."""
        shell, search = self._shell(request), _search(request)
        sent = self._context.background.dispatcher.deliveries()[::-1]
        if search:
            ids = await self._context.state.look(lambda unit: unit.applicants.ids_found(search))
            sent = [one for one in sent if one.applicant_id in ids or search.casefold() in str(one).casefold()]
        shown, excerpt = _excerpt(request, f"{HOME}callbacks", sent)
        owners = [one.applicant_id for one in shown if one.applicant_id]
        names = await self._context.state.look(lambda unit: unit.applicants.names(owners))
        entries = [callback_entry(shell, one, names) for one in shown]
        return _list(shell, "Callbacks", excerpt, entries, _NOT_FOUND if search else "None was sent yet.")

    async def requests(self, request: web.Request) -> web.StreamResponse:
        """Show the requests since the sandbox was started."""
        search = _search(request)
        served = list(self._context.state.feed.requests)[::-1]
        if search:
            ids = await self._context.state.look(lambda unit: unit.applicants.ids_found(search))
            served = [(at, one) for at, one in served if one.about in ids or _says(one, search.casefold())]
        shown, excerpt = _excerpt(request, f"{HOME}requests", served)
        owners = await self._context.state.look(lambda unit: [_applicant_of(unit, one.about) for _, one in shown])
        entries = [request_entry(at, one, owner) for (at, one), owner in zip(shown, owners, strict=True)]
        return _list(self._shell(request), "Requests", excerpt, entries, _NOT_FOUND if search else "None yet.")

    async def controls(self, request: web.Request) -> web.StreamResponse:
        """Show the balance and the faults."""
        control = self._context.control
        balance, switches = await control.balance(), await control.form_switches()
        return page(controls(self._shell(request), balance, self._context.faults.list(), switches))

    async def applicant(self, request: web.Request) -> web.StreamResponse:
        """Show an applicant."""
        return page((await self._case(request, request.match_info["id"])).markup())

    async def decide(self, request: web.Request) -> web.StreamResponse:
        """Show what is to be decided about."""
        id_ = request.match_info["id"]
        owner = await self._context.state.look(lambda unit: _owner_of(unit, id_))
        case = await self._case(request, owner)
        document = next((row for row in case.documents if row.document_id == id_), None)
        kind = title(document.type) if document else "Verification"
        heading = (
            case.title_of(document) if document else f"Verification of {name_in(case.applicant['body']) or NO_NAME}"
        )
        return page(decision(case.shell, id_, kind, heading, owner, case.seen(document)))

    async def _case(self, request: web.Request, applicant_id: str) -> CasePage:
        stored = await self._context.state.look(lambda unit: _read(unit, applicant_id))
        if stored is None:
            raise not_found()
        control, (applicant, persons, bodies) = self._context.control, stored
        owners = [applicant_id, *(person["id"] for person in persons)]
        owned = [await control.documents(applicant_id=owner, count=_MOST_OF_ONE) for owner in owners]
        return CasePage(
            shell=self._shell(request),
            applicant=applicant,
            persons=persons,
            bodies=bodies,
            documents=[document for documents in owned for document in documents],
            verifications=await control.verifications(applicant_id=applicant_id, count=_MOST_OF_ONE),
        )

    def _shell(self, request: web.Request) -> Shell:
        return Shell(
            token=self._sessions.token(request),
            can_log_out=not self._context.is_open,
            said=request.query.get("said", ""),
        )


def _list(shell: Shell, title: str, excerpt: Excerpt, entries: list[Html], empty: Html | str) -> web.Response:
    return page(shell.page(title, excerpt.head(title), live("list", rows(entries, empty), excerpt.pager()), here=title))


def _excerpt(request: web.Request, path: str, things: Sequence[T]) -> tuple[Sequence[T], Excerpt]:
    """Return those of all things that a page shows."""
    offset = _offset(request)
    excerpt = Excerpt(path=path, search=_search(request), offset=offset, per_page=_PER_PAGE, total=len(things))
    return things[offset : offset + _PER_PAGE], excerpt


def _says(served: RequestServed, text: str) -> bool:
    words = (served.operation, served.method, served.path, str(served.status), *served.fields, served.fault or "")
    return text in " ".join(words).casefold()


def _search(request: web.Request) -> str:
    return " ".join(request.query.get("q", "").split())[:_LONGEST_SEARCH]


def _offset(request: web.Request) -> int:
    text = request.query.get("offset", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < _MAX_DIGITS else 0


def _read(unit: UnitOfWork, applicant_id: str) -> tuple[Row, list[Row], dict[str, Row]] | None:
    """Return an applicant, its persons, and the fields of all their documents by their ids."""
    applicant = unit.applicants.find(applicant_id)
    if applicant is None:
        return None
    persons = unit.affiliated_persons.all_of_company(applicant_id)
    owners = [applicant_id, *(person["id"] for person in persons)]
    documents = [row for owner in owners for row in unit.documents.all_of_owner(owner)]
    return applicant, persons, {row["id"]: row["body"] for row in documents}


def _owner_of(unit: UnitOfWork, id_: str) -> str:
    """Return the applicant to whom a document or a verification belongs. Refuses an unknown id."""
    owner = _applicant_of(unit, id_)
    if owner is None:
        raise not_found()
    return owner


def _applicant_of(unit: UnitOfWork, id_: str | None) -> str | None:
    """Return the applicant that an id is of, or whose document or verification it is of; None for any other."""
    if id_ is None or unit.applicants.find(id_) is not None:
        return id_
    document = unit.documents.find(id_)
    if document is not None:
        person = unit.affiliated_persons.find(document["owner"])
        return str(person["applicant_id"] if person else document["owner"])
    verification = unit.verifications.find(id_)
    return verification["applicant_id"] if verification else None
