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


def tiff(order: str, *, big: bool = False) -> bytes:
    """A picture of one grey pixel."""
    number, wide = order + "HHII", order + "HHQQ"
    entries = ((256, 4, 1), (257, 4, 1), (262, 3, 1), (273, 4, 0), (279, 4, 1))
    mark = b"MM" if order == ">" else b"II"
    if big:
        head = mark + struct.pack(order + "HHHQ", 43, 8, 0, 16) + struct.pack(order + "Q", len(entries))
    else:
        head = mark + struct.pack(order + "HI", 42, 8) + struct.pack(order + "H", len(entries))
    return head + b"".join(struct.pack(wide if big else number, tag, kind, 1, value) for tag, kind, value in entries)


def ogg(codec: bytes) -> bytes:
    page = b"OggS\0\2" + bytes(20) + bytes([1, len(codec)]) + codec
    return page + bytes(32)


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
    "GIF89a": (b"GIF89a" + image("GIF")[6:], "image/gif", ".gif"),
    "BMP": (image("BMP"), "image/bmp", ".bmp"),
    "TIFF": (image("TIFF"), "image/tiff", ".tiff"),
    "big TIFF": (image("TIFF", big_tiff=True), "image/tiff", ".tiff"),
    **{
        f"{name} of {kind}": (tiff(order, big=big), "image/tiff", ".tiff")
        for name, order in (("big-endian", ">"), ("little-endian", "<"))
        for kind, big in (("TIFF", False), ("BigTIFF", True))
    },
    "JPEG XL": (box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl "), "image/jxl", ".jxl"),
    "JPEG XL without boxes": (b"\xff\x0a\xfa\x1f" + bytes(60), "image/jxl", ".jxl"),
    "JPEG XL in a box of media": (media(b"jxl ", b"mif1"), "image/jxl", ".jxl"),
    "JPEG XR": (b"II\xbc\1\x20\0\0\0" + bytes(60), "image/vnd.ms-photo", ".jxr"),
    "Photoshop": (b"8BPS\0\1" + bytes(60), "image/vnd.adobe.photoshop", ".psd"),
    "GIMP": (b"gimp xcf v011\0" + bytes(60), "image/x-xcf", ".xcf"),
    "AutoCAD": (b"AC1032" + bytes(60), "image/vnd.dwg", ".dwg"),
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
    **{
        f"HEIF {brand.decode()}": (media(brand, b"mif1"), "image/heif", ".heif")
        for brand in (b"avci", b"avcs", b"j2ki", b"j2is", b"jpeg", b"jpgs", b"vvic", b"vvis", b"unif")
    },
    **{
        f"HEIF {brand.decode()}": (media(brand, b"avci"), "image/heif", ".heif")
        for brand in (b"mif1", b"mif2", b"mif3", b"msf1", b"miaf")
    },
    "AVIF header": (media(b"avif", b"mif1"), "image/avif", ".avif"),
    "AVIF sequence": (media(b"avis", b"msf1"), "image/avif", ".avif"),
    "AVIF by its second brand": (media(b"mif1", b"miaf", b"avif"), "image/avif", ".avif"),
    "CR3": (media(b"crx ", b"isom"), "image/x-canon-cr3", ".cr3"),
    "MP4": (media(b"isom", b"iso2", b"avc1", b"mp41") + MOVIE, "video/mp4", ".mp4"),
    "MP4 of another brand": (media(b"dash", b"iso6") + MOVIE, "video/mp4", ".mp4"),
    "MP4 of a stream": (box(b"styp", b"msdh\0\0\0\0msdhmsix") + box(b"moof", bytes(24)), "video/mp4", ".mp4"),
    **{
        f"MP4 with {name.decode()} first": (box(name, bytes(24)) + box(b"mdat", bytes(64)), "video/mp4", ".mp4")
        for name in (b"sidx", b"moof", b"uuid")
    },
    "M4V": (media(b"M4V ", b"M4VH"), "video/x-m4v", ".m4v"),
    "3GP": (media(b"3gp4", b"isom") + MOVIE, "video/3gpp", ".3gp"),
    "3GP of another release": (media(b"3gp6"), "video/3gpp", ".3gp"),
    **{f"3GP {brand.decode()}": (media(brand), "video/3gpp", ".3gp") for brand in (b"3ge6", b"3gg6", b"3gr6", b"3gs6")},
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
    "Ogg with a film": (ogg(b"fishead\0\3\0") + ogg(b"\x80theora\3\2\1"), "video/ogg", ".ogv"),
    "OGM": (ogg(b"\1video\0\0\0DIVX"), "video/ogg", ".ogv"),
    "Ogg with Dirac": (ogg(b"BBCD\0\0\0\0"), "video/ogg", ".ogv"),
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
    "a page of XHTML": (b'<?xml version="1.0"?>\n<!-- a page -->\n<html/>', "text/html"),
    "a page without its type": (b"\n<HTML><body/></HTML>", "text/html"),
    "a head of a page": (b"<HEAD><title>x</title></HEAD>", "text/html"),
    "a drawing": (b'<?xml version="1.0"?>\n<!-- with a tool -->\n<svg/>', "image/svg+xml"),
    "a drawing alone": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
    "a drawing with its type": (b"<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' ''><svg/>", "image/svg+xml"),
    "some XML": (b'<?xml version="1.0"?><invoice/>', "application/xml"),
    "an archive of nothing": (b"PK\5\6" + bytes(18), "application/zip"),
    "an archive of 7-Zip": (b"7z\xbc\xaf\x27\x1c\0\4" + bytes(24), "application/x-7z-compressed"),
    "an archive of RAR": (b"Rar!\x1a\7\1\0" + bytes(24), "application/vnd.rar"),
    "a program of Linux": (b"\x7fELF\2\1\1" + bytes(60), "application/x-elf"),
    "a text with its form": (b"{\\rtf1\\ansi hello}", "application/rtf"),
    "PostScript": (b"%!PS-Adobe-3.0\nshowpage\n", "application/postscript"),
    "Ogg with music": (ogg(b"\1vorbis\0\0\0\0"), "audio/ogg"),
    "Ogg with speech": (ogg(b"OpusHead\1\2"), "audio/ogg"),
    "an MP3": (b"ID3\4\0\0\0\0\0\0\xff\xfb\x90\x64" + bytes(60), "audio/mpeg"),
    "FLAC": (b"fLaC\0\0\0\x22" + bytes(34), "audio/flac"),
    **{f"music {brand.decode()}": (media(brand), "audio/mp4") for brand in (b"M4B ", b"M4P ", b"F4A ", b"F4B ")},
    "an archive": (archive(), "application/zip"),
    "a packed file": (b"\x1f\x8b\x08\0" + bytes(60), "application/gzip"),
    "a program": (b"MZ\x90\0" + bytes(60), "application/vnd.microsoft.portable-executable"),
    "music": (media(b"M4A ", b"isom"), "audio/mp4"),
    "a sound": (b"RIFF\x24\0\0\0WAVEfmt " + bytes(60), "audio/wav"),
    "a letter of Word": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(60), "application/x-ole-storage"),
    "an archive of tar": (b"a.pdf".ljust(257, b"\0") + b"ustar\x0000" + bytes(247) + PDF, "application/x-tar"),
}
