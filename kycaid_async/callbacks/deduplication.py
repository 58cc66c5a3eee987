"""Recognition of repeated callbacks.

KYCAID repeats a callback until it is answered with 200, and a recorded one can be sent again by anybody.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager

import attrs

from kycaid_async.callbacks.events import Event
from kycaid_async.callbacks.stores import MemorySeenStore, SeenStore, SharedSeenStore
from kycaid_async.masking import Printed
from kycaid_async.options import SECONDS, Kind
from kycaid_async.tracebacks import guarded


async def _sleep(seconds: float) -> None:
    from asyncio import sleep  # not before it is needed

    await sleep(seconds)


_STORE = Kind(
    "a SeenStore, which has add and has",
    lambda value: not isinstance(value, type) and hasattr(value, "add") and hasattr(value, "has"),
)


@guarded
@attrs.frozen(eq=False, repr=False)
class Deduplicator(Printed):
    """Lets each event through once.

    The default store is that of one process: two workers do not see each other's events. Where several share the work,
    give all of them a `SharedSeenStore`, such as `RedisSeenStore` or `SQLAlchemySeenStore`.

    An event counts as seen when its handler is done, not before: one whose handler failed is let through when it comes
    again. Of two copies that arrive at a time, the second waits for the first. A shared store makes this so across
    processes, by a claim that ends ``lease`` seconds after its process died, and is renewed while the handler runs and
    leaves the event loop free. A process that dies after its handler's work and before the mark leaves an event that is
    handled again: let that be harmless, or call `first_time` in the transaction of the handler.
    """

    store: SeenStore = attrs.field(factory=MemorySeenStore, validator=_STORE)
    lease: float = attrs.field(default=60.0, kw_only=True, validator=SECONDS)
    """Seconds after which the claim of a process that died is over. Only a `SharedSeenStore` knows claims."""
    # Futures of threads, not of a loop: in synchronous frameworks each request has a loop of its own.
    _running: dict[str, "Future[None]"] = attrs.field(factory=dict, init=False, repr=False)
    _sleep: Callable[[float], Awaitable[None]] = attrs.field(default=_sleep, kw_only=True, repr=False)

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
            async with self._claim(identity) as new:
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

    @asynccontextmanager
    async def _claim(self, identity: str) -> AsyncIterator[bool]:
        """Yield whether ``identity`` is new; in a store that knows claims it is claimed meanwhile."""
        if not isinstance(self.store, SharedSeenStore):
            yield not await self.store.has(identity)
            return
        from kycaid_async.callbacks.claim import Claim  # with asyncio: not before it is needed

        claim = Claim(self.store, identity, self.lease, self._sleep)
        try:
            new = await claim.acquire()
            async with claim.renewed(needed=new):
                yield new
        except BaseException:
            await claim.release()
            raise
