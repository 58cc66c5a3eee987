"""The look at a file before a byte of it is sent."""

import attrs

from kycaid_async.errors import InvalidFileError
from kycaid_async.masking import shown_path
from kycaid_async.transport.reading import Reading

_FAMILIES = ("image/", "video/")
_PDF = "application/pdf"
_USUAL = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"%PDF", _PDF))
"""What nearly all documents begin with, and which type that is: filetype tries up to sixty others first."""
FALLBACK_TYPE = "application/octet-stream"


@attrs.frozen(kw_only=True)
class FileRules:
    """What may be uploaded."""

    max_size: int | None = 256 * 1024 * 1024
    """In bytes; None for no limit. The vendor publishes none."""
    check_content: bool = True
    """Refuse what is not an image, a PDF or a video by its first bytes."""


def inspect(reading: Reading, *, label: str, rules: FileRules) -> str:
    """Return the content type of a file by its first bytes. Raises `InvalidFileError`, which names the file."""
    if reading.size == 0:
        raise InvalidFileError(f"{shown_path(label)}: is empty", file=label)
    if rules.max_size is not None and reading.size > rules.max_size:
        raise InvalidFileError(
            f"{shown_path(label)}: has {reading.size:,} bytes, the limit is {rules.max_size:,} "
            "(max_file_size of the client)",
            file=label,
        )
    found = _content_type(bytes(reading.head[:8192]))
    if rules.check_content and not _is_accepted(found):
        what = f"looks like {found}" if found else "is none of these by its first bytes"
        raise InvalidFileError(f"{shown_path(label)}: expected an image, a PDF or a video; it {what}", file=label)
    return found or FALLBACK_TYPE


def _is_accepted(content_type: str | None) -> bool:
    return content_type is not None and (content_type == _PDF or content_type.startswith(_FAMILIES))


def _content_type(head: bytes) -> str | None:
    for start, content_type in _USUAL:
        if head.startswith(start):
            return content_type
    import filetype

    found = filetype.guess(head)
    return None if found is None else str(found.mime)
