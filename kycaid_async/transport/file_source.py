"""Open files of the caller."""

import io
import threading
from pathlib import Path
from typing import BinaryIO, cast
from weakref import WeakValueDictionary

import attrs

from kycaid_async.errors import InvalidFileError
from kycaid_async.transport.reading import CHUNK, guarded


class FileSource:
    """A binary file of the caller: read from where it stands now, sought for each attempt, never closed.

    It stands there again afterwards. Uploads of one file at the same time take turns.
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
            shared = _in_use.get(id(file)) or (_SharedFile(file) if file.seekable() else None)
        except (AttributeError, OSError, ValueError) as error:
            raise InvalidFileError(f"{self.label}: cannot be read ({type(error).__name__})", file=self.label) from None
        if shared is None:
            raise InvalidFileError(
                f"{self.label}: cannot be sought, so it could not be sent again; read it into bytes, or pass a factory",
                file=self.label,
            )
        self._shared = _in_use[id(file)] = shared

    async def open(self) -> "FileReading":
        size = await guarded(self.label, self._shared.length)
        head = await guarded(self.label, lambda: self._shared.read_at(0, min(CHUNK, size)))
        return FileReading(self.label, self._shared, size, head)


class _SharedFile:
    """A file that one or more uploads read: one position, so one lock. Its methods block."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._start = file.tell()

    def read_at(self, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes at ``offset`` from where the file stood."""
        parts = []
        with self._lock:
            self._file.seek(self._start + offset)
            while size > 0 and (part := self._file.read(size)):
                parts.append(bytes(part))
                size -= len(part)
            self._file.seek(self._start)
        return b"".join(parts)

    def length(self) -> int:
        """Return the number of bytes from where the file stood."""
        with self._lock:
            end = self._file.seek(0, io.SEEK_END)
            self._file.seek(self._start)
        return max(0, end - self._start)


# By identity, as long as an upload needs it: each holds its file, so that no other can have the same identity.
_in_use: WeakValueDictionary[int, _SharedFile] = WeakValueDictionary()


@attrs.define(eq=False)
class FileReading:
    """A caller's file, for one attempt."""

    label: str
    shared: _SharedFile
    size: int
    head: bytes
    _offset: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._offset = len(self.head)

    async def read(self) -> bytes:
        want = min(CHUNK, self.size - self._offset)
        if want <= 0:
            return b""
        chunk = await guarded(self.label, lambda: self.shared.read_at(self._offset, want))
        self._offset += len(chunk)
        return chunk

    async def unchanged(self) -> bool:
        return self.size <= CHUNK or await guarded(self.label, self.shared.length) == self.size

    async def close(self) -> None:
        return
