"""A server that takes uploads and keeps only their digests."""

import asyncio
import hashlib
import re
import socket
import ssl

import attrs

from tests.serving import Serving


@attrs.define
class Received:
    """One multipart body, taken apart."""

    method: str
    whole: bool
    filename: str = ""
    content_type: str = ""
    digest: str = ""
    size: int = 0


@attrs.define
class UploadServer:
    """Reads requests straight from the socket, so that a body cut short is seen as what it is."""

    url: str = ""
    received: list[Received] = attrs.field(factory=list)
    answers: list[bytes] = attrs.field(factory=list)
    """Answers given before the default one; an empty one closes the connection."""
    read_size: int = 1 << 18
    receive_buffer: int | None = None
    stall_after: int | None = None
    """Stop reading a body after so many bytes, until ``go_on`` is set."""
    stalled: asyncio.Event = attrs.field(factory=asyncio.Event)
    go_on: asyncio.Event = attrs.field(factory=asyncio.Event)
    tls: ssl.SSLContext | None = None
    pause: float = 0.0
    """Seconds between two reads of a body."""
    _serving: Serving | None = None

    async def __aenter__(self) -> "UploadServer":
        sock = socket.socket()
        if self.receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        sock.bind(("127.0.0.1", 0))
        limit = max(self.read_size, 1 << 16)
        self._serving = await Serving(self._serve).listen(sock=sock, limit=limit, ssl=self.tls)
        self.url = self._serving.url
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._serving.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await self._head(reader):
            await self._one(head, reader, writer)

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return b""

    async def _one(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1])
        boundary = re.search(rb"boundary=(\w+)", head)[1]
        body = bytearray()
        while len(body) < length:
            if self.stall_after is not None and len(body) > self.stall_after:
                self.stalled.set()
                await self.go_on.wait()
            chunk = await reader.read(min(self.read_size, length - len(body)))
            if not chunk:
                break
            body += chunk
            if self.pause:
                await asyncio.sleep(self.pause)
        self.received.append(_take_apart(head.split(b" ", 1)[0].decode(), bytes(body), boundary, length))
        answer = (
            self.answers.pop(0) if self.answers else _json(200, b'{"file_id":"46b05f5c14c162402d186822fa0314c6162c"}')
        )
        if not answer:
            raise ConnectionError
        writer.write(answer)
        await writer.drain()


def _take_apart(method: str, body: bytes, boundary: bytes, length: int) -> Received:
    head, _, rest = body.partition(b"\r\n\r\n")
    end = b"\r\n--" + boundary + b"--\r\n"
    if len(body) != length or not rest.endswith(end):
        return Received(method, whole=False)
    content = rest[: -len(end)]
    text = head.decode()
    return Received(
        method,
        whole=True,
        filename=re.search(r'filename="([^"]*)"', text)[1],
        content_type=re.search(r"Content-Type: (\S+)", text)[1],
        digest=hashlib.sha256(content).hexdigest(),
        size=len(content),
    )


def _json(status: int, body: bytes) -> bytes:
    return (
        f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )


SERVER_ERROR = _json(500, b'{"type":"internal_server"}')
