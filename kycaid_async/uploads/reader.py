"""The interfaces of sources and their readers: from the start, in fresh buffers, never blocking the loop."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from kycaid_async.errors import UploadSourceError
from kycaid_async.masking import shown_path
from kycaid_async.tracebacks import confidential

CHUNK = 262144
"""Bytes per read: few calls for a large file, and no long stop of the loop."""

WHOLE = 1 << 20
"""Bytes up to which a file is read, and sent, in one go."""

Buffer = bytes | bytearray | memoryview

R = TypeVar("R")


class SourceReader(Protocol):
    """Reads a source once, from its start to its end."""

    @property
    def size(self) -> int:
        """Bytes from start to end."""
        ...

    @property
    def head(self) -> Buffer:
        """The first bytes: at least enough to tell what kind of file it is."""
        ...

    def framed(self, before: bytes, behind: bytes, /) -> Buffer | None:
        """Return the whole file framed by ``before`` and ``behind``, in a buffer that is not used again.

        None when that would take a copy of it. To be called once, and only when `head` is the whole file, which may be
        gone from here afterwards.
        """
        ...

    async def read(self) -> Buffer:
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


class PaddedBuffer:
    """A read buffer with padding on both sides, so that a file is framed without a copy."""

    BEFORE: Final = 2048
    BEHIND: Final = 64

    __slots__ = ("_buffer", "size")

    def __init__(self, size: int) -> None:
        self._buffer = bytearray(self.BEFORE + size + self.BEHIND)
        self.size = size
        """Bytes that were read into it, or that fit."""

    @property
    def content(self) -> memoryview:
        return memoryview(self._buffer)[self.BEFORE : self.BEFORE + self.size]

    def framed(self, before: bytes, behind: bytes) -> memoryview | None:
        """Return the content framed by ``before`` and ``behind``; None when they do not fit into the padding."""
        start, end = self.BEFORE - len(before), self.BEFORE + self.size
        if start < 0 or len(behind) > self.BEHIND:
            return None
        self._buffer[start : self.BEFORE] = before
        self._buffer[end : end + len(behind)] = behind
        return memoryview(self._buffer)[start : end + len(behind)]


class Source(Protocol):
    """A file that can be read as often as needed."""

    @property
    def label(self) -> str:
        """Its name in errors."""
        ...

    @property
    def filename(self) -> str | None:
        """The file name that is sent along, when the source has one."""
        ...

    def open(self) -> Awaitable[SourceReader]:
        """Start to read from the beginning. Raises `InvalidFileError`."""
        ...


def read_at(fd: int, size: int, offset: int) -> bytes:
    """Return up to ``size`` bytes from ``offset`` on; it may block. One call at a time for each descriptor."""
    if hasattr(os, "pread"):
        return os.pread(fd, size, offset)
    # Windows has no such call. The position is nobody else's: each reader opens the file for itself.
    os.lseek(fd, offset, os.SEEK_SET)
    return os.read(fd, size)


@confidential
def in_thread(function: Callable[[], R]) -> Awaitable[R]:
    """Run a blocking ``function`` in a thread and return its result."""
    return asyncio.get_running_loop().run_in_executor(None, function)


async def guarded(label: str, function: Callable[[], R]) -> R:
    """Run a blocking ``function`` in a thread and return its result.

    Raises `UploadSourceError`, which names the source.
    """
    try:
        return await in_thread(function)
    except Exception as error:  # a file of the user can raise anything
        raise read_error(label, error) from error


def read_error(label: str, error: Exception) -> UploadSourceError:
    """Return the error for a source whose reading failed."""
    return UploadSourceError(
        f"{shown_path(label)}: cannot be read to its end ({type(error).__name__}); nothing was stored"
    )
