"""Table and checks of the parts of aiohttp that are used although its documentation does not promise them.

aiohttp may change them in any release. So each stands in one table here, with why it is used, and nothing is built on
one before a look at all of them: their names, their signatures, whether they are coroutines, and what comes of a
request that is played through them in memory. Whatever does not fit, there is a way of documented parts without it.
"""

import asyncio
import importlib
import inspect
import logging
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import Any, Final

import aiohttp
import attrs

from kycaid_async.errors import ConfigurationError
from kycaid_async.masking import ValueObject
from kycaid_async.transport.aiohttp.answers import HEAD_LIMITS

logger = logging.getLogger("kycaid_async")


@attrs.frozen(eq=False, repr=False)
class Part(ValueObject):
    """An undocumented part of aiohttp, and why it is used."""

    name: str
    why: str
    takes: tuple[str, ...] | None = None
    """Arguments as they are passed, of a function; those that are passed by name end with ``=``."""
    waits: bool = False
    """Whether it is a coroutine function."""
    overridden: bool = False
    """True when aiohttp calls one of ours in its place: then nothing may be added to its arguments."""
    of_instances: bool = False
    """True for what only an object has: the rehearsal looks at it."""


_REQUEST: Final = ("self", "method", "url", "headers=", "loop=", "session=", "ssl=", "proxy=")
_CONNECT: Final = ("self", "req", "traces", "timeout")
_WRITE: Final = Part("http.StreamWriter.write", "sends a piece of a file", ("self", "chunk", "drain="), waits=True)

POOL: Final = (
    Part(
        "TCPConnector.connect",
        "connections are looked at before use",
        _CONNECT,
        waits=True,
        overridden=True,
    ),
    Part("connector.Connection.protocol", "a connection with unasked bytes is not used"),
    Part("connector.Connection.transport", "the end of an idle connection is found before it is used"),
    Part("connector.Connection.close", "a connection that cannot be used again leaves the pool", ("self",)),
    Part("client_proto.ResponseHandler.should_close", "says whether something came that nobody asked for"),
    Part("client_proto.ResponseHandler.is_connected", "says whether a connection lives", ("self",)),
    Part(
        "client_proto.ResponseHandler.data_received",
        "a whole answer counts, whatever bytes follow it",
        ("self", "data"),
        overridden=True,
    ),
    Part("client_proto.ResponseHandler.force_close", "a connection with such bytes is not used again", ("self",)),
    Part("client_proto.ResponseHandler", "reads answers"),
    Part(
        "client_proto.ResponseHandler.set_response_params",
        "says how the answer is to be read",
        ("self", "skip_payload=", "read_until_eof=", *(f"{name}=" for name in HEAD_LIMITS)),
    ),
    Part("client_proto.ResponseHandler.set_exception", "ends the wait after a failed write", ("self", "e", "c")),
)
"""What our own connector is built on. Without it: aiohttp's connector as it is."""

BODIES: Final = (
    Part("Payload.__init__", "a body of our own tells when it is written", ("self", "value", "content_type=")),
    Part("BytesPayload.__init__", "the same, for JSON", ("self", "value", "content_type=")),
    Part("Payload.size", "the length of a file is declared"),
    Part("Payload.autoclose", "aiohttp need not close a file: it never opens one"),
    Part("Payload.decode", "has no meaning for a file", ("self", "encoding", "errors"), overridden=True),
    Part(
        "Payload.write",
        "a file is written in pieces, with a look at the socket",
        ("self", "writer"),
        waits=True,
        overridden=True,
    ),
    _WRITE,
    Part(
        "BytesPayload.write_with_length",
        "says that a request leaves this process",
        ("self", "writer", "content_length"),
        waits=True,
        overridden=True,
    ),
)
"""What the bodies that go through aiohttp's session are built on. Without it: bytes, and an iterator of them."""

