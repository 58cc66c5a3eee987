"""Files: what they are by their first bytes, pictures that are converted, and what the sandbox sees in pictures."""

import asyncio
import io
import struct
import tempfile
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pillow_heif
from PIL import Image

from kycaid_async.bulk.manifest.converted import ConvertedSource
from kycaid_async.errors import InvalidFileError
from kycaid_async.sandbox.pages.drawing import draw
from kycaid_async.sandbox.review.content import MAX_PIXELS, look_at
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


_OF_ALL_PIXELS = 500
"""MiB that a picture takes which has just as many pixels as may be: one at a time is unpacked."""


@cache
def _place() -> Path:
    memory = Path("/dev/shm")  # noqa: S108 - a place in memory
    return Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None), "picture")


def _see(data: bytes) -> object:
    """Look at a picture as a review does, and draw it as a page does. Neither raises anything, whatever comes."""
    _place().write_bytes(data)
    return look_at(_place(), "passport.png"), draw(_place())


@cache
def _pictures() -> tuple[bytes, ...]:
    kinds = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
    return (*map(image, kinds), image("WEBP", lossless=True), image("PNG", optimize=True), _saying(_PNG, 900, 700), PDF)


_PNG, _JPEG, _GIF, _TIFF, _WEBP = "PNG", "JPEG", "GIF", "TIFF", "WEBP"


def _saying(kind: str, width: int, height: int) -> bytes:
    """Return a picture of few pixels that says to have more."""
    whole = bytearray(image(kind, **({"lossless": True} if kind == _WEBP else {})))
    match kind:
        case "PNG":
            whole[16:24] = struct.pack(">II", width, height)
            whole[29:33] = struct.pack(">I", zlib.crc32(whole[12:29]))
        case "JPEG":
            at = whole.index(b"\xff\xc0") + 5
            whole[at : at + 4] = struct.pack(">HH", height, width)
        case "GIF":
            whole[6:10] = struct.pack("<HH", width, height)
            at = whole.index(b"\x2c", 13 + 3 * 256) + 5
            whole[at : at + 4] = struct.pack("<HH", width, height)
        case "TIFF":
            _set_in_tiff(whole, {256: width, 257: height, 278: height})
        case "WEBP":
            whole[21:25] = struct.pack("<I", (width - 1) & 0x3FFF | ((height - 1) & 0x3FFF) << 14)
    return bytes(whole)


def _set_in_tiff(whole: bytearray, values: dict[int, int]) -> None:
    (at,) = struct.unpack_from("<I", whole, 4)
    (count,) = struct.unpack_from("<H", whole, at)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        (tag,) = struct.unpack_from("<H", whole, entry)
        if tag in values:
            struct.pack_into("<HHII", whole, entry, tag, 4, 1, values[tag])


def _nasty_pictures() -> Iterator[tuple[str, bytes]]:
    for kind in (_PNG, _JPEG, _GIF, _TIFF, _WEBP):
        for width, height in ((7_000, 7_000), (12_000, 12_000), (16_383, 16_383), (65_535, 65_535), (0, 0)):
            if kind != _WEBP or width < 1 << 14:
                yield f"a {kind} that says {width:,} x {height:,}", _saying(kind, width, height)
    yield "a PNG that says 2,147,483,647 x 2,147,483,647", _saying(_PNG, 2**31 - 1, 2**31 - 1)
    side = int(MAX_PIXELS**0.5)
    for kind in (_PNG, _JPEG, _GIF, _TIFF):
        yield f"a {kind} of as many pixels as may be", _plain(kind, side, side)
        yield f"a {kind} of more pixels than may be", _plain(kind, side + 100, side + 100)
    yield "a PNG of one row of 50 million pixels", _plain(_PNG, MAX_PIXELS, 1)
    yield "a PNG whose text is a bomb", _with_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(200 << 20), 9))
    yield "a PNG whose profile is a bomb", _with_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(200 << 20), 9))
    yield "a PNG of 300,000 chunks", _with_chunk(b"tEXt", b"a\0b", 300_000)
    yield "a GIF of 20,000 pictures", _frames(_GIF, 20_000)
    yield "a TIFF that goes round and round", _endless_tiff()
    yield "a JPEG of 40,000 segments", image(_JPEG)[:2] + b"\xff\xe1\0\x08Exif\0\0" * 40_000 + image(_JPEG)[2:]


def _plain(kind: str, width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", (width, height)).save(out, kind, **({"compression": "tiff_lzw"} if kind == _TIFF else {}))
    return out.getvalue()


def _with_chunk(name: bytes, content: bytes, times: int = 1) -> bytes:
    whole = image(_PNG)
    chunk = struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    return whole[:33] + chunk * times + whole[33:]


def _frames(kind: str, count: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", (4, 4)).save(out, kind)
    whole = out.getvalue()
    at = whole.index(b"\x2c")
    return whole[:at] + whole[at:-1] * count + whole[-1:]


def _endless_tiff() -> bytes:
    whole = bytearray(image(_TIFF))
    (at,) = struct.unpack_from("<I", whole, 4)
    (count,) = struct.unpack_from("<H", whole, at)
    struct.pack_into("<I", whole, at + 2 + 12 * count, at)
    return bytes(whole)


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
    Target(
        name="pictures at the sandbox",
        run=_see,
        raises=(),
        seeds=lambda: list(_pictures()),
        share=12,
        nasty=_nasty_pictures,
        mebibytes=_OF_ALL_PIXELS,
    ),
)
