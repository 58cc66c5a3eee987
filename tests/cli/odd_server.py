"""A server of Python's own http.server: it records requests, and gives any answer."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class OddServer:
    """Answers with what stands in ``answers`` by turns, the last one for ever: status, body or function, headers."""

    def __init__(self, url):
        self.url = url
        self.requests = []
        self.answers = [(200, {}, {})]

    def answer(self, *answers):
        """Give these answers: bodies, or pairs of status and body, or with headers."""
        whole = [one if isinstance(one, tuple) else (200, one) for one in answers]
        self.answers = [(*one, {}) if len(one) == 2 else one for one in whole]


@contextmanager
def odd_server() -> Iterator[OddServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            made.requests.append((self.command, self.path, dict(self.headers), body))
            status, content, headers = made.answers.pop(0) if len(made.answers) > 1 else made.answers[0]
            content = content() if callable(content) else content
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers, "Content-Length": len(raw)}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = respond  # noqa: N815 - as http.server calls them

        def log_message(self, *_):
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = OddServer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
