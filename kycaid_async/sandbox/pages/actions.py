"""The actions of the dashboard, each a form that one of its pages sends; and the sample data that one of them loads."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from io import BytesIO
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import attrs
from aiohttp import web

from kycaid_async.errors import ConfigurationError
from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.data.account import FORMS
from kycaid_async.sandbox.events.feed import Effects
from kycaid_async.sandbox.faults import Fault, FaultKind
from kycaid_async.sandbox.handlers.catalog import HANDLERS
from kycaid_async.sandbox.handlers.context import NewContext, RequestContext
from kycaid_async.sandbox.http.refusals import Refused
from kycaid_async.sandbox.http.uploads import ReceivedFile, new_file
from kycaid_async.sandbox.pages import controls_page
from kycaid_async.sandbox.pages.context import PageContext
from kycaid_async.sandbox.pages.layout import HOME
from kycaid_async.sandbox.pages.login import LoginSessions, own_path
from kycaid_async.sandbox.pages.middleware import refuse
from kycaid_async.sandbox.pages.responses import see_other
from kycaid_async.sandbox.pages.submission import FormFields, read_fields
from kycaid_async.sandbox.rules.verdict import ReviewOutcome
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork

T = TypeVar("T")

Act = Callable[[FormFields], Awaitable[str]]
"""Does something and returns the page to go to."""
_LONGEST_COMMENT: Final = 500


@attrs.frozen(eq=False, repr=False)
class Actions(ValueObject):
    """Carries out the actions of a person."""

    _context: PageContext
    _sessions: LoginSessions

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Do an action, when the form carries the token of its session."""
        act = self._acts.get(request.match_info["action"])
        if act is None:
            return refuse(404)
        fields = await read_fields(request)
        if not self._sessions.has_token(request, fields.one("token")):
            return refuse(403, "This page was too old. Nothing was done. Please go back, reload it and try again.")
        try:
            return see_other(await act(fields))
        except KeyError:
            return refuse(404, "It is not there any more.")
        except (ConfigurationError, ValueError) as error:
            return refuse(422, f"{error}.")

    @property
    def _acts(self) -> dict[str, Act]:
        return {
            "decide": self._decide,
            "resend": self._resend,
            "balance": self._set_balance,
            "fault-on": self._add_fault,
            "fault-off": self._remove_fault,
            "switches": self._switch_form,
            "open-form": self._open_form,
            "sample": self._load_samples,
            "reset": self._reset,
        }

    async def _decide(self, fields: FormFields) -> str:
        approve = fields.one("verdict") == "approve"
        reasons = [] if approve else [name for name in fields.all("reason") if name]
        comment = fields.one("comment").strip()[:_LONGEST_COMMENT] or None
        await self._context.control.decide(fields.one("id"), approve=approve, reasons=reasons, comment=comment)
        return f"{own_path(fields.one('back'))}?said={'approved' if approve else 'declined'}"

    async def _resend(self, fields: FormFields) -> str:
        await self._context.control.resend(fields.one("request_id"))
        return f"{own_path(fields.one('back'))}?said=sent"

    async def _set_balance(self, fields: FormFields) -> str:
        euros = fields.one("euros").strip()
        await self._context.control.set_balance(_number(euros) if euros else None)
        return f"{controls_page.PATH}?said=balance"

    async def _add_fault(self, fields: FormFields) -> str:
        self._context.faults.add(_fault(fields))
        return f"{controls_page.PATH}?said=fault-on"

    async def _remove_fault(self, fields: FormFields) -> str:
        self._context.faults.remove(fields.one("id"))
        return f"{controls_page.PATH}?said=fault-off"

    async def _switch_form(self, fields: FormFields) -> str:
        ticked = set(fields.all("switch"))
        switches = {name: name in ticked for name in controls_page.SWITCHES}
        await self._context.control.switch_form(fields.one("id"), **switches)
        return f"{controls_page.PATH}?said=form"

    async def _open_form(self, fields: FormFields) -> str:
        ids = {"form_id": fields.one("form_id")}
        try:
            answer: Any = await self._within(lambda new_context: HANDLERS["forms.create_url"](new_context(ids=ids)))
        except Refused:
            raise KeyError("form_id") from None
        return urlsplit(str(answer["form_url"])).path

    async def _load_samples(self, fields: FormFields) -> str:
        async with AsyncExitStack() as stack:
            places = [await stack.enter_async_context(new_file(self._context.state.folder)) for _ in range(MOST_FILES)]
            await self._within(lambda new_context: add_samples(new_context, iter(places).__next__))
        return f"{own_path(fields.one('back'))}?said=sample"

    async def _reset(self, fields: FormFields) -> str:
        if fields.one("sure") != "yes":
            raise ConfigurationError("nothing was removed: tick the box to say that you are sure")
        await self._context.control.reset()
        return f"{HOME}?said=reset"

    async def _within(self, work: Callable[[NewContext], T]) -> T:
        """Do operations of the API in one transaction."""
        effects, state = Effects(), self._context.state
        common: dict[str, Any] = {"ids": {}, "body": {}, "upload": None, "state": state, "urls": self._context.urls}

        def transact(unit: UnitOfWork) -> T:
            common.update(unit=unit, moment=state.clock(), effects=effects)
            return work(lambda **given: RequestContext(**common | given))

        return await state.run(transact, then=lambda _: self._context.background.carry_out(effects))


