"""Kinds of files by their first bytes: what a document can be, and what is often mistaken for one."""

from collections.abc import Callable, Iterator
from typing import Final

import attrs

from kycaid_async.errors import InvalidFileError
from kycaid_async.masking import ValueObject, shown_path
from kycaid_async.uploads.preflight import FileRules
from kycaid_async.uploads.reader import Buffer, SourceReader

FIRST_BYTES: Final = 8192
"""How many of them are enough."""
FALLBACK_TYPE: Final = "application/octet-stream"
_PDF_WITHIN: Final = 1024
"""Bytes that may stand before a PDF: readers take it as one all the same."""
_LARGEST_BOX: Final = 2**29
"""Bytes of the first box of a film without a header. Four letters of text would say more."""
_PACKETS: Final = ((0, 188), (4, 192), (0, 204))
"""Where packets of MPEG-TS begin, and how long they are."""


@attrs.frozen(eq=False, repr=False)
class FileKind(ValueObject):
    """The kind of a file."""

    content_type: str
    extension: str
    """With its dot."""

    @property
    def is_document(self) -> bool:
        """True for what a document can be: an image, a PDF or a video. A drawing is a text."""
        return self is PDF or (self is not _SVG and self.content_type.startswith(("image/", "video/")))


PDF: Final = FileKind("application/pdf", ".pdf")
_JPEG: Final = FileKind("image/jpeg", ".jpg")
_PNG: Final = FileKind("image/png", ".png")
_GIF: Final = FileKind("image/gif", ".gif")
_TIFF: Final = FileKind("image/tiff", ".tiff")
_BMP: Final = FileKind("image/bmp", ".bmp")
_HEIC: Final = FileKind("image/heic", ".heic")
_HEIF: Final = FileKind("image/heif", ".heif")
_AVIF: Final = FileKind("image/avif", ".avif")
_JP2: Final = FileKind("image/jp2", ".jp2")
_JXL: Final = FileKind("image/jxl", ".jxl")
_MP4: Final = FileKind("video/mp4", ".mp4")
_MOV: Final = FileKind("video/quicktime", ".mov")
_MPEG: Final = FileKind("video/mpeg", ".mpg")
_TS: Final = FileKind("video/mp2t", ".ts")
_3GP: Final = FileKind("video/3gpp", ".3gp")
_AUDIO: Final = FileKind("audio/mp4", ".m4a")
_HTML: Final = FileKind("text/html", ".html")
_SVG: Final = FileKind("image/svg+xml", ".svg")
_XML: Final = FileKind("application/xml", ".xml")
_OGG: Final = FileKind("audio/ogg", ".ogg")
_OGV: Final = FileKind("video/ogg", ".ogv")

