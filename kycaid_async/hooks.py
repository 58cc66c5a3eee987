"""Hooks: functions of yours that are told what a client does. Their events hold no personal data.

No event has an id, a body, a key, a name, or a URL with one of these in it: a path is the template of its operation.
"""

import asyncio
import functools
import inspect
import logging
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol, TypeAlias, TypedDict
from urllib.parse import urlsplit

import attrs

from kycaid_async.errors import ConfigurationError
from kycaid_async.masking import ValueObject
from kycaid_async.tracebacks import guarded

logger = logging.getLogger("kycaid_async")

_RUN_LATER: Final = (inspect.iscoroutinefunction, inspect.isasyncgenfunction, inspect.isgeneratorfunction)
"""Kinds of functions that do nothing when they are only called."""
_PORTS: Final = {"http": 80, "https": 443}


@attrs.frozen(kw_only=True, eq=False, repr=False, slots=False)
class CallEvent(ValueObject):
    """A call begins."""

    operation: str
    """As in ``documents.create``; ``request`` for `AsyncKycaid.request`."""
    method: str
    """The HTTP verb."""
    path: str
    """The path template, as in ``/documents/{document_id}``."""
    server: str
    """The host's name."""
    port: int


@attrs.frozen(kw_only=True, eq=False, repr=False, slots=False)
class AttemptEvent(CallEvent):
    """An attempt of a call is over, well or not."""

    attempt: int
    """1 for the first."""
    status: int | None
    """HTTP status of the answer; None when none arrived."""
    error: str | None
    """Name of the error's class; None when it went well."""
    refused: bool
    """True when the server asked for fewer requests."""
    waited: float
    """Seconds that it waited for its turn: for a free connection, and for the pace that the server takes."""
    seconds: float
    """From then on until the answer was read."""
    bytes_sent: int
    """Of the body. For a file that was cut off, its whole size."""
    bytes_received: int
    """Of the body."""
    was_sent: bool
    """False when its turn never came, or its file could not be opened: then there was no request."""


@attrs.frozen(kw_only=True, eq=False, repr=False, slots=False)
class RetryEvent(CallEvent):
    """A call is about to be repeated."""

    attempt: int
    """The attempt that failed; 1 for the first."""
    status: int | None
    """HTTP status of its answer, if there was one."""
    reason: str
    """Name of the error's class."""
    wait: float
    """Seconds until the next attempt asks for its turn."""


@attrs.frozen(kw_only=True, eq=False, repr=False, slots=False)
class ResultEvent(CallEvent):
    """A call is over."""

    attempts: int
    """How many there were; 0 when nothing was sent."""
    status: int | None
    """HTTP status of the last answer; None when none arrived."""
    error: str | None
    """Name of the error's class, ``CancelledError`` among them; None when it went well."""
    maybe_processed: bool
    """True when the server may have acted although no good answer arrived."""
    seconds: float
    """Of the whole call, with waits and pauses."""


@attrs.frozen(kw_only=True, eq=False, repr=False, slots=False)
class RowEvent(ValueObject):
    """A row of a run of ``client.bulk`` has its result."""

    run: str
    """``upload``, ``audit``, ``verify`` or ``results``."""
    status: str
    """As on the result, such as ``created`` or ``failed``."""


