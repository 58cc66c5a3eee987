"""Recognition of repeated callbacks.

KYCAID repeats a callback until it is answered with 200, and a recorded one can be sent again by anybody.
"""

import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import Protocol

import attrs

from kycaid_async.callbacks.events import Event
from kycaid_async.errors import ConfigurationError


class SeenStore(Protocol):
    """A store of the identities of events: in memory, in Redis, in a database."""

    async def add(self, identity: str) -> bool:
        """Keep ``identity`` and return True when it was not kept before. Must be atomic."""
        ...

    async def has(self, identity: str) -> bool:
        """Say whether ``identity`` is kept."""
        ...


class MemorySeenStore:
    """Keeps identities in this process: they are gone when it ends, and other processes do not see them.

    Holds at most ``max_size`` identities, each for ``ttl`` seconds; the oldest go first. It can be used from many
    threads and event loops. ``clock`` returns seconds and never goes back. Raises `ConfigurationError` for a size or a
    time that is not positive.
    """

    def __init__(
        self, max_size: int = 100_000, ttl: float = 7 * 86400.0, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if max_size < 1 or not ttl > 0:
            raise ConfigurationError("max_size must be 1 or more, ttl more than 0 seconds")
        self._max_size, self._ttl, self._clock = max_size, ttl, clock
        self._until: dict[str, float] = {}  # in the order of time, because all are kept equally long
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            self._drop_old()
            return len(self._until)

    async def add(self, identity: str) -> bool:
        with self._lock:
            self._drop_old()
            if identity in self._until:
                return False
            if len(self._until) >= self._max_size:
                del self._until[next(iter(self._until))]
            self._until[identity] = self._clock() + self._ttl
            return True

    async def has(self, identity: str) -> bool:
        with self._lock:
            self._drop_old()
            return identity in self._until

    def _drop_old(self) -> None:
        now = self._clock()
        while self._until and self._until[oldest := next(iter(self._until))] <= now:
            del self._until[oldest]


@attrs.frozen(eq=False)
class Deduplicator:
    """Lets each event through once.

    An event counts as seen when its handler is done, not before: one whose handler failed is let through when it comes
    again. Of two copies that arrive in one process at a time, the second waits for the first. Two processes that share
    a store can handle two copies that arrive at the same moment; where that must not be, call `first_time` in the
    transaction of the handler.
    """

    store: SeenStore = attrs.field(factory=MemorySeenStore)
    # Futures of threads, not of a loop: in synchronous frameworks each request has a loop of its own.
    _running: dict[str, "Future[None]"] = attrs.field(factory=dict, init=False, repr=False)

    async def first_time(self, event: Event) -> bool:
        """Mark ``event`` as seen, and return True when it was not. What fails afterwards is not let through again."""
        return await self.store.add(event.identity)

    @asynccontextmanager
    async def attempt(self, event: Event) -> AsyncIterator[bool]:
        """Yield True when ``event`` is new, False when it was handled; mark it as seen when the block succeeds.

        ::

            async with deduplicator.attempt(event) as new:
                if new:
                    await handle(event)
        """
        identity = event.identity
        attempt = await self._start_attempt(identity)
        try:
            new = not await self.store.has(identity)
            yield new
            if new:
                await self.store.add(identity)
        finally:
            del self._running[identity]
            attempt.set_result(None)

    async def _start_attempt(self, identity: str) -> "Future[None]":
        """Wait until no other attempt at ``identity`` runs in this process, and return the future of this one."""
        from asyncio import wrap_future

        attempt: Future[None] = Future()
        attempt.set_running_or_notify_cancel()  # now a cancelled waiter cannot cancel it for the others
        while (other := self._running.setdefault(identity, attempt)) is not attempt:
            await wrap_future(other)
        return attempt