_STARTS: Final = (
    (b"\xff\xd8\xff", _JPEG),
    (b"\x89PNG\r\n\x1a\n", _PNG),
    (b"%PDF", PDF),
    (b"GIF87a", _GIF),
    (b"GIF89a", _GIF),
    (b"II*\0", _TIFF),
    (b"MM\0*", _TIFF),
    (b"II+\0", _TIFF),
    (b"MM\0+", _TIFF),
    (b"\0\0\0\x0cjP  \r\n\x87\n", _JP2),
    (b"\xff\x4f\xff\x51", _JP2),
    (b"\0\0\0\x0cJXL \r\n\x87\n", _JXL),
    (b"\xff\x0a", _JXL),
    (b"II\xbc", FileKind("image/vnd.ms-photo", ".jxr")),
    (b"8BPS", FileKind("image/vnd.adobe.photoshop", ".psd")),
    (b"\0\0\1\0", FileKind("image/x-icon", ".ico")),
    (b"gimp xcf ", FileKind("image/x-xcf", ".xcf")),
    (b"AC10", FileKind("image/vnd.dwg", ".dwg")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", FileKind("video/x-ms-wmv", ".wmv")),
    (b"FLV\1", FileKind("video/x-flv", ".flv")),
    (b"PK\3\4", FileKind("application/zip", ".zip")),
    (b"PK\5\6", FileKind("application/zip", ".zip")),
    (b"\x1f\x8b", FileKind("application/gzip", ".gz")),
    (b"7z\xbc\xaf\x27\x1c", FileKind("application/x-7z-compressed", ".7z")),
    (b"Rar!\x1a\7", FileKind("application/vnd.rar", ".rar")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind("application/x-ole-storage", ".doc")),
    (b"MZ", FileKind("application/vnd.microsoft.portable-executable", ".exe")),
    (b"\x7fELF", FileKind("application/x-elf", ".elf")),
    (b"{\\rtf", FileKind("application/rtf", ".rtf")),
    (b"%!PS", FileKind("application/postscript", ".ps")),
    (b"ID3", FileKind("audio/mpeg", ".mp3")),
    (b"fLaC", FileKind("audio/flac", ".flac")),
)
_LONGEST_START: Final = max(len(start) for start, _ in _STARTS)
_RIFF: Final = {
    b"WEBP": FileKind("image/webp", ".webp"),
    b"AVI ": FileKind("video/x-msvideo", ".avi"),
    b"WAVE": FileKind("audio/wav", ".wav"),
}
_EBML: Final = {b"webm": FileKind("video/webm", ".webm"), b"matroska": FileKind("video/x-matroska", ".mkv")}
_BRANDS: Final = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), _HEIC),
    **dict.fromkeys((b"avif", b"avis"), _AVIF),
    **dict.fromkeys((b"avci", b"avcs", b"j2ki", b"j2is", b"jpeg", b"jpgs", b"vvic", b"vvis", b"unif"), _HEIF),
    b"jxl ": _JXL,
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "), _AUDIO),
    b"qt  ": _MOV,
    b"crx ": FileKind("image/x-canon-cr3", ".cr3"),
    **dict.fromkeys((b"3gp", b"3ge", b"3gg", b"3gs", b"3gr"), _3GP),
    b"3g2": FileKind("video/3gpp2", ".3g2"),
    b"M4V": FileKind("video/x-m4v", ".m4v"),
}
"""By all letters of a brand, or by the first three of them."""
_STILL: Final = (b"mif1", b"mif2", b"msf1", b"miaf", b"mif3")
"""Brands of images of any coding: the brands after it say of which."""
_BOXES: Final = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
"""What QuickTime without a header may begin with."""
_SEGMENTS: Final = (b"styp", b"sidx", b"moof", b"uuid")
"""What a piece of an MP4 that was cut for streaming may begin with."""
_OGG_VIDEO: Final = (b"\x80theora", b"\1video\0", b"BBCD\0")
"""The beginnings of its streams of pictures. The first pages of a file hold one beginning each."""
_MARKUP: Final = (
    (b"<!doctype html", _HTML),
    (b"<html", _HTML),
    (b"<head", _HTML),
    (b"<!doctype svg", _SVG),
    (b"<svg", _SVG),
)


def kind_of(first: Buffer) -> FileKind | None:
    """Return the kind of a file by its first bytes; None for an unknown one."""
    head = bytes(first[:_LONGEST_START])
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    head = bytes(first[:FIRST_BYTES])
    return next(filter(None, (look(head) for look in _LOOKS)), None)


def inspect(reader: SourceReader, *, label: str, rules: FileRules) -> str:
    """Return the content type of a file by its first bytes. Raises `InvalidFileError`, which names the file."""
    size = reader.size
    if size == 0:
        raise InvalidFileError(f"{shown_path(label)}: is empty", file=label)
    if rules.max_size is not None and size > rules.max_size:
        raise InvalidFileError(
            f"{shown_path(label)}: has {size:,} bytes, the limit is {rules.max_size:,} (max_file_size of the client)",
            file=label,
        )
    kind = kind_of(reader.head)
    if rules.check_content and (kind is None or not kind.is_document):
        what = "is none of these by its first bytes" if kind is None else f"looks like {kind.content_type}"
        raise InvalidFileError(f"{shown_path(label)}: expected an image, a PDF or a video; it {what}", file=label)
    return FALLBACK_TYPE if kind is None else kind.content_type


