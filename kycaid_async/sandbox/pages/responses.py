"""Responses to browsers. The headers forbid foreign code, caches and frames.

The style sheet, the scripts and the icon are files beside this one, served by name and nothing else. Pictures of what
was uploaded are drawn anew, so that nothing of the bytes that somebody sent reaches a browser.
"""

from functools import cache
from typing import Final

import attrs
from aiohttp import web
from anyio import to_thread

from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.http.refusals import not_found
from kycaid_async.sandbox.pages.drawing import draw
from kycaid_async.sandbox.state import SandboxState
from kycaid_async.sandbox.storage.database import Row

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

PICTURE_PATH: Final = "/_sandbox/pictures/{file_id}"
DOWNLOAD_PATH: Final = "/_sandbox/downloads/{file_id}"
_TYPES: Final = {
    "pages.css": "text/css",
    "form.js": "text/javascript",
    "dashboard.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


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
    from importlib.resources import files  # few sandboxes show pages

    return (files("kycaid_async.sandbox.pages") / "static" / name).read_text("utf-8")


@attrs.frozen(eq=False, repr=False)
class Pictures(ValueObject):
    """Serves stored files: as pictures, or as bytes to keep."""

    _state: SandboxState

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Answer with a picture of a file, or with one that says why there is none."""
        row = await self._row(request)
        path = self._state.folder / row["stored_as"]
        drawn, content_type = await to_thread.run_sync(draw, path, limiter=self._state.decoding)
        return web.Response(body=drawn, content_type=content_type, headers=CONTENT)

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Answer with a file as it came."""
        row = await self._row(request)
        return web.FileResponse(self._state.folder / row["stored_as"], headers=download())

    async def _row(self, request: web.Request) -> Row:
        file_id = request.match_info["file_id"]
        row = await self._state.look(lambda unit: unit.files.find(file_id))
        if row is None:
            raise not_found()
        return row
