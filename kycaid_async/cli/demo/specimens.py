"""Drawn identity documents: real image and PDF files that belong to nobody."""

import random
import time
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from kycaid_async.cli.demo.files import DemoFile
from kycaid_async.cli.demo.people import Flaw, Specimen
from kycaid_async.values.unset import UNSET

_CARD, _PAGE, _SELFIE = (1000, 630), (827, 1170), (720, 960)
_INK, _FAINT = (34, 40, 56), (120, 128, 146)
_PAPERS = ((226, 236, 246), (244, 232, 222), (228, 242, 230), (240, 232, 244), (246, 242, 220))
# The time of drawing would otherwise stand in every PDF, and no two would be alike.
_THEN = time.gmtime(1_700_000_000)

_OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "jpg": ("JPEG", {"quality": 88}),
    "png": ("PNG", {"compress_level": 1}),
    "webp": ("WEBP", {"quality": 80, "method": 0}),
    "tiff": ("TIFF", {"compression": "tiff_lzw"}),
    "pdf": ("PDF", {"creationDate": _THEN, "modDate": _THEN, "resolution": 100.0}),
}


def draw_into(folder: Path, specimen: Specimen) -> DemoFile:
    """Draw a specimen into ``folder`` and return it as a file. The file is the same each time, byte for byte."""
    content = encode(specimen)
    path = folder / specimen.filename
    path.write_bytes(content)
    return DemoFile(
        path=path,
        name=path.name,
        size=len(content),
        holder=specimen.holder,
        type=specimen.type,
        number=specimen.number or UNSET,
        expiry=specimen.expiry or UNSET,
    )


def encode(specimen: Specimen) -> bytes:
    """Return the file of a specimen."""
    out = BytesIO()
    kind, options = _OPTIONS[specimen.format]
    draw(specimen).save(out, kind, **options)
    content = out.getvalue()
    return content[: len(content) * 3 // 5] if specimen.flaw is Flaw.CUT_OFF else content


def draw(specimen: Specimen) -> Image.Image:
    """Return the picture of a specimen, marked as one."""
    chance = random.Random(specimen.serial)  # noqa: S311 - nothing secret depends on it
    image = _LAYOUTS[specimen.layout](specimen, chance)
    _mark(image)
    if specimen.flaw is Flaw.TINY:
        return image.resize((120, 120 * image.height // image.width))
    size = (int(image.width * specimen.scale), int(image.height * specimen.scale))
    image = image.resize(size, Image.Resampling.BILINEAR)
    return image if specimen.layout == "page" else _grain(image, chance)


def _card(specimen: Specimen, chance: random.Random) -> Image.Image:
    image = Image.new("RGB", _CARD, chance.choice(_PAPERS))
    pen = ImageDraw.Draw(image)
    for line in range(-630, 1000, 26):
        pen.line((line, 630, line + 630, 0), fill=(214, 222, 232))
    pen.rectangle((0, 0, 1000, 92), fill=_INK)
    pen.text((40, 24), f"REPUBLIC OF NOWHERE   {_title(specimen)}", font=_font(34), fill="white")
    _face(pen, (48, 140, 318, 480), chance)
    rows = (
        ("Surname", specimen.holder.last_name),
        ("Given name", specimen.holder.first_name),
        ("Date of birth", f"{specimen.holder.dob}"),
        ("Number", specimen.number),
        ("Date of expiry", f"{specimen.expiry}"),
    )
    for row, (label, text) in enumerate(rows):
        pen.text((370, 128 + row * 76), label, font=_font(18), fill=_FAINT)
        pen.text((370, 150 + row * 76), text, font=_font(34), fill=_INK)
    zone = f"P<NWH{specimen.holder.last_name}<<{specimen.holder.first_name}".upper().ljust(40, "<")
    pen.text((40, 560), zone, font=_font(30), fill=_INK)
    return image


def _page(specimen: Specimen, chance: random.Random) -> Image.Image:
    image = Image.new("RGB", _PAGE, "white")
    pen = ImageDraw.Draw(image)
    pen.text((70, 60), "Bank and Bureau of Nowhere", font=_font(30), fill=_INK)
    pen.line((70, 110, 757, 110), fill=_INK, width=3)
    pen.text((70, 140), _title(specimen), font=_font(40), fill=_INK)
    pen.text((70, 220), f"{specimen.holder.first_name} {specimen.holder.last_name}", font=_font(26), fill=_INK)
    pen.text((70, 256), f"{chance.randrange(1, 99)} Example Street, Nowhere", font=_font(22), fill=_FAINT)
    for row in range(20):
        top = 330 + row * 38
        pen.line((70, top + 30, 757, top + 30), fill=(224, 226, 232))
        pen.text((70, top), f"Entry {row + 1:02}", font=_font(20), fill=_INK)
        pen.text((600, top), f"{chance.randrange(100, 99_999) / 100:10.2f} NWD", font=_font(20), fill=_INK)
    return image


def _selfie(specimen: Specimen, chance: random.Random) -> Image.Image:
    image = Image.new("RGB", _SELFIE, chance.choice(_PAPERS))
    pen = ImageDraw.Draw(image)
    _face(pen, (110, 150, 610, 860), chance)
    pen.text((40, 40), f"{specimen.holder.first_name} {specimen.holder.last_name}", font=_font(30), fill=_INK)
    return image


def _face(pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], chance: random.Random) -> None:
    """Draw an outline of a person that resembles nobody."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    skin = chance.choice(((238, 206, 180), (198, 150, 116), (134, 92, 66), (222, 184, 150)))
    coat = tuple(chance.randrange(40, 160) for _ in range(3))
    pen.rectangle(box, fill=(206, 214, 224))
    shoulders = (left + width * 0.12, top + height * 0.66, right - width * 0.12, bottom + height * 0.3)
    pen.pieslice(shoulders, 180, 360, fill=coat)
    pen.ellipse((left + width * 0.27, top + height * 0.12, right - width * 0.27, top + height * 0.66), fill=skin)
    for eye in (0.41, 0.59):
        x, y = left + width * eye, top + height * 0.36
        pen.ellipse((x - 5, y - 5, x + 5, y + 5), fill=_INK)
    mouth = (left + width * 0.4, top + height * 0.44, left + width * 0.6, top + height * 0.54)
    pen.arc(mouth, 20, 160, fill=_INK, width=4)


def _mark(image: Image.Image) -> None:
    """Write SPECIMEN across the picture."""
    layer = Image.new("L", image.size, 0)
    font = _font(image.width // 6)
    center = (image.width // 2, image.height // 2)
    ImageDraw.Draw(layer).text(center, "SPECIMEN", font=font, fill=110, anchor="mm")
    image.paste((190, 30, 40), mask=layer.rotate(24))


def _grain(image: Image.Image, chance: random.Random) -> Image.Image:
    """Add the noise of a camera: without it all files would be far smaller than real ones."""
    noise = Image.frombytes("L", (512, 512), chance.randbytes(512 * 512)).resize(image.size, Image.Resampling.NEAREST)
    return Image.blend(image, noise.convert("RGB"), 0.06)


def _title(specimen: Specimen) -> str:
    return specimen.type.replace("_", " ")


@cache
def _font(size: int) -> Any:
    return ImageFont.load_default(size)


_LAYOUTS = {"card": _card, "page": _page, "selfie": _selfie}
