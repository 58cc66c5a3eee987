"""The hosted form: a person fills it in in a browser, once."""

from datetime import datetime
from functools import partial
from typing import Any, Final

import attrs
from aiohttp import web

from kycaid_async.api.verifications.fields import VerificationProgress
from kycaid_async.sandbox.data.account import FORM_LIFETIME, FORMS
from kycaid_async.sandbox.events.delivery import Effects
from kycaid_async.sandbox.handlers.context import RequestContext
from kycaid_async.sandbox.pages.completion import Completion, InvalidForm, find_faults
from kycaid_async.sandbox.pages.context import PageContext
from kycaid_async.sandbox.pages.form_page import FormPage, thanks
from kycaid_async.sandbox.pages.layout import notice
from kycaid_async.sandbox.pages.questions import FormPart, parts_for
from kycaid_async.sandbox.pages.responses import page
from kycaid_async.sandbox.pages.submission import FormReader, FormSubmission
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork
from kycaid_async.values.scalars import read_time

_TITLES: Final = {"PERSON": "Verify your identity", "COMPANY": "Verify your company"}


class _FormClosed(Exception):  # noqa: N818 - an outcome: the person gets a page that says so
    """The URL cannot be used (any more)."""

    def __init__(self, status: int, title: str, text: str) -> None:
        super().__init__(title)
        self.status = status
        self.page = notice(title, text)


_UNKNOWN: Final = (404, "This link is not known", "Please ask whoever gave it to you for another one.")
_USED: Final = (410, "This link has been used", "The form was completed. Each link works once.")
_EXPIRED: Final = (410, "This link is too old", "Please ask whoever gave it to you for another one.")


@attrs.frozen
class _OpenForm:
    """A form that can be filled in."""

    verification: Row
    kind: str
    parts: tuple[FormPart, ...]


@attrs.frozen
class FormPages:
    """Serves forms."""

    context: PageContext

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Show a form."""
        try:
            form = await self._look_up(request)
        except _FormClosed as closed:
            return page(closed.page, closed.status)
        return page(FormPage(title=_TITLES[form.kind], parts=form.parts).markup())

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Take a form that was filled in."""
        try:
            form = await self._look_up(request)
            inputs = {part.input_of(q.field) for part in form.parts for q in part.questions if q.kind == "file"}
            reader = FormReader(self.context.state.folder, self.context.max_file_size, inputs)
            async with reader.read(request) as submission:
                return await self._take(request, form, submission)
        except _FormClosed as closed:
            return page(closed.page, closed.status)

    async def _take(self, request: web.Request, form: _OpenForm, submission: FormSubmission) -> web.StreamResponse:
        faults = find_faults(form.parts, submission)
        if not faults:
            try:
                return page(thanks((await self._complete(request, submission))["redirect_url"]))
            except InvalidForm as invalid:
                faults = invalid.faults
        again = FormPage(title=_TITLES[form.kind], parts=form.parts, typed=submission.texts, faults=faults)
        return page(again.markup(), 422)

    async def _look_up(self, request: web.Request) -> _OpenForm:
        token, now = request.match_info["token"], self.context.state.clock()
        return await self.context.state.run(lambda unit: _open(unit, token, now))

    async def _complete(self, request: web.Request, submission: FormSubmission) -> Row:
        effects, moment = Effects(), self.context.state.clock()
        token, state, urls = request.match_info["token"], self.context.state, self.context.urls

        def complete(unit: UnitOfWork) -> Row:
            # Once more, inside the transaction: two may have sent it at the same time.
            form = _open(unit, token, moment)
            new_context = partial(_context, unit=unit, state=state, urls=urls, moment=moment, effects=effects)
            return Completion(new_context, form.verification, form.parts, submission).run()

        # The browser may have gone meanwhile: what was done has its effects all the same.
        return await state.run(complete, then=lambda _: self.context.background.carry_out(effects))


def _context(**values: Any) -> RequestContext:
    return RequestContext(**({"ids": {}, "body": {}, "upload": None} | values))


def _open(unit: UnitOfWork, token: str, now: datetime) -> _OpenForm:
    verification = unit.verifications.of_form(token)
    if verification is None:
        raise _FormClosed(*_UNKNOWN)
    if verification["status"] != VerificationProgress.UNUSED:
        raise _FormClosed(*_USED)
    if now - read_time(verification["created_at"]) > FORM_LIFETIME:
        raise _FormClosed(*_EXPIRED)
    applicant = unit.applicants.find(verification["applicant_id"])
    if applicant is None:
        kind = next(form.applicant_type.value for form in FORMS if form.id == verification["form_id"])
        return _OpenForm(verification, kind, parts_for(kind, None, ()))
    persons = unit.affiliated_persons.types_of(applicant["id"])
    return _OpenForm(verification, applicant["type"], parts_for(applicant["type"], applicant["body"], persons))
