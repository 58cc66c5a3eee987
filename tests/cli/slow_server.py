"""A server of a few operations that does what a test needs of it, when it needs it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs


@attrs.define(eq=False)
class SlowServer:
    """Makes files and documents. While ``held`` is set, documents wait for ``release``."""

    url: str = ""
    held: bool = False
    release: threading.Event = attrs.field(factory=threading.Event)
    waiting: threading.Semaphore = attrs.field(factory=lambda: threading.Semaphore(0))
    documents: list[dict[str, Any]] = attrs.field(factory=list)
    revoked_after: int | None = None
    """How many documents the key is good for."""
    on_first_file: Any = None
    refused: str = ""
    """The number of a document that is refused."""
    lost: str = ""
    """The number of a document that is made without an answer."""

    def answer(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if self.revoked_after is not None and len(self.documents) >= self.revoked_after:
            return 401, {"type": "unauthorized"}
        if path.startswith("/applicants/"):
            return 200, {"applicant_id": path.rpartition("/")[2], "documents": None}
        if path == "/files":
            if self.on_first_file is not None:
                first, self.on_first_file = self.on_first_file, None
                first()
            return 200, {"file_id": _id("f", hash(body))}
        document = json.loads(body)
        if self.held:
            self.waiting.release()
            assert self.release.wait(30)
        if document.get("document_number") == self.refused != "":
            errors = [{"parameter": "document_number", "message": "Canary"}]
            return 422, {"type": "validation", "errors": errors}
        self.documents.append(document)
        if document.get("document_number") == self.lost != "":
            self.lost = ""
            raise ConnectionAbortedError
        return 200, {"document_id": _id("d", len(self.documents))}


def _id(kind: str, number: int) -> str:
    return f"{kind}{number % 10**30:035}"


@contextmanager
def slow_server() -> Iterator[SlowServer]:
    made = SlowServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            status, answer = made.answer(self.path, self.rfile.read(int(self.headers.get("Content-Length", "0"))))
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """A client that was stopped at once leaves a broken connection behind."""

    with Server(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield made
        finally:
            made.release.set()
            server.shutdown()
            thread.join()


def told(process):
    """Return the next line on stderr that is no progress; of that a busy machine sees some, a fast one none."""
    while " rows; " in (line := process.stderr.readline()):
        pass
    return line
