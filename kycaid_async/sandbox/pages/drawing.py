"""Draws files as pictures: images, first pages of PDFs, HEIC of phones; and placeholders of what it cannot draw."""

import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from kycaid_async.extras import require
from kycaid_async.html import tag
from kycaid_async.sandbox.review.content import MAX_PIXELS, open_image
from kycaid_async.uploads.kinds import FIRST_BYTES, PDF, FileKind, kind_of

JPEG: Final = "image/jpeg"
SVG: Final = "image/svg+xml"
LARGEST: Final = 1200
"""Pixels of the longer side of a picture."""
_HEIF: Final = ("image/heic", "image/heif")
_PDFIUM: Final = threading.Lock()
_INSTALL: Final = "pip install 'kycaid-async[previews]'"


def draw(path: Path) -> tuple[bytes, str]:
    """Return a picture of a file and its content type. It blocks: call it in a thread."""
    with path.open("rb") as stream:
        kind = kind_of(stream.read(FIRST_BYTES))
    drawer, hint = _drawer(kind)
    try:
        return _as_jpeg(drawer(path)), JPEG
    except ModuleNotFoundError:
        return placeholder(_name(kind), hint), SVG
    except Exception:  # noqa: BLE001 - decoders raise anything on bytes that no encoder made
        return placeholder(_name(kind), "It cannot be shown as a picture."), SVG


def _drawer(kind: FileKind | None) -> tuple[Callable[[Path], Any], str]:
    """Return what draws a kind of file, and what to do where it is not installed."""
    if kind is PDF:
        return _pdf, f"To see it here: {_INSTALL}"
    if kind is not None and kind.content_type in _HEIF:
        return _heif, f"To see it here: {_INSTALL}"
    return _image, ""


def _image(path: Path) -> Any:
    from PIL import ImageOps

    with open_image(path) as image:
        # JPEG is read smaller from the start where that is enough.
        image.draft("RGB", (LARGEST, LARGEST))
        image.thumbnail((LARGEST, LARGEST))
        return ImageOps.exif_transpose(image).copy()


def _pdf(path: Path) -> Any:
    """Draw the first page, whatever size it claims to have."""
    pdfium = require("pypdfium2", "previews")
    # PDFium is for one thread at a time.
    with _PDFIUM:
        document = pdfium.PdfDocument(path)
        try:
            page = document[0]
            return page.render(scale=LARGEST / max(1.0, *page.get_size()), may_draw_forms=False).to_pil().copy()
        finally:
            document.close()


def _heif(path: Path) -> Any:
    heif = require("pillow_heif", "previews").open_heif(path, convert_hdr_to_8bit=True)
    if heif.size[0] * heif.size[1] > MAX_PIXELS:
        raise ValueError("too many pixels")
    return heif.to_pillow()


def _as_jpeg(image: Any) -> bytes:
    from PIL import Image

    image.thumbnail((LARGEST, LARGEST))
    drawn = image.convert("RGBA")
    paper = Image.new("RGB", drawn.size, "white")
    paper.paste(drawn, mask=drawn)
    out = BytesIO()
    paper.save(out, "JPEG", quality=85)
    return out.getvalue()


def _name(kind: FileKind | None) -> str:
    if kind is None:
        return "A file of an unknown kind"
    return kind.extension.lstrip(".").upper()


def placeholder(title: str, text: str) -> bytes:
    """Return a picture that says what a file is, and why it is not drawn."""
    place: dict[str, Any] = {"x": "50%", "text_anchor": "middle", "font_family": "system-ui, sans-serif"}
    picture = tag(
        "svg",
        tag("rect", width="100%", height="100%", fill="#e8ebf1"),
        tag("text", title, y="46%", font_size="26", font_weight="600", fill="#1b2130", **place),
        tag("text", text, y="60%", font_size="15", fill="#444c5c", **place),
        xmlns="http://www.w3.org/2000/svg",
        viewBox="0 0 480 300",
        width="480",
        height="300",
    )
    return picture.encode()
