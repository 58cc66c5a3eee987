"""Pictures of what was uploaded: drawn anew, so that nothing of the bytes that somebody sent reaches a browser."""

from io import BytesIO
from pathlib import Path
from typing import Final

import attrs
from aiohttp import web
from anyio import to_thread

from kycaid_async.sandbox.http.refusals import not_found
from kycaid_async.sandbox.pages.responses import CONTENT, download
from kycaid_async.sandbox.review.content import open_image
from kycaid_async.sandbox.state import SandboxState
from kycaid_async.sandbox.storage.database import Row

PATH: Final = "/_sandbox/pictures/{file_id}"
DOWNLOAD: Final = "/_sandbox/downloads/{file_id}"
_LARGEST: Final = (1200, 1200)


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
