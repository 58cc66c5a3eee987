"""The look into files: real ones, made here."""

import struct
import subprocess
import sys
import zlib

import pytest

from kycaid_async import ConfigurationError, DeclineReason
from kycaid_async.sandbox.review import content
from kycaid_async.sandbox.review.content import flaw_of

FTYP = b"\x00\x00\x00\x18ftyp"


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


def test_a_file_that_went_away_is_damaged(tmp_path):
    assert flaw_of(tmp_path / "gone") == "DOCUMENT_DAMAGED"


def test_a_missing_pillow_is_named_with_the_command_that_brings_it(monkeypatch):
    monkeypatch.setattr(content.importlib.util, "find_spec", lambda _name: None)
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