STRAIGHT: Final = (
    Part("ClientRequest.__init__", "stands for all requests: its server chooses the connection", _REQUEST),
    Part("ClientRequest.headers", "the head of a request is aiohttp's own", of_instances=True),
    Part("ClientRequest.is_ssl", "without TLS, a proxy wants another target", ("self",)),
    Part("ClientRequest.send", "who looks on at requests puts something in its place", ("self", "conn"), waits=True),
    Part("ClientSession._request", "the same", ("self", "method", "str_or_url"), waits=True),
    Part("connector.Connection.release", "a connection goes back into the pool", ("self",)),
    Part("client_proto.ResponseHandler.read", "gives the answer", ("self",), waits=True),
    Part("client_proto.ResponseHandler.abort", "ends a request that was answered before it was sent", ("self",)),
    Part("client_proto.ResponseHandler.exception", "says whether the connection broke", ("self",)),
    Part("client_proto.ResponseHandler.transport", "requests are written to it", of_instances=True),
    Part("client_proto.ResponseHandler.writing_paused", "says whether there is room for more"),
    Part("http_parser.RawResponseMessage.code", "the status of an answer", of_instances=True),
    Part("http_parser.RawResponseMessage.headers", "the headers of an answer", of_instances=True),
    Part("StreamReader.total_bytes", "how much has come, for the limits in time", of_instances=True),
    Part("http.StreamWriter", "writes large files, and waits for room"),
    _WRITE,
    Part("http.StreamWriter.drain", "the same", ("self",), waits=True),
)
"""What requests past aiohttp's session are built on, beside `POOL`. Without it: the session."""

OPTIONAL: Final = (
    Part("ClientSession._retry_connection", "turned off: repeats are judged in one place", of_instances=True),
    Part("ClientSession._loop", "a session of another loop is refused at once", of_instances=True),
    Part("ClientSession._default_proxy", "a proxy that would see the key is refused", of_instances=True),
    Part("BaseConnector._closed", "a forked process leaves the connections of the other alone", of_instances=True),
    Part("http.StreamWriter.transport", "how much of a body has left is seen, and an early answer", of_instances=True),
    Part("BaseConnector._factory", "a whole answer counts, whatever bytes follow it", of_instances=True),
    Part("http_exceptions.HttpProcessingError", "an answer that is no HTTP is told as such"),
    Part("http_exceptions.BadHttpMessage", "a head with too many headers is told as such"),
    Part("http_exceptions.BadHttpMessage.message", "the same", of_instances=True),
    Part("http_exceptions.LineTooLong", "a head that is too large is told as such"),
    Part("http_exceptions.ContentEncodingError", "an answer packed in a way that is not read is told as such"),
)
"""What is used where it is there; each place says what it does without."""

PARTS: Final = tuple(dict.fromkeys((*POOL, *BODIES, *STRAIGHT, *OPTIONAL)))


class UnfitError(Exception):
    """A part of aiohttp is gone or has changed. Its text names the part."""


class _NeverRaisedError(Exception):
    pass


def _exception(name: str) -> type[Exception]:
    try:
        found: Any = getattr(importlib.import_module("aiohttp.http_exceptions"), name)
    except (ImportError, AttributeError):
        found = None
    return found if isinstance(found, type) and issubclass(found, Exception) else _NeverRaisedError


HttpProcessingError: Final = _exception("HttpProcessingError")
BadHttpMessage: Final = _exception("BadHttpMessage")
LineTooLong: Final = _exception("LineTooLong")
ContentEncodingError: Final = _exception("ContentEncodingError")

_verdicts: dict[str, bool] = {}


def own_connector_fits() -> bool:
    """Say whether a connector of our own can be used. Looked at once in a process, and logged."""
    return _once("own connector", lambda: look_at(POOL))


def own_bodies_fit() -> bool:
    """Say whether aiohttp's session takes bodies of our own and says when it writes them."""
    return _once("own bodies", _look_at_bodies)


def straight_way_fits(loop: asyncio.AbstractEventLoop) -> bool:
    """Say whether requests can go past aiohttp's session."""
    return own_connector_fits() and _once("requests past the session", lambda: _look_at_straight_way(loop))


