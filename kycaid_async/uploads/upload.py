"""A file that a user passed, to be sent as often as needed."""

import attrs

from kycaid_async.masking import Unlisted, mask
from kycaid_async.uploads.io_budget import IoBudget
from kycaid_async.uploads.kinds import extension_of
from kycaid_async.uploads.multipart import Multipart
from kycaid_async.uploads.preflight import FileRules, inspect
from kycaid_async.uploads.reader import Source

FALLBACK_NAME = "file"


@attrs.frozen(kw_only=True)
class Upload(Unlisted):
    """A file to send, as often as needed."""

    source: Source
    filename: str | None = attrs.field(default=None, repr=mask)
    content_type: str | None = None
    inspected: bool = False
    """True when its first bytes and its size were looked at already; then it needs its ``content_type``."""

    async def open(self, rules: FileRules, io_budget: IoBudget) -> Multipart:
        """Open the source, look at it, and return the body of one attempt. Raises `InvalidFileError`."""
        await io_budget.acquire()
        reader = await self.source.open()
        io_budget.spend(len(reader.head))
        try:
            found = "" if self.inspected else inspect(reader, label=self.source.label, rules=rules)
            content_type = self.content_type or found
            name = self.filename or self.source.filename or FALLBACK_NAME + extension_of(content_type)
            return Multipart(reader, self.source.label, name, content_type, io_budget)
        except BaseException:
            await reader.close()
            raise
