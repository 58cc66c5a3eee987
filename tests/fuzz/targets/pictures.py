"""Files: what they are by their first bytes, and pictures that are converted."""

import asyncio
import io
import struct
from collections.abc import Iterator
from functools import cache

import pillow_heif
from PIL import Image

from kycaid_async.bulk.manifest.converted import ConvertedSource
from kycaid_async.errors import InvalidFileError
from kycaid_async.uploads.kinds import extension_of, inspect, kind_of
from kycaid_async.uploads.preflight import FileRules
from kycaid_async.uploads.sources import BytesReader, BytesSource
from tests.fuzz.target import Target
from tests.kinds import MOVIE, PDF, image, media, packets


def _kind(data: bytes) -> object:
    kind = kind_of(data)
    extension_of(data[:60].decode("latin-1"))
    return kind, inspect(BytesReader(memoryview(data)), label="a", rules=FileRules())


@cache
def _kinds() -> tuple[bytes, ...]:
    pictures = (image("PNG"), image("JPEG"), image("GIF"), image("BMP"), image("TIFF"), image("WEBP"))
    films = (media(b"mif1", b"heic"), media(b"qt  "), MOVIE, packets(188), b"\x1a\x45\xdf\xa3\x42\x82\x84webm")
    return tuple(one[:600] for one in (*pictures, *films, PDF))


@cache
def _heic() -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (32, 24), "red")).save(out)
    return out.getvalue()


def _convert(data: bytes) -> object:
    return asyncio.run(_opened(data))


async def _opened(data: bytes) -> int:
    reader = await ConvertedSource(BytesSource(data, filename="a.heic")).open()
    try:
        return reader.size
    finally:
        await reader.close()


def _nasty() -> Iterator[tuple[str, bytes]]:
    whole = _heic()
    at = whole.index(b"ispe") + 8
    for width, height in ((12_000, 12_000), (40_000, 40_000), (2**31 - 1, 2**31 - 1), (0, 0)):
        yield (
            f"a picture that says {width:,} x {height:,}",
            whole[:at] + struct.pack(">II", width, height) + whole[at + 8 :],
        )
    yield "3 MB of line breaks", b"\n" * 3_000_000
    yield "30 MB behind the head of a picture", whole[:40] + bytes(30_000_000)
    yield "a million boxes", whole[:24] + struct.pack(">I", 8) + b"free" + (struct.pack(">I", 8) + b"free") * 1_000_000


def _nasty_kinds() -> Iterator[tuple[str, bytes]]:
    yield "a million brands", struct.pack(">I", 4_000_016) + b"ftyp" + b"mif1\0\0\0\0" + b"xxxx" * 1_000_000
    yield "3 MB of line breaks", b"\n" * 3_000_000


TARGETS = (
    Target(
        name="kinds of files",
        run=_kind,
        raises=(InvalidFileError,),
        seeds=lambda: list(_kinds()),
        share=60,
        nasty=_nasty_kinds,
    ),
    Target(
        name="HEIC pictures", run=_convert, raises=(InvalidFileError,), seeds=lambda: [_heic()], share=2, nasty=_nasty
    ),
)
