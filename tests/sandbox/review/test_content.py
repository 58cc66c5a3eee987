"""The look into files: real ones, made here."""

import io
import struct
import subprocess
import sys
import zlib
from datetime import date

import pytest
from PIL import Image, ImageDraw, ImageFilter, features

from kycaid_async import ConfigurationError, DeclineReason
from kycaid_async.sandbox.review import content
from kycaid_async.sandbox.review.content import look_at
from kycaid_async.sandbox.rules.rules import RULES, Case, judge
from tests.kinds import DOCUMENTS, PREFIXES

FTYP = b"\x00\x00\x00\x18ftyp"


def flaw_of(path):
    """Return the only reason to decline a file for its content, if there is one."""
    reasons = judge(RULES, Case(files=(look_at(path, "file"),), today=date(2025, 6, 15)))
    assert len(reasons) < 2
    return reasons[0] if reasons else None


@pytest.fixture
def look(tmp_path):
    def at(raw: bytes):
        path = tmp_path / "file"
        path.write_bytes(raw)
        return flaw_of(path)

    return at


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be huge."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 9)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
def test_a_whole_image_is_good_and_a_truncated_one_is_damaged(look, make_picture, kind):
    raw = make_picture(kind=kind)
    assert look(raw) is None
    assert look(raw[: len(raw) // 2]) == "DOCUMENT_DAMAGED"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_changed_byte_in_the_header_is_damage(look, make_picture, kind):
    raw = make_picture(kind=kind)
    assert look(raw[:2] + bytes([raw[2] ^ 0xFF]) + raw[3:]) == "DOCUMENT_DAMAGED"


@pytest.mark.parametrize(
    ("size", "flaw"),
    [((200, 150), None), ((150, 200), None), ((199, 199), "BAD_QUALITY"), ((400, 149), "BAD_QUALITY")],
)
def test_an_image_has_a_smallest_size(look, make_picture, size, flaw):
    assert look(make_picture(*size)) == flaw


@pytest.mark.parametrize(
    ("cut", "flaw"), [(None, None), (-30, "DOCUMENT_DAMAGED"), (10, "DOCUMENT_DAMAGED"), (-2, "DOCUMENT_DAMAGED")]
)
def test_a_pdf_needs_its_end(look, pdf, cut, flaw):
    assert look(pdf[:cut]) == flaw


def test_a_pdf_may_have_a_little_after_its_end(look, pdf):
    assert look(pdf + b"\0" * 100) is None


@pytest.mark.parametrize("raw", [b"", b"hello", b"\x00" * 5000, b"<html></html>"])
def test_what_is_no_image_at_all_is_damaged(look, raw):
    assert look(raw) == "DOCUMENT_DAMAGED"


@pytest.mark.parametrize("size", [(9_500, 9_500), (20_000, 20_000), (2**31 - 1, 2**31 - 1)])
def test_a_decompression_bomb_is_damaged_and_does_not_warn(look, recwarn, size):
    assert look(bomb(*size)) == "DOCUMENT_DAMAGED"
    assert not recwarn


@pytest.mark.parametrize("brand", [b"isom", b"heic"])
def test_videos_and_images_that_pillow_does_not_know_are_not_judged(look, brand):
    assert look(FTYP + brand + b"\x00\x00\x00\x00" + brand + b"mp41" + b"\x00" * 64) is None


@pytest.mark.parametrize("before", PREFIXES.values(), ids=PREFIXES)
def test_a_pdf_may_have_a_little_before_its_start(look, pdf, before):
    assert look(before + pdf) is None
    assert look(before + pdf[:-30]) == "DOCUMENT_DAMAGED"


JUDGED = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WebP", "AVIF", "big TIFF", "animated PNG")
TINY = ("TIFF", "BigTIFF")  # of some bytes, in either order: whole, and no picture of a document


@pytest.mark.parametrize(
    "raw",
    [raw for name, (raw, *_) in DOCUMENTS.items() if not name.startswith((*JUDGED, "PDF")) and not name.endswith(TINY)],
)
def test_no_kind_of_document_is_damaged_for_its_kind(look, raw):
    assert look(raw) is None


@pytest.mark.skipif("avif" not in features.get_supported(), reason="this Pillow decodes no AVIF")
def test_avif_is_looked_into_as_other_images_are(look, make_picture):
    raw = make_picture(kind="AVIF")
    assert look(raw) is None
    assert look(raw[: len(raw) // 2]) == "DOCUMENT_DAMAGED"
    assert look(make_picture(100, 100, kind="AVIF")) == "BAD_QUALITY"


def test_avif_that_pillow_does_not_know_is_not_judged(look, monkeypatch):
    Image.init()
    monkeypatch.delitem(Image.MIME, "AVIF", raising=False)
    assert look(DOCUMENTS["AVIF header"][0]) is None


def test_a_file_that_went_away_is_damaged(tmp_path):
    assert flaw_of(tmp_path / "gone") == "DOCUMENT_DAMAGED"


def test_a_missing_pillow_is_named_with_the_command_that_brings_it(monkeypatch):
    monkeypatch.setattr(content, "is_installed", lambda _name: False)
    with pytest.raises(ConfigurationError, match=r"pip install 'kycaid-async\[sandbox\]'"):
        content.require_pillow()


def test_the_sandbox_is_imported_without_pillow():
    code = "import sys, kycaid_async.sandbox; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_postscript_is_never_given_to_a_program_that_runs_it(tmp_path, monkeypatch):
    """Pillow would start Ghostscript on it."""
    monkeypatch.setattr("subprocess.check_call", lambda *_, **__: pytest.fail("a program was started"))
    path = tmp_path / "a"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 400 300\n%%EndComments\n")
    assert flaw_of(path) == DeclineReason.DOCUMENT_DAMAGED


def letter() -> Image.Image:
    """A page with writing."""
    page = Image.new("RGB", (1000, 640), "white")
    for line in range(12):
        ImageDraw.Draw(page).text((60, 40 + line * 45), "EXAMPLE JANE 1980-01-01 UTOPIA " * 2, fill="black")
    return page


def saved(image: Image.Image, kind: str = "JPEG", **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def test_what_can_be_read_is_good_however_little_it_is(look):
    word = Image.new("RGB", (1000, 640), "white")
    ImageDraw.Draw(word).text((60, 40), "hello", fill="black")
    assert look(saved(letter())) is None
    assert look(saved(word)) is None


@pytest.mark.parametrize("radius", [4, 8, 16])
def test_an_image_out_of_focus_is_of_bad_quality(look, radius):
    assert look(saved(letter().filter(ImageFilter.GaussianBlur(radius)))) == "BAD_QUALITY"
    large = letter().resize((3000, 1920)).filter(ImageFilter.GaussianBlur(3 * radius))
    assert look(saved(large)) == "BAD_QUALITY"


def test_an_image_taken_in_the_dark_is_of_bad_quality(look):
    assert look(saved(letter().point(lambda value: value // 12))) == "BAD_QUALITY"
    assert look(saved(letter().point(lambda value: value // 4))) is None


@pytest.mark.parametrize("colour", ["black", "red", "white"])
def test_an_image_of_nothing_is_of_bad_quality(look, colour):
    assert look(saved(Image.new("RGB", (400, 300), colour))) == "BAD_QUALITY"


def test_an_image_that_came_out_of_an_editor_is_edited(look):
    exif = Image.Exif()
    exif[0x0131] = "Adobe Photoshop 25.0 (Windows)"
    assert look(saved(letter(), exif=exif)) == "EDITED_DOCUMENT"
    exif[0x0131] = "HDR+ 1.0.4"
    assert look(saved(letter(), exif=exif)) is None


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 3), (800, 1), (1, 800)])
def test_the_smallest_images_can_be_measured(tmp_path, size):
    path = tmp_path / "a"
    path.write_bytes(saved(Image.effect_noise(size, 50), "PNG"))
    assert not look_at(path, "a").is_damaged
