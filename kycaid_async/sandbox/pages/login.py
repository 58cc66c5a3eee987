"""The login of the dashboard with the key of the sandbox, its sessions, and the tokens that its actions carry."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

import attrs
from aiohttp import web

from kycaid_async.html import tag
from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.http.access import KeyThrottle
from kycaid_async.sandbox.http.refusals import Serve
from kycaid_async.sandbox.pages.layout import HOME, document
from kycaid_async.sandbox.pages.middleware import refuse
from kycaid_async.sandbox.pages.responses import page, see_other
from kycaid_async.sandbox.pages.submission import read_fields

PATH: Final = f"{HOME}login"
_OURS: Final = re.compile(rf"{HOME}[A-Za-z0-9/]*", re.ASCII)
_TOO_OLD: Final = "This page was too old. Please go back, reload it and try again."
_LIFETIME: Final = timedelta(hours=12)
_MAX_SESSIONS: Final = 100


@attrs.frozen(eq=False, repr=False)
class LoginSessions(ValueObject):
    """Sessions of one running sandbox: they end with it, after twelve hours, and by logging out."""

    _api_key: str = attrs.field(repr=False)
    _port: int | None
    _clock: Callable[[], datetime]
    _secret: bytes = attrs.field(factory=lambda: secrets.token_bytes(32), repr=False)
    _began: dict[str, datetime] = attrs.field(factory=dict, repr=False)

    @property
    def cookie(self) -> str:
        """The name of the cookie. Browsers send cookies to every port of a host, so the port is part of it."""
        return f"kycaid_sandbox_{self._port}"

    def is_key(self, key: str) -> bool:
        """Say whether ``key`` is the sandbox's, in constant time."""
        return hmac.compare_digest(key.encode(errors="surrogateescape"), self._api_key.encode())

    def log_in(self, request: web.Request, response: web.Response) -> None:
        """Begin a session and set its cookie."""
        id_ = secrets.token_urlsafe(32)
        self._began[id_] = self._clock()
        if len(self._began) > _MAX_SESSIONS:
            del self._began[next(iter(self._began))]
        response.set_cookie(
            self.cookie,
            id_,
            path="/_sandbox",
            max_age=int(_LIFETIME.total_seconds()),
            httponly=True,
            samesite="Strict",
            secure=request.secure,
        )

    def log_out(self, request: web.Request, response: web.Response) -> None:
        """End the session of a request."""
        self._began.pop(self._id_of(request), None)
        response.del_cookie(self.cookie, path="/_sandbox")

    def is_known(self, request: web.Request) -> bool:
        """Say whether a request belongs to a session."""
        began = self._began.get(self._id_of(request))
        return began is not None and self._clock() - began < _LIFETIME

    def token(self, request: web.Request) -> str:
        """Return what an action from a page of this session has to carry. Other sites cannot read it."""
        return hmac.new(self._secret, self._id_of(request).encode(errors="replace"), hashlib.sha256).hexdigest()

    def has_token(self, request: web.Request, token: str) -> bool:
        """Say whether an action carries the token of its session."""
        return hmac.compare_digest(self.token(request).encode(), token.encode(errors="replace"))

    def _id_of(self, request: web.Request) -> str:
        return request.cookies.get(self.cookie, "")


@attrs.frozen(eq=False, repr=False)
class Login(ValueObject):
    """The door of the dashboard."""

    _sessions: LoginSessions
    _throttle: KeyThrottle
    is_needed: bool
    """False where everybody knows the key."""

    def admits(self, request: web.Request) -> bool:
        """Say whether a request may see the dashboard."""
        return not self.is_needed or self._sessions.is_known(request)

    async def require_login(self, request: web.Request, serve: Serve) -> web.StreamResponse:
        """Serve a request of a session; send others to the page where a person can log in."""
        if not self.admits(request):
            return see_other(f"{PATH}?next={quote(request.path)}") if request.method == "GET" else refuse(403)
        return await serve(request)

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
