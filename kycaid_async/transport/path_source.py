"""Files by their path."""

import asyncio
import functools
import os
import stat
from pathlib import Path

import attrs

from kycaid_async.errors import InvalidFileError
from kycaid_async.transport.reading import CHUNK, guarded, in_thread

LONGEST_LABEL = 200


@attrs.define(eq=False)
class PathSource:
    """A file by its path."""

    path: str

    @property
    def label(self) -> str:
        # Somebody may pass the content itself as text: then it must not stand in a message.
        return self.path if len(self.path) <= LONGEST_LABEL else self.path[:LONGEST_LABEL] + "…"

    @property
    def filename(self) -> str:
        return Path(self.path).name

    async def open(self) -> "PathReading":
        # Cancelled while the thread is at it, the descriptor still has to be closed.
        task = asyncio.ensure_future(in_thread(self._open))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_close_unused)
            raise

    def _open(self) -> "PathReading":
        fd, reason = -1, ""
        try:
            # O_NONBLOCK: a named pipe would otherwise wait for a writer for ever.
            fd = os.open(self.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except (OSError, ValueError) as error:
            reason = str(error.strerror) if isinstance(error, OSError) else "not a path"
        if fd < 0:
            # Not from within the handler: the system's error holds the whole path, which may be content.
            raise InvalidFileError(f"{self.label}: cannot be opened ({reason})", file=self.label)
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


def _close_after(fd: int, read: "asyncio.Future[bytes]") -> None:
    if not read.cancelled():
        read.exception()  # nobody else asks for it
    os.close(fd)


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
    _busy: "asyncio.Future[bytes] | None" = None

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
            fd, offset = self.fd, self._offset
            self._busy = asyncio.ensure_future(guarded(self.label, lambda: _read_fully(fd, want, offset)))
            chunk = await asyncio.shield(self._busy)
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
        now = await in_thread(lambda: os.fstat(self.fd))
        return (now.st_size, now.st_mtime_ns) == (self.found.st_size, self.found.st_mtime_ns)

    async def close(self) -> None:
        fd, self.fd = self.fd, -1
        if self._busy is not None and not self._busy.done():
            # A thread still reads: once closed, the number could belong to another file.
            self._busy.add_done_callback(functools.partial(_close_after, fd))
        elif fd >= 0:
            os.close(fd)
