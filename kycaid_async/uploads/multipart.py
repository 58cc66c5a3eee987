"""Uploads, and the body of one attempt: ``multipart/form-data`` with one file in it."""

import asyncio
import itertools
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

import attrs

from kycaid_async.errors import UploadSourceError
from kycaid_async.masking import Unlisted, ValueObject, mask, shown_path
from kycaid_async.uploads.io_budget import UNSEEN, IoBudget, unsent
from kycaid_async.uploads.kinds import extension_of, inspect
from kycaid_async.uploads.preflight import FileRules
from kycaid_async.uploads.reader import CHUNK, Buffer, Source, SourceReader

_BOUNDARY: Final = secrets.token_hex(16)
"""Nobody who makes a file can know it, so none holds it."""
_NUMBERS: Final = itertools.count()
FALLBACK_NAME: Final = "file"


class BodyWriter(Protocol):
    """Writes the pieces of a body to one connection."""

    @property
    def transport(self) -> asyncio.WriteTransport | None:
        """The transport that holds the bytes not sent yet; None where that is not known."""
        ...

    async def ready(self) -> None:
        """Return when a write that fails could lose nothing of what has come."""
        ...

    async def write(self, piece: Buffer, /) -> None:
        """Write a piece, and wait for room for the next."""
        ...


class Multipart:
    """One body with the single part ``file``, for one attempt.

    Its length is declared and the bytes are counted: a source that turns out shorter or longer is cut off before the
    closing boundary, so that the server never takes a truncated file for a whole one.
    """

    task: asyncio.Task[Any] | None = None
    """The task that writes it, if it takes one."""
    cut_off = False
    """True when the connection broke with some of it still on this side."""
    error: BaseException | None = None
    """What broke the reading of the source."""

    _transport: asyncio.WriteTransport | None = None
    _handed = 0
    _most = CHUNK
    _has_left = False

    def __init__(self, reader: SourceReader, label: str, filename: str, content_type: str, io_budget: IoBudget) -> None:
        boundary = f"{_BOUNDARY}{next(_NUMBERS):08x}"
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._reader = reader
        self._label = label
        self._io_budget = io_budget
        self._lead = (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{_quoted(filename)}"\r\n'
            f"Content-Type: {_quoted(content_type)}\r\n\r\n"
        ).encode(errors="replace")  # a path can have bytes that are no text
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self.size = len(self._lead) + reader.size + len(self._tail)
        """Bytes of the whole body."""
        self._end = self.size

    @property
    def moved(self) -> int:
        """Bytes that have left this process."""
        return self._handed - unsent(self._transport)

    @property
    def gone(self) -> bool:
        """True once the last byte, which comes only after a source that was found unchanged, has left this process."""
        # Not asked again: what waits on the connection later is of other requests.
        if not self._has_left:
            self._has_left = self._handed == self._end and not unsent(self._transport)
        return self._has_left and not self.cut_off

    async def in_one(self, prefix: Callable[[], bytes]) -> Buffer | None:
        """Return prefix and body as one buffer, or None when the file is too large or was not read whole.

        Raises `UploadSourceError` when it was changed meanwhile.
        """
        head = self._reader.head
        if len(head) != self._reader.size:
            return None
        if not await self._reader.unchanged():
            raise self._changed()
        before = prefix()  # not before the wait: it holds the key, and frames that wait can be looked at
        whole = self._reader.framed(before + self._lead, self._tail)
        if whole is None:
            if len(head) > CHUNK:
                return None
            whole = b"".join((before, self._lead, head, self._tail))
        self._end = len(before) + self.size
        if len(whole) != self._end:
            raise self._changed()
        return whole

    def hand(self, rest: memoryview, transport: asyncio.WriteTransport) -> memoryview:
        """Write the next piece of the buffer that `in_one` returned, and return the rest."""
        if self._transport is None:
            self._transport, self._most = transport, _most_at_once(transport) or len(rest)
        piece = rest[: self._most]
        self._handed += len(piece)
        transport.write(piece)
        return rest[len(piece) :]

    async def write(self, writer: BodyWriter) -> None:
        """Write the body piece by piece. Raises `UploadSourceError`, which is kept too."""
        try:
            self.task = self.task or asyncio.current_task()
            self._end = self.size
            self._transport, self._most = writer.transport, _most_at_once(writer.transport) or CHUNK
            # No variable holds a piece while the next one is waited for, which may be code of the user.
            sent = len(self._reader.head)
            if sent > self._reader.size:
                raise self._changed()
            await self._write(writer, self._lead)
            await self._write(writer, self._reader.head)
            while sent < self._reader.size and (size := await self._pass_on(writer, self._reader.size - sent)):
                sent += size
            if sent != self._reader.size or not await self._reader.unchanged():
                raise self._changed()
            await self._write(writer, self._tail)
        except (OSError, asyncio.CancelledError):
            raise
        except BaseException as error:
            self.error = error
            if isinstance(error, Exception):
                raise
            # In the task that writes, `SystemExit` would end the whole loop. The call it is of raises it itself.
            raise ConnectionAbortedError from error

    async def _pass_on(self, writer: BodyWriter, most: int) -> int:
        """Write the next piece, and return its size; 0 at the end. Raises `UploadSourceError` above ``most``."""
        chunk = await self._next()
        if len(chunk) > most:
            raise self._changed()
        if chunk:
            await self._write(writer, chunk)
        return len(chunk)

    async def _next(self) -> Buffer:
        if not self._io_budget.is_free:
            await self._io_budget.acquire()
        chunk = await self._reader.read()
        self._io_budget.spend(len(chunk))
        return chunk

    async def _write(self, writer: BodyWriter, chunk: Buffer) -> None:
        if len(chunk) > self._most:
            view = memoryview(chunk)
            for start in range(0, len(view), self._most):
                await self._write(writer, view[start : start + self._most])
            return
        await writer.ready()
        self._handed += len(chunk)
        await writer.write(chunk)

    def _changed(self) -> UploadSourceError:
        return UploadSourceError(
            f"{shown_path(self._label)}: changed while it was sent, so the upload was cut off; "
            "send it again when it is complete"
        )

    async def release(self) -> None:
        """Close the reader of this attempt, once nothing reads from it any more."""
        # Asked before anything is waited for: a connection that is done with may serve somebody else by then.
        cut = self._transport is not None and not self.gone
        try:
            # It is written in a task of its own, which a cancelled request leaves behind for a moment.
            if self.task is not None and not self.task.done() and self.task is not asyncio.current_task():
                self.task.cancel()
                await asyncio.wait([self.task])
            if self._transport is not None and cut:
                # Closed in the ordinary way, it would go on to send what is buffered, for as long as a server stalls.
                with suppress(AttributeError):  # how asyncio says that it closed itself after the last byte it held
                    self._transport.abort()
        finally:
            await self._reader.close()


