"""The sandbox: requests per second from one process, and how long it takes to start.

``python -m benchmarks.sandbox`` runs it alone. The load comes from this process, the sandbox is another.
"""

import asyncio
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

KEY = "sandbox0sandbox0sandbox0sandbox0sand"
SLICES = 9
SLICE_SECONDS = 0.4
CONNECTIONS = 16
STARTS = 7

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@contextmanager
def sandbox(*options: str) -> Iterator[str]:
    """Run ``kycaid sandbox`` and give its URL."""
    command = [sys.executable, "-m", "kycaid_async.cli", "sandbox", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield re.search(r"http://\S+\d", process.stdout.readline())[0]
        finally:
            process.terminate()


class Caller(asyncio.Protocol):
    """Sends one request over and over, each time the answer to the last one is whole."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.received = b""
        self.answers = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, blank, body = self.received.partition(b"\r\n\r\n")
        found = _LENGTH.search(head)
        if blank and found and len(body) >= int(found[1]):
            assert head.startswith(b"HTTP/1.1 200"), head
            self.received = b""
            self.answers += 1
            self.transport.write(self.request)


async def rates(url: str, request: bytes) -> list[float]:
    """Return the answers per second over all connections, slice by slice, in ascending order."""
    host, port = url.removeprefix("http://").split(":")
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: Caller(request), host, int(port)) for _ in range(CONNECTIONS)]
    callers = [caller for _, caller in made]
    found = []
    for _ in range(SLICES + 1):
        before, start = sum(c.answers for c in callers), time.perf_counter()
        await asyncio.sleep(SLICE_SECONDS)
        found.append((sum(c.answers for c in callers) - before) / (time.perf_counter() - start))
    for transport, _ in made:
        transport.abort()
    return sorted(found[1:])  # the first one warms up


def raw(method: str, path: str, body: object = None) -> bytes:
    """Return a request as it goes over the wire."""
    content = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token {KEY}\r\nAccept: application/json\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def post(url: str, path: str, body: object) -> dict[str, str]:
    """Return the answer to one request."""
    headers = {"Authorization": f"Token {KEY}", "Content-Type": "application/json"}
    request = urllib.request.Request(url + path, data=json.dumps(body).encode(), headers=headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


async def load(name: str, *options: str) -> None:
    """Print the rates of small calls to one sandbox."""
    person = {"type": "PERSON", "first_name": "Jane", "last_name": "Example"}
    with sandbox(*options) as url:
        owner = post(url, "/applicants", person)["applicant_id"]
        document = post(url, "/documents", {"type": "PASSPORT", "applicant_id": owner})["document_id"]
        for call, request in (
            ("documents.get", raw("GET", f"/documents/{document}")),
            ("applicants.get", raw("GET", f"/applicants/{owner}")),
            ("applicants.create", raw("POST", "/applicants", person)),
        ):
            found = await rates(url, request)
            print(f"{name}, {call}: {statistics.median(found):.0f} requests per second, at best {found[-1]:.0f}")


def start_up() -> float:
    """Return the seconds from the command to the first answer."""
    start = time.perf_counter()
    with sandbox() as url, urllib.request.urlopen(f"{url}/_sandbox/health") as answer:
        answer.read()
        return time.perf_counter() - start


async def main() -> None:
    starts = sorted(start_up() for _ in range(STARTS))
    print(f"start to first answer: {statistics.median(starts):.2f} s, at best {starts[0]:.2f} s")
    await load("in memory")
    with tempfile.TemporaryDirectory() as folder:
        await load("with --data", "--data", folder)


if __name__ == "__main__":
    asyncio.run(main())
