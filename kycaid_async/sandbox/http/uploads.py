"""Uploads: a multipart body written to disk as it arrives, a piece at a time."""

import asyncio
import hashlib
import secrets
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, cast

import anyio
import attrs
from aiohttp import (
    BadContentDispositionHeader,
    BadContentDispositionParam,
    BodyPartReader,
    MultipartReader,
    StreamReader,
    web,
)
from aiohttp.http_exceptions import HttpProcessingError
from anyio import to_thread

from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.http.refusals import bad_request, invalid, not_valid, too_large
from kycaid_async.sandbox.storage.folder import OWN

CHUNK = 1 << 18
_OVERHEAD = 1 << 16
"""More than the headers and boundaries of an upload take."""
_MAX_LINES = 1000
"""Lines of headers, boundaries and what stands before them: far more than an upload has, or a form."""
_PAUSE = 50
"""Lines that are read without letting others run: what has arrived is read without waiting."""


@attrs.define(eq=False, repr=False)
class ReceivedFile(ValueObject):
    """A file that arrived whole. Unless it is kept, it is removed at the end of the request."""

    path: Path
    """A random name: what the client calls the file never becomes part of a path."""
    name: str = ""
    """What the client calls it."""
    mime_type: str = ""
    size: int = 0
    kept: bool = False
    digest: "hashlib._Hash" = attrs.field(factory=hashlib.sha256)

    def keep(self) -> None:
        """Let the file stay."""
        self.kept = True


@asynccontextmanager
async def received(request: web.Request, *, folder: Path, limit: int) -> AsyncIterator[ReceivedFile]:
    """Write the file of a request to ``folder``. It stays there only after `ReceivedFile.keep`."""
    if (request.content_length or 0) > limit + _OVERHEAD:
        raise too_large()
    if request.content_type != "multipart/form-data":
        raise bad_request()
    async with new_file(folder) as file:
        with reading():
            parts = multipart(request, limit + _OVERHEAD)
            # To the very end: only the closing boundary proves that the body is whole.
            while (part := await parts.next()) is not None:
                await _read_part(part, file, limit)
        if not file.name:
            raise invalid(not_valid("files", "file"))
        yield file


def multipart(request: web.Request, most: int) -> MultipartReader:
    """Return a reader of the parts of a request, of at most ``most`` bytes in all."""
    return MultipartReader(request.headers, cast("StreamReader", _BoundedStream(request.content, most)))


@attrs.define(eq=False, repr=False)
class _BoundedStream(ValueObject):
    """Bounds what a reader takes of a stream. The reader itself bounds neither parts nor what stands before them."""

    _content: StreamReader
    _most: int
    _lines: int = 0

    async def readline(self, **options: Any) -> bytes:
        self._lines += 1
        if self._lines > _MAX_LINES:
            raise bad_request()
        if self._lines % _PAUSE == 0:
            await asyncio.sleep(0)
        return self._counted(await self._content.readline(**options))

    async def read(self, size: int = -1) -> bytes:
        return self._counted(await self._content.read(size))

    def at_eof(self) -> bool:
        return self._content.at_eof()

    def unread_data(self, data: bytes) -> None:
        self._content.unread_data(data)

    def _counted(self, data: bytes) -> bytes:
        if self._content.total_bytes > self._most:
            raise too_large()
        return data


@asynccontextmanager
async def new_file(folder: Path) -> AsyncIterator[ReceivedFile]:
    """Give a place for a file in ``folder``. Unless it is kept, nothing stays there."""
    file = ReceivedFile(folder / f"{OWN}{secrets.token_hex(18)}")
    try:
        yield file
    finally:
        if not file.kept:
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(file.path.unlink, True)


@contextmanager
def reading() -> Iterator[None]:
    """Refuse what is no multipart body: these are the reader's words for it."""
    # Of an odd header the reader would warn on the terminal, with the header: what somebody calls a file is personal.
    for category in (BadContentDispositionHeader, BadContentDispositionParam):
        warnings.filterwarnings("ignore", category=category)
    try:
        yield
    except (AssertionError, HttpProcessingError, RuntimeError, ValueError) as error:
        raise bad_request() from error


async def _read_part(part: MultipartReader | BodyPartReader, file: ReceivedFile, limit: int) -> None:
    if isinstance(part, MultipartReader):
        raise bad_request()
    if part.name != "file":
        # Old clients add a plain part, ``sandbox``.
        await skip(part)
        return
    if file.name or not part.filename:
        raise invalid(not_valid("files", "file"))
    await save(part, file, limit)


def _text(header: str) -> str:
    """Return a header as text: bytes that are none are replaced."""
    return header.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


async def skip(part: BodyPartReader, limit: int = _OVERHEAD) -> None:
    """Read a part to its end. Refuses one that is over ``limit`` bytes."""
    skipped = 0
    while not part.at_eof():
        skipped += len(await part.read_chunk(CHUNK))
        if skipped > limit:
            raise bad_request()


async def save(part: BodyPartReader, file: ReceivedFile, limit: int) -> None:
    """Write a part to its place. Refuses one that is over ``limit`` bytes."""
    file.name = _text(part.filename or "")
    file.mime_type = _text(part.headers.get("Content-Type", "application/octet-stream"))
    stream = await to_thread.run_sync(file.path.open, "xb")

    def take(chunk: bytes) -> None:
        file.digest.update(chunk)
        stream.write(chunk)

    try:
        while not part.at_eof():
            chunk = await part.read_chunk(CHUNK)
            file.size += len(chunk)
            if file.size > limit:
                raise too_large()
            await to_thread.run_sync(take, chunk)
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(stream.close)
