"""Pictures of telephones, as pictures that everybody can open."""

import io
import re
from typing import Final

import attrs

from kycaid_async.errors import InvalidFileError
from kycaid_async.masking import shown_path
from kycaid_async.uploads.kinds import kind_of
from kycaid_async.uploads.reader import Source, SourceReader, in_thread
from kycaid_async.uploads.sources import BytesReader

HEIC: Final = ("image/heic", "image/heif")
_MOST_BYTES: Final = 64 * 2**20
_MOST_PIXELS: Final = 150_000_000
_QUALITY: Final = 95


@attrs.frozen(eq=False)
class ConvertedSource:
    """A file; when it is HEIC, as JPEG, without what the telephone wrote into it, such as the place."""

    source: Source

    @property
    def label(self) -> str:
        return self.source.label

    @property
    def filename(self) -> str | None:
        name = self.source.filename
        return name if name is None else re.sub(r"\.hei[cf]$", ".jpg", name, flags=re.IGNORECASE)

    async def open(self) -> SourceReader:
        """Read it, and convert it where that is needed. Raises `InvalidFileError` for one that cannot be converted."""
        reading = await self.source.open()
        kind = kind_of(reading.head)
        if kind is None or kind.content_type not in HEIC:
            return reading
        try:
            if reading.size > _MOST_BYTES:
                raise self._failed("is too large to be converted")
            parts = [bytes(reading.head)]
            while part := await reading.read():
                parts.append(bytes(part))
        finally:
            await reading.close()
        try:
            return BytesReader(memoryview(await in_thread(lambda: as_jpeg(b"".join(parts)))))
        except Exception as error:  # for a broken picture, its readers raise whatever they stumble over
            raise self._failed("is damaged, so that it cannot be converted") from error

    def _failed(self, why: str) -> InvalidFileError:
        return InvalidFileError(f"{shown_path(self.label)}: {why}", file=self.label)


def as_jpeg(data: bytes) -> bytes:
    """Return a HEIC picture as JPEG, the right way up. Raises `ValueError` for what is none, or is too large."""
    import pillow_heif

    picture = pillow_heif.open_heif(io.BytesIO(data))
    width, height = picture.size
    if width * height > _MOST_PIXELS:
        raise ValueError("too many pixels")
    out = io.BytesIO()
    picture.to_pillow().convert("RGB").save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
