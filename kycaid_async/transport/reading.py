"""What it is to read a source: from its start, in fresh buffers, never blocking the loop."""

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

from kycaid_async.errors import UploadSourceError

CHUNK = 256 * 1024
"""Bytes per read: few calls for a large file, and no long stop of the loop."""

ROOM = 64
"""Bytes kept free behind what is read, so that the end of a body can follow without a copy of it all."""

R = TypeVar("R")


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


async def in_thread(function: Callable[[], R]) -> R:
    """Return what ``function`` returns; it may block."""
    return await asyncio.get_running_loop().run_in_executor(None, function)


async def guarded(label: str, function: Callable[[], R]) -> R:
    """Return what ``function`` returns; it may block. Raises `UploadSourceError`, which names the source."""
    try:
        return await in_thread(function)
    except Exception as error:  # a file of the user can raise anything
        raise broken(label, error) from error


def broken(label: str, error: Exception) -> UploadSourceError:
    """Return the error for a source that failed while it was read."""
    return UploadSourceError(f"{label}: cannot be read to its end ({type(error).__name__}); nothing was stored")
