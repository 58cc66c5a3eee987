"""The hosted form: a person fills it in in a browser, once."""

from datetime import datetime
from functools import partial
from typing import Any, Final

import attrs
from aiohttp import web

from kycaid_async.api.verifications.fields import VerificationProgress
from kycaid_async.sandbox.data.forms import FORMS, LIFETIME
from kycaid_async.sandbox.events.effects import Effects
from kycaid_async.sandbox.handlers import affiliated_persons
from kycaid_async.sandbox.handlers.context import Call
from kycaid_async.sandbox.pages.completion import Completion, Faulty, find_faults
from kycaid_async.sandbox.pages.context import House
from kycaid_async.sandbox.pages.form_page import FormPage, thanks
from kycaid_async.sandbox.pages.layout import notice
from kycaid_async.sandbox.pages.questions import Part, parts_for
from kycaid_async.sandbox.pages.responses import page
from kycaid_async.sandbox.pages.submission import Filled, FormReader
from kycaid_async.sandbox.storage import verifications as runs
from kycaid_async.sandbox.storage.database import Row, Transaction
from kycaid_async.values.times import read_time

_TITLES: Final = {"PERSON": "Verify your identity", "COMPANY": "Verify your company"}


class _Closed(Exception):  # noqa: N818 - a form is closed
    """The URL cannot be used (any more)."""

    def __init__(self, status: int, title: str, text: str) -> None:
        super().__init__(title)
        self.status = status
        self.page = notice(title, text)


_UNKNOWN: Final = (404, "This link is not known", "Please ask whoever gave it to you for another one.")
_USED: Final = (410, "This link has been used", "The form was completed. Each link works once.")
_EXPIRED: Final = (410, "This link is too old", "Please ask whoever gave it to you for another one.")


@attrs.frozen
class _Open:
    """A form that can be filled in."""

    verification: Row
    kind: str
    parts: tuple[Part, ...]


@attrs.frozen
class FormPages:
    """Serves forms."""

    house: House

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Show a form."""
        try:
            form = await self._look_up(request)
        except _Closed as closed:
            return page(closed.page, closed.status)
        return page(FormPage(title=_TITLES[form.kind], parts=form.parts).markup())

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Take a form that was filled in."""
        try:
            form = await self._look_up(request)
            inputs = {part.input_of(q.field) for part in form.parts for q in part.questions if q.kind == "file"}
            reader = FormReader(self.house.state.folder, self.house.max_file_size, inputs)
            async with reader.read(request) as filled:
                return await self._take(request, form, filled)
        except _Closed as closed:
            return page(closed.page, closed.status)

    async def _take(self, request: web.Request, form: _Open, filled: Filled) -> web.StreamResponse:
        faults = find_faults(form.parts, filled)
        if not faults:
            try:
                return page(thanks((await self._complete(request, filled))["redirect_url"]))
            except Faulty as faulty:
                faults = faulty.faults
        again = FormPage(title=_TITLES[form.kind], parts=form.parts, typed=filled.texts, faults=faults)
        return page(again.markup(), 422)

    async def _look_up(self, request: web.Request) -> _Open:
        token, now = request.match_info["token"], self.house.state.clock()
        return await self.house.state.run(lambda rows: _open(rows, token, now))

    async def _complete(self, request: web.Request, filled: Filled) -> Row:
        effects, moment = Effects(), self.house.state.clock()
        token, state, links = request.match_info["token"], self.house.state, self.house.links

        def complete(rows: Transaction) -> Row:
            # Once more, inside the transaction: two may have sent it at the same time.
            form = _open(rows, token, moment)
            made = partial(_call, rows=rows, state=state, links=links, moment=moment, effects=effects)
            return Completion(made, form.verification, form.parts, filled).run()

        # The browser may have gone meanwhile: what was done has its effects all the same.
        return await state.run(complete, then=lambda _: self.house.aftermath.carry_out(effects))


def _call(**given: Any) -> Call:
    return Call(**({"ids": {}, "body": {}, "upload": None} | given))


def _open(rows: Transaction, token: str, now: datetime) -> _Open:
    verification = runs.of_form(rows, token)
    if verification is None:
        raise _Closed(*_UNKNOWN)
    if verification["status"] != VerificationProgress.UNUSED:
        raise _Closed(*_USED)
    if now - read_time(verification["created_at"]) > LIFETIME:
        raise _Closed(*_EXPIRED)
    applicant = rows.find("applicants", verification["applicant_id"] or "")
    if applicant is None:
        kind = next(form.applicant_type.value for form in FORMS if form.id == verification["form_id"])
        return _Open(verification, kind, parts_for(kind, None, ()))
    persons = affiliated_persons.kinds(rows, applicant["id"])
    return _Open(verification, applicant["type"], parts_for(applicant["type"], applicant["body"], persons))
