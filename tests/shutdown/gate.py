"""A proxy that holds some requests back until it is told to let them pass, so that signals come while they are open."""

import contextlib
import http.client
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import attrs

NOTHING = "^$"


@attrs.define(eq=False)
class Gate:
    """Passes requests on to ``target``; those that match ``holds`` (method and path) wait for `open`."""

    target: str
    url: str = ""
    holds: str = NOTHING
    arrived: threading.Semaphore = attrs.field(factory=lambda: threading.Semaphore(0))
    made: Counter[str] = attrs.field(factory=Counter)
    """Successful POSTs by their path, also those whose answer nobody waited for."""
    _open: threading.Event = attrs.field(factory=threading.Event)

    def hold(self, pattern: str) -> None:
        """Hold requests that match back from now on."""
        self.holds, self._open = pattern, threading.Event()

    def open(self) -> None:
        """Let all pass, from now on."""
        self.holds = NOTHING
        self._open.set()

    def passes(self, method: str, path: str) -> None:
        """Return when the request may pass. Blocks."""
        opened = self._open
        if re.search(self.holds, f"{method} {path}"):
            self.arrived.release()
            opened.wait(60)


@contextmanager
def gate(target: str) -> Iterator[Gate]:
    """Serve a gate before ``target``."""
    made = Gate(target)
    to = urlsplit(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            with contextlib.suppress(OSError):
                super().handle_one_request()

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            made.passes(self.command, self.path)
            connection = http.client.HTTPConnection(to.hostname or "", to.port, timeout=60)
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            made.made[self.path] += self.command == "POST" and answer.status < 300
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass  # noqa: N815 - the names of http.server

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.open()
    server.shutdown()
    server.server_close()
