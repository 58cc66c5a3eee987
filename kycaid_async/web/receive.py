"""The receiver behind the adapters of all frameworks: from the body of a callback to the answer."""

import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

import attrs

from kycaid_async.callbacks.deduplication import Deduplicator
from kycaid_async.callbacks.events import Event
from kycaid_async.callbacks.parsing import parse
from kycaid_async.callbacks.signature import BYTES, SIGNATURE_HEADER, check_size, keys_of, verify_with
from kycaid_async.errors import BodyTooLargeError, DecodeError, InvalidSignatureError
from kycaid_async.options import FUNCTION, Kind, instance_of
from kycaid_async.protocol.packing import BrokenPackingError, UnpackedTooLargeError, names_in, unpack
from kycaid_async.values.json import dumps
from kycaid_async.values.secret import ApiKey

logger = logging.getLogger("kycaid_async")

Handler: TypeAlias = Callable[[Event], object]
"""A handler of events: a function, or a coroutine function."""
InThread: TypeAlias = Callable[..., Awaitable[Any]]
"""Calls a function with the event without blocking the event loop, in the framework's own way."""
Header: TypeAlias = Callable[[str], str | None]
"""Returns the value of a header of the request."""

DEDUPLICATOR: Final = instance_of(Deduplicator, "a Deduplicator").or_none("none")
"""Where somebody gives a store, ``Deduplicator(store)`` is meant."""
PATH: Final = Kind("text that begins with /", lambda value: isinstance(value, str) and value.startswith("/"))


@attrs.frozen
class Reply:
    """An answer, in JSON."""

    status: int
    content: dict[str, str]
    result: Any = attrs.field(default=None, repr=False)
    """The handler's return value."""
    advice: str = ""
    """How the operator of the server can prevent the refusal; for the log."""

    @property
    def body(self) -> bytes:
        return dumps(self.content)


_REFUSALS: dict[type[Exception], Reply] = {
    InvalidSignatureError: Reply(401, {"error": "invalid signature"}),
    DecodeError: Reply(400, {"error": "unreadable body"}),
    BodyTooLargeError: Reply(413, {"error": "body too large"}),
}
TOO_LARGE = _REFUSALS[BodyTooLargeError]
# The sender cannot help it, and sends it again.
_READ_BEFORE = Reply(
    500,
    {"error": "body was read before"},
    advice="A middleware or a hook used up the stream, or the connection broke: let it read the body in the way that "
    "keeps it for others, or leave this path out",
)
INCOMPLETE = Reply(
    400,
    {"error": "incomplete body"},
    advice="It is shorter than its headers say: it was cut off, or a middleware or a hook read a part of it",
)
NO_LENGTH = Reply(
    411,
    {"error": "length required"},
    advice="It came in chunks or over HTTP/2, without its length, and this WSGI server does not hand such bodies on "
    "(wsgi.input_terminated)",
)
_UNFIT_WITHOUT_LENGTH = Reply(
    401,
    {"error": "invalid signature"},
    advice="It came without its length: if a middleware or a hook reads a part of it, what is left fits no signature",
)
DECOMPRESSED = Reply(
    415,
    {"error": "compressed body"},
    advice="The server unpacked it, and the signature covers the bytes as they came: use "
    "web.AppRunner(app, auto_decompress=False)",
)


