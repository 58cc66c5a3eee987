"""A file on its way: what the user passed, and the multipart body of one attempt."""

import asyncio
import itertools
import secrets
from typing import Any, Self

import aiohttp
import attrs
from aiohttp.abc import AbstractStreamWriter

from kycaid_async.errors import UploadSourceError
from kycaid_async.transport.preflight import FileRules, inspect
from kycaid_async.transport.reading import CHUNK, ROOM, Reading, Source
from kycaid_async.transport.rounds import Rounds

FALLBACK_NAME = "file"
_BOUNDARY = secrets.token_hex(16)
"""Nobody who makes a file can know it, so none holds it."""
_NUMBERS = itertools.count()


@attrs.frozen(kw_only=True)
class Upload:
    """A file to send, as often as needed."""

    source: Source
    filename: str | None = None
    content_type: str | None = None
    inspected: bool = False
    """True when its first bytes and its size were looked at already; then it needs its ``content_type``."""

    async def payload(self, rules: FileRules, rounds: Rounds) -> "MultipartPayload":
        """Open the source, look at it, and return the body of one attempt. Raises `InvalidFileError`."""
        await rounds.turn()
        reading = await self.source.open()
        try:
            found = "" if self.inspected else inspect(reading, label=self.source.label, rules=rules)
            name = self.filename or self.source.filename or FALLBACK_NAME
            return MultipartPayload(reading, self.source.label, name, self.content_type or found, rounds)
        except BaseException:
            await reading.close()
            raise


class MultipartPayload(aiohttp.Payload):
    """One ``multipart/form-data`` body with the single part ``file``.

    Its length is declared and the bytes are counted: a source that turns out shorter or longer is cut off before the
    closing boundary, so that the server never takes a truncated file for a whole one.
    """

    _autoclose = True

    def __init__(self, reading: Reading, label: str, filename: str, content_type: str, rounds: Rounds) -> None:
        boundary = f"{_BOUNDARY}{next(_NUMBERS):08x}"
        super().__init__(reading, content_type=f"multipart/form-data; boundary={boundary}")
        self._reading = reading
        self._label = label
        self._rounds = rounds
        self._lead = (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{_quoted(filename)}"\r\n'
            f"Content-Type: {_quoted(content_type)}\r\n\r\n"
        ).encode(errors="replace")  # a path can have bytes that are no text
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._size = len(self._lead) + reading.size + len(self._tail)
        self._transport: asyncio.Transport | None = None
        self._handed = 0
        self._writer: asyncio.Task[Any] | None = None
        self.whole = False
        """True once the source has been read to its end, found unchanged, and taken up to the closing boundary."""
        self.error: BaseException | None = None
        """What broke the reading of the source."""

    @property
    def moved(self) -> int:
        """Bytes that have left this process."""
        waiting = self._transport.get_write_buffer_size() if self._transport is not None else 0
        return self._handed - waiting

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:  # noqa: ARG002 - aiohttp's signature
        """Refuse: an upload is never turned into text."""
        raise TypeError("an upload has no text")

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send the body. aiohttp calls this."""
        try:
            if self._writer is not None:
                # An aiohttp session of the user repeats a PUT by itself; the source is at its end by then.
                raise ConnectionResetError("the connection was lost while the file was sent")
            self._writer = asyncio.current_task()
            self._transport = getattr(writer, "transport", None)
            head = self._reading.head
            sent = len(head)
            if sent > self._reading.size:
                raise self._changed()
            await self._rounds.turn()
            await self._send(writer, self._lead)
            if sent == self._reading.size and isinstance(head, bytearray) and await self._reading.unchanged():
                head += self._tail  # into the room that was kept for it: a write of its own is dear
                await self._send(writer, head)
                self.whole = True
                return
            await self._send(writer, head)
            while sent < self._reading.size and (chunk := await self._next()):
                if sent + len(chunk) > self._reading.size:
                    raise self._changed()
                await self._send(writer, chunk)
                sent += len(chunk)
            if sent != self._reading.size or not await self._reading.unchanged():
                raise self._changed()
            self.whole = True
            await self._send(writer, self._tail)
        except (OSError, asyncio.CancelledError):
            raise
        except BaseException as error:
            self.error = error
            raise

    async def _next(self) -> bytes | bytearray | memoryview:
        await self._rounds.turn()
        return await self._reading.read()

    async def _send(self, writer: AbstractStreamWriter, chunk: bytes | bytearray | memoryview) -> None:
        if len(chunk) > CHUNK + ROOM:
            view = memoryview(chunk)
            for start in range(0, len(view), CHUNK):
                await self._send(writer, view[start : start + CHUNK])
            return
        self._handed += len(chunk)
        await writer.write(chunk)

    def _changed(self) -> UploadSourceError:
        return UploadSourceError(
            f"{self._label}: changed while it was sent, so the upload was cut off; send it again when it is complete"
        )

    @property
    def complete(self) -> bool:
        """True unless a part of the file cannot have reached the server."""
        return self.whole or self.gone

    @property
    def gone(self) -> bool:
        """True once the last byte has left this process."""
        return self.moved == self._size

    @property
    def wrote(self) -> bool:
        """True once there was a connection to write to."""
        return self._writer is not None

    async def release(self) -> None:
        """Let go of what was opened for this attempt, once nothing reads from it any more."""
        try:
            # aiohttp writes in a task of its own, which a cancelled request leaves behind for a moment.
            if self._writer is not None and not self._writer.done() and self._writer is not asyncio.current_task():
                self._writer.cancel()
                await asyncio.wait([self._writer])
            if self._transport is not None and not self.complete:
                # Closed in the ordinary way, it would go on to send what is buffered, for as long as a server stalls.
                self._transport.abort()
        finally:
            await self._reading.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.release()


def _quoted(text: str) -> str:
    """Return ``text`` for a header parameter, escaped as browsers do it."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


class JsonPayload(aiohttp.BytesPayload):
    """A JSON body that knows whether there was ever a connection to write it to."""

    wrote = False

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Send the body. aiohttp calls this."""
        self.wrote = True
        await super().write_with_length(writer, content_length)
