"""A small file of each kind: images as Pillow writes them, others put together by hand, box by box."""

import io
import struct
import zipfile

from PIL import Image


def image(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.radial_gradient("L").resize((48, 32)).convert("RGB").save(out, kind, **options)
    return out.getvalue()


def box(name: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def media(major: bytes, *brands: bytes) -> bytes:
    header = box(b"ftyp", major + b"\0\0\0\0" + b"".join(brands))
    return header + box(b"meta", bytes(4)) + box(b"mdat", bytes(64))


MOVIE = box(b"moov", box(b"mvhd", bytes(100)))
PDF = image("PDF")
PREFIXES = {
    "line breaks": b"\r\n\r\n\n",
    "NULs": bytes(512),
    "a BOM": b"\xef\xbb\xbf",
    "blanks": b" " * 1000,
    "part headers": b"--boundary\r\nContent-Type: application/pdf\r\nContent-Disposition: form-data\r\n\r\n",
    "a warning": b"<br />\n<b>Warning</b>: something in line 3<br />\n",
    "1,024 bytes": b"x" * 1024,
}


def packets(length: int, before: bytes = b"", count: int = 8) -> bytes:
    pat = b"G\x40\0\x10\0\0\xb0\x0d\0\1\xc1\0\0\0\1\xe1\0"
    return b"".join(before + pat.ljust(length - len(before), b"\xff") for _ in range(count))


def ebml(kind: bytes) -> bytes:
    header = b"\x42\x86\x81\x01\x42\xf7\x81\x01\x42\x82" + bytes([0x80 | len(kind)]) + kind + b"\x42\x87\x81\x02"
    return b"\x1a\x45\xdf\xa3" + bytes([0x80 | len(header)]) + header + b"\x18\x53\x80\x67\x80"


def avi() -> bytes:
    headers = b"hdrlavih" + struct.pack("<I", 56) + bytes(56)
    content = b"AVI " + b"LIST" + struct.pack("<I", len(headers)) + headers
    return b"RIFF" + struct.pack("<I", len(content)) + content


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a.pdf", PDF)
    return out.getvalue()


DOCUMENTS: dict[str, tuple[bytes, str, str]] = {
    "JPEG": (image("JPEG"), "image/jpeg", ".jpg"),
    "PNG": (image("PNG"), "image/png", ".png"),
    "animated PNG": (image("PNG", save_all=True, append_images=[Image.new("RGB", (48, 32))]), "image/png", ".png"),
    "GIF": (image("GIF"), "image/gif", ".gif"),
    "BMP": (image("BMP"), "image/bmp", ".bmp"),
    "TIFF": (image("TIFF"), "image/tiff", ".tiff"),
    "big TIFF": (image("TIFF", big_tiff=True), "image/tiff", ".tiff"),
    "WebP": (image("WEBP"), "image/webp", ".webp"),
    "JPEG 2000": (image("JPEG2000"), "image/jp2", ".jp2"),
    "JPEG 2000 without boxes": (image("JPEG2000", no_jp2=True), "image/jp2", ".jp2"),
    "icon": (image("ICO"), "image/x-icon", ".ico"),
    "PDF": (PDF, "application/pdf", ".pdf"),
    **{f"PDF behind {name}": (before + PDF, "application/pdf", ".pdf") for name, before in PREFIXES.items()},
    **{
        f"HEIC {brand.decode()}": (media(brand, b"mif1", brand), "image/heic", ".heic")
        for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
    },
    "HEIC by its second brand": (media(b"mif1", b"mif1", b"heic"), "image/heic", ".heic"),
    "HEIC sequence": (media(b"msf1", b"msf1", b"hevc"), "image/heic", ".heic"),
    "HEIF": (media(b"mif1", b"mif1"), "image/heif", ".heif"),
    "HEIF sequence": (media(b"msf1"), "image/heif", ".heif"),
    "AVIF header": (media(b"avif", b"mif1"), "image/avif", ".avif"),
    "AVIF sequence": (media(b"avis", b"msf1"), "image/avif", ".avif"),
    "AVIF by its second brand": (media(b"mif1", b"miaf", b"avif"), "image/avif", ".avif"),
    "CR3": (media(b"crx ", b"isom"), "image/x-canon-cr3", ".cr3"),
    "MP4": (media(b"isom", b"iso2", b"avc1", b"mp41") + MOVIE, "video/mp4", ".mp4"),
    "MP4 of another brand": (media(b"dash", b"iso6") + MOVIE, "video/mp4", ".mp4"),
    "M4V": (media(b"M4V ", b"M4VH"), "video/x-m4v", ".m4v"),
    "3GP": (media(b"3gp4", b"isom") + MOVIE, "video/3gpp", ".3gp"),
    "3GP of another release": (media(b"3gp6"), "video/3gpp", ".3gp"),
    "3G2": (media(b"3g2a"), "video/3gpp2", ".3g2"),
    "QuickTime": (media(b"qt  ", b"qt  ") + MOVIE, "video/quicktime", ".mov"),
    "QuickTime with moov first": (MOVIE + box(b"mdat", bytes(64)), "video/quicktime", ".mov"),
    "QuickTime with mdat first": (box(b"mdat", bytes(64)) + MOVIE, "video/quicktime", ".mov"),
    "QuickTime with mdat of 64 bits": (b"\0\0\0\1mdat" + bytes(64), "video/quicktime", ".mov"),
    "QuickTime with mdat to the end": (b"\0\0\0\0mdat" + bytes(64), "video/quicktime", ".mov"),
    **{
        f"QuickTime with {name.decode()} first": (box(name, bytes(12)) + MOVIE, "video/quicktime", ".mov")
        for name in (b"wide", b"free", b"skip", b"pnot")
    },
    "WebM": (ebml(b"webm"), "video/webm", ".webm"),
    "Matroska": (ebml(b"matroska"), "video/x-matroska", ".mkv"),
    "AVI": (avi(), "video/x-msvideo", ".avi"),
    "MPEG-TS": (packets(188), "video/mp2t", ".ts"),
    "MPEG-TS of a camera": (packets(192, b"\0\0\0\0"), "video/mp2t", ".ts"),
    "MPEG-TS with checks": (packets(204), "video/mp2t", ".ts"),
    "MPEG": (b"\0\0\1\xba\x44\0\4\0\4\1" + bytes(64), "video/mpeg", ".mpg"),
    "WMV": (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes(64), "video/x-ms-wmv", ".wmv"),
    "FLV": (b"FLV\1\5\0\0\0\x09\0\0\0\0" + bytes(64), "video/x-flv", ".flv"),
}
OTHERS: dict[str, tuple[bytes, str]] = {
    "a text": (b"hello, this is a text", ""),
    "a text that begins with BM": (b"BMW is a maker of cars and of motorcycles", ""),
    "a text with a box's name": (b"I'm free on Monday, and so is everybody", ""),
    "a text that begins with G": (b"G" + b"oing on " * 200, ""),
    "zeros": (bytes(5000), ""),
    "one byte": (b"\xff", ""),
    "a PDF too far in": (b"x" * 1025 + PDF, ""),
    "a web page": (b"\xef\xbb\xbf\r\n<!DOCTYPE html><html>how to write %PDF-1.4</html>", "text/html"),
    "a drawing": (b'<?xml version="1.0"?><svg/>', "text/html"),
    "an archive": (archive(), "application/zip"),
    "a packed file": (b"\x1f\x8b\x08\0" + bytes(60), "application/gzip"),
    "a program": (b"MZ\x90\0" + bytes(60), "application/vnd.microsoft.portable-executable"),
    "music": (media(b"M4A ", b"isom"), "audio/mp4"),
    "a sound": (b"RIFF\x24\0\0\0WAVEfmt " + bytes(60), "audio/wav"),
    "a letter of Word": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(60), "application/x-ole-storage"),
    "an archive of tar": (b"a.pdf".ljust(257, b"\0") + b"ustar\x0000" + bytes(247) + PDF, "application/x-tar"),
}
