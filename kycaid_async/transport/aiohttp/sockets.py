"""Sockets that read a server's answer before a failed write closes the connection.

A server may refuse a file by the head of its request, answer and close, with most of the file unread. Its system then
resets the connection. What it had answered still lies in our system's buffer, but asyncio closes a socket as soon as a
write fails, and the answer would be lost with it.

With the selector event loops of the standard library every answer that had arrived is read, over TLS too. uvloop and
the Proactor loop of Windows write past Python's sockets: there the loop reads before each piece is written, and an
answer is lost when it comes together with the reset while that piece is on its way. Nothing helps when the reset
overtakes the answer, when the server's system throws it away unsent (it closes at once, and Nagle's algorithm still
holds the answer back), or on Windows, whose system drops at a reset what was not read yet.
"""

import asyncio
import select
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kycaid_async.loops import let_loop_read

if TYPE_CHECKING:
    from aiohappyeyeballs import AddrInfoType
    from aiohttp.abc import AbstractStreamWriter


_send = socket.socket.send


class PatientSocket(socket.socket):
    """A socket whose writes fail only once all that came has been read; until then they would block.

    The event loop reads before it writes again.
    """

    __slots__ = ()

    def send(self, data: Any, flags: int = 0, /) -> int:
        """Send some of ``data``. Raises ``BlockingIOError`` when that failed and there is something to read."""
        try:
            return _send(self, data, flags)  # not through super(), which takes longer than the rest of this
        except ConnectionError:
            self._read_first()
            raise

    if hasattr(socket.socket, "sendmsg"):

        def sendmsg(self, buffers: Any, /, *rest: Any) -> int:
            """Send some of ``buffers``, as `send` does."""
            try:
                return super().sendmsg(buffers, *rest)
            except ConnectionError:
                self._read_first()
                raise

    def _read_first(self) -> None:
        """Raise ``BlockingIOError`` when there is something to read."""
        try:
            waits = bool(self.recv(1, socket.MSG_PEEK))
        except OSError:
            waits = False
        if waits:
            raise BlockingIOError("there is something to read")


def patient_socket(info: "AddrInfoType") -> socket.socket:
    """Return a socket for an address, as aiohttp's connector asks for it."""
    return PatientSocket(info[0], info[1], info[2])


def make_patient(transport: asyncio.BaseTransport | None) -> Callable[[], None]:
    """Make the socket of a connection that somebody else opened a `PatientSocket`, where that can be done.

    Returns what makes it an ordinary one again.
    """
    # There is no public way to the socket of a transport; what is public is a view of it.
    found = getattr(_socket_of(transport), "_sock", None)
    if type(found) is not socket.socket:
        return lambda: None
    found.__class__ = PatientSocket

    def undo() -> None:
        found.__class__ = socket.socket

    return undo


def has_news(transport: asyncio.BaseTransport | None) -> bool:
    """Say whether something can be read that the event loop has not read yet: data, or the end."""
    found = _socket_of(transport)
    return found is not None and found.fileno() >= 0 and _readable(found)


def must_read_first(transport: asyncio.BaseTransport | None) -> bool:
    """Say whether a write that fails now could lose something that came, or the connection is lost already."""
    # Only asyncio's own transports write through Python's socket; others hold one, and write past it.
    if type(transport).__module__.startswith("asyncio.") and isinstance(
        getattr(_socket_of(transport), "_sock", None), PatientSocket
    ):
        return _is_lost(transport)
    return has_news(transport)


class ConnectionWriter:
    """Writes a body to the connection of aiohttp's ``writer``, and reads first what a failing write could lose."""

    def __init__(self, writer: "AbstractStreamWriter") -> None:
        # Not of a class that could be asked for: those of other loops are no subclasses of asyncio's.
        transport = getattr(writer, "transport", None)
        self.transport: asyncio.WriteTransport | None = (
            transport if hasattr(transport, "get_write_buffer_size") else None
        )
        self.write = writer.write

    async def ready(self) -> None:
        """Let the loop read when something has come."""
        if must_read_first(self.transport):
            await let_loop_read()


def _is_lost(transport: Any) -> bool:
    # What lies below TLS knows it an iteration of the loop earlier, and takes and drops all that is written meanwhile.
    below = getattr(getattr(transport, "_ssl_protocol", None), "_transport", transport)
    return below is None or below.is_closing()


def _socket_of(transport: asyncio.BaseTransport | None) -> Any:
    try:
        return None if transport is None else transport.get_extra_info("socket")
    except AttributeError:  # how asyncio's TLS says that it was closed twice
        return None


if hasattr(select, "poll"):

    def _readable(connected: socket.socket) -> bool:
        poller = select.poll()
        poller.register(connected.fileno(), select.POLLIN)
        return bool(poller.poll(0))

else:

    def _readable(connected: socket.socket) -> bool:
        return bool(select.select([connected], [], [], 0)[0])