def _most_at_once(transport: asyncio.WriteTransport | None) -> int:
    """Return how many bytes to write at once, so that few are out of sight; 0 when all can be seen."""
    if transport is None or transport.is_closing() or transport.get_extra_info("sslcontext") is None:
        return 0
    # What it encrypts before it says that it is full goes out of sight too, all of it: half a megabyte by default.
    transport.set_write_buffer_limits(high=UNSEEN)
    return UNSEEN


def _quoted(text: str) -> str:
    """Return ``text`` for a header parameter, escaped as browsers do it.

    So is every control character: they send some as they are, and servers refuse a head with one.
    """
    if text.isprintable() and '"' not in text:  # as nearly all are
        return text
    return text.translate(_ESCAPES)


_ESCAPES: Final = {code: f"%{code:02X}" for code in (*range(32), ord('"'), 127)}


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Upload(Unlisted, ValueObject):
    """A file to send, as often as needed."""

    source: Source
    filename: str | None = attrs.field(default=None, repr=mask)
    content_type: str | None = None
    inspected: bool = False
    """True when its first bytes and its size were looked at already; then it needs its ``content_type``."""

    async def open(self, rules: FileRules, io_budget: IoBudget) -> Multipart:
        """Open the source, look at it, and return the body of one attempt. Raises `InvalidFileError`."""
        if not io_budget.is_free:
            await io_budget.acquire()
        reader = await self.source.open()
        io_budget.spend(len(reader.head))
        try:
            label = self.source.label
            found = "" if self.inspected else inspect(reader, label=label, rules=rules)
            content_type = self.content_type or found
            name = self.filename or self.source.filename or FALLBACK_NAME + extension_of(content_type)
            return Multipart(reader, label, name, content_type, io_budget)
        except BaseException:
            await reader.close()
            raise
