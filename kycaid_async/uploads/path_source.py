"""Sources over files by their path."""

import asyncio
import errno
import functools
import hashlib
import json
import os
import stat
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Self, TypeVar

import attrs

from kycaid_async.errors import InvalidFileError
from kycaid_async.masking import Printed, ValueObject, mask, shown_path
from kycaid_async.uploads.path_hint import hint
from kycaid_async.uploads.reader import CHUNK, WHOLE, Buffer, PaddedBuffer, guarded, in_thread, read_at, read_error

R = TypeVar("R")

_SECOND: Final = 1_000_000_000
"""In nanoseconds."""
_TICK: Final = _SECOND // 10
"""Within so long, a file can change again and bear the same time: systems look at a coarse clock for it."""
_COARSE_TICK: Final = 5 * _SECOND // 2
"""The same where file systems keep even seconds."""

LONGEST_LABEL = 200
ENOUGH = 1 << 13
"""Bytes that tell what kind of file it is."""
QUICK = 0.001
"""Seconds within which a file has to open, for others of its folder to be opened without a thread."""
_NOWAIT = hasattr(os, "RWF_NOWAIT")
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)

_NOTHING = (errno.ENOENT, errno.EINVAL)
"""Windows says the second of names that it cannot have, such as one in quotes."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Origin(ValueObject):
    """Origin of what was read: a local file, and what changes whenever that is written."""

    path: str = attrs.field(repr=mask)
    """Absolute."""
    device: int
    inode: int
    size: int
    mtime: int
    ctime: int
    """Nanoseconds."""

    @classmethod
    def of(cls, path: str, found: os.stat_result) -> Self:
        """Return the origin of a file at ``path`` in this state."""
        return cls(
            path=path if os.path.isabs(path) else os.path.abspath(path),  # noqa: PTH100, PTH117 - a Path takes its time
            device=found.st_dev,
            inode=found.st_ino,
            size=found.st_size,
            mtime=found.st_mtime_ns,
            ctime=found.st_ctime_ns,
        )

    def is_settled(self, now: float) -> bool:
        """Say whether any change after ``now``, in seconds since 1970, gives the file another time."""
        is_coarse = not (self.mtime % _SECOND or self.ctime % _SECOND)
        tick = _COARSE_TICK if is_coarse else _TICK
        return int(now * _SECOND) - max(self.mtime, self.ctime) > tick

    def as_text(self) -> str:
        """Return it as one text. It holds the path."""
        return json.dumps([self.path, self.device, self.inode, self.size, self.mtime, self.ctime])

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return what `as_text` wrote. Raises `ValueError`."""
        values = json.loads(text)
        return cls(**dict(zip(attrs.fields_dict(cls), values, strict=True)))


class QuickFolders:
    """The folders whose files open at once.

    A thread hop costs more than open() on a local disk. But a network disk can take for ever, so a folder
    has to show first, in a thread, that it is quick; and once it is not, it has to show it again. A folder is not slow
    because other programs had the core meanwhile: what waits for a disk gives the core up by itself.
    """

    def __init__(self, most: int = 1024) -> None:
        self._most = most
        self._folders: set[str] = set()

    def __contains__(self, folder: str) -> bool:
        return folder in self._folders

    def note(self, folder: str, seconds: float, *, waited: bool = True) -> None:
        """Note how long a file of ``folder`` took to open, and whether the thread waited for something then."""
        if seconds > QUICK:
            if waited:
                self._folders.discard(folder)
        elif folder not in self._folders:
            if len(self._folders) >= self._most:
                self._folders.clear()
            self._folders.add(folder)


QUICK_FOLDERS = QuickFolders()


if _NOWAIT:
    import resource  # Linux has it, and Windows does not

    def _waits() -> int:
        return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw

else:

    def _waits() -> int:
        return 0  # no file is opened without a thread here


class _NothingThereError(Exception):
    """There is no file at a path."""


