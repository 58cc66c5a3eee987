"""A server that knows no HTTP: what it says is written down, and whatever comes is kept."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

Answer = Callable[[asyncio.StreamWriter, str], Awaitable[None]]


class RawServer:
    """Gives its ``answers`` in turn, a connection each, and the last of them again and again."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[str] = []
        self.connections = 0
        self.sent = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "RawServer":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def url(self, path: str = "/a.png", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.requests.append(request)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            await answer(writer, request)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()


def header(request: str, name: str) -> str:
    return next((line.partition(": ")[2] for line in request.splitlines() if line.startswith(f"{name}: ")), "")


def says(status: str, *headers: str, body: bytes = b"") -> Answer:
    """Answer with so much, whatever was asked for."""

    async def answer(writer: asyncio.StreamWriter, request: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()

    return answer


def gives(data: bytes, *, etag: str = '"1"', ranges: bool = True, break_at: int | None = None) -> Answer:
    """Answer with a file, or with the part of it that was asked for; reset the connection after so many bytes."""

    async def answer(writer: asyncio.StreamWriter, request: str) -> None:
        start, _, end = header(request, "Range").removeprefix("bytes=").partition("-")
        part, status, more = data, "200 OK", ""
        if ranges and not data:
            status, more = "416 Range Not Satisfiable", "Content-Range: bytes */0\r\n"
        elif ranges and start:
            part = data[int(start) : int(end) + 1 if end else None]
            status = "206 Partial Content"
            more = f"Content-Range: bytes {start}-{int(start) + len(part) - 1}/{len(data)}\r\n"
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(part)}\r\nETag: {etag}\r\n{more}\r\n"
        writer.write(head.encode() + part[:break_at])
        await writer.drain()
        if break_at is not None:
            reset(writer)

    return answer


def reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    writer.transport.abort()


async def silence(writer: asyncio.StreamWriter, request: str) -> None:
    await asyncio.Event().wait()


async def resets(writer: asyncio.StreamWriter, request: str) -> None:
    reset(writer)


def drips(head: bytes) -> Answer:
    """Answer with ``head``, and then with a byte now and then, for ever."""

    async def answer(writer: asyncio.StreamWriter, request: str) -> None:
        writer.write(head)
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    return answer


def floods(server: "RawServer", head: bytes) -> Answer:
    """Answer with ``head``, and then with bytes without end."""

    async def answer(writer: asyncio.StreamWriter, request: str) -> None:
        writer.write(head)
        while True:
            writer.write(bytes(65536))
            server.sent += 65536
            await writer.drain()

    return answer