def give_up_straight_way(error: Exception) -> None:
    """Send no more requests past the session in this process: one failed, in a way that has no name."""
    _once("requests past the session", lambda: None)  # it has a verdict already
    if _verdicts["requests past the session"]:
        _verdicts["requests past the session"] = False
        logger.warning(
            "a request past aiohttp's session failed (%s); requests go through the session from now on", where(error)
        )


def where(error: BaseException) -> str:
    """Return the kind of an error and the line that raised it: its text may quote a part of an answer."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    line = "" if trace is None else f", {module_of(error)} line {trace.tb_lineno}"
    return f"{type(error).__name__}{line}, aiohttp {aiohttp.__version__}"


def module_of(error: BaseException) -> str:
    """Return the name of the module that raised ``error``."""
    trace, name = error.__traceback__, ""
    while trace is not None:
        name, trace = str(trace.tb_frame.f_globals.get("__name__")), trace.tb_next
    return name


# What is private in aiohttp is reached here only. Each function says what holds without the part.

_HIDDEN_PROXY: Final = object()


def loop_of(session: aiohttp.ClientSession) -> Any:
    """Return the loop of a session; None when it does not tell."""
    return getattr(session, "_loop", None)


def default_proxy_of(session: aiohttp.ClientSession, *, ours: bool) -> Any:
    """Return the proxy that a session was made with. Raises `ConfigurationError` when that is not ours and hides it."""
    proxy = getattr(session, "_default_proxy", None if ours else _HIDDEN_PROXY)
    if proxy is _HIDDEN_PROXY:
        raise ConfigurationError(
            "session: this version of aiohttp does not tell whether it has a proxy, which would see the key and "
            "personal data in the clear; leave session=… out, or use an https base_url"
        )
    return proxy


def forbid_repeats(session: aiohttp.ClientSession) -> bool:
    """Keep aiohttp from repeating requests by itself, and say whether that could be done."""
    if not hasattr(session, "_retry_connection"):
        return False
    session._retry_connection = False  # noqa: SLF001 - there is no public switch
    return True


def keep_from_closing(connector: aiohttp.BaseConnector) -> None:
    """Keep a connector from closing its connections when nobody holds it any more, where that can be done."""
    with suppress(AttributeError):  # it may be read-only one day
        connector._closed = True  # noqa: SLF001 - there is no public way


def make_protocols_of(connector: aiohttp.BaseConnector, protocol: Callable[..., Any]) -> None:
    """Let the connections of a connector read answers with ``protocol``, where that can be done."""
    with suppress(AttributeError):  # as above
        connector._factory = partial(protocol, loop=asyncio.get_running_loop())  # noqa: SLF001 - as above


def _is_of_aiohttp(function: Any) -> bool:
    """Say whether a function is aiohttp's own, and no wrapper that passes for it."""
    if not isinstance(function, FunctionType) or hasattr(function, "__wrapped__"):
        return False
    return Path(function.__code__.co_filename).parent == Path(aiohttp.__file__).parent


_PUBLIC_REQUEST: Final = aiohttp.ClientSession.request
_INNER_REQUEST: Final = getattr(aiohttp.ClientSession, "_request", None)
_SEND: Final = getattr(aiohttp.ClientRequest, "send", None)
_WAS_PATCHED: Final = not all(map(_is_of_aiohttp, (_PUBLIC_REQUEST, _INNER_REQUEST, _SEND)))


def is_patched() -> bool:
    """Say whether a tracer or a mock has patched what sends requests. Then each of them has to go through the session.

    One that came before this was imported, and left a function of its own there, counts too.
    """
    session = aiohttp.ClientSession
    return (
        session.request is not _PUBLIC_REQUEST
        or getattr(session, "_request", None) is not _INNER_REQUEST
        or getattr(aiohttp.ClientRequest, "send", None) is not _SEND
        or _WAS_PATCHED
    )


