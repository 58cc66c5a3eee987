"""Measures the content of a file: whether it can be read to its end, and what its pixels are like."""

import os
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from kycaid_async.errors import ConfigurationError
from kycaid_async.extras import is_installed, is_recent
from kycaid_async.sandbox.outcome import SandboxOutcome
from kycaid_async.sandbox.rules.rules import Look
from kycaid_async.uploads.kinds import FIRST_BYTES, PDF, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.ImageFile import ImageFile

MAX_PIXELS: Final = 50_000_000
"""More than an A4 page at 600 dpi. What claims more is taken for a bomb and is not unpacked."""
_MAX_WEBP: Final = 8_000_000
"""The decoders of WebP and AVIF hold all threads up, or may. Larger ones are not looked into, and not declined."""

_PDF_TAIL: Final = 2048
_SOFTWARE: Final = 0x0131
_ENOUGH: Final = 800
_LAPLACE: Final = (0, 1, 0, 1, -4, 1, 0, 1, 0)
_MIDDLE: Final = 128
_BORDERS: Final = 2


_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "AVIF")
"""What Pillow may try: for others, such as PostScript, it would start a program on what somebody sent."""


class _NotUnpacked(SandboxOutcome):
    """The image is too large to unpack quickly."""


def require_pillow() -> None:
    """Raise `ConfigurationError` when Pillow is not there, or too old. Little of it is imported yet."""
    if not is_installed("PIL"):
        raise ConfigurationError("the sandbox looks into images with Pillow: run pip install 'kycaid-async[sandbox]'")
    from PIL import __version__ as version

    if not is_recent("pillow", version):
        raise ConfigurationError(
            f"the sandbox looks into images with Pillow, and the installed {version} is too old for what strangers "
            "send: run pip install -U 'kycaid-async[sandbox]'"
        )


def look_at(path: Path, name: str) -> Look:
    """Return what can be seen of a file. It blocks: call it in a thread."""
    try:
        return _look_at(path, name)
    except _NotUnpacked:
        return Look(name=name)
    except Exception:  # noqa: BLE001 - decoders raise anything on bytes that no encoder made
        return Look(name=name, is_damaged=True)


def _look_at(path: Path, name: str) -> Look:
    with path.open("rb") as stream:
        kind = kind_of(stream.read(FIRST_BYTES))
        if kind is PDF:
            return Look(name=name, is_damaged=not _is_whole_pdf(stream))
    if kind is None or not kind.is_document:
        return Look(name=name, is_damaged=True)
    return _measure(path, name) if _can_decode(kind.content_type) else Look(name=name)


def _is_whole_pdf(stream: BinaryIO) -> bool:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _PDF_TAIL))
    tail = stream.read()
    return b"startxref" in tail and b"%%EOF" in tail


def _can_decode(mime_type: str) -> bool:
    """Say whether Pillow is to decode the type, and can. HEIC of a phone it cannot: that is no flaw of the image."""
    from PIL import Image

    Image.init()
    return mime_type in {Image.MIME.get(name) for name in _FORMATS if name in Image.OPEN}


def _measure(path: Path, name: str) -> Look:
    """Return what an image is like whose every pixel could be read. Raises anything otherwise."""
    from PIL import ImageFilter, ImageStat

    with open_image(path) as image:
        image.verify()
    # An image that was verified cannot be read any more.
    with open_image(path) as image:
        image.load()
        width, height = image.size
        software = str(image.getexif().get(_SOFTWARE, ""))
        grey = image.convert("L")
    grey.thumbnail((_ENOUGH, _ENOUGH))
    light = ImageStat.Stat(grey)
    edges = grey.filter(ImageFilter.Kernel((3, 3), _LAPLACE, scale=1, offset=_MIDDLE))
    # The filter leaves the outermost pixels as they are.
    seen = ImageStat.Stat(edges.crop((1, 1, grey.width - 1, grey.height - 1))) if min(grey.size) > _BORDERS else light
    return Look(
        name=name,
        width=width,
        height=height,
        brightness=light.mean[0],
        contrast=light.stddev[0],
        sharpness=seen.var[0] / light.var[0] if light.var[0] else 0.0,
        software=software,
    )


@contextmanager
def open_image(path: Path) -> "Iterator[ImageFile]":
    """Open an image of the formats that are safe to try, unless it is too large to unpack. Raises anything."""
    from PIL import Image

    # Odd bytes make Pillow warn on the terminal of whoever runs the sandbox. Setting the same filter again is free,
    # and putting the old ones back would not be safe in a thread.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    with Image.open(path, formats=_FORMATS) as image:
        pixels = image.width * image.height
        if pixels > MAX_PIXELS:
            raise ValueError("too many pixels")
        if image.format in {"WEBP", "AVIF"} and pixels > _MAX_WEBP:
            raise _NotUnpacked
        yield image
