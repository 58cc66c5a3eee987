"""A proxy that does to requests and answers what networks and gateways do to them."""

import asyncio
import hashlib
import socket
import struct
from collections import deque

import attrs

from tests.serving import Serving


@attrs.frozen(kw_only=True)
class Fault:
    """What happens to one request."""

    acted: bool = False
    """Let the server behind act on it first."""
    reset_after_body_bytes: int | None = None
    """Reset the connection once so many bytes of the body have arrived."""
    reset: bool = False
    """Reset the connection in place of an answer."""
    hang: bool = False
    """Never answer."""
    drip: bool = False
    """Answer one byte at a time, for ever."""
    reply: bytes | None = None
    """Answer with exactly these bytes, then close."""


def reply(
    status: int, body: str = "", *, content_type: str = "application/json", length: int | None = None, **headers: str
) -> bytes:
    """Return the bytes of an answer; ``length`` lies about the body's."""
    lines = [
        f"HTTP/1.1 {status} Reason",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body) if length is None else length}",
    ]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()] + ["Connection: close", "", ""]
    return ("\r\n".join(lines) + body).encode()


@attrs.define
class Seen:
    """A request as it passed the proxy."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def body_digest(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@attrs.define
class FaultProxy:
    """A TCP proxy before a server at ``target``; each request takes the next fault, or passes."""

    target: str
    faults: deque[Fault] = attrs.field(factory=deque)
    seen: list[Seen] = attrs.field(factory=list)
    aborted: int = 0
    """Connections that the client gave up before a whole request had arrived."""
    url: str = ""
    _serving: Serving = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._serving = Serving(self._serve)

    async def __aenter__(self) -> "FaultProxy":
        await self.listen(0)
        return self

    async def listen(self, port: int) -> None:
        self.url = (await self._serving.listen(port=port)).url

    async def __aexit__(self, *_: object) -> None:
        await self._serving.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            self.aborted += 1

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await _until_blank_line(reader)
        if not head:
            return False
        fault = self.faults.popleft() if self.faults else Fault()
        method, path, headers = _parse(head)
        length = int(headers.get("content-length", "0"))
        if fault.reset_after_body_bytes is not None:
            await reader.readexactly(min(length, fault.reset_after_body_bytes))
            _reset(writer)
            return False
        body = await reader.readexactly(length)
        self.seen.append(Seen(method, path, headers, body))
        passes = fault == Fault()
        answer = await self._forward(head + body) if passes or fault.acted else b""
        await _answer(writer, fault, answer)
        return passes

    async def _forward(self, raw: bytes) -> bytes:
        host, port = self.target.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(raw)
            head = await _until_blank_line(reader)
            return head + await reader.readexactly(int(_parse(head)[2]["content-length"]))
        finally:
            writer.transport.abort()


async def _answer(writer: asyncio.StreamWriter, fault: Fault, answer: bytes) -> None:
    if fault.reset:
        _reset(writer)
    elif fault.hang:
        await asyncio.Event().wait()
    elif fault.drip:
        writer.write(reply(200, length=1_000_000))
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)
    else:
        writer.write(answer if fault.reply is None else fault.reply)
        await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _until_blank_line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return b""


def _parse(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, *_ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    return method, path, headers
