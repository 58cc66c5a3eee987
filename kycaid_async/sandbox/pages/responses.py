"""Responses to browsers. The headers forbid foreign code, caches and frames.

The style sheet, the scripts and the icon are files beside this one, served by name and nothing else. Pictures of what
was uploaded are drawn anew, so that nothing of the bytes that somebody sent reaches a browser.
"""

from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Final

import attrs
from aiohttp import web
from anyio import to_thread

from kycaid_async.sandbox.http.refusals import not_found
from kycaid_async.sandbox.review.content import open_image
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
_LARGEST: Final = (1200, 1200)
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


@attrs.frozen
class Pictures:
    """Serves stored files: as pictures, or as bytes to keep."""

    _state: SandboxState

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Answer with the picture of a file; with 404 for one that is none."""
        row = await self._row(request)
        path = self._state.folder / row["stored_as"]
        drawn = await to_thread.run_sync(_drawn, path, limiter=self._state.decoding)
        if drawn is None:
            raise not_found()
        return web.Response(body=drawn, content_type="image/jpeg", headers=CONTENT)

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


def _drawn(path: Path) -> bytes | None:
    """Return a JPEG of the picture in a file; None when there is none that can be read."""
    try:
        return _redraw(path)
    except Exception:  # noqa: BLE001 - decoders raise anything on bytes that no encoder made
        return None


def _redraw(path: Path) -> bytes:
    from PIL import Image, ImageOps

    out = BytesIO()
    with open_image(path) as image:
        # JPEG is read smaller from the start where that is enough.
        image.draft("RGB", _LARGEST)
        image.thumbnail(_LARGEST)
        upright = ImageOps.exif_transpose(image).convert("RGBA")
    paper = Image.new("RGB", upright.size, "white")
    paper.paste(upright, mask=upright)
    paper.save(out, "JPEG", quality=85)
    return out.getvalue()
