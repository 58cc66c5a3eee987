"""Limits of what may be uploaded. Every client has them; what looks at files loads when one is sent."""

import attrs

from kycaid_async.masking import ValueObject
from kycaid_async.options import FLAG, whole


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FileRules(ValueObject):
    """Limits of what may be uploaded."""

    max_size: int | None = attrs.field(
        default=256 * 1024 * 1024, validator=whole(1).or_none("no limit").of_option("max_file_size")
    )
    """In bytes; None for no limit. The vendor publishes none."""
    check_content: bool = attrs.field(default=True, validator=FLAG.of_option("check"))
    """Refuse what is not an image, a PDF or a video by its first bytes."""
