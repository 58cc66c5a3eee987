"""The events of a sandbox: the callbacks that wait for delivery, the feed of what happens, and watches of it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Self

import attrs

from kycaid_async.masking import ValueObject

PAUSES: Final = (1.0, 5.0, 30.0, 120.0)
"""Seconds between two attempts. After the last one it gives up. The real service's schedule is not known."""
ATTEMPTS: Final = len(PAUSES) + 1
OK: Final = 200
"""What a receiver answers once it has a callback."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Delivery(ValueObject):
    """The state of the delivery of a callback."""

    type: str
    """As in ``VERIFICATION_COMPLETED``."""
    request_id: str
    host: str
    """The host it goes to."""
    url: str = attrs.field(default="", repr=False)
    """Where it goes, without what may be secret: the query, and a name before the host."""
    applicant_id: str | None = attrs.field(default=None, repr=False)
    """The applicant it is about; None for results of services."""
    status: int | None = None
    """What the receiver answered last; None when it did not answer."""
    error: str | None = None
    """Why there was no answer, as in ``connection refused``."""
    attempts: int = 0
    left: int = 0
    """How often it is still tried before it is given up."""
    tried_at: datetime | None = None
    """When it was last tried."""

    @property
    def arrived(self) -> bool:
        """True once the receiver answered 200."""
        return self.status == OK

    @property
    def outcome(self) -> str:
        """The outcome so far, in words for people."""
        if not self.attempts:
            return "not tried yet"
        return "arrived" if self.arrived else self.error or f"answered {self.status}"

    def __str__(self) -> str:
        times = f"{self.attempts} attempt{'' if self.attempts == 1 else 's'}"
        return f"{self.type} to {self.url or self.host}: {self.outcome}, {times}"


@attrs.frozen(eq=False, repr=False)
class Callback(ValueObject):
    """A message to send."""

    body: dict[str, Any] = attrs.field(repr=False)
    url: str | None = attrs.field(default=None, repr=False)
    """Where to; None for the sandbox's own ``callback_url``, if it has one."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class QueuedCallback(ValueObject):
    """A callback that is kept until it is delivered, and how far its delivery is."""

    body: dict[str, Any] = attrs.field(repr=False)
    url: str = attrs.field(repr=False)
    status: int | None = None
    """What the receiver answered last."""
    error: str | None = None
    """Why there was no answer."""
    tried_at: str | None = None
    """When it was last tried, as the API writes times."""
    attempts: int = 0
    left: int = ATTEMPTS
    """How often it is still tried before it is given up; 0 once its delivery is over."""

    @property
    def id(self) -> str:
        """The id of the callback."""
        request_id: str = self.body["request_id"]
        return request_id


Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[int]]
"""Posts a body with headers to a URL, and returns the status of the answer."""


@attrs.define(eq=False, repr=False)
class CallbackTarget(ValueObject):
    """An application that gets all callbacks, whatever hosts their URLs name."""

    post: Post | None = None
    """None while there is no such application: then callbacks go where their URLs say."""
    url: str | None = None
    """Where callbacks go for which no request named a URL."""


@attrs.frozen(eq=False, repr=False, slots=False)
class Effects(ValueObject):
    """Effects of a transaction once it is committed; none when it is rolled back."""

    callbacks: list[QueuedCallback] = attrs.field(factory=list)
    started: list[str] = attrs.field(factory=list)
    """Ids of verifications that run now."""


ROOM: Final = 1000
"""Events that wait for one watcher. When there are more the oldest are dropped, and a `Missed` says how many."""


@attrs.frozen(kw_only=True, eq=False, repr=False, slots=False)  # made for each request: twice as fast without slots
class RequestServed(ValueObject):
    """A request was answered."""

    operation: str
    """As in ``documents.create``; ``forms.show`` and ``forms.submit`` for the page of a form, and ``unknown`` for paths
    that are none of these."""
    status: int
    """What was answered; of ``reset`` and ``lost`` faults nothing was."""
    milliseconds: float
    fault: str | None = None
    """The kind of the fault that it met, as in ``lost``."""
    method: str = ""
    path: str = attrs.field(default="", repr=False)
    """Without its query."""
    fields: tuple[str, ...] = ()
    """The fields at fault, where it was refused for some."""
    about: str | None = attrs.field(default=None, repr=False)
    """The id of the applicant, the document or the verification that it is about."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StateChanged(ValueObject):
    """Something was made, changed or removed."""

    kind: str
    """As the table is called: ``applicants``, ``documents``, ``verifications``, ``files`` …"""
    id: str
    status: str | None = None
    """The new status, where the change set one."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DeliveryChanged(ValueObject):
    """A callback is under way, arrived, or was given up."""

    delivery: Delivery


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Missed(ValueObject):
    """Events that were dropped, because nobody fetched them."""

    count: int


REMEMBERED_REQUESTS: Final = 1000
"""Requests that are remembered; older ones are forgotten."""


Event = RequestServed | StateChanged | DeliveryChanged | Missed
"""What a `Watch` gives. None of them holds personal data but ids, which no `repr` shows of requests and deliveries."""


class Watch:
    """A watch of the events from its making on: ``with sandbox.watch() as events: async for event in events``.

    It never holds up the sandbox: a watch that is read too slowly gives a `Missed` in place of the oldest events. It
    ends with the sandbox, and when it is closed.
    """

    def __init__(self, feed: "EventFeed") -> None:
        self._feed = feed
        self._waiting: deque[Event] = deque(maxlen=ROOM)
        self._missed = 0
        self._news = asyncio.Event()
        self._is_open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        if not self._waiting and not await self._has_more():
            raise StopAsyncIteration
        if self._missed:
            missed, self._missed = self._missed, 0
            return Missed(count=missed)
        return self._waiting.popleft()

    async def all_waiting(self) -> list[Event]:
        """Return all events that wait, once there is one; none when it has ended."""
        if not self._waiting and not await self._has_more():
            return []
        missed: list[Event] = [Missed(count=self._missed)] if self._missed else []
        events = [*missed, *self._waiting]
        self.skip()
        return events

    async def _has_more(self) -> bool:
        while not self._waiting and self._is_open:
            self._news.clear()
            await self._news.wait()
        return bool(self._waiting)

    def skip(self) -> None:
        """Drop what waits."""
        self._waiting.clear()
        self._missed = 0

    def close(self) -> None:
        """Watch no longer. What waits can still be fetched. Harmless when it is closed."""
        self._is_open = False
        self._feed.forget(self)
        self._news.set()

    def put(self, event: Event) -> None:
        """Add an event."""
        self._missed += len(self._waiting) == ROOM
        self._waiting.append(event)
        self._news.set()


@attrs.frozen(eq=False, repr=False)
class EventFeed(ValueObject):
    """Hands events to all watches. Only for the event loop's own thread."""

    _watches: set[Watch] = attrs.field(factory=set)
    requests: deque[tuple[datetime, RequestServed]] = attrs.field(
        factory=lambda: deque(maxlen=REMEMBERED_REQUESTS), repr=False
    )
    """When a request was answered and how, since the start, the latest last."""

    def watch(self) -> Watch:
        """Return a new watch."""
        watch = Watch(self)
        self._watches.add(watch)
        return watch

    def publish(self, events: Iterable[Event]) -> None:
        """Give events to all watches."""
        for event in events if self._watches else ():
            for watch in self._watches:
                watch.put(event)

    def forget(self, watch: Watch) -> None:
        """Give a watch no more events."""
        self._watches.discard(watch)

    def close(self) -> None:
        """End all watches."""
        for watch in tuple(self._watches):
            watch.close()
