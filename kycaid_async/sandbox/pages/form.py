"""The hosted form, which a person fills in in a browser, once: its page, what serves it, and what completes it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

import attrs
from aiohttp import web

from kycaid_async.api.verifications.fields import VerificationProgress
from kycaid_async.html import Child, Html, Value, tag
from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.data.account import FORM_LIFETIME, FORMS
from kycaid_async.sandbox.events.feed import Effects
from kycaid_async.sandbox.handlers.catalog import HANDLERS
from kycaid_async.sandbox.handlers.context import NewContext, RequestContext
from kycaid_async.sandbox.handlers.verifications import start_form
from kycaid_async.sandbox.http.middleware import note_subject
from kycaid_async.sandbox.http.refusals import Refused
from kycaid_async.sandbox.http.validation import validated
from kycaid_async.sandbox.outcome import SandboxOutcome
from kycaid_async.sandbox.pages.context import PageContext
from kycaid_async.sandbox.pages.layout import document, notice
from kycaid_async.sandbox.pages.middleware import text_of
from kycaid_async.sandbox.pages.questions import FormPart, Question, parts_for
from kycaid_async.sandbox.pages.responses import page
from kycaid_async.sandbox.pages.submission import FormReader, FormSubmission
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork
from kycaid_async.values.check import check_values
from kycaid_async.values.scalars import read_time

_ACCEPT: Final = "image/*,application/pdf"
_TITLES: Final = {"PERSON": "Verify your identity", "COMPANY": "Verify your company"}
_UNKNOWN: Final = (404, "This link is not known", "Please ask whoever gave it to you for another one.")
_USED: Final = (410, "This link has been used", "The form was completed. Each link works once.")
_EXPIRED: Final = (410, "This link is too old", "Please ask whoever gave it to you for another one.")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FormPage(ValueObject):
    """The page of a form: its parts, the answers before, and their faults."""

    title: str
    parts: Iterable[FormPart]
    typed: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    faults: Mapping[str, str] = attrs.field(factory=dict)

    def markup(self) -> str:
        """Return the page."""
        return document(
            self.title,
            tag(
                "main",
                tag("h1", self.title),
                tag("p", "This is a sandbox: nobody but its owner sees what you enter here.", class_="quiet"),
                self._summary(),
                tag(
                    "form",
                    [self._part(part) for part in self.parts],
                    tag("button", "Submit", type="submit", class_="main"),
                    method="post",
                    enctype="multipart/form-data",
                ),
                class_="card form",
            ),
            script="form.js",
        )

    def _summary(self) -> Html:
        count = sum(bool(name) for name in self.faults)
        text = self.faults.get("") or (count and f"Please look at {count} {'field' if count == 1 else 'fields'} below.")
        repick = "Files have to be picked again." if self.faults else None
        return tag(
            "div",
            [tag("p", text), tag("p", repick, data_without_script=True)] if text else None,
            id="summary",
            class_="problem",
            role="alert",
            tabindex="-1",
        )

    def _part(self, part: FormPart) -> Html:
        optional = tag("span", " (may be left out)", class_="quiet") if part.is_optional else None
        questions = [self._question(part, question) for question in part.questions]
        return tag("fieldset", tag("legend", part.title, optional), questions)

    def _question(self, part: FormPart, question: Question) -> Html:
        name = part.input_of(question.field)
        fault = self.faults.get(name)
        described = f"{name}-hint {name}-fault"
        common: dict[str, Value] = {
            "id": name,
            "name": name,
            "required": question.needed,
            "aria_describedby": described,
            "aria_invalid": "true" if fault else None,
        }
        mark = None if question.needed or part.is_optional else tag("span", " optional", class_="quiet")
        return tag(
            "div",
            tag("label", question.label, mark, for_=name),
            self._input(name, question, common),
            tag("p", question.hint, id=f"{name}-hint", class_="hint quiet") if question.hint else None,
            tag("p", fault, id=f"{name}-fault", class_="fault"),
            class_="field file" if question.kind == "file" else "field",
        )

    def _input(self, name: str, question: Question, common: Mapping[str, Value]) -> Child:
        typed = self.typed.get(name)
        if question.kind == "file":
            return tag("div", tag("input", type="file", accept=_ACCEPT, **common), class_="drop")
        if question.kind == "select":
            choices = (("", "Choose…"), *question.choices)
            options = [tag("option", label, value=value, selected=value == typed) for value, label in choices]
            return tag("select", options, autocomplete=question.autocomplete, **common)
        return tag("input", type=question.kind, value=typed, autocomplete=question.autocomplete, **common)


def thanks(redirect_url: str | None) -> str:
    """Return the page after a form was taken, which goes on to ``redirect_url``."""
    if redirect_url is None:
        return notice("Thank you", "Your data were sent. You can close this page.")
    # A redirect would be held against the policy for forms, also where that page sends the browser next.
    return notice(
        "Thank you",
        "Your data were sent.",
        tag("a", "Continue", href=redirect_url, id="next", rel="noreferrer"),
        head=tag("meta", http_equiv="refresh", content=f"0;url={redirect_url}"),
    )


class _FormClosed(SandboxOutcome):
    """The URL cannot be used (any more)."""

    def __init__(self, status: int, title: str, text: str) -> None:
        super().__init__(title)
        self.status = status
        self.page = notice(title, text)


@attrs.frozen(eq=False, repr=False)
class _OpenForm(ValueObject):
    """A form that can be filled in."""

    verification: Row
    kind: str
    parts: tuple[FormPart, ...]


@attrs.frozen(eq=False, repr=False)
class FormPages(ValueObject):
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
                started = await self._complete(request, submission)
                note_subject(request, started)
                return page(thanks(started["redirect_url"]))
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


class InvalidForm(SandboxOutcome):
    """A form cannot be taken."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(sorted(faults))
        self.faults = faults
        """What to tell the person, by the name of the input; ``""`` for the whole form."""


