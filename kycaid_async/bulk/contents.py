"""Contents of files: what they are known by, and how they are sent.

A file is known by its size and both its ends, until another with the same comes: only then all of it is read to tell
them apart.
"""

import asyncio
import hashlib
import os
import time
from collections.abc import Callable
from typing import Final, Protocol, Self

import attrs

from kycaid_async.errors import InvalidFileError, UploadSourceError
from kycaid_async.masking import shown_path
from kycaid_async.uploads.path_source import Origin, PathReader, PathSource
from kycaid_async.uploads.preflight import FileRules, inspect
from kycaid_async.uploads.reader import WHOLE, Buffer, Source, SourceReader, in_thread
from kycaid_async.uploads.sources import BytesReader, Frame, no_frame

_END: Final = 1 << 14
"""Bytes of each end."""
_IN_MEMORY: Final = WHOLE
"""Files up to this size are read once, and sent from memory. Hashed on the loop: a thread takes longer to begin."""


class _Hash(Protocol):
    def update(self, data: Buffer, /) -> None: ...
    def digest(self) -> bytes: ...


def as_many_as_cores() -> asyncio.Semaphore:
    """Return what lets so many large files be hashed at once: more would only take time from the loop."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return asyncio.Semaphore(len(usable))


@attrs.define(kw_only=True, eq=False)
class FileContent:
    """The content of a file. Its source gives exactly these bytes, or breaks off; it is open until `close`."""

    size: int
    content_type: str
    source: "_Held | _Pinned"
    partial: bytes | None
    """SHA-256 of its size and both its ends; None of a small file, of which they are the whole."""
    origin: Origin | None = attrs.field(repr=False)
    """Where its bytes can be read again, as long as nobody writes there; None when there is no such place."""
    digest: bytes | None
    """SHA-256 of the whole, if that is known by now."""

    async def whole(self, hashing: asyncio.Semaphore) -> bytes:
        """Return the SHA-256 of the whole; ``hashing`` bounds how many large files are read for that at a time."""
        if self.digest is None:
            self.digest = await self.source.hashed(hashing)
        return self.digest

    async def close(self) -> None:
        """Let go of the file."""
        await self.source.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def read_content(
    source: Source, rules: FileRules, hashing: asyncio.Semaphore, *, now: Callable[[], float] = time.time
) -> FileContent:
    """Read of a file what it is known by: all of it where it is small, or could not be read again when in doubt.

    ``now`` gives seconds since 1970. Raises `InvalidFileError`, `UploadSourceError`, and `ConfigurationError` when a
    package for its URL is missing.
    """
    began = now()
    reading = await source.open()
    try:
        kind = inspect(reading, label=source.label, rules=rules)
        if reading.size <= _IN_MEMORY:
            content = await _in_memory(source, reading, kind)
        elif isinstance(reading, PathReader):
            content = await _of_path(source, reading, kind)
        else:
            content = await _streamed(source, reading, kind, hashing)
        if content.origin is not None and not content.origin.is_settled(began):
            await content.whole(hashing)
            content.origin = None
    except BaseException:
        await reading.close()
        raise
    if reading is not content.source.reading:
        await reading.close()
    return content


async def _in_memory(source: Source, reading: SourceReader, kind: str) -> FileContent:
    held = await _held(source, reading)
    partial = None if len(held.data) <= 2 * _END else _partial(len(held.data), held.data[:_END], held.data[-_END:])
    origin = None if partial is None else _origin(source, reading)
    digest = held.digest() if origin is None else None
    return FileContent(
        size=len(held.data), content_type=kind, source=held, partial=partial, origin=origin, digest=digest
    )


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


async def _of_path(source: Source, reading: PathReader, kind: str) -> FileContent:
    """Return the content of a large file, which stays open to be sent."""
    size, head = reading.size, reading.head
    first = head[:_END] if len(head) >= _END else await reading.part(0, _END)
    partial = _partial(size, first, await reading.part(size - _END, size))
    origin = _origin(source, reading)
    pinned = _Pinned(source, origin, reading)
    return FileContent(size=size, content_type=kind, source=pinned, partial=partial, origin=origin, digest=None)


async def _streamed(source: Source, reading: SourceReader, kind: str, hashing: asyncio.Semaphore) -> FileContent:
    """Read a large file that is none of this machine, or none at all, to its end."""
    ends = _Ends()
    digest = hashlib.sha256()
    async with hashing:
        part = reading.head
        while part:
            ends.add(part)
            await in_thread(lambda data=part: digest.update(data))  # type: ignore[misc]  # a lambda of its own each
            part = await reading.read()
    whole = digest.digest()
    return FileContent(
        size=reading.size,
        content_type=kind,
        source=_Pinned(source, None, None, whole),
        partial=_partial(reading.size, ends.first, ends.last),
        origin=None,
        digest=whole,
    )


@attrs.define
class _Ends:
    """Both ends of what comes in parts."""

    first: bytes = attrs.field(default=b"", repr=False)
    last: bytes = attrs.field(default=b"", repr=False)

    def add(self, part: Buffer) -> None:
        """Go on with the next part."""
        if len(self.first) < _END:
            self.first += bytes(part[: _END - len(self.first)])
        self.last = (self.last + bytes(part[-_END:]))[-_END:]


def _partial(size: int, first: Buffer, last: Buffer) -> bytes:
    digest = hashlib.sha256(size.to_bytes(8, "big"))
    digest.update(first)
    digest.update(last)
    return digest.digest()


def _origin(source: Source, reading: SourceReader) -> Origin | None:
    if isinstance(source, PathSource) and isinstance(reading, PathReader):
        return Origin.of(source.path, reading.found)
    return None


async def digest_at(origin: Origin, hashing: asyncio.Semaphore) -> bytes | None:
    """Return the SHA-256 of what was read at ``origin``; None when it is gone, or was written since."""
    try:
        reading = await PathSource(origin.path, hint=lambda _: "").open()
    except (InvalidFileError, UploadSourceError):
        return None
    try:
        if Origin.of(origin.path, reading.found) != origin:
            return None
        async with hashing:
            digest = await reading.digest()
        return digest if Origin.of(origin.path, os.fstat(reading.fd)) == origin else None
    except UploadSourceError:
        return None
    finally:
        await reading.close()


@attrs.define(eq=False)
class _Held:
    """A small file in memory."""

    data: memoryview
    label: str = attrs.field(repr=False)
    filename: str | None = attrs.field(repr=False)
    frame: Frame = attrs.field(default=no_frame, repr=False)
    """Once it was used, what it gave may still be on its way."""
    reading: None = None

    async def open(self) -> SourceReader:
        frame, self.frame = self.frame, no_frame
        return BytesReader(self.data, frame)

    def digest(self) -> bytes:
        return hashlib.sha256(self.data).digest()

    async def hashed(self, _hashing: asyncio.Semaphore) -> bytes:
        return self.digest()

    async def close(self) -> None:
        return


@attrs.define(eq=False)
class _Pinned:
    """A large file that must still be what was looked at."""

    source: Source
    origin: Origin | None = attrs.field(repr=False)
    reading: PathReader | None
    """As it was opened to be looked at: the first attempt reads on from there."""
    digest: bytes | None = None

    @property
    def label(self) -> str:
        return self.source.label

    @property
    def filename(self) -> str | None:
        return self.source.filename

    async def open(self) -> SourceReader:
        if self.reading is not None:
            reading, self.reading = self.reading, None
            return reading
        again = await self.source.open()
        if self.origin is None:
            assert self.digest is not None  # noqa: S101 - what has no origin was hashed
            return _Hashed(again, self.digest, hashlib.sha256(again.head))
        if _origin(self.source, again) != self.origin:
            await again.close()
            raise _changed(self.source)
        return again

    async def hashed(self, hashing: asyncio.Semaphore) -> bytes:
        """Return the SHA-256 of the whole. To be called before it is sent."""
        assert self.reading is not None  # noqa: S101 - without one, it was hashed when it was read
        async with hashing:
            return await self.reading.digest()

    async def close(self) -> None:
        if self.reading is not None:
            await self.reading.close()


@attrs.define(eq=False)
class _Hashed:
    """A reading that is whole only when its bytes are those that were hashed before."""

    reading: SourceReader
    digest: bytes
    _hash: _Hash

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
        self._hash.update(part)
        return part

    async def unchanged(self) -> bool:
        return await self.reading.unchanged() and self._hash.digest() == self.digest

    async def close(self) -> None:
        await self.reading.close()


def _changed(source: Source) -> UploadSourceError:
    return UploadSourceError(
        f"{shown_path(source.label)}: changed while it was read; send it again when it is complete"
    )
