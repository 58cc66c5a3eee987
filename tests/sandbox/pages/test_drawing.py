"""Pictures of what was uploaded: what is drawn, and what a placeholder says of the rest."""

import io
import subprocess
import sys

import pillow_heif
import pytest
from PIL import Image

from kycaid_async.sandbox.pages import drawing
from kycaid_async.sandbox.pages.drawing import draw, placeholder

MP4 = b"\0\0\0\x18ftypmp42" + b"0" * 100
HOME = "/_sandbox/"


def colour(side=600):
    return Image.new("RGB", (side, side * 2 // 3), (200, 30, 40))


def written(image, kind, **options):
    stream = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.from_pillow(image).save(stream, format="HEIF")
    else:
        image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.fixture
def drawn(tmp_path):
    """Draw a file with this content."""

    def make(content):
        path = tmp_path / "file"
        path.write_bytes(content)
        return draw(path)

    return make


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "PDF", "HEIF"])
def test_images_pdfs_and_heic_are_drawn(drawn, kind):
    content, content_type = drawn(written(colour(), kind))
    assert content_type == "image/jpeg"
    with Image.open(io.BytesIO(content)) as picture:
        red, green, blue = picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2))
        assert max(picture.size) <= 1200
    assert red > 170
    assert max(green, blue) < 80


def test_of_a_pdf_the_first_page_is_drawn_whatever_size_it_claims(drawn):
    pages = [Image.new("RGB", (2000, 1000), "white"), colour()]
    content, _ = drawn(written(pages[0], "PDF", save_all=True, append_images=pages[1:], resolution=1.0))
    with Image.open(io.BytesIO(content)) as picture:
        assert max(picture.size) <= 1200
        assert picture.convert("RGB").getpixel((10, 10)) > (250, 250, 250)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (MP4, "MP4"),
        (b"%PDF-1.4 nothing", "PDF"),
        (b"\xff\xd8\xff nothing", "JPG"),
        (b"nothing at all", "A file of an unknown kind"),
        (b"", "A file of an unknown kind"),
        (b"<svg><script>alert(1)</script></svg>", "SVG"),
    ],
    ids=["a film", "a broken PDF", "a broken JPEG", "text", "empty", "a script"],
)
def test_what_cannot_be_drawn_is_named(drawn, content, name):
    picture, content_type = drawn(content)
    assert content_type == "image/svg+xml"
    assert f">{name}<" in picture.decode()
    assert "It cannot be shown as a picture." in picture.decode()
    assert b"script" not in picture


@pytest.mark.parametrize(("kind", "library"), [("PDF", "pypdfium2"), ("HEIF", "pillow_heif")])
def test_without_its_library_a_placeholder_says_what_to_install(drawn, monkeypatch, kind, library):
    content = written(colour(), kind)
    monkeypatch.setitem(sys.modules, library, None)
    picture, content_type = drawn(content)
    assert content_type == "image/svg+xml"
    assert "pip install &#x27;kycaid-async[previews]&#x27;" in picture.decode()


def test_a_huge_heic_is_not_unpacked(drawn, monkeypatch):
    monkeypatch.setattr(drawing, "MAX_PIXELS", 100)
    assert drawn(written(colour(), "HEIF"))[1] == "image/svg+xml"


def test_what_a_placeholder_says_is_escaped():
    assert b"&lt;b&gt;" in placeholder("<b>", "")


async def test_a_pdf_stands_on_the_page_of_its_applicant_as_a_picture(browse, kycaid, applicant):
    owner, file_id = await applicant(), await kycaid.files.create(written(colour(), "PDF"), filename="bill.pdf")
    await kycaid.documents.create(applicant_id=owner, type="BANK_STATEMENT", front_side_id=file_id)
    shown = (await browse("GET", f"{HOME}applicants/{owner}")).text
    assert f'src="{HOME}pictures/{file_id}" alt="Front side"' in shown
    assert (await browse("GET", f"{HOME}pictures/{file_id}")).headers["Content-Type"] == "image/jpeg"


def test_a_sandbox_starts_without_what_draws():
    code = """
import sys
sys.modules.update(dict.fromkeys(("pypdfium2", "pillow_heif")))
from kycaid_async.testing import Sandbox
with Sandbox() as sandbox:
    print("fine")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "fine\n"), done.stderr
