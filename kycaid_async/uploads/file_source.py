"""Sources over open files of the caller."""

import inspect
import io
import os
import threading
from pathlib import Path
from typing import Any, BinaryIO, Final, cast
from weakref import WeakValueDictionary

import attrs

from kycaid_async.errors import InvalidFileError
from kycaid_async.forks import after_fork, notice_fork
from kycaid_async.masking import Printed, shown_path
from kycaid_async.uploads.reader import CHUNK, guarded
from kycaid_async.uploads.upload_arguments import tried

_HAS_PREAD: Final = hasattr(os, "pread")


class FileSource:
    """A binary file of the caller: read from where it stands, sought for each attempt, never closed.

    It stands there again afterwards. Uploads of Starlette, FastAPI and aiohttp's server, and files of anyio and
    aiofiles, are read from the file inside of them; other asynchronous files are refused. Uploads of one file at the
    same time take turns.
    """

    def __init__(self, file: BinaryIO) -> None:
        name = _name_of(file)
        self.filename = Path(name).name if name else None
        self.label = name or "(file)"
        plain, failure = tried(lambda: _plain_file(file))
        problem = _problem_of(plain) if not failure else f"cannot be read ({failure})"
        if problem:
            raise self._refused(problem)
        notice_fork()
        self._shared = _shared.setdefault(id(plain), _SharedFile(plain))
        self._start: int | None = None

    def _refused(self, problem: str) -> InvalidFileError:
        return InvalidFileError(f"{shown_path(self.label)}: {problem}", file=self.label)

    async def open(self) -> "FileReader":
        if self._start is None:
            self._start = await guarded(self.label, self._shared.position)
        part = _Part(self._shared, self._start)
        size = await guarded(self.label, part.length)
        if not size and self._start:
            raise self._refused(f"stands at its end, behind {self._start:,} bytes; call seek(0) before it is sent")
        head, problem = await guarded(self.label, lambda: part.first(min(CHUNK, size)))
        if problem:
            raise self._refused(problem)
        return FileReader(self.label, part, size, head)


@attrs.frozen(eq=False, repr=False)
class _SharedFile(Printed):
    """A file that one or more uploads read: one position, so one lock."""

    file: BinaryIO = attrs.field(repr=False)
    lock: threading.Lock = attrs.field(factory=threading.Lock)

    def position(self) -> int:
        """Return the position of the file between two reads. Blocks."""
        with self.lock:
            return self.file.tell()


