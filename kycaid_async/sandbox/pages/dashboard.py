"""The pages of the dashboard."""

import attrs
from aiohttp import web

from kycaid_async.html import Html, tag
from kycaid_async.sandbox.http.refusals import not_found
from kycaid_async.sandbox.pages import lists
from kycaid_async.sandbox.pages.case_page import CasePage, decision, name_of, title
from kycaid_async.sandbox.pages.context import House
from kycaid_async.sandbox.pages.controls_page import controls
from kycaid_async.sandbox.pages.live import Live
from kycaid_async.sandbox.pages.responses import page
from kycaid_async.sandbox.pages.session import Sessions
from kycaid_async.sandbox.pages.shell import HOME, Shell, live, pager, rows
from kycaid_async.sandbox.storage.database import Row, Transaction

_PER_PAGE = 50
_MOST_OF_ONE = 200


@attrs.frozen
class Dashboard:
    """Shows a sandbox to a person."""

    _house: House
    _sessions: Sessions
    _live: Live

    async def applicants(self, request: web.Request) -> web.StreamResponse:
        """Show the applicants."""
        offset = _offset(request)
        found = await self._house.control.applicants(offset=offset, count=_PER_PAGE)
        entries = [lists.applicant(row) for row in found]
        return self._list(request, "Applicants", entries, "Nobody yet.", pager(HOME, offset, _PER_PAGE, len(found)))

    async def verifications(self, request: web.Request) -> web.StreamResponse:
        """Show the verifications."""
        offset = _offset(request)
        found = await self._house.control.verifications(offset=offset, count=_PER_PAGE)
        entries = [lists.verification(row) for row in found]
        more = pager(f"{HOME}verifications", offset, _PER_PAGE, len(found))
        return self._list(request, "Verifications", entries, "None yet.", more)

    async def callbacks(self, request: web.Request) -> web.StreamResponse:
        """Show the callbacks that were sent, and what was answered."""
        shell = self._shell(request)
        sent = self._house.aftermath.courier.deliveries()[::-1][:_MOST_OF_ONE]
        entries = [lists.callback(shell, delivery) for delivery in sent]
        return self._list(request, "Callbacks", entries, "None was sent yet.")

    async def requests(self, request: web.Request) -> web.StreamResponse:
        """Show the requests since somebody first looked."""
        entries = [lists.request(moment, served) for moment, served in reversed(self._live.requests)]
        return self._list(request, "Requests", entries, "None since this dashboard was opened.")

    async def controls(self, request: web.Request) -> web.StreamResponse:
        """Show the balance and the faults."""
        return page(controls(self._shell(request), await self._house.control.balance(), self._house.faults.list()))

    async def applicant(self, request: web.Request) -> web.StreamResponse:
        """Show an applicant."""
        return page((await self._case(request, request.match_info["id"])).markup())

    async def decide(self, request: web.Request) -> web.StreamResponse:
        """Show what is to be decided about."""
        id_ = request.match_info["id"]
        owner = await self._house.state.look(lambda found: _owner_of(found, id_))
        case = await self._case(request, owner)
        document = next((row for row in case.documents if row.document_id == id_), None)
        kind = title(document.type) if document else "Verification"
        heading = case.title_of(document) if document else f"Verification of {name_of(case.applicant['body'])}"
        return page(decision(case.shell, id_, kind, heading, owner, case.seen(document)))

    async def _case(self, request: web.Request, applicant_id: str) -> CasePage:
        found = await self._house.state.look(lambda rows: _read(rows, applicant_id))
        if found is None:
            raise not_found()
        control, (applicant, persons, bodies) = self._house.control, found
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
            can_log_out=not self._house.is_open,
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
    # More digits than this are more rows than there are.
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004


def _read(found: Transaction, applicant_id: str) -> tuple[Row, list[Row], dict[str, Row]] | None:
    """Return an applicant, its persons, and the fields of all their documents by their ids."""
    applicant = found.find("applicants", applicant_id)
    if applicant is None:
        return None
    persons = found.rows("SELECT * FROM affiliated_persons WHERE applicant_id = ?", applicant_id)
    owners = [applicant_id, *(person["id"] for person in persons)]
    documents = [row for owner in owners for row in found.rows("SELECT id, body FROM documents WHERE owner = ?", owner)]
    return applicant, persons, {row["id"]: row["body"] for row in documents}


def _owner_of(found: Transaction, id_: str) -> str:
    """Return the applicant to whom a document or a verification belongs. Refuses an unknown id."""
    document, verification = found.find("documents", id_), found.find("verifications", id_)
    person = found.find("affiliated_persons", document["owner"]) if document else None
    owner = person["applicant_id"] if person else document["owner"] if document else None
    owner = owner or (verification["applicant_id"] if verification else None)
    if owner is None:
        raise not_found()
    return str(owner)
