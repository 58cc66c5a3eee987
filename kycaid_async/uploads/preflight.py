"""Checks of a file before a byte of it is sent."""

from typing import TYPE_CHECKING

import attrs

from kycaid_async.errors import InvalidFileError
from kycaid_async.masking import ValueObject, shown_path
from kycaid_async.options import FLAG, whole

if TYPE_CHECKING:
    from kycaid_async.uploads.reader import SourceReader

FALLBACK_TYPE = "application/octet-stream"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FileRules(ValueObject):
    """Limits of what may be uploaded."""

    max_size: int | None = attrs.field(
        default=256 * 1024 * 1024, validator=whole(1).or_none("no limit").of_option("max_file_size")
    )
    """In bytes; None for no limit. The vendor publishes none."""
    check_content: bool = attrs.field(default=True, validator=FLAG.of_option("check"))
    """Refuse what is not an image, a PDF or a video by its first bytes."""


def inspect(reader: "SourceReader", *, label: str, rules: FileRules) -> str:
    """Return the content type of a file by its first bytes. Raises `InvalidFileError`, which names the file."""
    from kycaid_async.uploads.kinds import FIRST_BYTES, kind_of  # clients have rules, and many never upload

    if reader.size == 0:
        raise InvalidFileError(f"{shown_path(label)}: is empty", file=label)
    if rules.max_size is not None and reader.size > rules.max_size:
        raise InvalidFileError(
            f"{shown_path(label)}: has {reader.size:,} bytes, the limit is {rules.max_size:,} "
            "(max_file_size of the client)",
            file=label,
        )
    kind = kind_of(bytes(reader.head[:FIRST_BYTES]))
    if rules.check_content and (kind is None or not kind.is_document):
        what = "is none of these by its first bytes" if kind is None else f"looks like {kind.content_type}"
        raise InvalidFileError(f"{shown_path(label)}: expected an image, a PDF or a video; it {what}", file=label)
    return FALLBACK_TYPE if kind is None else kind.content_type
