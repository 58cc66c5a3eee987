"""Contents of files: what they are known by, and how they are sent.

A file is known by its size and both its ends, until another with the same comes: only then all of it is read to tell
them apart.
"""

import asyncio
import hashlib
import os
import time
from typing import Final, Protocol, Self

import attrs

from kycaid_async.bulk.manifest.locked_pdfs import check_ends, check_lock, says_encrypted
from kycaid_async.bulk.remote.store_file import StoreReading
from kycaid_async.bulk.remote.web_file import WebReading
from kycaid_async.errors import InvalidFileError, UploadSourceError
from kycaid_async.masking import shown_path
from kycaid_async.uploads.kinds import PDF, inspect
from kycaid_async.uploads.path_source import Origin, PathReader, PathSource
from kycaid_async.uploads.preflight import FileRules
from kycaid_async.uploads.reader import WHOLE, Buffer, Source, SourceReader, in_thread
from kycaid_async.uploads.sources import BytesReader, Frame, no_frame

_END: Final = 1 << 14
"""Bytes of each end."""
_WITH_ENDS: Final = (BytesReader, StoreReading, WebReading)
"""Readings that may give the end alone."""
_IN_MEMORY: Final = WHOLE
"""Bytes up to which a file is hashed on the loop, from memory: a thread takes longer to begin."""


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
    source: "_Held | _Pinned | _Streamed"
    partial: bytes | None
    """SHA-256 of its size and both its ends; None of a small file, of which they are the whole."""
    origin: Origin | None = attrs.field(repr=False)
    """Where its bytes can be read again, as long as nobody writes there; None when there is no such place."""
    digest: bytes | None
    """SHA-256 of the whole, if that is known by now."""

    async def whole(self, hashing: asyncio.Semaphore) -> bytes:
        """Return the SHA-256 of the whole; ``hashing`` bounds how many large files are read for that at a time."""
        if self.digest is None:
            assert not isinstance(self.source, _Held)  # noqa: S101 - that was hashed when it was read
            self.digest = await self.source.hashed(hashing)
        return self.digest

    def sent(self) -> None:
        """Take the digest of what was sent, where it was made on the way."""
        if isinstance(self.source, _Streamed):
            self.digest = self.source.sent

    @property
    def may_be_sent(self) -> bool:
        """True when it can be told later from others with the same ends, without its digest before it is sent."""
        return self.origin is not None or (isinstance(self.source, _Streamed) and self.source.digest is None)

    async def close(self) -> None:
        """Let go of the file."""
        if isinstance(self.source, _Pinned):
            await self.source.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def read_content(
    source: Source, rules: FileRules, hashing: asyncio.Semaphore, *, began: float | None = None
) -> FileContent:
    """Read of a file what it is known by: all of it where it is small, or could not be read again when in doubt.

    It begins at ``began``, in seconds since 1970; None stands for the system's time. Raises `InvalidFileError`,
    `UploadSourceError`, and `ConfigurationError` when a package for its URL is missing.
    """
    began = time.time() if began is None else began
    reading = await (source.look(_END) if isinstance(source, PathSource) else source.open())
    try:
        kind = inspect(reading, label=source.label, rules=rules)
        if isinstance(source, PathSource) and isinstance(reading, PathReader) and reading.tail:
            content = _of_path(source, reading, kind)
        elif reading.size <= _IN_MEMORY:
            content = await _in_memory(source, reading, kind)
        elif isinstance(reading, _WITH_ENDS) and (last := await reading.last(_END)) is not None:
            await check_ends(source, reading.size, kind, (reading.head, last))
            content = _by_ends(source, reading, last, kind)
        else:
            content = await _streamed(source, reading, kind, hashing)
        if content.origin is not None and not content.origin.is_settled(began):
            await content.whole(hashing)
            content.origin = None
    except BaseException:
        await reading.close()
        raise
    if not isinstance(content.source, _Pinned):
        await reading.close()
    return content


