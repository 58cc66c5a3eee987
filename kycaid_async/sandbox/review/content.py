"""The look into a file: can it be read to its end, and is there enough to see?"""

import importlib.util
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import filetype

from kycaid_async.errors import ConfigurationError
from kycaid_async.values.decline_reasons import DeclineReason

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

MIN_LONG_SIDE: Final = 200
MIN_SHORT_SIDE: Final = 150
MAX_PIXELS: Final = 80_000_000
"""More than an A4 page at 900 dpi. What claims more is taken for a bomb and is not unpacked."""

_HEAD: Final = 8192
_PDF_TAIL: Final = 2048


_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP")
"""What Pillow may try: for others, such as PostScript, it would start a program on what somebody sent."""


def require_pillow() -> None:
    """Raise `ConfigurationError` when Pillow is not there. It is not imported yet."""
    if importlib.util.find_spec("PIL") is None:
        raise ConfigurationError("the sandbox looks into images with Pillow: run pip install 'kycaid-async[sandbox]'")


def flaw_of(path: Path) -> DeclineReason | None:
    """Return what is wrong with a file, if anything. Videos are not looked into. It blocks: call it in a thread."""
    try:
        return _flaw_of(path)
    except Exception:  # noqa: BLE001 - decoders raise anything on bytes that no encoder made
        return DeclineReason.DOCUMENT_DAMAGED


def _flaw_of(path: Path) -> DeclineReason | None:
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
        if head.startswith(b"%PDF-"):
            return None if _is_whole_pdf(stream) else DeclineReason.DOCUMENT_DAMAGED
    kind = filetype.guess_mime(head) or ""
    if kind.startswith("video/") or (kind.startswith("image/") and not _can_decode(kind)):
        return None
    if not kind.startswith("image/"):
        return DeclineReason.DOCUMENT_DAMAGED
    width, height = _unpack(path)
    is_small = max(width, height) < MIN_LONG_SIDE or min(width, height) < MIN_SHORT_SIDE
    return DeclineReason.BAD_QUALITY if is_small else None


def _is_whole_pdf(stream: BinaryIO) -> bool:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _PDF_TAIL))
    tail = stream.read()
    return b"startxref" in tail and b"%%EOF" in tail


def _can_decode(mime_type: str) -> bool:
    """Say whether Pillow knows the type at all. HEIC of a phone, for one, it does not: that is no flaw of the image."""
    from PIL import Image

    Image.init()
    return mime_type in Image.MIME.values()


def _unpack(path: Path) -> tuple[int, int]:
    """Return the size of an image whose every pixel could be read. Raises anything otherwise."""
    with open_image(path) as image:
        image.verify()
    # An image that was verified cannot be read any more.
    with open_image(path) as image:
        image.load()
        return image.size


@contextmanager
def open_image(path: Path) -> "Iterator[ImageFile]":
    """Open an image of the formats that are safe to try, unless it is too large to unpack. Raises anything."""
    from PIL import Image

    # Odd bytes make Pillow warn on the terminal of whoever runs the sandbox. Setting the same filter again is free,
    # and putting the old ones back would not be safe in a thread.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    with Image.open(path, formats=_FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ValueError("too many pixels")
        yield image
