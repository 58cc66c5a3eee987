"""The body of an upload: ``multipart/form-data`` with one file in it."""

import asyncio
import itertools
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, Self

from kycaid_async.errors import UploadSourceError
from kycaid_async.masking import shown_path
from kycaid_async.sockets import let_loop_read, must_read_first
from kycaid_async.uploads.io_budget import Rounds
from kycaid_async.uploads.reader import CHUNK, Buffer, Reading

_BOUNDARY: Final = secrets.token_hex(16)
"""Nobody who makes a file can know it, so none holds it."""
_NUMBERS: Final = itertools.count()
UNSEEN: Final = 1 << 16
"""Bytes that may be on this side without showing: over TLS a transport does not count what it has encrypted."""


class Multipart:
    """One body with the single part ``file``, for one attempt.

    Its length is declared and the bytes are counted: a source that turns out shorter or longer is cut off before the
    closing boundary, so that the server never takes a truncated file for a whole one.
    """

    def __init__(self, reading: Reading, label: str, filename: str, content_type: str, rounds: Rounds) -> None:
        boundary = f"{_BOUNDARY}{next(_NUMBERS):08x}"
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._reading = reading
        self._label = label
        self._rounds = rounds
        self._lead = (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{_quoted(filename)}"\r\n'
            f"Content-Type: {_quoted(content_type)}\r\n\r\n"
        ).encode(errors="replace")  # a path can have bytes that are no text
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self.size = len(self._lead) + reading.size + len(self._tail)
        """Bytes of the whole body."""
        self._end = self.size
        self._transport: asyncio.WriteTransport | None = None
        self._handed = 0
        self._most = CHUNK
        self.writer: asyncio.Task[Any] | None = None
        """The task that writes it, if it takes one."""
        self.cut_off = False
        """True when the connection broke with some of it still on this side."""
        self.error: BaseException | None = None
        """What broke the reading of the source."""

    @property
    def moved(self) -> int:
        """Bytes that have left this process."""
        waiting = self._transport.get_write_buffer_size() if self._transport is not None else 0
        return self._handed - waiting

    @property
    def gone(self) -> bool:
        """True once the last byte, which comes only after a source that was found unchanged, has left this process."""
        return self.moved == self._end and not self.cut_off

    async def fits(self) -> bool:
        """Say whether it was read whole. Raises `UploadSourceError` when it was changed meanwhile."""
        if len(self._reading.head) != self._reading.size:
            return False
        if not await self._reading.unchanged():
            raise self._changed()
        return True

    def in_one(self, before: bytes) -> Buffer | None:
        """Return ``before`` and all of this in one buffer, to be handed on; None when it is too much.

        To be called only when it `fits`. Raises `UploadSourceError`.
        """
        head = self._reading.head
        whole = self._reading.wrapped(before + self._lead, self._tail)
        if whole is None:
            if len(head) > CHUNK:
                return None
            whole = b"".join((before, self._lead, head, self._tail))
        self._end = len(before) + self.size
        if len(whole) != self._end:
            raise self._changed()
        return whole

    def hand(self, rest: memoryview, transport: asyncio.WriteTransport) -> memoryview:
        """Write the next piece of what `in_one` gave, and return what is left of it."""
        if self._transport is None:
            self._transport, self._most = transport, _most_at_once(transport) or len(rest)
        piece = rest[: self._most]
        self._handed += len(piece)
        transport.write(piece)
        return rest[len(piece) :]

    async def write(self, send: Callable[[Buffer], Awaitable[None]], transport: asyncio.WriteTransport | None) -> None:
        """Hand all of it to ``send``, piece by piece. Raises `UploadSourceError`, which is kept too."""
        try:
            self.writer = self.writer or asyncio.current_task()
            self._end = self.size
            self._transport, self._most = transport, _most_at_once(transport) or CHUNK
            # No variable holds a piece while the next one is waited for, which may be code of the user.
            sent = len(self._reading.head)
            if sent > self._reading.size:
                raise self._changed()
            await self._send(send, self._lead)
            await self._send(send, self._reading.head)
            while sent < self._reading.size and (size := await self._pass_on(send, self._reading.size - sent)):
                sent += size
            if sent != self._reading.size or not await self._reading.unchanged():
                raise self._changed()
            await self._send(send, self._tail)
        except (OSError, asyncio.CancelledError):
            raise
        except BaseException as error:
            self.error = error
            raise

    async def _pass_on(self, send: Callable[[Buffer], Awaitable[None]], most: int) -> int:
        """Send the next piece, and return its size; 0 when there is none. Raises `UploadSourceError` above ``most``."""
        chunk = await self._next()
        if len(chunk) > most:
            raise self._changed()
        if chunk:
            await self._send(send, chunk)
        return len(chunk)

    async def _next(self) -> Buffer:
        await self._rounds.turn()
        chunk = await self._reading.read()
        self._rounds.did(len(chunk))
        return chunk

    async def _send(self, send: Callable[[Buffer], Awaitable[None]], chunk: Buffer) -> None:
        if len(chunk) > self._most:
            view = memoryview(chunk)
            for start in range(0, len(view), self._most):
                await self._send(send, view[start : start + self._most])
            return
        if must_read_first(self._transport):
            await let_loop_read()
        self._handed += len(chunk)
        await send(chunk)

    def _changed(self) -> UploadSourceError:
        return UploadSourceError(
            f"{shown_path(self._label)}: changed while it was sent, so the upload was cut off; "
            "send it again when it is complete"
        )

    async def release(self) -> None:
        """Let go of what was opened for this attempt, once nothing reads from it any more."""
        # Asked before anything is waited for: a connection that is done with may serve somebody else by then.
        cut = self._transport is not None and not self.gone
        try:
            # It is written in a task of its own, which a cancelled request leaves behind for a moment.
            if self.writer is not None and not self.writer.done() and self.writer is not asyncio.current_task():
                self.writer.cancel()
                await asyncio.wait([self.writer])
            if self._transport is not None and cut:
                # Closed in the ordinary way, it would go on to send what is buffered, for as long as a server stalls.
                with suppress(AttributeError):  # how asyncio says that it closed itself after the last byte it held
                    self._transport.abort()
        finally:
            await self._reading.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.release()


def _most_at_once(transport: asyncio.WriteTransport | None) -> int:
    """Return how many bytes to write at once, so that few are out of sight; 0 when all can be seen."""
    if transport is None or transport.get_extra_info("sslcontext") is None:
        return 0
    # What it encrypts before it says that it is full goes out of sight too, all of it: half a megabyte by default.
    transport.set_write_buffer_limits(high=UNSEEN)
    return UNSEEN


def _quoted(text: str) -> str:
    """Return ``text`` for a header parameter, escaped as browsers do it."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
