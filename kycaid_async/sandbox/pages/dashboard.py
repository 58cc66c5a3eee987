"""The pages of the dashboard: lists with one line per thing, newest first, and a page for each applicant."""

from datetime import datetime

import attrs
from aiohttp import web

from kycaid_async.html import Html, tag
from kycaid_async.sandbox.events.feed import Delivery, RequestServed
from kycaid_async.sandbox.faults import FaultKind
from kycaid_async.sandbox.http.refusals import not_found
from kycaid_async.sandbox.overview import ApplicantRow, VerificationRow
from kycaid_async.sandbox.pages.case_page import NO_NAME, CasePage, decision, title
from kycaid_async.sandbox.pages.context import PageContext
from kycaid_async.sandbox.pages.controls_page import controls
from kycaid_async.sandbox.pages.layout import HOME, Shell, badge, breakable, live, pager, rows, status_badge, when
from kycaid_async.sandbox.pages.live import Live
from kycaid_async.sandbox.pages.login import LoginSessions
from kycaid_async.sandbox.pages.responses import page
from kycaid_async.sandbox.storage.applicants import name_in
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork

_PER_PAGE = 50
_MAX_DIGITS = 10
"""More digits are more rows than there are."""
_MOST_OF_ONE = 200
_OK, _BROKEN = 300, 500


@attrs.frozen
class Dashboard:
    """Shows a sandbox to a person."""

    _context: PageContext
    _sessions: LoginSessions
    _live: Live

    async def applicants(self, request: web.Request) -> web.StreamResponse:
        """Show the applicants."""
        offset = _offset(request)
        applicants = await self._context.control.applicants(offset=offset, count=_PER_PAGE)
        entries = [_applicant_row(row) for row in applicants]
        return self._list(
            request, "Applicants", entries, "Nobody yet.", pager(HOME, offset, _PER_PAGE, len(applicants))
        )

    async def verifications(self, request: web.Request) -> web.StreamResponse:
        """Show the verifications."""
        offset = _offset(request)
        verifications = await self._context.control.verifications(offset=offset, count=_PER_PAGE)
        entries = [_verification_row(row) for row in verifications]
        more = pager(f"{HOME}verifications", offset, _PER_PAGE, len(verifications))
        return self._list(request, "Verifications", entries, "None yet.", more)

    async def callbacks(self, request: web.Request) -> web.StreamResponse:
        """Show the callbacks that were sent, and what was answered."""
        shell = self._shell(request)
        sent = self._context.background.dispatcher.deliveries()[::-1][:_MOST_OF_ONE]
        entries = [_callback_row(shell, delivery) for delivery in sent]
        return self._list(request, "Callbacks", entries, "None was sent yet.")

    async def requests(self, request: web.Request) -> web.StreamResponse:
        """Show the requests since somebody first looked."""
        entries = [_request_row(moment, served) for moment, served in reversed(self._live.requests)]
        return self._list(request, "Requests", entries, "None since this dashboard was opened.")

    async def controls(self, request: web.Request) -> web.StreamResponse:
        """Show the balance and the faults."""
        return page(controls(self._shell(request), await self._context.control.balance(), self._context.faults.list()))

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
        self._live.begin()
        return Shell(
            token=self._sessions.token(request),
            can_log_out=not self._context.is_open,
            said=request.query.get("said", ""),
        )

    def _list(
        self, request: web.Request, title: str, entries: list[Html], empty: str, more: Html | None = None
    ) -> web.Response:
        search = tag(
            "input",
            type="search",
            id="filter",
            data_filter="list",
            autocomplete="off",
            placeholder="Filter",
            aria_label="Filter the list",
        )
        head = tag("div", tag("h1", title), tag("div", search, class_="needs-script"), class_="head")
        return page(self._shell(request).page(title, head, live("list", rows(entries, empty), more), here=title))


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
    document, verification = unit.documents.find(id_), unit.verifications.find(id_)
    person = unit.affiliated_persons.find(document["owner"]) if document else None
    owner = person["applicant_id"] if person else document["owner"] if document else None
    owner = owner or (verification["applicant_id"] if verification else None)
    if owner is None:
        raise not_found()
    return str(owner)


def _applicant_row(row: ApplicantRow) -> Html:
    """Return an applicant, as the way to its page."""
    counts = f"{_plural(row.documents, 'document')}, {_plural(row.verifications, 'verification')}"
    return tag(
        "a",
        tag("span", row.name or "(no name)", class_="name"),
        status_badge(row.status),
        tag("span", f"{row.type.capitalize()}, {counts}", class_="quiet detail"),
        when(row.created_at),
        href=f"{HOME}applicants/{row.applicant_id}",
        class_="row",
    )


def _verification_row(row: VerificationRow) -> Html:
    """Return a verification, as the way to its applicant, or to nowhere while a form is not completed."""
    path = f"{HOME}applicants/{row.applicant_id}" if row.applicant_id else None
    return tag(
        "a" if path else "div",
        tag("span", row.applicant_name or ("(form not completed)" if not path else "(no name)"), class_="name"),
        status_badge(row.status, verified=row.verified, waits=row.waits_for_person),
        tag("span", breakable(", ".join(row.reasons)) if row.reasons else f"{row.price:.2f} €", class_="quiet detail"),
        when(row.created_at),
        href=path,
        class_="row",
    )


def _callback_row(shell: Shell, delivery: Delivery) -> Html:
    """Return a callback, what became of it, and a button to send it again."""
    attempts = _plural(delivery.attempts, "attempt")
    return tag(
        "div",
        tag("span", breakable(delivery.type), class_="name"),
        _answer(delivery),
        tag("span", f"to {delivery.host}, {attempts}", class_="quiet detail"),
        shell.action(
            "resend",
            tag("button", "Send again", type="submit", id=f"resend-{delivery.request_id}"),
            request_id=delivery.request_id,
            back=f"{HOME}callbacks",
        ),
        class_="row",
    )


def _request_row(moment: datetime, served: RequestServed) -> Html:
    """Return a request and how it was answered."""
    is_cut = served.fault in (FaultKind.RESET, FaultKind.LOST)
    tone = "bad" if is_cut or served.status >= _BROKEN else "good" if served.status < _OK else "busy"
    met = f", fault {served.fault}" if served.fault else ""
    return tag(
        "div",
        tag("span", breakable(served.operation), class_="name"),
        badge("no answer" if is_cut else str(served.status), tone),
        tag("span", f"{served.milliseconds:.1f} ms{met}", class_="quiet detail"),
        when(moment),
        class_="row",
    )


def _answer(delivery: Delivery) -> Html:
    if delivery.arrived:
        return badge("200 arrived", "good")
    if not delivery.attempts:
        return badge("under way", "busy")
    return badge(f"answered {delivery.status}" if delivery.status else "no answer", "bad")


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