@attrs.define(eq=False, repr=False)
class PathSource(Printed):
    """A file by its path."""

    path: str = attrs.field(repr=mask)
    folders: QuickFolders = QUICK_FOLDERS
    clock: Callable[[], float] = time.perf_counter
    opener: Callable[[str, int], int] = os.open
    """Opens a path with flags."""
    waits: Callable[[], int] = _waits
    """Counts how often this thread has waited for something so far."""
    hint: Callable[[str], str] = hint
    """Suggests what may be meant by a path at which there is no file."""

    @property
    def label(self) -> str:
        # Somebody may pass the content itself as text: then it must not stand in a message.
        return self.path if len(self.path) <= LONGEST_LABEL else self.path[:LONGEST_LABEL] + "…"

    @property
    def filename(self) -> str:
        return os.path.basename(self.path)  # noqa: PTH119 - for every file, and a Path takes its time

    def open(self) -> "Awaitable[PathReader]":
        return self._opened(None)

    def look(self, size: int) -> "Awaitable[PathReader]":
        """Open a file of which no more is read yet than so many bytes of each end; of a small file, all. As `open`."""
        return self._opened(size)

    async def _opened(self, end: int | None) -> "PathReader":
        try:
            folder = os.path.dirname(self.path)  # noqa: PTH120 - for every file, and a Path takes its time
            if not (_NOWAIT and folder in self.folders):
                return await _kept(functools.partial(self._begun, folder, end))
            reader = self._open(folder)
            return reader if reader.begin_from_cache(end) else await _kept(functools.partial(reader.begun, end))
        except _NothingThereError as error:
            reason = str(error)
        meant = await in_thread(self._hinted)
        reason += f"; {meant}" if meant else ""
        raise InvalidFileError(f"{shown_path(self.label)}: cannot be opened ({reason})", file=self.label)

    def _hinted(self) -> str:
        return self.hint(self.path)

    def _begun(self, folder: str, end: int | None) -> "PathReader":
        return self._open(folder).begun(end)

    def _open(self, folder: str) -> "PathReader":
        started, waits, fd, reason, nothing = self.clock(), self.waits(), -1, "", False
        try:
            # O_NONBLOCK: a named pipe would otherwise wait for a writer for ever.
            fd = self.opener(self.path, _READ)
        except (OSError, ValueError) as error:
            reason = why_not_opened(self.path, error)
            nothing = isinstance(error, OSError) and error.errno in _NOTHING
        if nothing:
            raise _NothingThereError(reason)
        if fd < 0:
            # Not from within the handler: the system's error holds the whole path, which may be content.
            raise InvalidFileError(f"{shown_path(self.label)}: cannot be opened ({reason})", file=self.label)
        try:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode):
                what = "a directory" if stat.S_ISDIR(found.st_mode) else "not a regular file"
                raise InvalidFileError(f"{shown_path(self.label)}: is {what}", file=self.label)
        except BaseException:
            os.close(fd)
            raise
        seconds = self.clock() - started
        self.folders.note(folder, seconds, waited=seconds > QUICK and self.waits() != waits)
        return PathReader(self.label, fd, found)


def why_not_opened(path: str, error: OSError | ValueError) -> str:
    """Return the system's reason against a path, without the path itself."""
    if isinstance(error, UnicodeEncodeError) and error.encoding != "utf-8":
        return f"the paths of this system are {error.encoding}, and this one is not; set PYTHONUTF8=1"
    if not isinstance(error, OSError):
        return "not a path"
    # Windows denies the access to a directory, and does not say that it is one.
    is_folder = isinstance(error, PermissionError) and os.path.isdir(path)  # noqa: PTH112 - a text, which may be no path
    return "it is a directory" if is_folder else str(error.strerror)


async def _kept(opening: "Callable[[], PathReader]") -> "PathReader":
    """Open a reader in a thread. Cancelled meanwhile, its descriptor is closed all the same."""
    task = asyncio.ensure_future(in_thread(opening))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_close_unused)
        raise


def _close_unused(task: "asyncio.Future[PathReader]") -> None:
    if not task.cancelled() and task.exception() is None:
        os.close(task.result().fd)


def _close_after(fd: int, read: "asyncio.Future[Any]") -> None:
    if not read.cancelled():
        read.exception()  # nobody else asks for it
    os.close(fd)


def _state(found: os.stat_result) -> tuple[int, ...]:
    """Return what changes whenever an open file is written, also when its times are set back afterwards."""
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _read_fully(fd: int, size: int, offset: int) -> bytes:
    parts = []
    while size > 0 and (part := read_at(fd, size, offset)):
        parts.append(part)
        size, offset = size - len(part), offset + len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _digest_of(fd: int) -> bytes:
    digest, offset = hashlib.sha256(), 0
    while part := read_at(fd, WHOLE, offset):
        digest.update(part)
        offset += len(part)
    return digest.digest()