@attrs.frozen(eq=False)
class Receiver:
    """Answers callbacks. Raises `ConfigurationError` for options that cannot be, such as no usable key."""

    _handler: Handler = attrs.field(validator=FUNCTION.of_option("handler"))
    _keys: tuple[ApiKey, ...] = attrs.field(converter=keys_of)
    _in_thread: InThread
    _deduplicator: Deduplicator | None = attrs.field(validator=DEDUPLICATOR.of_option("deduplicator"))
    _max_body: int = attrs.field(validator=BYTES.of_option("max_body"))

    @property
    def read_limit(self) -> int:
        """The number of bytes after which an adapter may stop reading: a body of this size is too large."""
        return self._max_body + 1

    # Two steps, so that no frame holds the body while the handler runs: crash reports print locals.
    def open(self, body: bytes, header: Header, *, withheld: bool = False) -> Event | Reply:
        """Verify and parse ``body``, as it arrived and before any decompression. Return the event, or the refusal.

        ``withheld`` says that the server hands no body on whose length was not declared.
        """
        declared = header("Content-Length") or ""
        if declared.isdecimal() and len(body) < min(int(declared), self.read_limit):
            return INCOMPLETE if body else _READ_BEFORE
        try:
            verify_with(self._keys, body, header(SIGNATURE_HEADER), max_body=self._max_body)
            return parse(_decompress(body, header("Content-Encoding"), self._max_body))
        except InvalidSignatureError:
            if declared or not header(SIGNATURE_HEADER):
                return _REFUSALS[InvalidSignatureError]
            # Chunks declare no length, and HTTP/2 need not; a signed callback has a body.
            return _UNFIT_WITHOUT_LENGTH if body else NO_LENGTH if withheld else _READ_BEFORE
        except (DecodeError, BodyTooLargeError) as error:
            return _REFUSALS[type(error)]

    async def handle(self, opened: Event | Reply) -> Reply:
        """Call the handler with an event and return the answer. Exceptions of the handler propagate."""
        if isinstance(opened, Reply):
            message = f"callback refused: {opened.content['error']}"
            told = {"kycaid_reply": opened.content["error"], "kycaid_status": opened.status}
            if opened.advice:
                logger.warning("%s. %s.", message, opened.advice, extra=told)
            else:
                logger.info(message, extra=told)
            return opened
        try:
            reply = await self._once(opened)
        except Exception as error:
            told = {"kycaid_callback": _type(opened), "kycaid_error": type(error).__name__}
            logger.info("callback %s: the handler failed", _type(opened), extra=told)
            raise
        told = {"kycaid_callback": _type(opened), "kycaid_reply": reply.content["status"]}
        logger.debug("callback %s: %s", _type(opened), reply.content["status"], extra=told)
        return reply

    async def _once(self, event: Event) -> Reply:
        if self._deduplicator is None:
            return await self._call(event)
        async with self._deduplicator.attempt(event) as new:
            return await self._call(event) if new else Reply(200, {"status": "duplicate"})

    async def _call(self, event: Event) -> Reply:
        if is_async(self._handler):
            result = self._handler(event)
        else:
            result = await self._in_thread(self._handler, event)
        return Reply(200, {"status": "ok"}, await result if inspect.isawaitable(result) else result)


def is_async(handler: Handler) -> bool:
    """Return True for a coroutine function, and for an object that is called like one."""
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(type(handler).__call__)


async def in_calling_thread(handler: Handler, event: Event) -> Any:
    """Call ``handler`` in the thread of the request, where synchronous frameworks keep their connections."""
    from asgiref.sync import sync_to_async

    return await sync_to_async(handler, thread_sensitive=True)(event)


def is_withheld(header: Header, environ: Mapping[str, Any]) -> bool:
    """Return True where a WSGI server hands no body on that came without its length, as in chunks or over HTTP/2."""
    return not header("Content-Length") and not environ.get("wsgi.input_terminated")


def is_chunked(header: Header) -> bool:
    """Return True when the body came in chunks, without its length."""
    return "chunked" in (header("Transfer-Encoding") or "").lower()


def _decompress(body: bytes, encoding: str | None, limit: int) -> bytes:
    """Decompress a verified body. KYCAID is not known to compress; proxies do.

    Raises `DecodeError` and `BodyTooLargeError`.
    """
    try:
        return unpack(body, names_in(encoding), limit)
    except UnpackedTooLargeError:
        size = limit + 1
    except BrokenPackingError:
        size = 0
    check_size(size, limit)
    raise DecodeError("the callback's body cannot be read: it is compressed in an unknown way, or not whole.")


def _type(event: Event) -> str:
    # An unknown type is text from outside, which no log may show.
    return str(event.type) if event.type is not None and event.type.is_known else "of an unknown type"
