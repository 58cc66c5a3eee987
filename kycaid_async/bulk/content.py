"""The content of a file: what it is known by, and how it is sent."""

import asyncio
import functools
import hashlib
import os
from typing import Final, Protocol

import attrs

from kycaid_async.errors import UploadSourceError
from kycaid_async.masking import shown_path
from kycaid_async.uploads.path_source import PathReader
from kycaid_async.uploads.preflight import FileRules, inspect
from kycaid_async.uploads.reader import WHOLE, Buffer, Source, SourceReader, in_thread
from kycaid_async.uploads.sources import BytesReader, Frame, no_frame

IN_MEMORY: Final = WHOLE
"""Files up to this size are read once, and sent from memory. Hashed on the loop: a thread takes longer to begin."""


class _Hash(Protocol):
    def update(self, data: Buffer, /) -> None: ...
    def digest(self) -> bytes: ...


@attrs.frozen
class Content:
    """A file that was looked at."""

    digest: bytes
    """SHA-256."""
    size: int
    content_type: str
    source: Source
    """Gives exactly these bytes, or breaks off."""


def as_many_as_cores() -> asyncio.Semaphore:
    """Return what lets so many large files be hashed at once: more would only take time from the loop."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return asyncio.Semaphore(len(usable))


async def look_at(source: Source, rules: FileRules, hashing: asyncio.Semaphore) -> Content:
    """Read a file once; ``hashing`` bounds how many large ones at a time.

    Raises `InvalidFileError`, `UploadSourceError`, and `ConfigurationError` when a package for its URL is missing.
    """
    reading = await source.open()
    try:
        kind = inspect(reading, label=source.label, rules=rules)
        if reading.size > IN_MEMORY:
            async with hashing:
                digest = await _digest(reading)
            return Content(digest, reading.size, kind, _Pinned(source, digest, _stamp(reading)))
        held = await _held(source, reading)
    finally:
        await reading.close()
    return Content(hashlib.sha256(held.data).digest(), len(held.data), kind, held)


async def _held(source: Source, reading: SourceReader) -> "_Held":
    if len(reading.head) == reading.size:
        return _Held(memoryview(reading.head), source.label, source.filename, reading.framed)
    parts = [bytes(reading.head)]
    while part := await reading.read():
        parts.append(bytes(part))
    data = b"".join(parts)
    if len(data) != reading.size or not await reading.unchanged():
        raise _changed(source)
    return _Held(memoryview(data), source.label, source.filename)


@attrs.define(eq=False)
class _Held:
    """A small file in memory."""

    data: memoryview
    label: str = attrs.field(repr=False)
    filename: str | None = attrs.field(repr=False)
    wrap: Frame = attrs.field(default=no_frame, repr=False)
    """Once it was used, what it gave may still be on its way."""

    async def open(self) -> SourceReader:
        wrap, self.wrap = self.wrap, no_frame
        return BytesReader(self.data, wrap)


async def _digest(reading: SourceReader) -> bytes:
    """Return the digest of a large file, a piece at a time, and never on the loop."""
    if isinstance(reading, PathReader):
        return await reading.digest()
    digest = hashlib.sha256(reading.head)
    while part := await reading.read():
        await in_thread(functools.partial(digest.update, part))
    return digest.digest()


Stamp = tuple[int, ...] | None


def _stamp(reading: SourceReader) -> Stamp:
    """Return what changes whenever a local file does; None for what is not one."""
    if not isinstance(reading, PathReader):
        return None
    found = reading.found
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@attrs.frozen(eq=False)
class _Pinned:
    """A large file that must still be what was hashed."""

    source: Source
    digest: bytes
    stamp: Stamp

    @property
    def label(self) -> str:
        return self.source.label

    @property
    def filename(self) -> str | None:
        return self.source.filename

    async def open(self) -> SourceReader:
        reading = await self.source.open()
        if self.stamp is None:
            return _Hashed(reading, self.digest, hashlib.sha256(reading.head))
        if _stamp(reading) != self.stamp:
            await reading.close()
            raise _changed(self.source)
        return reading


@attrs.define(eq=False)
class _Hashed:
    """A reading that is whole only when its bytes are those that were hashed before."""

    reading: SourceReader
    digest: bytes
    _found: _Hash

    @property
    def size(self) -> int:
        return self.reading.size

    @property
    def head(self) -> Buffer:
        return self.reading.head

    def framed(self, _before: bytes, _behind: bytes) -> None:
        return None

    async def read(self) -> Buffer:
        part = await self.reading.read()
        self._found.update(part)
        return part

    async def unchanged(self) -> bool:
        return await self.reading.unchanged() and self._found.digest() == self.digest

    async def close(self) -> None:
        await self.reading.close()


def _changed(source: Source) -> UploadSourceError:
    return UploadSourceError(
        f"{shown_path(source.label)}: changed while it was read; send it again when it is complete"
    )
