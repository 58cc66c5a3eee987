"""The actions of the dashboard, each a form that one of its pages sends."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import attrs
from aiohttp import web

from kycaid_async.errors import ConfigurationError
from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.events.feed import Effects
from kycaid_async.sandbox.faults import Fault, FaultKind
from kycaid_async.sandbox.handlers.catalog import HANDLERS
from kycaid_async.sandbox.handlers.context import NewContext, RequestContext
from kycaid_async.sandbox.http.refusals import Refused
from kycaid_async.sandbox.http.uploads import new_file
from kycaid_async.sandbox.pages import controls_page
from kycaid_async.sandbox.pages.context import PageContext
from kycaid_async.sandbox.pages.layout import HOME
from kycaid_async.sandbox.pages.login import LoginSessions, own_path
from kycaid_async.sandbox.pages.middleware import refuse
from kycaid_async.sandbox.pages.responses import see_other
from kycaid_async.sandbox.pages.samples import MOST_FILES, add_samples
from kycaid_async.sandbox.pages.submission import FormFields, read_fields
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
        except ConfigurationError as error:
            return refuse(422, f"{error.message}.")
        except ValueError as error:
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
