"""Middlewares of pages: errors as pages, and where a request comes from. Pages serve themselves, not other sites."""

import ipaddress
import logging
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from kycaid_async.sandbox.http.middleware import log_fault
from kycaid_async.sandbox.http.refusals import Refused, Serve, refusal_response
from kycaid_async.sandbox.pages.layout import notice
from kycaid_async.sandbox.pages.responses import page

logger = logging.getLogger("kycaid_async.sandbox")

_OWN_NAMES: Final = frozenset({"localhost", "host.docker.internal", "host.containers.internal"})
"""Names that nobody else can point at this machine."""
_MISDIRECTED: Final = Refused(
    421, "bad_request", [("Host", "Without an api_key of its own the sandbox answers to local names only")]
)
_TITLES: Final = {
    400: "That cannot be read",
    402: "Too little money",
    403: "Not from here",
    404: "Nothing is here",
    413: "That is too much",
    429: "Too much at once",
}
_REASONS: Final = {
    "insufficient_funds": "The account of this sandbox has too little left: every verification takes its fee. Nothing "
    "was done. The page Controls sets another balance.",
    "limit_exceeded": "This sandbox takes fewer applicants in a minute (applicants_per_minute). Nothing was done. "
    "Please wait a little, and try again.",
}
"""What people can do about a refusal, by its type. The API leaves it at that."""


def refuse(status: int, text: str = "") -> web.Response:
    """Return a page that says what is wrong."""
    return page(notice(_TITLES.get(status, "That did not work"), text or "Please go back and try again."), status)


def text_of(refused: Refused) -> str:
    """Return what a refusal of the API says to people."""
    messages = [error["message"] for error in refused.body["errors"]]
    type_ = refused.body["type"]
    return _REASONS.get(type_) or f"{'; '.join(messages) or type_.replace('_', ' ')}."


async def answer_with_pages(request: web.Request, serve: Serve) -> web.StreamResponse:
    """Turn whatever goes wrong into a page, and log the path's template; never whose data it was."""
    route = request.match_info.route.resource
    name = f"pages {route.canonical if route else ''}"
    try:
        response = await serve(request)
    except Refused as refused:
        response = refuse(refused.status, _REASONS.get(refused.body["type"], ""))
    except ConnectionError:
        # Nobody is left to read it.
        response = refuse(400)
    except web.HTTPRequestEntityTooLarge:
        response = refuse(413)
    except Exception as error:  # noqa: BLE001 - a server answers also when it is broken
        log_fault(name, error)
        response = refuse(500)
    logger.info("%s %d", name, response.status)
    return response


async def require_same_origin(request: web.Request, serve: Serve) -> web.StreamResponse:
    """Refuse what a browser sends from another site's page."""
    if not is_from_us(request):
        return refuse(403, "Another site sent this. Nothing was done.")
    return await serve(request)


@web.middleware
async def require_local_name(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse other names than this machine's, for a sandbox whose key everybody knows.

    A foreign page could give its own name the address 127.0.0.1 and then read everything as its own. It cannot hide the
    name: the browser says which one it called.
    """
    if not is_local(request.headers.get("Host", "")):
        return refusal_response(_MISDIRECTED)
    return await handler(request)


@lru_cache(maxsize=64)
def is_local(host: str) -> bool:
    """Say whether a ``Host`` header names this machine: by an address, or by a name that is nobody else's."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in _OWN_NAMES or name.endswith(".localhost") or _is_address(name)


def is_from_us(request: web.Request) -> bool:
    """Say whether a browser sent this from one of our own pages. What is no browser says nothing, and may."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and site != "same-origin":
        return False
    try:
        return origin is None or urlsplit(origin).netloc == request.host
    except ValueError:
        return False


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
