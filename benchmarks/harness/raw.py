"""The floor: HTTP/1.1 by hand, with no more than a known answer needs."""

import asyncio
import json
import socket
import ssl
from typing import Any, Self
from urllib.parse import urlsplit

from benchmarks.harness.answers import KEY

_LENGTH = b"Content-Length: "


def head(method: str, path: str, length: int | None = None, content_type: str = "application/json") -> bytes:
    """Return the head of a request."""
    body = "" if length is None else f"Content-Type: {content_type}\r\nContent-Length: {length}\r\n"
    return (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Token {KEY}\r\nAccept: */*\r\n{body}\r\n"
    ).encode()


def body_of(answer: bytes) -> bytes | None:
    """Return the body of a whole answer; None while it is not whole."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return None
    at = answer.index(_LENGTH) + len(_LENGTH)
    length = int(answer[at : answer.index(b"\r", at)])
    return answer[end + 4 :] if len(answer) - end - 4 >= length else None


class RawConnection(asyncio.Protocol):
    """One connection, for one request at a time."""

    def __init__(self) -> None:
        self._got = b""
        self._answered: asyncio.Future[bytes] | None = None
        self._writable: asyncio.Future[None] | None = None

    @classmethod
    async def open(cls, url: str, context: ssl.SSLContext | None) -> Self:
        parts = urlsplit(url)
        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(cls, parts.hostname or "", parts.port or 0, ssl=context)
        return made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        body = body_of(self._got)
        if body is not None and self._answered is not None:
            self._got = b""
            self._answered.set_result(body)

    def pause_writing(self) -> None:
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._writable is not None:
            self._writable.set_result(None)
            self._writable = None

    async def write(self, data: bytes | bytearray) -> None:
        self.transport.write(data)
        if self._writable is not None:
            await self._writable

    async def answer(self) -> Any:
        self._answered = asyncio.get_running_loop().create_future()
        return json.loads(await self._answered)

    async def call(self, request: bytes) -> Any:
        self.transport.write(request)
        return await self.answer()


class RawSocket:
    """One blocking connection."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname or "", parts.port or 80))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, request: bytes) -> Any:
        self.socket.sendall(request)
        got = b""
        while (body := body_of(got)) is None:
            got += self.socket.recv(65536)
        return json.loads(body)
