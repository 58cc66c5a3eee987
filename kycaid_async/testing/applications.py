"""Web applications that take callbacks without a port: ASGI and WSGI."""

import asyncio
import inspect
import io
import sys
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from contextlib import ExitStack
from typing import Any, Self
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from aiohttp import web
from anyio import to_thread
from anyio.from_thread import start_blocking_portal

from kycaid_async.errors import ConfigurationError
from kycaid_async.sandbox.events.feed import CallbackTarget, Post

_HOST = "testserver"
"""Stands in URLs of callbacks for which no request named one; the tests of Django and Starlette allow it."""
_Message = MutableMapping[str, Any]


def default_url(path: str) -> str:
    """Return the URL of callbacks that name none. Raises `ConfigurationError` for what is no path."""
    if not path.startswith("/") or path.startswith("//"):
        raise ConfigurationError(f"the path of a receiver starts with one slash, as in '/kycaid', not {path!r}")
    return f"http://{_HOST}{path}"


def post_to(app: Any) -> Post:
    """Return what posts to an application, in the loop that calls it. Raises `ConfigurationError` for what is none."""
    if isinstance(app, web.Application):
        raise ConfigurationError(
            "aiohttp.web speaks neither ASGI nor WSGI: serve it on a port, as pytest-aiohttp's aiohttp_server does, "
            "and give that URL as callback_url"
        )
    if not callable(app):
        raise ConfigurationError(f"expected an ASGI or WSGI application, got {type(app).__name__}")
    call = _call_asgi if _is_asgi(app) else _call_wsgi

    async def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        return await call(app, url, body, headers)

    return post


def _is_asgi(app: Any) -> bool:
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None))  # noqa: B004 - of what it returns


class RedirectedCallbacks:
    """Lets an application have all callbacks from its making until the end of its ``with``, or of the sandbox."""

    def __init__(self, receiver: CallbackTarget, post: Post, path: str) -> None:
        self._receiver = receiver
        self._before = (receiver.post, receiver.url)
        receiver.post, receiver.url = post, default_url(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._receiver.post, self._receiver.url = self._before


class ReceiverLoop:
    """The event loop in which an application takes callbacks: that of the test, or one in a thread of its own."""

    def __init__(self) -> None:
        self.chosen: asyncio.AbstractEventLoop | None = None
        self._own: asyncio.AbstractEventLoop | None = None
        self._thread = ExitStack()

    def choose(self) -> asyncio.AbstractEventLoop:
        """Take the loop that runs here; where none does, one in a thread."""
        try:
            self.chosen = asyncio.get_running_loop()
        except RuntimeError:
            if self._own is None:
                portal = self._thread.enter_context(start_blocking_portal(name="kycaid receiver"))
                self._own = portal.call(asyncio.get_running_loop)
            self.chosen = self._own
        return self.chosen

    def close(self) -> None:
        """End the thread, if there is one."""
        self._thread.close()


def within(loop: asyncio.AbstractEventLoop, post: Post) -> Post:
    """Return what posts in ``loop``, whichever loop calls it."""

    async def handed_over(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_posted(post, url, body, headers), loop))

    return handed_over


def is_in(loop: asyncio.AbstractEventLoop | None) -> bool:
    """Say whether this runs in a loop."""
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


async def _posted(post: Post, url: str, body: bytes, headers: Mapping[str, str]) -> int:
    # Called here, and not by who hands it over: given up before the loop came to it, it would be awaited by nobody.
    return await post(url, body, headers)


async def _call_asgi(app: Any, url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Call an ASGI application, without its lifespan, and return the status of its answer."""
    statuses: list[int] = []
    is_read, is_over = False, asyncio.Event()

    async def receive() -> _Message:
        nonlocal is_read
        if not is_read:
            is_read = True
            return {"type": "http.request", "body": body, "more_body": False}
        await is_over.wait()
        return {"type": "http.disconnect"}

    async def send(message: _Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
        elif not message.get("more_body", False):
            is_over.set()

    await app(_scope(url, body, headers), receive, send)
    if not statuses:
        raise RuntimeError("the application sent no answer")
    return statuses[0]


def _scope(url: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    parts = urlsplit(url)
    named = {"host": parts.netloc.rpartition("@")[2], "content-length": str(len(body)), **headers}
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": parts.scheme,
        "path": unquote(parts.path) or "/",
        "raw_path": parts.path.encode() or b"/",
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in named.items()],
        "client": ("127.0.0.1", 0),
        "server": (parts.hostname, parts.port or 80),
    }


async def _call_wsgi(app: Any, url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Call a WSGI application in a thread, as a server does, and return the status of its answer."""
    return await to_thread.run_sync(_wsgi_status, app, _environ(url, body, headers), abandon_on_cancel=True)


def _wsgi_status(app: Callable[..., Iterable[bytes]], environ: dict[str, Any]) -> int:
    statuses: list[str] = []

    def start_response(status: str, _headers: Any, _exc_info: Any = None) -> Callable[[bytes], object]:
        statuses.append(status)
        return lambda _data: None

    answer = app(environ, start_response)
    try:
        for _ in answer:
            pass
    finally:
        getattr(answer, "close", lambda: None)()
    return int(statuses[-1].split()[0])


def _environ(url: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        # As PEP 3333 has it: bytes that stand in text one by one.
        "PATH_INFO": unquote_to_bytes(parts.path or "/").decode("latin-1"),
        "QUERY_STRING": parts.query,
        "CONTENT_TYPE": headers["Content-Type"],
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": parts.netloc.rpartition("@")[2],
        **{
            f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items() if name != "Content-Type"
        },
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