@attrs.define(eq=False, repr=False)
class PathReader(Printed):
    """Reads an open file for one attempt."""

    label: str = attrs.field(repr=False)
    fd: int
    found: os.stat_result = attrs.field(repr=False)
    size: int = attrs.field(init=False)
    head: Buffer = attrs.field(default=b"", repr=False)
    tail: Buffer = attrs.field(default=b"", repr=False)
    """Its last bytes, of one that was only looked at."""
    _padded: PaddedBuffer | None = attrs.field(default=None, repr=False)
    _offset: int = 0
    _inline: bool = _NOWAIT
    _busy: "asyncio.Future[Any] | None" = attrs.field(default=None, repr=False)
    _changed: bool = False

    def __attrs_post_init__(self) -> None:
        self.size = self.found.st_size

    def begun(self, end: int | None) -> Self:
        """Read what an attempt begins with, or so many bytes of each end, and return this. It may block."""
        try:
            if end is None or self.size <= 2 * end:
                self._keep(_read_fully(self.fd, self._first, 0), None)
            else:
                self.head, self.tail = _read_fully(self.fd, end, 0), _read_fully(self.fd, end, self.size - end)
        except OSError as error:
            os.close(self.fd)
            raise read_error(self.label, error) from error
        return self

    def begin_from_cache(self, end: int | None) -> bool:
        """Do as `begun` does when the system has it in memory, and say whether that was so."""
        if end is None or self.size <= 2 * end:
            return self._fill_from_cache()
        head, tail = bytearray(end), bytearray(end)
        self.head, self.tail = head, tail
        return self._cached(memoryview(head), 0) == self._cached(memoryview(tail), self.size - end) == end

    async def fill(self) -> None:
        """Read what an attempt begins with, unless that was done."""
        if self._offset == 0 and not (self._inline and self._fill_from_cache()):
            self._keep(await self._in_thread(functools.partial(_read_fully, self.fd, self._first, 0)), None)

    def _fill_from_cache(self) -> bool:
        padded = PaddedBuffer(self._first)
        content = padded.content
        padded.size = size = self._cached(content, 0)
        self._keep(content[:size], padded)
        return len(self.head) >= min(ENOUGH, self.size)

    @property
    def _first(self) -> int:
        return self.size if self.size <= WHOLE else CHUNK

    def _keep(self, head: Buffer, padded: PaddedBuffer | None) -> None:
        self.head, self._padded, self._offset = head, padded, len(head)
        if len(head) == self.size:
            self._changed = _state(os.fstat(self.fd)) != _state(self.found)

    def framed(self, before: bytes, behind: bytes) -> Buffer | None:
        framed = None if self._padded is None else self._padded.framed(before, behind)
        if framed is not None:
            # Free once it is sent: what reads next finds this memory in the cache. Who does not send it reads it again.
            self.head, self._padded, self._offset = b"", None, 0
        return framed

    async def read(self) -> Buffer:
        want = min(CHUNK, self.size - self._offset)
        if want <= 0:
            return b""
        chunk: Buffer = b""
        if self._inline:
            buffer = bytearray(want)
            chunk = memoryview(buffer)[: self._cached(memoryview(buffer), self._offset)]
        if not chunk:
            chunk = await self._in_thread(functools.partial(_read_fully, self.fd, want, self._offset))
        self._offset += len(chunk)
        return chunk

    def _cached(self, into: memoryview, offset: int) -> int:
        """Read what is in the page cache already: that is quicker than any thread. 0 when the disk would block."""
        try:
            flag: int = os.RWF_NOWAIT  # type: ignore[attr-defined,unused-ignore]  # Linux has it
            return os.preadv(self.fd, [into], offset, flag)
        except BlockingIOError:
            return 0
        except OSError:
            self._inline = False
            return 0

    async def digest(self) -> bytes:
        """Return the SHA-256 of the whole file, read in a thread. Before or after other reads, not meanwhile."""
        return await self._in_thread(functools.partial(_digest_of, self.fd))

    async def _in_thread(self, function: Callable[[], R]) -> R:
        """Return what ``function`` returns; until then the descriptor stays open, also when this is cancelled."""
        self._busy = busy = asyncio.ensure_future(guarded(self.label, function))
        return await asyncio.shield(busy)

    async def unchanged(self) -> bool:
        if len(self.head) == self.size:  # it was read whole, in one go
            return not self._changed
        # What could be read without a thread is on this machine.
        now = os.fstat(self.fd) if self._inline else await in_thread(lambda: os.fstat(self.fd))
        return _state(now) == _state(self.found)

    async def close(self) -> None:
        fd, self.fd = self.fd, -1
        if self._busy is not None and not self._busy.done():
            # A thread still reads: once closed, the number could belong to another file.
            self._busy.add_done_callback(functools.partial(_close_after, fd))
        elif fd >= 0:
            os.close(fd)
