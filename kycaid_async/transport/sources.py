"""What can be uploaded, and how it is read: anew for each attempt, in fresh buffers, never blocking the loop."""

import asyncio
import io
import os
import stat
import threading
from collections.abc import AsyncIterable, AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar, cast

import attrs

from kycaid_async.errors import InvalidFileError, UploadSourceError

CHUNK = 256 * 1024
"""Bytes per read: few calls for a large file, and no long stop of the loop."""

R = TypeVar("R")
Factory = Callable[[], AsyncIterable[bytes]]
UploadSource = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Factory
"""A path, bytes, a seekable binary file, or a function that returns a new async iterator at each call."""


class Reading(Protocol):
    """One reading of a source, from its start to its end."""

    @property
    def size(self) -> int:
        """Bytes from start to end."""
        ...

    @property
    def head(self) -> bytes | bytearray | memoryview:
        """The first bytes: at least enough to tell what kind of file it is."""
        ...

    async def read(self) -> bytes | bytearray | memoryview:
        """Return the bytes that follow what was read before, in a buffer that is not used again; empty at the end.

        Raises `UploadSourceError` when the source breaks.
        """
        ...

    async def unchanged(self) -> bool:
        """Say, after the last read, whether the source is still the one that was opened."""
        ...

    async def close(self) -> None:
        """Let go of what was opened here; what the caller opened stays open."""
        ...


class Source(Protocol):
    """Something that can be read as often as needed."""

    @property
    def label(self) -> str:
        """How errors name it."""
        ...

    @property
    def filename(self) -> str | None:
        """The file name that is sent along, when the source has one."""
        ...

    async def open(self) -> Reading:
        """Start to read from the beginning. Raises `InvalidFileError`."""
        ...


def source_of(value: UploadSource, *, size: int | None = None) -> Source:
    """Return the source for what a user passed. Raises `InvalidFileError`."""
    if isinstance(value, str | os.PathLike):
        return PathSource(os.fspath(value))
    if isinstance(value, bytes | bytearray | memoryview):
        return BytesSource(bytes(value))
    if callable(value):
        if size is None or size < 0:
            raise InvalidFileError(
                "size: a factory needs the number of bytes it will give; pass size=…", file="(factory)"
            )
        return FactorySource(value, size)
    if callable(getattr(value, "read", None)):
        return FileSource(value)
    raise InvalidFileError(
        f"cannot upload a {type(value).__name__}: pass a path, bytes, a binary file, or a factory of async iterators",
        file=f"({type(value).__name__})",
    )


async def _in_thread(function: Callable[[], R]) -> R:
    return await asyncio.get_running_loop().run_in_executor(None, function)


async def _guarded(label: str, function: Callable[[], R]) -> R:
    try:
        return await _in_thread(function)
    except (OSError, ValueError) as error:
        raise _broken(label, error) from error


def _broken(label: str, error: Exception) -> UploadSourceError:
    return UploadSourceError(f"{label}: cannot be read to its end ({type(error).__name__}); nothing was stored")


@attrs.define(eq=False)
class PathSource:
    """A file by its path."""

    path: str

    @property
    def label(self) -> str:
        return self.path

    @property
    def filename(self) -> str:
        return Path(self.path).name

    async def open(self) -> "PathReading":
        # Cancelled while the thread is at it, the descriptor still has to be closed.
        task = asyncio.ensure_future(_in_thread(self._open))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_close_unused)
            raise

    def _open(self) -> "PathReading":
        try:
            # O_NONBLOCK: a named pipe would otherwise wait for a writer for ever.
            fd = os.open(self.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a path"
            raise InvalidFileError(f"{self.label}: cannot be opened ({reason})", file=self.label) from None
        try:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode):
                what = "a directory" if stat.S_ISDIR(found.st_mode) else "not a regular file"
                raise InvalidFileError(f"{self.label}: is {what}", file=self.label)
            head = _read_fully(fd, min(CHUNK, found.st_size), 0)
            return PathReading(self.label, fd, found, head)
        except BaseException:
            os.close(fd)
            raise


def _close_unused(task: "asyncio.Future[PathReading]") -> None:
    if not task.cancelled() and task.exception() is None:
        os.close(task.result().fd)


def _read_fully(fd: int, size: int, offset: int) -> bytes:
    parts = []
    while size > 0 and (part := os.pread(fd, size, offset)):
        parts.append(part)
        size, offset = size - len(part), offset + len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


@attrs.define(eq=False)
class PathReading:
    """A file that is open for one attempt."""

    label: str
    fd: int
    found: os.stat_result
    head: bytes
    _offset: int = attrs.field(init=False)
    _inline: bool = hasattr(os, "RWF_NOWAIT")

    def __attrs_post_init__(self) -> None:
        self._offset = len(self.head)

    @property
    def size(self) -> int:
        return self.found.st_size

    async def read(self) -> bytes | bytearray:
        want = min(CHUNK, self.size - self._offset)
        if want <= 0:
            return b""
        chunk = self._cached(want) if self._inline else b""
        if not chunk:
            chunk = await _guarded(self.label, lambda: _read_fully(self.fd, want, self._offset))
        self._offset += len(chunk)
        return chunk

    def _cached(self, want: int) -> bytes | bytearray:
        """Read what is in the page cache already: that is quicker than any thread. Empty when the disk would block."""
        buffer = bytearray(want)
        try:
            got = os.preadv(self.fd, [buffer], self._offset, os.RWF_NOWAIT)  # type: ignore[attr-defined,unused-ignore]
        except BlockingIOError:
            return b""
        except OSError:
            self._inline = False
            return b""
        if got < want:
            del buffer[got:]
        return buffer

    async def unchanged(self) -> bool:
        if self.size <= CHUNK:  # it was read whole, in one go
            return True
        now = await _in_thread(lambda: os.fstat(self.fd))
        return (now.st_size, now.st_mtime_ns) == (self.found.st_size, self.found.st_mtime_ns)

    async def close(self) -> None:
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)


