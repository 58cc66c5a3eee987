"""Where a request comes from: pages serve themselves, not other sites."""

import ipaddress
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from kycaid_async.sandbox.http.refusals import Refused
from kycaid_async.sandbox.http.responses import refusal

_OWN_NAMES: Final = frozenset({"localhost", "host.docker.internal", "host.containers.internal"})
"""Names that nobody else can point at this machine."""


def only_local_names() -> Middleware:
    """Return a middleware for a sandbox whose key everybody knows.

    A foreign page could give its own name the address 127.0.0.1 and then read everything as its own. It cannot hide the
    name: the browser says which one it called.
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_local(request.headers.get("Host", "")):
            return refusal(_MISDIRECTED)
        return await handler(request)

    return check


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


_MISDIRECTED: Final = Refused(
    421, "bad_request", [("Host", "Without an api_key of its own the sandbox answers to local names only")]
)
