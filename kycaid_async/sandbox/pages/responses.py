"""Responses to browsers. The headers forbid foreign code, caches and frames.

The style sheet, the scripts and the icon are files beside this one, served by name and nothing else.
"""

from functools import cache
from importlib.resources import files
from typing import Final

from aiohttp import web
from anyio import to_thread

from kycaid_async.sandbox.http.refusals import not_found

_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
PAGE: Final = _ALWAYS | {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # Nothing goes to others. With no-referrer browsers would also hide from us where a form was sent from.
    "Referrer-Policy": "same-origin",
}
CONTENT: Final = _ALWAYS | {
    # What somebody uploaded never runs, whatever it is.
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}

_TYPES: Final = {
    "pages.css": "text/css",
    "form.js": "text/javascript",
    "dashboard.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_FOLDER: Final = files("kycaid_async.sandbox.pages") / "static"


def page(markup: str, status: int = 200) -> web.Response:
    """Return a page."""
    return web.Response(text=markup, status=status, content_type="text/html", charset="utf-8", headers=PAGE)


def download() -> dict[str, str]:
    """Return the headers of an upload as it came: bytes to keep, never a page."""
    return CONTENT | {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}


def see_other(path: str) -> web.Response:
    """Send the browser to a page of ours."""
    return web.Response(status=303, headers=PAGE | {"Location": path})


async def static(request: web.Request) -> web.StreamResponse:
    """Answer with a file of ours."""
    name = request.match_info["name"]
    if name not in _TYPES:
        raise not_found()
    text = await to_thread.run_sync(_read, name)
    return web.Response(text=text, content_type=_TYPES[name], charset="utf-8", headers=PAGE)


@cache
def _read(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")