async def _in_memory(source: Source, reading: SourceReader, kind: str) -> FileContent:
    held = await _held(source, reading)
    if kind == PDF.content_type and says_encrypted(held.data):
        await check_lock(source, bytes(held.data))
    size = len(held.data)
    partial = None if size <= 2 * _END else _partial(size, held.data[:_END], held.data[-_END:])
    digest = hashlib.sha256(held.data).digest()
    return FileContent(size=size, content_type=kind, source=held, partial=partial, origin=None, digest=digest)


async def _held(source: Source, reading: SourceReader) -> "_Held":
    if len(reading.head) == reading.size:
        if not await reading.unchanged():
            raise _changed(source)
        return _Held(memoryview(reading.head), source.label, source.filename, reading.framed)
    parts = [bytes(reading.head)]
    while part := await reading.read():
        parts.append(bytes(part))
    data = b"".join(parts)
    if len(data) != reading.size or not await reading.unchanged():
        raise _changed(source)
    return _Held(memoryview(data), source.label, source.filename)


def _of_path(source: PathSource, reading: PathReader, kind: str) -> FileContent:
    """Return the content of a file that stays open to be sent. No more is in memory until then than both its ends."""
    partial = _partial(reading.size, reading.head, reading.tail)
    origin = Origin.of(source.path, reading.found)
    pinned = _Pinned(source, origin, reading)
    return FileContent(size=reading.size, content_type=kind, source=pinned, partial=partial, origin=origin, digest=None)


def _by_ends(source: Source, reading: SourceReader, last: Buffer, kind: str) -> FileContent:
    """Return the content of a large file of elsewhere, which is hashed when it is sent."""
    partial = _partial(reading.size, reading.head[:_END], last)
    streamed = _Streamed(source, partial)
    return FileContent(size=reading.size, content_type=kind, source=streamed, partial=partial, origin=None, digest=None)


async def _streamed(source: Source, reading: SourceReader, kind: str, hashing: asyncio.Semaphore) -> FileContent:
    """Read a large file of elsewhere, whose end cannot be read alone, or one in parts, to its end."""
    ends, whole = await _ends_and_digest(reading, hashing)
    await check_ends(source, reading.size, kind, (ends.first, ends.last))
    partial = ends.partial(reading.size)
    streamed = _Streamed(source, partial, whole)
    return FileContent(
        size=reading.size, content_type=kind, source=streamed, partial=partial, origin=None, digest=whole
    )


async def _ends_and_digest(reading: SourceReader, hashing: asyncio.Semaphore) -> "tuple[_Ends, bytes]":
    ends, digest = _Ends(), hashlib.sha256()
    async with hashing:
        part = reading.head
        while part:
            ends.add(part)
            await in_thread(lambda data=part: digest.update(data))  # type: ignore[misc]  # a lambda of its own each
            part = await reading.read()
    return ends, digest.digest()


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

    def partial(self, size: int) -> bytes:
        """Return what a file of this size with these ends is known by."""
        return _partial(size, self.first, self.last)


def _partial(size: int, first: Buffer, last: Buffer) -> bytes:
    digest = hashlib.sha256(size.to_bytes(8, "big"))
    digest.update(first)
    digest.update(last)
    return digest.digest()


async def digest_at(origin: Origin, hashing: asyncio.Semaphore) -> bytes | None:
    """Return the SHA-256 of what was read at ``origin``; None when it is gone, or was written since."""
    try:
        reading = await PathSource(origin.path, hint=lambda _: "").open()
    except (InvalidFileError, UploadSourceError):
        return None
    try:
        if Origin.of(origin.path, reading.found) != origin:
            return None
        digest = await _digest_of(reading, hashing)
        return digest if Origin.of(origin.path, os.fstat(reading.fd)) == origin else None
    except UploadSourceError:
        return None
    finally:
        await reading.close()