def find_faults(parts: Iterable[FormPart], submission: FormSubmission) -> dict[str, str]:
    """Return what can be said of the answers alone, by the name of the input."""
    faults = dict(submission.faults)
    for part in parts:
        body = _answers(part, submission)
        for question in part.questions:
            name = part.input_of(question.field)
            if question.needed and question.field not in body and not (part.is_optional and not body):
                faults.setdefault(name, "Pick a file." if question.kind == "file" else "This is needed.")
        wrong = {problem.field: problem.expected for problem in check_values(part.model, body)}
        for question in part.questions:
            if question.field in body and question.field in wrong and question.kind != "file":
                faults.setdefault(part.input_of(question.field), f"Expected {wrong[question.field]}.")
    return faults


@attrs.frozen(eq=False, repr=False)
class Completion(ValueObject):
    """Completes one form."""

    new_context: NewContext
    verification: Row
    """Of the form: unused so far."""
    parts: tuple[FormPart, ...]
    submission: FormSubmission

    def run(self) -> Row:
        """Do the calls, start the verification and return it. Raises `InvalidForm`; then nothing of it must stay."""
        owner = self.verification["applicant_id"]
        for part in self.parts:
            owner = self._do(part, owner)
        try:
            return start_form(self.new_context(body={"applicant_id": owner}), self.verification)
        except Refused as refused:
            raise InvalidForm({"": text_of(refused)}) from None

    def _do(self, part: FormPart, owner: str | None) -> str | None:
        """Do the call of a part, and return who owns what follows."""
        answers = _answers(part, self.submission)
        if not answers and part.is_optional:
            return owner
        body = {**part.fixed, **self._with_files(part, answers)}
        ids = {}
        if part.name != "applicant":
            body["applicant_id"] = owner
        elif owner is not None:
            ids = {"applicant_id": owner}
        elif self.verification["external_applicant_id"] is not None:
            body["external_applicant_id"] = self.verification["external_applicant_id"]
        try:
            answer: Any = HANDLERS[part.endpoint.name](self.new_context(body=validated(part.endpoint, body), ids=ids))
        except Refused as refused:
            raise InvalidForm(_placed(part, refused)) from None
        return answer["applicant_id"] if part.name == "applicant" else owner

    def _with_files(self, part: FormPart, answers: dict[str, Any]) -> dict[str, Any]:
        create: Any = HANDLERS["files.create"]
        uploads = {
            question.field: self.submission.files.get(part.input_of(question.field)) for question in part.questions
        }
        kept = {
            field: create(self.new_context(upload=upload))["file_id"] for field, upload in uploads.items() if upload
        }
        return answers | kept


def _answers(part: FormPart, submission: FormSubmission) -> dict[str, Any]:
    """Return the fields that were answered. Of a file it is the name, until it has an id."""
    answers = {question.field: _answer(part, question, submission) for question in part.questions}
    return {field: value for field, value in answers.items() if value}


def _answer(part: FormPart, question: Question, submission: FormSubmission) -> str | None:
    name = part.input_of(question.field)
    if question.kind == "file":
        file = submission.files.get(name)
        return file.name if file else None
    return submission.texts.get(name)


def _placed(part: FormPart, refused: Refused) -> dict[str, str]:
    """Return what was refused next to what was asked; anything else is said of the whole form."""
    asked = {question.field for question in part.questions}
    problems = {error["parameter"]: error["message"] for error in refused.body["errors"]}
    own = {part.input_of(field): f"{message}." for field, message in problems.items() if field in asked}
    return own or {"": f"{part.title}: {text_of(refused)}"}
