"""The actions of the dashboard: each is a form that one of its pages sends."""

from collections.abc import Awaitable, Callable
from typing import Final

import attrs
from aiohttp import web

from kycaid_async.errors import ConfigurationError
from kycaid_async.sandbox.faults import Fault, FaultKind
from kycaid_async.sandbox.pages import controls_page
from kycaid_async.sandbox.pages.context import PageContext
from kycaid_async.sandbox.pages.login import LoginSessions, own_path
from kycaid_async.sandbox.pages.middleware import refuse
from kycaid_async.sandbox.pages.responses import see_other
from kycaid_async.sandbox.pages.submission import FormFields, read_fields

Act = Callable[[FormFields], Awaitable[str]]
"""Does something and returns the page to go to."""
_LONGEST_COMMENT: Final = 500


@attrs.frozen
class Actions:
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
