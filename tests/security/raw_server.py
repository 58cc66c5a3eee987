"""A server of few lines that shares nothing with the package: it reads a request, and then does what it was told."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable

Behaviour = Callable[[socket.socket], None]


def answers(status: int, body: bytes | str, *headers: str) -> Behaviour:
    """Answer with this, whole."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", "Connection: close", *headers]

    def behave(connection: socket.socket) -> None:
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + content)

    return behave


def sends(raw: bytes, *, hold: bool = False) -> Behaviour:
    """Send these bytes, and then hang up, or keep the connection open."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(raw)
        if hold:
            connection.settimeout(20)
            with contextlib.suppress(OSError):
                while connection.recv(65536):
                    pass

    return behave


def resets(connection: socket.socket) -> None:
    """Break the connection off."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class RawServer:
    """Serves each connection in a thread of its own, one request each."""

    def __init__(self) -> None:
        self.behave: Behaviour = answers(200, "{}")
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def close_connections(self) -> None:
        """Break off all that is open."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def wait_for_request(self, number: int = 1) -> None:
        """Return once so many requests came. Blocks."""
        end = time.monotonic() + 20
        while len(self.requests) < number and time.monotonic() < end:
            time.sleep(0.002)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        self._open.add(connection)
        with contextlib.suppress(OSError), connection:
            connection.settimeout(20)
            self.requests.append(_request(connection))
            self.behave(connection)
        self._open.discard(connection)


def _request(connection: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got and (part := connection.recv(65536)):
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-le")), 0
    )
    while len(body) < length and (part := connection.recv(65536)):
        body += part
    return head + b"\r\n\r\n" + body
