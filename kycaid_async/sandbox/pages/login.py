"""Logging in: who has the key of the sandbox may see and use its dashboard."""

import re
from typing import Final
from urllib.parse import quote

import attrs
from aiohttp import web

from kycaid_async.html import tag
from kycaid_async.sandbox.http.responses import Serve
from kycaid_async.sandbox.http.throttle import KeyThrottle
from kycaid_async.sandbox.pages.body import read_fields
from kycaid_async.sandbox.pages.layout import document
from kycaid_async.sandbox.pages.middleware import refuse
from kycaid_async.sandbox.pages.responses import page, see_other
from kycaid_async.sandbox.pages.session import Sessions
from kycaid_async.sandbox.pages.shell import HOME

PATH: Final = f"{HOME}login"
_OURS: Final = re.compile(rf"{HOME}[A-Za-z0-9/]*", re.ASCII)
_TOO_OLD: Final = "This page was too old. Please go back, reload it and try again."


@attrs.frozen
class Login:
    """The door of the dashboard."""

    _sessions: Sessions
    _throttle: KeyThrottle
    is_needed: bool
    """False where everybody knows the key."""

    def admits(self, request: web.Request) -> bool:
        """Say whether a request may see the dashboard."""
        return not self.is_needed or self._sessions.is_known(request)

    def private(self, serve: Serve) -> Serve:
        """Let only those in who are logged in; send others to the page where they can."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            if not self.admits(request):
                return see_other(f"{PATH}?next={quote(request.path)}") if request.method == "GET" else refuse(403)
            return await serve(request)

        return guarded

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Show the page to log in."""
        return page(self._markup(request, own_path(request.query.get("next", ""))))

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """Take the key."""
        fields = await read_fields(request)
        if not self._sessions.has_token(request, fields.one("token")):
            return refuse(403, _TOO_OLD)
        back = own_path(fields.one("next"))
        response = see_other(back)
        key = fields.one("key")
        if not await self._throttle.judge(request.remote, key, is_right=self._sessions.is_key(key)):
            return page(self._markup(request, back, "This is not the key."), 401)
        self._sessions.log_in(request, response)
        return response

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """Log out."""
        if not self._sessions.has_token(request, (await read_fields(request)).one("token")):
            return refuse(403, _TOO_OLD)
        response = see_other(PATH)
        self._sessions.log_out(request, response)
        return response

    def _markup(self, request: web.Request, back: str, fault: str = "") -> str:
        return document(
            "Log in · KYCAID sandbox",
            tag(
                "main",
                tag("h1", "KYCAID sandbox"),
                tag(
                    "form",
                    tag("input", type="hidden", name="token", value=self._sessions.token(request)),
                    tag("input", type="hidden", name="next", value=back),
                    tag(
                        "div",
                        tag("label", "API key of this sandbox", for_="key"),
                        tag(
                            "input",
                            type="password",
                            name="key",
                            id="key",
                            required=True,
                            autofocus=True,
                            autocomplete="current-password",
                            aria_describedby="key-fault",
                        ),
                        tag("p", fault, id="key-fault", class_="fault", role="alert"),
                        class_="field",
                    ),
                    tag("button", "Log in", type="submit", class_="main"),
                    method="post",
                    action=PATH,
                ),
                class_="card notice",
            ),
        )


def own_path(path: str) -> str:
    """Return ``path`` when it is one of the dashboard's, and else the way to its first page."""
    return path if _OURS.fullmatch(path) else HOME
