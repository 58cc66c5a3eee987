"""A server of threads and blocking sockets: it shares no event loop, and no code, with what it is held against."""

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from types import TracebackType

import attrs

Serve = Callable[[socket.socket], None]


@attrs.define(eq=False)
class RawServer:
    """Gives each connection to ``serve``, in a thread of its own, and closes it afterwards."""

    serve: Serve
    tls: ssl.SSLContext | None = None
    receive_buffer: int | None = None
    connections: int = 0
    url: str = ""
    port: int = 0
    _listening: socket.socket = attrs.field(factory=socket.socket)
    _threads: list[threading.Thread] = attrs.field(factory=list)
    _open: list[socket.socket] = attrs.field(factory=list)

    def __enter__(self) -> "RawServer":
        if self.receive_buffer is not None:
            self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen(100)
        self.port = self._listening.getsockname()[1]
        self.url = f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for sock in [self._listening, *self._open]:
            with contextlib.suppress(OSError):  # it was closed, or reset
                sock.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(10)

    def _start(self, run: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=run, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # it was closed
            while True:
                accepted, _ = self._listening.accept()
                self.connections += 1
                self._open.append(accepted)
                self._start(self._one, accepted)

    def _one(self, accepted: socket.socket) -> None:
        # As servers do; otherwise a close at once can take an answer with it that was never sent.
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError), contextlib.closing(accepted):
            connected = accepted if self.tls is None else self.tls.wrap_socket(accepted, server_side=True)
            if connected is not accepted:
                self._open.append(connected)
            with contextlib.closing(connected):
                self.serve(connected)


def head_of(connected: socket.socket) -> bytes:
    """Read to the end of a head and not a byte further. Raises ``ConnectionError`` when the connection ends first."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connected.recv(1)
        if not byte:
            raise ConnectionError
        head += byte
    return head


def body_of(connected: socket.socket, head: bytes) -> bytes:
    """Read the body that ``head`` declares."""
    declared = re.search(rb"(?i)content-length: *(\d+)", head)
    left, body = int(declared[1]) if declared else 0, bytearray()
    while left > len(body):
        chunk = connected.recv(min(1 << 16, left - len(body)))
        if not chunk:
            raise ConnectionError
        body += chunk
    return bytes(body)


def answer(status: int = 200, body: bytes = b"{}", *lines: str) -> bytes:
    """Return an answer of JSON, with further header lines."""
    head = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(body)}", *lines, "", ""]
    return "\r\n".join(head).encode() + body


def reset_when_closed(connected: socket.socket) -> None:
    """Let the end of this connection be a reset."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@attrs.define(eq=False)
class ConnectProxy:
    """What `RawServer` serves as a proxy: it connects to where it is asked to, or refuses with the next status."""

    url: str = ""
    refusals: list[int] = attrs.field(factory=list)
    login: str | None = None
    """``Basic …``, when it wants one."""
    heads: list[bytes] = attrs.field(factory=list)
    """What it was asked."""
    seen: bytearray = attrs.field(factory=bytearray)
    """All that it could read of what passed towards the server."""

    def __call__(self, connected: socket.socket) -> None:
        head = head_of(connected)
        self.heads.append(head)
        wanted = f"Proxy-Authorization: {self.login}\r\n".encode()
        status = self.refusals.pop(0) if self.refusals else 407 if self.login and wanted not in head else 200
        if status != 200:
            connected.sendall(answer(status, b"<html>Jane</html>", "Connection: close"))
            return
        method, target, _ = head.split(b" ", 2)
        host, port = target.decode().rsplit(":", 1) if method == b"CONNECT" else _host_of(target.decode())
        with socket.create_connection((host, int(port)), 10) as onward:
            back = threading.Thread(target=_pass_on, args=(onward, connected), daemon=True)
            if method == b"CONNECT":
                connected.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back.start()
                _pass_on(connected, onward, self.seen)
            else:
                back.start()
                self._pass_requests_on(head, connected, onward)

    def _pass_requests_on(self, head: bytes, connected: socket.socket, onward: socket.socket) -> None:
        while True:
            self.seen += head
            body = body_of(connected, head)
            onward.sendall(re.sub(rb" http://[^/ ]+", b" ", head, count=1) + body)
            head = head_of(connected)


def _host_of(target: str) -> tuple[str, str]:
    host, _, port = target.removeprefix("http://").partition("/")[0].partition(":")
    return host, port


def _pass_on(source: socket.socket, sink: socket.socket, seen: bytearray | None = None) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(1 << 16):
            if seen is not None:
                seen += chunk
            sink.sendall(chunk)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