def _fault(fields: FormFields) -> Fault:
    number, count = fields.one("number").strip(), fields.one("count").strip()
    kind = fields.one("kind")
    unit = "bytes_per_second" if kind == FaultKind.SLOW else "seconds"
    return Fault(
        kind,
        operations=[name.strip() for name in fields.one("operations").split(",") if name.strip()],
        probability=_number(fields.one("probability") or "1"),
        count=_whole(count) if count else None,
        **{unit: _number(number) if number else None},
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigurationError("that is not a number") from None


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ConfigurationError("that is not a whole number") from None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Sample(ValueObject):
    """A person with a document, and what becomes of them."""

    first_name: str
    last_name: str
    country: str
    document: str = "PASSPORT"
    expiry_date: str = "2035-01-01"
    outcome: str | None = None
    """Of the verification; None where the rules decide."""
    is_verified: bool = True
    colour: str = "#dfe7f5"


NewFile = Callable[[], ReceivedFile]
"""Gives a place for a file that stays only if it is kept."""
_PEOPLE: Final = (
    _Sample(first_name="Jane", last_name="Example", country="GB"),
    _Sample(first_name="John", last_name="Doe", country="US", document="DRIVERS_LICENSE", colour="#f5e3df"),
    _Sample(first_name="Ada", last_name="Specimen", country="SE", expiry_date="2001-01-01", colour="#e4f0e2"),
    _Sample(first_name="Mira", last_name="Sample", country="DE", outcome="pending", colour="#f3ecd8"),
    _Sample(first_name="Hugo", last_name="Testcase", country="FR", outcome="decline:BAD_QUALITY,OTHER"),
    _Sample(first_name="Otto", last_name="Placeholder", country="AT", document="GOVERNMENT_ID", is_verified=False),
)
MOST_FILES: Final = len(_PEOPLE)
"""How many files the samples have."""
_COMPANY: Final = {"company_name": "Example Trading Ltd", "registration_country": "GB", "email": "office@example.com"}


def add_samples(new_context: NewContext, new_file: NewFile) -> None:
    """Add the samples inside a transaction, by the operations of the API."""
    # Loaded twice, nobody becomes a duplicate of anybody.
    known = new_context().unit.applicants.count("")
    for number, sample in enumerate(_PEOPLE, 1):
        _add_person(new_context, new_file, sample, number, f"X{known + number:07}")
    company = _call(new_context, "applicants.create", {"type": "COMPANY", **_COMPANY})["applicant_id"]
    for kind, first_name in (("AUTHORISED", "Vera"), ("BENEFICIAL", "Nils")):
        person = {"applicant_id": company, "type": kind, "first_name": first_name, "last_name": "Example"}
        _call(new_context, "affiliated_persons.create", person)
    _call(new_context, "verifications.create", {"applicant_id": company, "form_id": FORMS[1].id})
    _call(new_context, "forms.create_url", {}, ids={"form_id": FORMS[0].id})


def _add_person(new_context: NewContext, new_file: NewFile, sample: _Sample, number: int, document_number: str) -> None:
    person = {
        "type": "PERSON",
        "first_name": sample.first_name,
        "last_name": sample.last_name,
        "residence_country": sample.country,
        "dob": f"19{70 + number}-05-0{number}",
        "email": f"{sample.first_name.lower()}@example.com",
        "external_applicant_id": f"user-{1000 + number}",
    }
    owner = _call(new_context, "applicants.create", person)["applicant_id"]
    front = _write(new_file(), "front.jpg", _picture(sample, document_number))
    document = {
        "applicant_id": owner,
        "type": sample.document,
        "document_number": document_number,
        "expiry_date": sample.expiry_date,
        "front_side_id": _call(new_context, "files.create", {}, upload=front)["file_id"],
    }
    _call(new_context, "documents.create", document)
    if sample.is_verified:
        outcome = None if sample.outcome is None else ReviewOutcome.parse(sample.outcome)
        verification = {"applicant_id": owner, "form_id": FORMS[0].id}
        _call(new_context, "verifications.create", verification, outcome=outcome)


def _call(new_context: NewContext, operation: str, body: Mapping[str, Any], **options: Any) -> Any:
    return HANDLERS[operation](new_context(body=body, **options))


def _write(file: ReceivedFile, name: str, content: bytes) -> ReceivedFile:
    Path(file.path).write_bytes(content)
    file.name, file.mime_type, file.size = name, "image/jpeg", len(content)
    file.digest = hashlib.sha256(content)
    return file


def _picture(sample: _Sample, document_number: str) -> bytes:
    """Draw a document that nobody could take for a real one."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (640, 400), sample.colour)
    draw = ImageDraw.Draw(image)
    draw.rectangle((24, 24, 616, 376), outline="#5a6375", width=3)
    draw.rectangle((48, 110, 208, 310), fill="#c3cad8")
    draw.ellipse((92, 140, 164, 212), fill="#8b93a5")
    draw.pieslice((72, 216, 184, 400), 180, 360, fill="#8b93a5")
    lines = (
        "SPECIMEN",
        sample.document.replace("_", " "),
        sample.last_name.upper(),
        sample.first_name,
        document_number,
    )
    for row, line in enumerate(lines):
        draw.text((240, 60 + 58 * row), line, fill="#1b2130", font_size=34)
    for stripe in range(32, 608, 8):
        draw.line((stripe, 340, stripe + 4, 376), fill="#1b2130")
    out = BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()
