"""What the adapters of all frameworks do between reading a body and sending an answer."""

import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import attrs

from kycaid_async.callbacks.events import Event
from kycaid_async.callbacks.parsing import construct_event
from kycaid_async.callbacks.seen import Deduplicator
from kycaid_async.callbacks.signature import keys_of
from kycaid_async.errors import BodyTooLargeError, DecodeError, InvalidSignatureError
from kycaid_async.values.json import dumps
from kycaid_async.values.secret import ApiKey

logger = logging.getLogger("kycaid_async")

Handler: TypeAlias = Callable[[Event], object]
"""What is called with an event: a function, or a coroutine function."""
InThread: TypeAlias = Callable[..., Awaitable[Any]]
"""Takes a function and the event, and calls it without blocking the event loop, as the framework does it."""


@attrs.frozen
class Reply:
    """An answer, in JSON."""

    status: int
    content: dict[str, str]
    result: Any = attrs.field(default=None, repr=False)
    """What the handler returned."""

    @property
    def body(self) -> bytes:
        return dumps(self.content)


_REFUSALS: dict[type[Exception], Reply] = {
    InvalidSignatureError: Reply(401, {"error": "invalid signature"}),
    DecodeError: Reply(400, {"error": "unreadable body"}),
    BodyTooLargeError: Reply(413, {"error": "body too large"}),
}
TOO_LARGE = _REFUSALS[BodyTooLargeError]


@attrs.frozen(eq=False)
class Receiver:
    """Answers callbacks. Raises `ConfigurationError` when it is made without a usable key."""

    _handler: Handler
    _keys: tuple[ApiKey, ...] = attrs.field(converter=keys_of)
    _in_thread: InThread
    _deduplicator: Deduplicator | None
    _max_body: int

    @property
    def enough(self) -> int:
        """How many bytes to read at most: with these, a body is too large."""
        return self._max_body + 1

    # Two steps, so that no frame that is active while the handler runs holds the body: reports of errors print locals.
    def open(self, body: bytes, signature: str | None) -> Event | Reply:
        """Return the event in ``body``, or the answer that refuses it."""
        try:
            return construct_event(body, signature, self._keys, max_body=self._max_body)
        except tuple(_REFUSALS) as error:
            return _REFUSALS[type(error)]

    async def handle(self, opened: Event | Reply) -> Reply:
        """Call the handler with an event and return the answer. What the handler raises is raised."""
        if isinstance(opened, Reply):
            logger.info("callback refused: %s", opened.content["error"])
            return opened
        try:
            reply = await self._once(opened)
        except Exception:
            logger.info("callback %s: the handler failed", _type(opened))
            raise
        logger.debug("callback %s: %s", _type(opened), reply.content["status"])
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
    """Say whether ``handler`` is a coroutine function, or an object that is called like one."""
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(type(handler).__call__)


async def in_calling_thread(handler: Handler, event: Event) -> Any:
    """Call ``handler`` in the thread of the request, where synchronous frameworks keep their connections."""
    from asgiref.sync import sync_to_async

    return await sync_to_async(handler, thread_sensitive=True)(event)


def _type(event: Event) -> str:
    # A type outside of the list is text from outside, and not for a log.
    return str(event.type) if event.type is not None and event.type.is_known else "of an unknown type"
