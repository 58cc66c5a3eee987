"""The resources of a client: one set per event loop, made when first needed and closed with its loop.

Among them is the limit on requests under way.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakSet

import attrs

from kycaid_async.errors import ConfigurationError
from kycaid_async.forks import after_fork, notice_fork
from kycaid_async.loops import running_loop
from kycaid_async.protocol.pacing import Pacer
from kycaid_async.transport.aiohttp.backends import open_backend
from kycaid_async.transport.backend import HttpBackend
from kycaid_async.transport.deadlines import TimerQueues
from kycaid_async.transport.settings import Settings
from kycaid_async.uploads.io_budget import IoBudget

if TYPE_CHECKING:
    import aiohttp

    from kycaid_async.protocol.shared_pacing import SharedPacer
    from kycaid_async.transport.pace import PaceLink


class ConcurrencyLimiter:
    """Lets requests start in order, never more than the pacer's window, and never sooner than it allows."""

    def __init__(
        self,
        pacer: "Pacer | SharedPacer",
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        link: "PaceLink | None" = None,
    ) -> None:
        self._pacer = pacer
        self._clock = clock
        self._sleep = sleep
        self._link = link
        self._active = self._at_gate = 0
        self._gate = asyncio.Lock()
        self._waiting: deque[asyncio.Future[None]] = deque()

    def try_acquire(self) -> bool:
        """Take a slot for a first attempt if there is nothing to wait for, and say whether that was so."""
        if self._waiting or not self._pacer.free or self._active >= self._pacer.window:
            return False
        self._active += 1
        self._pacer.started(self._clock())
        return True

    async def acquire(self, *, first: bool) -> None:
        """Take one slot; `release` gives it back. A repeat (``first`` false) goes before the calls not yet started."""
        if self._active < self._pacer.window and not (first and self._waiting):
            self._active += 1
        else:
            await self._queue(first=first)
        if not self._pacer.free:
            await self._wait_for_pacer()
        self._pacer.started(self._clock())

    async def _wait_for_pacer(self) -> None:
        self._at_gate += 1
        try:
            async with self._gate:  # one at a time, so that each keeps its distance to the one before
                while (pause := await self._pause()) > 0:
                    await self._sleep(pause)
        except BaseException:
            self.release()
            raise
        finally:
            self._at_gate -= 1

    async def _pause(self) -> float:
        if self._link is not None:
            await self._link.ask(self._at_gate)
        return self._pacer.wait(self._clock())

    async def _queue(self, *, first: bool) -> None:
        waiter = asyncio.get_running_loop().create_future()
        (self._waiting.append if first else self._waiting.appendleft)(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.release()  # it was woken and cancelled in the same iteration of the loop
            raise

    def release(self) -> None:
        """Give a slot back, and hand what is free to those who still wait."""
        self._active -= 1
        while self._waiting and self._active < self._pacer.window:
            waiter = self._waiting.popleft()
            if not waiter.done():
                self._active += 1
                waiter.set_result(None)


@attrs.define(eq=False, repr=False)
class LoopResources:
    """Resources that the calls of one client share on one event loop."""

    backend: HttpBackend
    limiter: ConcurrencyLimiter
    pacer: "Pacer | SharedPacer"
    timers: TimerQueues
    io_budget: IoBudget
    closer: AsyncGenerator[None, None] | None = None
    """Closes what is ours when the loop shuts down; None over a session that the user brought."""


_abandoned: list[LoopResources] = []  # kept, so that nothing of them is finalized


class ResourceRegistry:
    """The resources of one client, by event loop. A session given by the user is used in its own loop, never closed."""

    def __init__(
        self,
        settings: Settings,
        session: "aiohttp.ClientSession | None",
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._session = session
        self._clock = clock
        self._sleep = sleep
        self._by_loop: dict[asyncio.AbstractEventLoop, LoopResources] = {}
        self._closed = False
        _registries.add(self)

    def forget_all(self) -> None:
        """Forget all loops after a fork; the parent's connections must not be touched."""
        for loop in list(self._by_loop):
            self.forget(loop)

    def forget(self, loop: asyncio.AbstractEventLoop) -> None:
        """Forget a loop whose descriptors may be another's by now."""
        resources = self._by_loop.pop(loop, None)
        if resources is not None and resources.closer is not None:
            resources.backend.abandon()
            _abandoned.append(resources)

    def current(self) -> LoopResources:
        """Return the resources of the running loop. Raises `ConfigurationError` once the client is closed."""
        if self._closed:
            raise ConfigurationError("the client is closed; make a new one")
        notice_fork()
        loop = running_loop()
        resources = self._by_loop.get(loop)
        if resources is None:
            resources = self._by_loop[loop] = self._open(loop)
        if resources.backend.closed:
            whose = "the aiohttp session that was passed to the client" if self._session is not None else "the client"
            raise ConfigurationError(f"{whose} is closed")
        return resources

    def _open(self, loop: asyncio.AbstractEventLoop) -> LoopResources:
        # A loop that was closed by hand did not close its session; what is left of it goes with the last reference.
        for closed in [other for other in list(self._by_loop) if other.is_closed()]:
            del self._by_loop[closed]
        pacer, link = self._pacer(loop)
        limiter = ConcurrencyLimiter(pacer, clock=self._clock, sleep=self._sleep, link=link)
        backend = open_backend(self._settings, self._session, loop)
        resources = LoopResources(backend, limiter, pacer, TimerQueues(loop), IoBudget(loop))
        if self._session is None or link is not None:
            resources.closer = self._close_with_loop(loop, backend if self._session is None else None, link)
            with suppress(StopIteration):  # runs to its first yield without awaiting
                anext(resources.closer).__await__().send(None)
        return resources

    def _pacer(self, loop: asyncio.AbstractEventLoop) -> "tuple[Pacer | SharedPacer, PaceLink | None]":
        most, pace = self._settings.max_connections, self._settings.pace
        if pace is None:
            return Pacer(most), None
        from kycaid_async.protocol.shared_pacing import SharedPacer  # few programs share their pace
        from kycaid_async.transport.pace import PaceLink, open_pace

        store = open_pace(self._settings, pace)
        pacer = SharedPacer(most, all_together=store.all_together)
        return pacer, PaceLink(store, pacer, loop, self._clock)

    async def aclose(self) -> None:
        """Close the resources of the running loop; those of other loops close with their loops."""
        self._closed = True
        resources = self._by_loop.get(running_loop())
        if resources is not None and resources.closer is not None:
            await resources.closer.aclose()

    def close_idle(self) -> None:
        """Close the resources of loops that are not running just now, from outside of them. No loop may run here."""
        for loop, resources in list(self._by_loop.items()):
            if resources.closer is not None and not (loop.is_closed() or loop.is_running()):
                loop.run_until_complete(resources.closer.aclose())

    async def _close_with_loop(
        self, loop: asyncio.AbstractEventLoop, backend: HttpBackend | None, link: "PaceLink | None"
    ) -> AsyncGenerator[None, None]:
        """Close ``backend`` and ``link`` at the latest when its loop shuts down, and forget all.

        A loop finishes the asynchronous generators that were started in it before it closes (asyncio.run does so),
        which is the one moment at which a session whose owner forgot it can still be closed cleanly.
        """
        try:
            yield
        finally:
            self._by_loop.pop(loop, None)
            try:
                if link is not None:
                    await link.aclose()
            finally:
                if backend is not None:
                    await backend.aclose()


def forget_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Forget, in all clients, a loop whose descriptors were closed by somebody else: they may be another's by now."""
    for registry in list(_registries):
        registry.forget(loop)


def _forget_all() -> None:
    for registry in list(_registries):
        registry.forget_all()


_registries: "WeakSet[ResourceRegistry]" = WeakSet()
after_fork(_forget_all)