def look_at(parts: Iterable[Part]) -> None:
    """Raise `UnfitError` for the first part that is not what it has to be."""
    for part in parts:
        if not part.of_instances:
            _look_at(part)


def _once(what: str, look: Callable[[], None]) -> bool:
    fits = _verdicts.get(what)
    if fits is None:
        try:
            look()
        except Exception as error:  # noqa: BLE001 - there is no telling what a changed part raises
            logger.info(
                "aiohttp %s has changed: it is used without %s (%s: %s)",
                aiohttp.__version__,
                what,
                type(error).__name__,
                error,
            )
            fits = False
        else:
            fits = True
        _verdicts[what] = fits
    return fits


def _look_at(part: Part) -> None:
    found = find(part.name)
    if part.takes is None:
        if inspect.isroutine(found):
            raise UnfitError(f"{part.name} is a function")
        return
    if inspect.iscoroutinefunction(found) is not part.waits:
        raise UnfitError(f"{part.name} is {'no' if part.waits else 'a'} coroutine function")
    if part.overridden and list(inspect.signature(found).parameters) != list(part.takes):
        raise UnfitError(f"{part.name} has other arguments")
    positional = [name for name in part.takes if not name.endswith("=")]
    try:
        inspect.signature(found).bind(*positional, **{name[:-1]: None for name in part.takes if name.endswith("=")})
    except TypeError as error:
        raise UnfitError(f"{part.name}: {error}") from None


def find(name: str) -> Any:
    """Return the part with this name. Raises `UnfitError` when there is none."""
    found: Any = aiohttp
    for step in name.split("."):
        try:
            found = getattr(found, step)
        except AttributeError:
            raise UnfitError(f"there is no {name}") from None
    return found


def _look_at_bodies() -> None:
    look_at(BODIES)
    functions = [value for value in vars(aiohttp.ClientRequest).values() if inspect.isfunction(value)]
    if not any("write_with_length" in function.__code__.co_names for function in functions):
        raise UnfitError("requests do not call write_with_length of their body")


def _look_at_straight_way(loop: asyncio.AbstractEventLoop) -> None:
    look_at(STRAIGHT)
    _rehearse(loop)


class _InMemory(asyncio.Transport):
    """A transport to nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True

    close = abort


def _rehearse(loop: asyncio.AbstractEventLoop) -> None:
    """Play an answer and a few bytes of a request through aiohttp's protocol. Raises whatever that raises."""
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.http import StreamWriter

    protocol, transport = ResponseHandler(loop), _InMemory()
    protocol.connection_made(transport)
    protocol.set_response_params(skip_payload=False, read_until_eof=True, **HEAD_LIMITS)
    _expect("protocol", protocol.transport is transport and protocol.is_connected() and not protocol.should_close)
    writer = StreamWriter(protocol, loop)
    _at_once(writer.write(b"request", drain=False))
    _at_once(writer.drain())
    _expect("StreamWriter", transport.written == b"request" and not protocol.writing_paused)
    protocol.data_received(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nX-Id: 1\r\n\r\n{}")
    message, content = _at_once(protocol.read())
    _expect("RawResponseMessage", (message.code, message.headers.get("x-id")) == (201, "1"))
    _expect("StreamReader", (content.is_eof(), content.total_bytes, content.read_nowait()) == (True, 2, b"{}"))
    _expect("ResponseHandler", not protocol.should_close and protocol.exception() is None)
    protocol.set_exception(aiohttp.ClientOSError(), OSError())
    _expect("set_exception", isinstance(protocol.exception(), aiohttp.ClientOSError) and protocol.should_close)
    protocol.abort()
    _expect("abort", transport.aborted)


def _at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return what ``coroutine`` returns. Raises `UnfitError` when it waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise UnfitError("what is ready is waited for")


def _expect(what: str, holds: bool) -> None:
    if not holds:
        raise UnfitError(f"{what} does not do what it did")
