"""Ways in to the oracle: with TLS, and through a proxy, each connection with a fault of its own.

A door passes bytes on between the client and the oracle. What goes wrong here does so before a request is sent, or
breaks a connection behind the back of both.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.oracle.wire import reset

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

CERTIFICATES = ("good", "other_host", "expired")
"""Names of the files with key and certificates, ``NAME.pem``, that doors are opened with."""
BEFORE_TLS = ("close", "reset", "stall", "garbage", "half", "other_host", "expired", "old_tls")
"""What becomes of a connection that is to have TLS."""
AFTER_TLS = ("cut_2000", "cut_4000")
"""A connection is reset once the client has got so many bytes: some of them are the handshake's."""
OF_PROXY = (
    "proxy_403",
    "proxy_407",
    "proxy_502",
    "proxy_503",
    "proxy_garbage",
    "proxy_close",
    "proxy_reset",
    "proxy_stall",
    "proxy_long_head",
    "proxy_then_reset",
)
"""What a proxy does with the wish to connect."""
_PAGE = b"<html><head><title>Blocked</title></head></html>"
_CHUNK = 1 << 16
_HALF = 900


class Doors:
    """Listens for clients with TLS and for those that come through a proxy."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self.script: list[str] = []
        """The faults of the next connections, in their order; after them there are none."""
        self.met: list[str] = []
        """The faults of the script that connections met."""
        self.is_shut = False
        """Whether the server is away."""
        self._inside: dict[str, int] = {}
        self._servers: list[asyncio.Server] = []

    async def open(self, certificates: Path) -> dict[str, int]:
        """Open all, with the certificates in a folder. Return the ports: ``tls``, ``proxy``."""
        for name in CERTIFICATES:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates / f"{name}.pem")
            self._inside[name] = await self._listen(self._serve, ssl=context)
        return {"tls": await self._listen(self._through_tls), "proxy": await self._listen(self._through_proxy)}

    async def _listen(self, serve: Serve, **options: ssl.SSLContext) -> int:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, **options)
        self._servers.append(server)
        return server.sockets[0].getsockname()[1]

    def _next(self) -> str:
        if self.is_shut:
            return "close"
        fault = self.script.pop(0) if self.script else ""
        self.met += [fault] if fault else []
        return fault

    async def _through_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with _ended(writer):
            await self._pass(self._next(), reader, writer)

    async def _through_proxy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with _ended(writer):
            await reader.readuntil(b"\r\n\r\n")
            fault = self._next()
            if not fault.startswith("proxy_"):
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await self._pass(fault, reader, writer)
                return
            await self._refuse(fault.removeprefix("proxy_"), reader, writer)

    async def _refuse(self, fault: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match fault:
            case "then_reset":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await reader.read(1)
                reset(writer)
            case "long_head":
                writer.write(b"HTTP/1.1 200 OK\r\nX-Policy: " + b"p" * (1 << 17) + b"\r\n\r\n")
                await _drained(writer)
            case "garbage" | "close" | "reset" | "stall":
                await _break(fault, reader, writer)
            case status:
                head = f"HTTP/1.1 {status} Refused\r\nContent-Type: text/html\r\nContent-Length: {len(_PAGE)}\r\n\r\n"
                writer.write(head.encode() + _PAGE)
                await _drained(writer)

    async def _pass(self, fault: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Let the client through to the server, as far as ``fault`` does."""
        if fault in ("close", "reset", "stall", "garbage"):
            await _break(fault, reader, writer)
            return
        if fault == "old_tls":
            await reader.read(_CHUNK)
            writer.write(b"\x15\x03\x01\x00\x02\x02\x46")  # the alert that no version fits
            await _drained(writer)
            return
        name = fault if fault in CERTIFICATES else "good"
        most = _HALF if fault == "half" else int(fault[4:]) if fault.startswith("cut_") else None
        inner = await asyncio.open_connection("127.0.0.1", self._inside[name])
        await _join(reader, writer, *inner, most)


class _ended(contextlib.AbstractContextManager[None]):  # noqa: N801 - reads as a function
    """Ends a connection, whatever becomes of it."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        self._writer.close()
        return kind is not None and issubclass(kind, ConnectionError | asyncio.IncompleteReadError)


async def _drained(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        await writer.drain()


async def _break(fault: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    match fault:
        case "reset":
            reset(writer)
        case "stall":
            while await reader.read(_CHUNK):
                pass
        case "garbage":
            writer.write(b"220 mail.example ESMTP\r\n")
            await _drained(writer)


async def _join(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    inner_reader: asyncio.StreamReader,
    inner_writer: asyncio.StreamWriter,
    most: int | None,
) -> None:
    """Pass bytes on both ways until one side ends, and end the other in the same way; after ``most`` bytes, by RST."""
    ways = (
        asyncio.create_task(_pump(reader, inner_writer, None)),
        asyncio.create_task(_pump(inner_reader, writer, most)),
    )
    done, others = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    is_reset = any(way.result() for way in done)
    for way in others:
        way.cancel()
    for one in (writer, inner_writer):
        reset(one) if is_reset else one.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None) -> bool:
    """Pass bytes on until the end. Return whether that was a reset."""
    try:
        while chunk := await reader.read(_CHUNK if most is None else min(most, _CHUNK)):
            writer.write(chunk)
            await writer.drain()
            if most is not None and (most := most - len(chunk)) <= 0:
                return True
    except ConnectionError:
        return True
    return False
