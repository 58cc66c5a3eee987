"""HTTP/1.1 by hand: as much as an API on loopback needs, with every byte of an answer under control."""

import asyncio
import contextlib
import json
import socket
import struct
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request; its body may not have been read yet."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """By name in lower case."""
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is sent back."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)

    def as_bytes(self) -> bytes:
        """Return the whole answer, its length declared."""
        names = {"Content-Type": self.content_type} if self.content_type else {}
        names |= {"Content-Length": str(len(self.body)), **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in names.items())
        phrase = HTTPStatus(self.status).phrase
        return f"HTTP/1.1 {self.status} {phrase}\r\n{head}\r\n".encode("latin-1") + self.body


def as_json(value: object, status: int = 200) -> Answer:
    """Return an answer of the API itself."""
    return Answer(status=status, body=json.dumps(value).encode())


async def read_head(reader: asyncio.StreamReader) -> Request | None:
    """Read the line and the headers of the next request; None when the client has closed."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    parts = urlsplit(target)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Request(method=method, path=parts.path, query=dict(parse_qsl(parts.query)), headers=headers)


async def read_body(reader: asyncio.StreamReader, head: Request) -> bytes:
    """Read the body that belongs to ``head``. Raises `asyncio.IncompleteReadError` when it was cut short."""
    if head.headers.get("transfer-encoding", "").lower() == "chunked":
        return b"".join([chunk async for chunk in _chunks(reader)])
    return await reader.readexactly(int(head.headers.get("content-length", "0")))


async def _chunks(reader: asyncio.StreamReader):
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        yield await reader.readexactly(size)
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass


async def read_half(reader: asyncio.StreamReader, head: Request) -> None:
    """Read the first half of the body that belongs to ``head``."""
    await reader.readexactly(int(head.headers.get("content-length", "0")) // 2)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST, so that the other side sees a lost connection and no end."""
    sock = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):  # it was closed meanwhile
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def file_part(head: Request, body: bytes) -> tuple[str, bytes] | None:
    """Return the name and the content of the part ``file`` of a multipart body, if that is whole."""
    _, _, boundary = head.headers.get("content-type", "").partition("boundary=")
    mark = b"--" + boundary.strip('"').encode()
    if not boundary or not body.rstrip(b"\r\n").endswith(mark + b"--"):
        return None
    for part in body.split(b"\r\n" + mark if not body.startswith(mark) else mark):
        said, _, content = part.partition(b"\r\n\r\n")
        if b'name="file"' in said:
            name = said.partition(b'filename="')[2].partition(b'"')[0]
            return name.decode(errors="replace"), content.removesuffix(b"\r\n")
    return None
