"""Files that cannot work are refused before anything is sent."""

import asyncio
import io
import sys

import pillow_heif
import pytest
from PIL import Image
from pypdf import PdfWriter

from kycaid_async import BadRow, ManifestRow
from kycaid_async.bulk.manifest.check import check_manifest, look_at_file, needs_password
from kycaid_async.bulk.manifest.places import Reach
from kycaid_async.uploads.preflight import FileRules
from tests.bulk.manifests import row, write_csv


def pdf(password=None, algorithm=None, owner=None):
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    if password is not None:
        writer.encrypt(password, owner, algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


ALGORITHMS = ["RC4-40", "RC4-128", "AES-128", "AES-256-R5", "AES-256"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_pdf_with_a_password_is_known_by_whatever_encrypts_it(algorithm):
    assert needs_password(io.BytesIO(pdf("secret", algorithm)))
    assert not needs_password(io.BytesIO(pdf("", algorithm, "owner"))), "it opens, and only must not be changed"


@pytest.mark.parametrize(
    "content",
    [
        pdf(),
        b"%PDF-1.7 nothing /Encrypt",
        b"%PDF-1.7\ntrailer << /Encrypt 1 0 R /Root 2 0 R >>\nstartxref\n0\n%%EOF",
        pdf("x", "AES-128")[:-200],
        b"leading bytes" + pdf(),
        b"",
    ],
    ids=["whole", "a word", "no pages", "cut off", "bytes before it", "empty"],  # what encrypts is never the same
)
def test_of_a_damaged_pdf_nothing_is_said(content):
    assert not needs_password(io.BytesIO(content))


async def one(tmp_path, name, content, **options):
    (tmp_path / name).write_bytes(content)
    (found,) = [
        found async for found in check_manifest(write_csv(tmp_path / "a.csv", [row(front_side=name)]), **options)
    ]
    return found


async def test_a_row_with_a_pdf_that_has_a_password_is_bad(tmp_path):
    bad = await one(tmp_path, "a.pdf", pdf("secret", "AES-256"))
    assert isinstance(bad, BadRow)
    assert bad.reason == "front_side: expected a PDF that opens without a password, got an encrypted one"
    assert isinstance(await one(tmp_path, "a.pdf", b"bytes before" + pdf()), ManifestRow)


def heic(size=(64, 48)):
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", size, (200, 30, 30))).save(out, quality=90)
    return out.getvalue()


async def test_pictures_of_telephones_are_remarked_on_and_sent_as_jpeg_when_asked_for(tmp_path):
    plain = await one(tmp_path, "IMG_1.jpg", heic())
    assert "KYCAID publishes no list of the formats" in plain.remarks[0]
    converted = await one(tmp_path, "IMG_1.jpg", heic(), convert={"heic": "jpeg"})
    assert converted.remarks == ()


async def test_a_picture_that_cannot_be_converted_is_a_bad_row(tmp_path):
    without_coding = heic().replace(b"hvcC", b"\0vcC")
    for broken in (heic()[:-60], without_coding):
        bad = await one(tmp_path, "IMG_1.heic", broken, convert={"heic": "jpeg"})
        assert "is damaged, so that it cannot be converted" in bad.reason


@pytest.mark.parametrize("before", [0, 2**16, 2**20 - 3, 2**20, 3 * 2**20])
@pytest.mark.parametrize("behind", [0, 2**20 - 3, 3 * 2**20])
def test_a_password_is_found_wherever_a_pdf_says_so(before, behind):
    content = pdf("secret", "AES-256")
    start, end = content.rsplit(b"startxref", 1)
    # Comments behind the trailer: readers look for the last of these words.
    assert needs_password(io.BytesIO(start + b"%" + bytes(before) + b"\nstartxref" + end + b"%" + bytes(behind)))


def test_an_encrypted_pdf_without_the_library_is_remarked_on(tmp_path, monkeypatch):
    (tmp_path / "a.pdf").write_bytes(pdf("secret", "AES-256"))
    monkeypatch.setitem(sys.modules, "pypdf", None)
    place = Reach.of(str(tmp_path), (), None).place("a.pdf")
    look = asyncio.run(look_at_file("front_side", place, FileRules()))
    assert look.problem is None
    assert look.remark.endswith("pip install 'kycaid-async[pdf]'")