@attrs.define(eq=False)
class _Held:
    """A small file in memory."""

    data: memoryview = attrs.field(repr=False)
    label: str = attrs.field(repr=False)
    filename: str | None = attrs.field(repr=False)
    frame: Frame = attrs.field(default=no_frame, repr=False)
    """Once it was used, what it gave may still be on its way."""

    async def open(self) -> SourceReader:
        frame, self.frame = self.frame, no_frame
        return BytesReader(self.data, frame)


@attrs.define(eq=False)
class _Pinned:
    """A large file that must still be what was looked at."""

    source: PathSource
    origin: Origin = attrs.field(repr=False)
    reading: PathReader | None
    """As it was opened to be looked at: the first attempt reads on from there."""

    @property
    def label(self) -> str:
        return self.source.label

    @property
    def filename(self) -> str | None:
        return self.source.filename

    async def open(self) -> SourceReader:
        reading, self.reading = self.reading, None
        if reading is None:
            reading = await self.source.open()
            if Origin.of(self.source.path, reading.found) != self.origin:
                await reading.close()
                raise _changed(self.source)
        else:
            await _filled(reading)
        return reading

    async def hashed(self, hashing: asyncio.Semaphore) -> bytes:
        """Return the SHA-256 of the whole. To be called before it is sent."""
        assert self.reading is not None  # noqa: S101 - it is let go of when it is sent
        return await _digest_of(self.reading, hashing)

    async def close(self) -> None:
        if self.reading is not None:
            await self.reading.close()


async def _filled(reading: PathReader) -> None:
    """Read what an attempt begins with; nobody else closes it when that fails."""
    try:
        await reading.fill()
    except BaseException:
        await reading.close()
        raise


async def _digest_of(reading: PathReader, hashing: asyncio.Semaphore) -> bytes:
    if reading.size <= _IN_MEMORY:
        await reading.fill()
        if len(reading.head) == reading.size:
            return hashlib.sha256(reading.head).digest()
    async with hashing:
        return await reading.digest()


@attrs.define(eq=False)
class _Streamed:
    """A large file of elsewhere, or in parts, that must still be what was looked at."""

    source: Source
    partial: bytes
    digest: bytes | None = None
    """None until it is known before it is sent."""
    _last: "_Hashed | None" = None

    @property
    def label(self) -> str:
        return self.source.label

    @property
    def filename(self) -> str | None:
        return self.source.filename

    async def open(self) -> SourceReader:
        self._last = _Hashed(await self.source.open(), self.partial, self.digest)
        return self._last

    @property
    def sent(self) -> bytes | None:
        """The digest of what was read last, when that was whole."""
        return self.digest if self._last is None else self._last.digest

    async def hashed(self, hashing: asyncio.Semaphore) -> bytes:
        """Return the SHA-256 of the whole, after it was read for that."""
        reading = await self.source.open()
        try:
            ends, digest = await _ends_and_digest(reading, hashing)
            if ends.partial(reading.size) != self.partial or not await reading.unchanged():
                raise _changed(self.source)
        finally:
            await reading.close()
        self.digest = digest
        return digest


@attrs.define(eq=False)
class _Hashed:
    """A reading that is whole only when its bytes are those that were looked at before."""

    reading: SourceReader
    _partial: bytes
    _expected: bytes | None
    digest: bytes | None = None
    """Of the whole, once it was found unchanged."""
    _hash: _Hash = attrs.field(factory=hashlib.sha256)
    _ends: _Ends = attrs.field(factory=_Ends)

    def __attrs_post_init__(self) -> None:
        self._add(self.reading.head)

    def _add(self, part: Buffer) -> None:
        self._hash.update(part)
        self._ends.add(part)

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
        self._add(part)
        return part

    async def unchanged(self) -> bool:
        digest = self._hash.digest()
        is_same = self._ends.partial(self.size) == self._partial and self._expected in (None, digest)
        if not is_same or not await self.reading.unchanged():
            return False
        self.digest = digest
        return True

    async def close(self) -> None:
        await self.reading.close()


def _changed(source: Source) -> UploadSourceError:
    return UploadSourceError(
        f"{shown_path(source.label)}: changed while it was read; send it again when it is complete"
    )