def extension_of(content_type: str) -> str:
    """Return the extension for a content type, with its dot; empty for an unknown type."""
    return _EXTENSIONS.get(content_type.partition(";")[0].strip().lower(), "")


def _bitmap(head: bytes) -> FileKind | None:
    sizes = (12, 16, 40, 52, 56, 64, 108, 124)  # of the header that follows the first: "BM" alone begins many a text
    return _BMP if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in sizes else None


def _riff(head: bytes) -> FileKind | None:
    return _RIFF.get(head[8:12]) if head.startswith(b"RIFF") else None


def _ebml(head: bytes) -> FileKind | None:
    at = head.find(b"\x42\x82", 4, 4096) if head.startswith(b"\x1a\x45\xdf\xa3") else -1
    return _EBML.get(head[at + 3 : at + 3 + (head[at + 2] & 0x7F)]) if 0 < at < len(head) - 2 else None


def _media(head: bytes) -> FileKind | None:
    """Tell the files of ISO's base format apart by their brands."""
    if head[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(head[:4], "big") or len(head), len(head))
    major, *others = (head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4)))
    if major in _STILL or not major.strip(b"\0 "):
        coded = (_BRANDS[brand] for brand in others if brand in _BRANDS)
        return next((kind for kind in coded if kind in {_HEIC, _AVIF}), _HEIF if major in _STILL else _MP4)
    return _BRANDS.get(major) or _BRANDS.get(major[:3]) or _MP4


def _film(head: bytes) -> FileKind | None:
    size = int.from_bytes(head[:4], "big")
    if size not in {0, 1} and not len(_BOXES[0]) * 2 <= size < _LARGEST_BOX:
        return None
    return _MOV if head[4:8] in _BOXES else _MP4 if head[4:8] in _SEGMENTS else None


def _ogg(head: bytes) -> FileKind | None:
    if not head.startswith(b"OggS"):
        return None
    return _OGV if any(start in head for start in _OGG_VIDEO) else _OGG


def _mpeg(head: bytes) -> FileKind | None:
    if head[:3] == b"\0\0\1" and head[3:4] and 0xB0 <= head[3] <= 0xBF:  # noqa: PLR2004 - start codes
        return _MPEG
    several = 3
    for start, length in _PACKETS:
        marks = head[start : start + 5 * length : length]
        if len(marks) >= several and not marks.strip(b"G"):
            return _TS
    return None


def _text(head: bytes) -> FileKind | None:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not text.startswith(b"<"):
        return None
    for start, kind in _MARKUP:
        # Behind the declaration of XML may stand comments, and names of a style sheet.
        if text.startswith(start) or (text.startswith(b"<?xml") and start in text):
            return kind
    return _XML if text.startswith(b"<?xml") else None


def _archive(head: bytes) -> FileKind | None:
    return FileKind("application/x-tar", ".tar") if head[257:262] == b"ustar" else None


def _late_pdf(head: bytes) -> FileKind | None:
    return PDF if head.find(b"%PDF", 0, _PDF_WITHIN + len(b"%PDF")) >= 0 else None


# The last one looks for letters anywhere: an archive with a PDF in it is none.
_LOOKS: Final[tuple[Callable[[bytes], FileKind | None], ...]] = (
    *(_bitmap, _riff, _ebml, _ogg, _media, _film, _mpeg, _text, _archive),
    _late_pdf,
)


def _all() -> Iterator[FileKind]:
    yield from (kind for _, kind in _STARTS)
    yield from (_BMP, _HEIF, _MP4, _MOV, _MPEG, _TS, _OGV)
    for table in (_RIFF, _EBML, _BRANDS):
        yield from table.values()


_EXTENSIONS: Final = {kind.content_type: kind.extension for kind in _all() if kind.is_document}