@attrs.frozen(eq=False, repr=False)
class _Part(Printed):
    """A file from ``start`` on. Its methods block, and leave the file at ``start``."""

    shared: _SharedFile
    start: int

    def first(self, size: int) -> tuple[bytes, str]:
        """Return up to ``size`` bytes from the start, and what speaks against the file; empty when nothing does."""
        try:
            return self.read_at(0, size), ""
        except _UnfitFile as unfit:
            return b"", unfit.problem

    def read_at(self, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes at ``offset``. Raises `OSError` when somebody else moved the file meanwhile."""
        apart = _read_apart(self.shared.file, self.start + offset, size)
        if apart is not None:
            return apart
        parts = []
        file = self.shared.file
        with self.shared.lock:
            at = self.start + offset
            file.seek(at)
            try:
                while size > 0 and (part := _bytes_of(file, size)):
                    parts.append(part)
                    at, size = at + len(part), size - len(part)
                    if file.tell() != at:
                        raise OSError("the file is read elsewhere at the same time")
            finally:
                file.seek(self.start)
        return b"".join(parts)

    def length(self) -> int:
        """Return the number of bytes."""
        end = _end_of(self.shared.file)
        if end is None:
            with self.shared.lock:
                self.shared.file.seek(0, io.SEEK_END)
                end = self.shared.file.tell()  # mmap before Python 3.13 does not return it from seek
                self.shared.file.seek(self.start)
        return max(0, end - self.start)


# Reads that leave the position alone: others of the program may read the same file meanwhile.
def _read_apart(file: BinaryIO, offset: int, size: int) -> bytes | None:
    """Return up to ``size`` bytes at ``offset``; None where nothing is known of a way that moves no position."""
    inner = _known(file)
    if isinstance(inner, io.BytesIO):
        # No copy, and nothing that keeps others from writing, as a view would.
        return inner.getvalue()[offset : offset + size]
    if inner is None:
        return None
    parts, descriptor = [], inner.fileno()
    while size > 0 and (part := os.pread(descriptor, size, offset)):
        parts.append(part)
        offset, size = offset + len(part), size - len(part)
    return b"".join(parts)


def _end_of(file: BinaryIO) -> int | None:
    """Return the size of a file; None as above."""
    inner = _known(file)
    if isinstance(inner, io.BytesIO):
        return len(inner.getvalue())
    return None if inner is None else os.fstat(inner.fileno()).st_size


def _known(file: Any) -> Any:
    """Return a file of which all is known that it does; None of any other, such as one with a ``read`` of its own."""
    if type(file) is io.BytesIO:
        return file
    raw = file
    if type(file) in (io.BufferedReader, io.BufferedRandom):
        raw = file.raw
    # What is written and not flushed stands in the buffer only.
    is_plain = type(raw) is io.FileIO and not raw.writable()
    return raw if _HAS_PREAD and is_plain else None


class _UnfitFile(Exception):  # noqa: N818 - a judgement on a file, caught where it is opened
    """A file that gives no bytes. Only its class stands in texts of errors."""

    def __init__(self, problem: str) -> None:
        super().__init__()
        self.problem = problem


_AS_TEXT: Final = "is open as text; open it with mode 'rb'"
_FOR_WRITING: Final = "is open for writing only; open it with mode 'rb', or pass its path"


def _bytes_of(file: BinaryIO, size: int) -> bytes:
    """Return what the file reads. Raises `_UnfitFile` for text: some files do not say beforehand that they give it."""
    problem, part = "", cast("Any", None)
    try:
        part = file.read(size)
    except UnicodeError:
        problem = _AS_TEXT
    except io.UnsupportedOperation:
        problem = _FOR_WRITING
    # Out of the handler: an error of decoding holds what could not be decoded.
    if problem or isinstance(part, str):
        raise _UnfitFile(problem or _AS_TEXT)
    if part is None:
        raise _UnfitFile("has nothing to read yet (its read() returned None); read it into bytes, and pass those")
    return bytes(memoryview(part))  # not bytes() alone: of a number it makes so many zeros


def _problem_of(plain: BinaryIO) -> str:
    """Return what speaks against a file; empty when nothing does."""
    if isinstance(cast("object", plain), io.TextIOBase):
        return _AS_TEXT
    if inspect.iscoroutinefunction(plain.read):
        return "is asynchronous; pass its path, or what open(…, 'rb') returns"
    try:
        if getattr(plain, "closed", False) is True:
            return "is closed; open it again, or pass its path"
        if callable(readable := getattr(plain, "readable", None)) and readable() is False:
            return _FOR_WRITING
        seekable = _can_be_sought(plain)
    except Exception as error:  # noqa: BLE001 - a file of the user can raise anything
        return f"cannot be read ({type(error).__name__})"
    return "" if seekable else "cannot be sought, so it could not be sent again; read it into bytes, or pass a factory"


def _can_be_sought(file: Any) -> bool:
    if hasattr(file, "seekable"):
        return bool(file.seekable())
    # mmap before Python 3.13 does not say that it can be sought.
    return callable(getattr(file, "seek", None)) and callable(getattr(file, "tell", None))


def _name_of(file: Any) -> str | None:
    """Return the name of the file: in uploads of web frameworks ``filename``, since ``name`` is the form's field."""
    named, _ = tried(lambda: getattr(file, "filename" if hasattr(file, "filename") else "name", None))
    return named if isinstance(named, str) and named else None


def _plain_file(file: Any) -> BinaryIO:
    """Return the file inside of an upload, or inside of an asynchronous file that has one; any other as it is."""
    read = getattr(file, "read", None)
    if read is not None and not inspect.iscoroutinefunction(read):
        return cast("BinaryIO", file)
    # As Starlette, FastAPI and aiohttp name it, then anyio, then aiofiles.
    inner = (getattr(file, name, None) for name in ("file", "wrapped", "_file"))
    return cast("BinaryIO", next((one for one in inner if hasattr(one, "read")), file))


# By identity, as long as an upload needs it: each holds its file, so that no other can have the same identity.
_shared: WeakValueDictionary[int, _SharedFile] = WeakValueDictionary()
after_fork(_shared.clear)  # a thread of the parent may have held one of the locks


@attrs.define(eq=False, repr=False)
class FileReader(Printed):
    """Reads a file of the caller for one attempt."""

    label: str = attrs.field(repr=False)
    part: _Part
    size: int
    head: bytes = attrs.field(repr=False)
    _offset: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._offset = len(self.head)

    def framed(self, _before: bytes, _behind: bytes) -> None:
        return None

    async def read(self) -> bytes:
        want = min(CHUNK, self.size - self._offset)
        if want <= 0:
            return b""
        chunk = await guarded(self.label, lambda: self.part.read_at(self._offset, want))
        self._offset += len(chunk)
        return chunk

    async def unchanged(self) -> bool:
        return self.size <= CHUNK or await guarded(self.label, self.part.length) == self.size

    async def close(self) -> None:
        return
