"""A server that shares no code with the package, and what stands before it and answers in its place."""

import json
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1><hr><center>nginx</center></body></html>"


@dataclass(frozen=True)
class Reply:
    """What comes back for one request, and whether the server acted on it before."""

    status: int
    body: str = ""
    type: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    acts: bool = True


def page(status: int, title: str, **headers: str) -> Reply:
    return Reply(status, PAGE.format(title), "text/html; charset=utf-8", headers)


def foreign(status: int, value: Any) -> Reply:
    return Reply(status, json.dumps(value), "application/json")


BETWEEN = {
    "Envoy's text with 503": Reply(
        503,
        "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
        "text/plain",
    ),
    "a page with 503": page(503, "503 Service Temporarily Unavailable"),
    "nothing with 503": Reply(503),
    "a problem with 503": foreign(503, {"type": "about:blank", "title": "Service Unavailable", "status": 503}),
    "Google's JSON with 503": foreign(503, {"error": {"code": 503, "message": "Down", "status": "UNAVAILABLE"}}),
    "a page with 503 and a time": page(503, "503", **{"Retry-After": "1"}),
    "a page with 429": page(429, "429 Too Many Requests"),
    "nothing with 429": Reply(429),
    "nothing with 429 and a time": Reply(429, headers={"Retry-After": "0"}),
    "Kong's JSON with 429": foreign(429, {"message": "API rate limit exceeded"}),
    "Azure's JSON with 429": foreign(429, {"statusCode": 429, "message": "Rate limit is exceeded."}),
    "a word with 429": foreign(429, {"error": "rate_limited"}),
    "a firewall's page with 403": page(403, "Request blocked"),
    "AWS's JSON with 403": foreign(403, {"message": "Forbidden"}),
    "a proxy's page with 401": page(401, "Log in", **{"WWW-Authenticate": "Basic"}),
    "a proxy's page with 407": page(407, "Log in", **{"Proxy-Authenticate": "Basic"}),
    "a page with 400": page(400, "400 Bad Request"),
    "a page with 404": page(404, "default backend - 404"),
    "a page with 408": page(408, "408 Request Time-out"),
    "nginx's page with 413": page(413, "413 Request Entity Too Large"),
    "a page with 418": page(418, "Who are you?"),
    "a page with 500": page(500, "500 Internal Server Error"),
    "a page with 502": page(502, "502 Bad Gateway"),
    "a page with 504": page(504, "504 Gateway Time-out"),
    "Cloudflare's page with 520": page(520, "Web server is returning an unknown error"),
    "a portal's page with 200": page(200, "Welcome to our network"),
    "other JSON with 200": foreign(200, {"message": "ok"}),
    "nothing with 204": Reply(204),
    **{
        f"a redirect with {status}": Reply(status, headers={"Location": "http://127.0.0.1:1/login"})
        for status in (300, 301, 302, 303, 304, 307, 308)
    },
}
"""Answers that are not KYCAID's, each after the server acted."""

BUSY = {
    "its own 429": Reply(429, '{"type":"limit_exceeded","errors":[]}', "application/json; charset=utf-8", acts=False),
    "its own 503": Reply(503, '{"type":"limit_exceeded","errors":[]}', "application/json; charset=utf-8", acts=False),
}

_IDS = ("applicant", "document", "verification", "file")
_GOOD = json.dumps({f"{name}_id": "5f" * 18 for name in _IDS} | {"data": []})


class Remote:
    """Serves in threads of its own. Each request takes the next reply; without one, all goes well."""

    def __init__(self) -> None:
        self.replies: deque[Reply] = deque()
        self.made: Counter[str] = Counter()
        """How often the server acted, by verb and path."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Remote":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(remote) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the handler's
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # an answer leaves in one piece

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                reply = remote.replies.popleft() if remote.replies else Reply(200, _GOOD, "application/json")
                remote.made[f"{self.command} {self.path}"] += reply.acts
                self.send_response_only(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.type:
                    self.send_header("Content-Type", reply.type)
                if reply.status not in (204, 304):
                    self.send_header("Content-Length", str(len(reply.body.encode())))
                self.end_headers()
                self.wfile.write(reply.body.encode())

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
