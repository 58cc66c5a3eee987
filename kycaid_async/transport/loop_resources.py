"""One aiohttp session per event loop, made when first needed and closed with its loop."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakSet

import aiohttp
import attrs

from kycaid_async.errors import ConfigurationError
from kycaid_async.forks import after_fork, notice_fork
from kycaid_async.loops import running_loop
from kycaid_async.protocol.pacing import Pacer
from kycaid_async.transport.aiohttp.connector import Connector
from kycaid_async.transport.aiohttp.parts import give_up_straight_way, own_connector_fits, straight_way_fits
from kycaid_async.transport.concurrency import Slots
from kycaid_async.transport.deadlines import Lanes
from kycaid_async.transport.settings import Settings
from kycaid_async.uploads.io_budget import Rounds
from kycaid_async.version import __version__

if TYPE_CHECKING:
    from kycaid_async.transport.aiohttp.direct import Direct

_USER_AGENT = f"kycaid-async/{__version__} aiohttp/{aiohttp.__version__}"


@attrs.define(eq=False)
class Bound:
    """What belongs to one loop."""

    session: aiohttp.ClientSession
    slots: Slots
    pacer: Pacer
    lanes: Lanes
    rounds: Rounds
    headers: Mapping[str, str] = attrs.field(repr=False)
    """What each request has to carry. Not the session's: aiohttp sends a session's own to the proxy too."""
    connector: Connector | None = None
    """None for a session that the user brought, and where aiohttp's connector has changed too much for ours."""
    direct: "Direct | None" = None
    """The way past the session; None for a session that the user brought, and where aiohttp has changed too much."""
    closer: AsyncGenerator[None, None] | None = None

    def abandon(self) -> None:
        """Never touch these connections again: they are those of the process that forked this one.

        Even to close them here would end them there, on the wire (TLS) or in the watch that both loops share (epoll).
        """
        connector = self.session.connector
        self.session.detach()
        if connector is not None:
            with suppress(AttributeError):  # it may be read-only one day; `_abandoned` keeps it all the same
                connector._closed = True  # noqa: SLF001 - there is no public way to keep a connector from closing
        _abandoned.append(self)


_abandoned: list[Bound] = []  # kept, so that nothing of them is finalized


class Sessions:
    """The sessions of one client. A session given by the user is used in its own loop, and never closed."""

    def __init__(
        self,
        settings: Settings,
        given: aiohttp.ClientSession | None,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._given = given
        self._clock = clock
        self._sleep = sleep
        self._bound: dict[asyncio.AbstractEventLoop, Bound] = {}
        self._closed = False
        _all.add(self)

    def begin_anew(self) -> None:
        """Know of no loop: those of the process that forked this one are not ours."""
        for bound in self._bound.values():
            if bound.closer is not None:
                bound.abandon()
        self._bound.clear()

    def here(self) -> Bound:
        """Return what belongs to the running loop. Raises `ConfigurationError` once the client is closed."""
        if self._closed:
            raise ConfigurationError("the client is closed; make a new one")
        notice_fork()
        loop = running_loop()
        bound = self._bound.get(loop)
        if bound is None:
            bound = self._bound[loop] = self._bind(loop)
        if bound.session.closed:
            whose = "the aiohttp session that was passed to the client" if self._given is not None else "the client"
            raise ConfigurationError(f"{whose} is closed")
        return bound

    def _bind(self, loop: asyncio.AbstractEventLoop) -> Bound:
        # A loop that was closed by hand did not close its session; what is left of it goes with the last reference.
        for closed in [other for other in list(self._bound) if other.is_closed()]:
            del self._bound[closed]
        pacer = Pacer(self._settings.max_connections)
        slots = Slots(pacer, clock=self._clock, sleep=self._sleep)
        headers = {"Accept": "application/json", "User-Agent": _USER_AGENT, **self._settings.authorization()}
        bound = Bound(self._given or self._session(), slots, pacer, Lanes(loop), Rounds(loop), headers)
        if self._given is not None:
            # aiohttp has no public way to ask a session for its loop. One that does not tell fails in its own words.
            other = getattr(self._given, "_loop", None)
            if isinstance(other, asyncio.AbstractEventLoop) and other is not loop:
                raise ConfigurationError(
                    "the aiohttp session that was passed to the client belongs to another event loop; "
                    "leave session=… out, and the client makes one for each loop"
                )
            return bound
        if isinstance(bound.session.connector, Connector):
            bound.connector = bound.session.connector
            bound.direct = _direct(self._settings, bound, bound.connector, loop)
        bound.closer = self._close_with_loop(loop, bound.session)
        with suppress(StopIteration):  # its first step waits for nothing
            anext(bound.closer).__await__().send(None)
        return bound

    def _session(self) -> aiohttp.ClientSession:
        limit = self._settings.max_connections
        connector = Connector(limit=limit) if own_connector_fits() else aiohttp.TCPConnector(limit=limit)
        session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        # aiohttp repeats a GET, PUT or DELETE on a lost connection by itself, and does not tell. Repeats are counted,
        # paced and judged in one place here, and there is no public switch.
        if hasattr(session, "_retry_connection"):
            session._retry_connection = False  # noqa: SLF001 - see above
        elif isinstance(connector, Connector):
            connector.refuse_repeats()
        return session

    async def aclose(self) -> None:
        """Close the session of the running loop; those of other loops close with their loops."""
        self._closed = True
        bound = self._bound.get(running_loop())
        if bound is not None and bound.closer is not None:
            await bound.closer.aclose()

    def close_resting(self) -> None:
        """Close the sessions of loops that are not running just now, from outside of them. No loop may run here."""
        for loop, bound in list(self._bound.items()):
            if bound.closer is not None and not (loop.is_closed() or loop.is_running()):
                loop.run_until_complete(bound.closer.aclose())

    async def _close_with_loop(
        self, loop: asyncio.AbstractEventLoop, session: aiohttp.ClientSession
    ) -> AsyncGenerator[None, None]:
        """Close ``session`` at the latest when its loop shuts down, and forget both.

        A loop finishes the asynchronous generators that were started in it before it closes (asyncio.run does so),
        which is the one moment at which a session whose owner forgot it can still be closed cleanly.
        """
        try:
            yield
        finally:
            self._bound.pop(loop, None)
            await session.close()


def _direct(settings: Settings, bound: Bound, connector: Connector, loop: asyncio.AbstractEventLoop) -> "Direct | None":
    """Return the way past the session; None where it cannot be gone."""
    if not straight_way_fits(loop):
        return None
    from kycaid_async.transport.aiohttp.direct import Direct

    try:
        return Direct(settings, bound.session, connector, bound.headers, loop)
    except ValueError:
        return None  # a URL may be none to aiohttp: then it says so at the first request
    except Exception as error:  # noqa: BLE001 - the session is there, whatever it is
        give_up_straight_way(error)
        return None


def _begin_anew() -> None:
    for sessions in list(_all):
        sessions.begin_anew()


_all: "WeakSet[Sessions]" = WeakSet()
after_fork(_begin_anew)
