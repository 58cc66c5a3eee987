"""What it is to read a source: from its start, in fresh buffers, never blocking the loop."""

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


class Reading(Protocol):
    """One reading of a source, from its start to its end."""

    @property
    def size(self) -> int:
        """Bytes from start to end."""
        ...

    @property
    def head(self) -> Buffer:
        """The first bytes: at least enough to tell what kind of file it is."""
        ...

    def wrapped(self, before: bytes, behind: bytes, /) -> Buffer | None:
        """Return the whole file with these bytes around it, in a buffer that is not used again.

        None when that would take a copy of it. To be called once, and only when `head` is the whole file.
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


class Roomy:
    """A buffer to read into, with room around it: what goes before and behind a file is put there without a copy."""

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

    def wrapped(self, before: bytes, behind: bytes) -> memoryview | None:
        """Return ``before``, the content and ``behind`` as one; None when they do not fit."""
        start, end = self.BEFORE - len(before), self.BEFORE + self.size
        if start < 0 or len(behind) > self.BEHIND:
            return None
        self._buffer[start : self.BEFORE] = before
        self._buffer[end : end + len(behind)] = behind
        return memoryview(self._buffer)[start : end + len(behind)]


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


def read_at(fd: int, size: int, offset: int) -> bytes:
    """Return up to ``size`` bytes from ``offset`` on; it may block. One call at a time for each descriptor."""
    if hasattr(os, "pread"):
        return os.pread(fd, size, offset)
    # Windows has no such call. The position is nobody else's: each reading opens the file for itself.
    os.lseek(fd, offset, os.SEEK_SET)
    return os.read(fd, size)


@confidential
def in_thread(function: Callable[[], R]) -> Awaitable[R]:
    """Return what ``function`` returns; it may block."""
    return asyncio.get_running_loop().run_in_executor(None, function)


async def guarded(label: str, function: Callable[[], R]) -> R:
    """Return what ``function`` returns; it may block. Raises `UploadSourceError`, which names the source."""
    try:
        return await in_thread(function)
    except Exception as error:  # a file of the user can raise anything
        raise broken(label, error) from error


def broken(label: str, error: Exception) -> UploadSourceError:
    """Return the error for a source that failed while it was read."""
    return UploadSourceError(
        f"{shown_path(label)}: cannot be read to its end ({type(error).__name__}); nothing was stored"
    )
