"""Login sessions of the dashboard, and the tokens that its actions carry."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import attrs
from aiohttp import web

LIFETIME: Final = timedelta(hours=12)
_MOST: Final = 100


@attrs.frozen
class LoginSessions:
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
        if len(self._began) > _MOST:
            del self._began[next(iter(self._began))]
        response.set_cookie(
            self.cookie,
            id_,
            path="/_sandbox",
            max_age=int(LIFETIME.total_seconds()),
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
        return began is not None and self._clock() - began < LIFETIME

    def token(self, request: web.Request) -> str:
        """Return what an action from a page of this session has to carry. Other sites cannot read it."""
        return hmac.new(self._secret, self._id_of(request).encode(errors="replace"), hashlib.sha256).hexdigest()

    def has_token(self, request: web.Request, token: str) -> bool:
        """Say whether an action carries the token of its session."""
        return hmac.compare_digest(self.token(request).encode(), token.encode(errors="replace"))

    def _id_of(self, request: web.Request) -> str:
        return request.cookies.get(self.cookie, "")
