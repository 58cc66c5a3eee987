"""A server that is never the bottleneck: it counts bodies without looking at them, and answers at once.

It runs as a process on a core of its own, and parsing is all the Python there is: sockets and a selector, no asyncio.
On Linux the bodies of plain uploads are dropped in the kernel.

It does not sleep between two requests that follow each other closely. Whoever sends to a sleeping process pays for
waking it, which on a virtual machine is a third of a small call, and a client that is quicker pays it less often.
"""

import argparse
import mmap
import re
import selectors
import socket
import ssl
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs

from benchmarks.harness.answers import answer_to
from benchmarks.harness.cores import SERVER, pin
from benchmarks.harness.netem import Place

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_PIECE = 1 << 20
_AWAKE = 0.005
_TALLY = struct.Struct("d")
_DROP = socket.MSG_TRUNC if sys.platform == "linux" else 0


@attrs.frozen(kw_only=True)
class Running:
    """A server that runs."""

    url: str
    cafile: str | None
    """The certificate that vouches for it, when it speaks TLS."""
    tally: mmap.mmap

    def busy_seconds(self) -> float:
        """Return for how long it has had something to do so far."""
        return float(_TALLY.unpack(self.tally[:])[0])


@contextmanager
def serving(*, tls: bool = False, latency: float = 0.0, place: Place = Place()) -> Iterator[Running]:  # noqa: B008 - frozen
    """Run a server that answers ``latency`` seconds late."""
    with TemporaryDirectory() as folder, _tally(Path(folder) / "tally", create=True) as tally:
        command = [*place.prefix, sys.executable, "-m", "benchmarks.harness.server", "--latency", str(latency)]
        command += ["--tally", f"{folder}/tally", "--address", place.address]
        cafile = _certificates(Path(folder), place.address) if tls else None
        if tls:
            command += ["--certificate", f"{folder}/server.pem"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                port = process.stdout.readline().strip()
                url = f"{'https' if tls else 'http'}://{place.address}:{port}"
                yield Running(url=url, cafile=cafile, tally=tally)
            finally:
                process.terminate()


@contextmanager
def _tally(path: Path, *, create: bool = False) -> Iterator[mmap.mmap]:
    """Share a number with another process."""
    if create:
        path.write_bytes(_TALLY.pack(0.0))
    with path.open("r+b") as file, mmap.mmap(file.fileno(), _TALLY.size) as tally:
        yield tally


def _certificates(folder: Path, address: str) -> str:
    import trustme

    authority = trustme.CA()
    authority.issue_cert(address).private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    authority.cert_pem.write_to_path(folder / "authority.pem")
    return str(folder / "authority.pem")


@attrs.define(eq=False)
class _Connection:
    """One connection, between two reads."""

    socket: socket.socket
    head: bytes = b""
    left: int = 0
    answer: bytes = b""

    @property
    def drops(self) -> int:
        """The flag with which the kernel drops what is read, while a body is all that can come."""
        return 0 if isinstance(self.socket, ssl.SSLSocket) else _DROP

    def read(self, buffer: memoryview) -> Iterator[bytes]:
        """Read what is there, and give the answers that are due. Raises `ConnectionError` at the end."""
        while True:
            try:
                if self.left and self.drops:
                    got = self.socket.recv_into(buffer, min(self.left, _PIECE), self.drops)
                else:
                    got = self.socket.recv_into(buffer)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            if not got:
                raise ConnectionResetError
            if self.left >= got:
                self.left -= got
                if not self.left:
                    yield self.answer
            else:
                yield from self._parse(bytes(buffer[:got]))
            if not self.left and not isinstance(self.socket, ssl.SSLSocket):
                return  # what comes next comes after our answer, mostly: do not ask in vain

    def _parse(self, data: bytes) -> Iterator[bytes]:
        if self.left:
            data, self.left = data[self.left :], 0
            yield self.answer
        self.head += data
        while True:
            head, blank, rest = self.head.partition(b"\r\n\r\n")
            if not blank:
                return
            found = _LENGTH.search(head)
            length = int(found[1]) if found else 0
            self.answer = answer_to(head)
            self.head, self.left = rest[length:], max(0, length - len(rest))
            if self.left:
                return
            yield self.answer


class _Server:
    def __init__(self, *, address: str, certificate: str | None, latency: float, tally: mmap.mmap) -> None:
        self._address = address
        self._latency = latency
        self._tally = tally
        self._busy = 0.0
        self._active = 0.0
        self._late: deque[tuple[float, _Connection, bytes]] = deque()
        self._buffer = memoryview(bytearray(_PIECE))
        self._selector = selectors.DefaultSelector()
        self._tls: ssl.SSLContext | None = None
        if certificate is not None:
            self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._tls.load_cert_chain(certificate)

    def run(self) -> None:
        with socket.create_server((self._address, 0), backlog=1024) as listener:
            listener.setblocking(False)
            self._selector.register(listener, selectors.EVENT_READ)
            print(listener.getsockname()[1], flush=True)
            while True:
                self._step(listener)

    def _step(self, listener: socket.socket) -> None:
        started = time.monotonic()
        ready = self._selector.select(0)
        late = self._late and self._late[0][0] <= started
        if not ready and not late:
            if started - self._active > _AWAKE:
                self._selector.select(max(0.0, self._late[0][0] - started) if self._late else None)
                self._active = time.monotonic()
            return
        for key, _ in ready:
            if key.fileobj is listener:
                self._accept(listener)
            else:
                self._serve(key.data)
        while self._late and self._late[0][0] <= started:
            _, connection, answer = self._late.popleft()
            self._send(connection, answer)
        self._active = time.monotonic()
        self._busy += self._active - started
        self._tally[:] = _TALLY.pack(self._busy)

    def _accept(self, listener: socket.socket) -> None:
        accepted, _ = listener.accept()
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            accepted = self._tls.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False)
        self._selector.register(accepted, selectors.EVENT_READ, _Connection(accepted))

    def _serve(self, connection: _Connection) -> None:
        try:
            for answer in connection.read(self._buffer):
                if self._latency:
                    self._late.append((time.monotonic() + self._latency, connection, answer))
                else:
                    self._send(connection, answer)
        except OSError:
            self._selector.unregister(connection.socket)
            connection.socket.close()

    def _send(self, connection: _Connection, answer: bytes) -> None:
        with suppress(OSError):  # it went away meanwhile; the next read says so
            connection.socket.send(answer)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--certificate")
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--tally", type=Path, required=True)
    given = parser.parse_args()
    pin(SERVER)
    with _tally(given.tally) as tally:
        _Server(address=given.address, certificate=given.certificate, latency=given.latency, tally=tally).run()


if __name__ == "__main__":
    main()