@attrs.define(eq=False)
class BytesSource:
    """Bytes in memory."""

    data: bytes = attrs.field(repr=False)
    label: str = "(bytes)"
    filename: str | None = None

    async def open(self) -> "BytesReading":
        return BytesReading(memoryview(self.data))


@attrs.define(eq=False)
class BytesReading:
    """Bytes in memory, for one attempt. They cannot change, so slices of them need no copy."""

    data: memoryview
    _offset: int = CHUNK

    @property
    def size(self) -> int:
        return len(self.data)

    @property
    def head(self) -> memoryview:
        return self.data[:CHUNK]

    async def read(self) -> memoryview:
        chunk = self.data[self._offset : self._offset + CHUNK]
        self._offset += CHUNK
        return chunk

    async def unchanged(self) -> bool:
        return True

    async def close(self) -> None:
        return


class FileSource:
    """A binary file of the caller: read from where it stands now, sought for each attempt, never closed.

    Its position afterwards is not defined.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.label = "(file)"
        name = getattr(file, "name", None)
        self.filename = Path(name).name if isinstance(name, str) and name else None
        if self.filename:
            self.label = str(name)
        if isinstance(cast("object", file), io.TextIOBase):
            raise InvalidFileError(f"{self.label}: is open as text; open it with mode 'rb'", file=self.label)
        try:
            seekable = file.seekable()
            self._start = file.tell() if seekable else 0
        except (AttributeError, OSError, ValueError) as error:
            raise InvalidFileError(f"{self.label}: cannot be read ({type(error).__name__})", file=self.label) from None
        if not seekable:
            raise InvalidFileError(
                f"{self.label}: cannot be sought, so it could not be sent again; read it into bytes, or pass a factory",
                file=self.label,
            )
        self._file = file
        self._lock = threading.Lock()

    async def open(self) -> "FileReading":
        size, head = await _in_thread(self._measure)
        return FileReading(self, size, head)

    def _measure(self) -> tuple[int, bytes]:
        with self._lock:
            size = max(0, self._file.seek(0, io.SEEK_END) - self._start)
        return size, self.read_at(0, min(CHUNK, size))

    def read_at(self, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes at ``offset`` from where the file stood. Blocks."""
        parts = []
        with self._lock:
            self._file.seek(self._start + offset)
            while size > 0 and (part := self._file.read(size)):
                parts.append(bytes(part))
                size -= len(part)
        return b"".join(parts)

    def length(self) -> int:
        """Return the number of bytes from where the file stood. Blocks."""
        with self._lock:
            return max(0, self._file.seek(0, io.SEEK_END) - self._start)


@attrs.define(eq=False)
class FileReading:
    """A caller's file, for one attempt."""

    source: FileSource
    size: int
    head: bytes
    _offset: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._offset = len(self.head)

    async def read(self) -> bytes:
        want = min(CHUNK, self.size - self._offset)
        if want <= 0:
            return b""
        chunk = await _guarded(self.source.label, lambda: self.source.read_at(self._offset, want))
        self._offset += len(chunk)
        return chunk

    async def unchanged(self) -> bool:
        return self.size <= CHUNK or await _in_thread(self.source.length) == self.size

    async def close(self) -> None:
        return


@attrs.define(eq=False)
class FactorySource:
    """A function that returns a new async iterator of bytes at each call, and the number of bytes it gives."""

    factory: Factory
    size: int
    label: str = "(factory)"
    filename: str | None = None

    async def open(self) -> "FactoryReading":
        reading = FactoryReading(aiter(self.factory()), self.size)
        try:
            await reading.fill()
        except BaseException:
            await reading.close()
            raise
        return reading


@attrs.define(eq=False)
class FactoryReading:
    """One run of an async iterator."""

    chunks: AsyncIterator[bytes]
    size: int
    head: bytes = b""
    _over: bool = False

    async def fill(self) -> None:
        """Read until there is enough to tell what kind of file it is."""
        enough = 8192
        while len(self.head) < min(enough, self.size) and not self._over:
            self.head += await self.read()

    async def read(self) -> bytes:
        chunk = b""
        while not chunk and not self._over:
            try:
                # An iterator may give its own buffer again and again, so anything but bytes is copied.
                chunk = bytes(memoryview(await anext(self.chunks)))
            except StopAsyncIteration:
                self._over = True
            except Exception as error:
                raise _broken("(factory)", error) from error
        return chunk

    async def unchanged(self) -> bool:
        return self._over or not await self.read()

    async def close(self) -> None:
        aclose = getattr(self.chunks, "aclose", None)
        if aclose is not None:
            await aclose()
