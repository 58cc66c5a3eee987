"""Sources of uploads: paths, bytes, open files and factories of iterators."""

import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

import attrs

from kycaid_async.errors import FieldProblem, InvalidFileError
from kycaid_async.masking import Printed, mask
from kycaid_async.uploads.file_source import FileSource
from kycaid_async.uploads.path_source import PathSource
from kycaid_async.uploads.reader import CHUNK, WHOLE, Buffer, Source, read_error
from kycaid_async.uploads.upload_arguments import bytes_of, has, kind_of, path_of, size_of, tried, unreadable

Factory = Callable[[], AsyncIterable[bytes]]
UploadSource = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Factory
"""A path, bytes, a seekable binary file, or a function that returns a new async iterator at each call."""
BlockingSource = UploadSource | Callable[[], Iterable[bytes]]
"""What the blocking client uploads: any of these, or a function that returns a new plain iterator at each call."""


def source_of(value: UploadSource, *, size: int | None = None) -> Source:
    """Return the source for an argument of a user. Raises `InvalidFileError`."""
    if isinstance(value, str | os.PathLike):
        return PathSource(value if type(value) is str else path_of(value))
    if isinstance(value, bytes | bytearray | memoryview):
        return BytesSource(value if type(value) is bytes else bytes_of(value))
    if callable(value):
        return FactorySource(value, size_of(size))
    read, failure = tried(lambda: getattr(value, "read", None))
    if failure:  # as of a field of Django's that has no file
        raise unreadable(value, failure)
    if callable(read) or _holds_file(value):
        return FileSource(value)
    if (source := _of_whole_upload(value)) is not None:
        return source
    kind = kind_of(value)
    # A path within an archive, such as one of importlib.resources, is none of the file system, and fsspec has files
    # that are not open yet.
    way = next((name for name in ("read_bytes", "open") if has(value, name)), "")
    here = f" (here: what its {way}() returns)"
    content, file = here if way == "read_bytes" else "", here if way == "open" else ""
    raise InvalidFileError(
        f"cannot upload a {kind}: pass a path, bytes{content}, a binary file{file}, or a factory of async iterators",
        file=f"({kind})",
        problems=[FieldProblem("source", "a path, bytes, a binary file or a factory", f"a {kind}")],
    )


def _holds_file(value: Any) -> bool:
    """Say whether ``value`` is an upload of a framework that cannot be read, but has a file, as aiohttp's."""
    return has(tried(lambda: value.file)[0], "read")


def _of_whole_upload(value: Any) -> Source | None:
    """Return the source of an upload of a framework that was read whole, as Sanic's; None for what is none."""
    body, name = tried(lambda: (value.body, value.name))[0] or (None, None)
    if not isinstance(body, bytes | bytearray | memoryview):
        return None
    named = name if isinstance(name, str) and name else None
    return BytesSource(bytes_of(body), named or "(bytes)", named and Path(named).name)


@attrs.define(eq=False, repr=False)
class BytesSource(Printed):
    """Bytes in memory."""

    data: bytes = attrs.field(repr=False)
    label: str = "(bytes)"
    filename: str | None = attrs.field(default=None, repr=mask)

    async def open(self) -> "BytesReader":
        return BytesReader(memoryview(self.data))


Frame = Callable[[bytes, bytes], Buffer | None]
"""The type of `SourceReader.framed`."""


def no_frame(_before: bytes, _behind: bytes) -> None:
    """Return None: there is no padding around the bytes."""
    return


@attrs.define(eq=False, repr=False)
class BytesReader(Printed):
    """Reads bytes in memory for one attempt. They cannot change, so slices of them need no copy."""

    data: memoryview = attrs.field(repr=False)
    framed: Frame = no_frame
    size: int = attrs.field(init=False)
    head: memoryview = attrs.field(init=False, repr=False)
    _offset: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.size = size = len(self.data)
        self._offset = offset = size if size <= WHOLE else CHUNK
        self.head = self.data[:offset]

    async def read(self) -> memoryview:
        chunk = self.data[self._offset : self._offset + CHUNK]
        self._offset += CHUNK
        return chunk

    async def last(self, size: int) -> memoryview:
        """Return the last bytes, whatever was read so far."""
        return self.data[-size:]

    async def unchanged(self) -> bool:
        return True

    async def close(self) -> None:
        return


@attrs.define(eq=False, repr=False)
class FactorySource(Printed):
    """A function that returns a new async iterator of bytes at each call, and the number of bytes it gives."""

    factory: Factory
    size: int
    label: str = "(factory)"
    filename: str | None = attrs.field(default=None, repr=mask)

    async def open(self) -> "FactoryReader":
        try:
            chunks = aiter(self.factory())
        except Exception as error:
            text = f"{self.label}: gave no async iterator of bytes ({type(error).__name__})"
            raise InvalidFileError(text, file=self.label) from error
        reader = FactoryReader(chunks, self.size)
        try:
            await reader.fill()
        except BaseException:
            await reader.close()
            raise
        return reader


@attrs.define(eq=False, repr=False)
class FactoryReader(Printed):
    """Reads one run of an async iterator."""

    chunks: AsyncIterator[bytes]
    size: int
    head: bytes = attrs.field(default=b"", repr=False)
    _over: bool = False

    async def fill(self) -> None:
        """Read until there is enough to tell what kind of file it is."""
        enough = 8192
        while len(self.head) < min(enough, self.size) and not self._over:
            self.head += await self.read()

    def framed(self, _before: bytes, _behind: bytes) -> None:
        return None

    async def read(self) -> bytes:
        chunk = b""
        while not chunk and not self._over:
            try:
                # An iterator may give its own buffer again and again, so anything but bytes is copied.
                chunk = bytes(memoryview(await anext(self.chunks)))
            except StopAsyncIteration:
                self._over = True
            except Exception as error:
                raise read_error("(factory)", error) from error
        return chunk

    async def unchanged(self) -> bool:
        return self._over or not await self.read()

    async def close(self) -> None:
        aclose = getattr(self.chunks, "aclose", None)
        if aclose is not None:
            await aclose()