def _plain_function(_: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if value is None:
        return
    if not callable(value):
        raise ConfigurationError(f"hooks: {attribute.name} must be a function")
    called = getattr(value, "__call__", None)  # noqa: B004 - its kind
    if any(is_kind(function) for is_kind in _RUN_LATER for function in (value, called)):
        raise ConfigurationError(
            f"hooks: {attribute.name} must be a plain function: calls do not wait for hooks. Let it put the event into "
            "a queue, or create a task"
        )


@guarded
@attrs.frozen(kw_only=True, eq=False, slots=False)
class Hooks:
    """Functions that are called with events: ``AsyncKycaid(hooks=Hooks(on_result=print))``.

    They run on the event loop, between the steps of a call, so they should be quick; those of `Kycaid` run in the
    thread of its loop. They see the context variables of the call. What one returns is ignored, such as the task of
    ``lambda event: asyncio.create_task(send(event))``; what one raises never reaches the call, and the log tells of it
    once. Coroutine functions and generators are refused with `ConfigurationError`.
    """

    on_call: Callable[[CallEvent], object] | None = attrs.field(default=None, validator=_plain_function)
    on_attempt: Callable[[AttemptEvent], object] | None = attrs.field(default=None, validator=_plain_function)
    on_retry: Callable[[RetryEvent], object] | None = attrs.field(default=None, validator=_plain_function)
    on_result: Callable[[ResultEvent], object] | None = attrs.field(default=None, validator=_plain_function)
    on_row: Callable[[RowEvent], object] | None = attrs.field(default=None, validator=_plain_function)


HooksOption: TypeAlias = Hooks | Iterable[Hooks] | None
"""One set of hooks, or several."""


def _wanted_by(observers: "Observers") -> frozenset[str]:
    names = ("on_call", "on_attempt", "on_retry", "on_result", "on_row")
    return frozenset(name for name in names if any(getattr(hooks, name) is not None for hooks in observers.hooks))


@attrs.frozen(eq=False)
class Observers:
    """The hooks of a client. An event goes to all that want it, in their order."""

    hooks: tuple[Hooks, ...]
    wanted: frozenset[str] = attrs.field(init=False, default=attrs.Factory(_wanted_by, takes_self=True))
    """The names of the hooks that somebody has set: other events need not be made."""
    _told: set[int] = attrs.field(factory=set, init=False, repr=False)
    """Faulty ones, by ``id``. They live as long as this does."""

    @classmethod
    def of(cls, hooks: HooksOption) -> "Observers | None":
        """Return those of a client's option, or None. Raises `ConfigurationError`."""
        listed = tuple(hooks if isinstance(hooks, Iterable) else () if hooks is None else (hooks,))
        if isinstance(hooks, str | bytes) or not all(isinstance(one, Hooks) for one in listed):
            raise ConfigurationError("hooks: expected Hooks(…), or several of them")
        return cls(listed) if listed else None

    def tell(self, name: str, event: object) -> None:
        """Call the hooks of ``name`` with ``event``. Nothing that they do harms the caller."""
        for hooks in self.hooks:
            hook = getattr(hooks, name)
            if hook is not None:
                self._call(name, hook, event)

    def _call(self, name: str, hook: Any, event: object) -> None:
        try:
            answer = hook(event)
        except (KeyboardInterrupt, SystemExit):
            raise
        except (Exception, asyncio.CancelledError, GeneratorExit) as error:  # noqa: BLE001 - see above
            self._complain(hook, name, f"raised {type(error).__name__}")
        else:
            # A task or a future runs by itself, and any other answer is none of our business.
            if inspect.iscoroutine(answer):
                answer.close()
                self._complain(hook, name, "returned a coroutine, which nothing awaits: let it create a task")

    def _complain(self, hook: Any, name: str, what: str) -> None:
        key = id(hook)
        if key in self._told:
            return
        self._told.add(key)
        # Without the exception: its traceback has the variables of the hook, and of what called it.
        logger.warning(
            "hook %s %s. It did not harm the call, and is told of once", name, what, extra={"kycaid_hook": name}
        )


class Subject(TypedDict):
    """The fields that all events of a call have."""

    operation: str
    method: str
    path: str
    server: str
    port: int


class _Named(Protocol):
    """An endpoint. Its class stands above this module."""

    @property
    def name(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...


def subject(endpoint: _Named, base_url: str) -> Subject:
    """Return the subject of a call's events."""
    server, port = _server_of(base_url)
    return {
        "operation": endpoint.name,
        "method": endpoint.method,
        "path": endpoint.path,
        "server": server,
        "port": port,
    }


@functools.lru_cache(maxsize=64)
def _server_of(base_url: str) -> tuple[str, int]:
    parts = urlsplit(base_url)
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
