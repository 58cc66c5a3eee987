"""The choice of a backend: straight over aiohttp's connections, or through a session of aiohttp's."""

import asyncio
from typing import TYPE_CHECKING, Final

import aiohttp
from yarl import URL

from kycaid_async.errors import ConfigurationError
from kycaid_async.transport.aiohttp.connector import Connector
from kycaid_async.transport.aiohttp.parts import (
    forbid_repeats,
    give_up_straight_way,
    loop_of,
    own_connector_fits,
    straight_way_fits,
)
from kycaid_async.transport.aiohttp.resolver import resolver_options
from kycaid_async.transport.aiohttp.session import SessionBackend
from kycaid_async.transport.backend import HttpBackend
from kycaid_async.transport.settings import Settings

if TYPE_CHECKING:
    from kycaid_async.transport.aiohttp.direct import DirectBackend

_OF_ONE_BODY: Final = frozenset({"content-length", "content-encoding", "transfer-encoding"})
"""Headers that are right for one body only."""


def open_backend(
    settings: Settings, session: aiohttp.ClientSession | None, loop: asyncio.AbstractEventLoop
) -> HttpBackend:
    """Return a backend for the running ``loop``; one over ``session``, where the user brought one.

    Raises `ConfigurationError` for a session of another loop, and one whose own headers would break requests.
    """
    if session is None:
        own = SessionBackend(settings, _own_session(settings), ours=True)
        return _direct(settings, own, loop) or own
    # aiohttp has no public way to ask a session for its loop. One that does not tell fails in its own words.
    other = loop_of(session)
    if isinstance(other, asyncio.AbstractEventLoop) and other is not loop:
        raise ConfigurationError(
            "the aiohttp session that was passed to the client belongs to another event loop; "
            "leave session=… out, and the client makes one for each loop"
        )
    if wrong := sorted(_OF_ONE_BODY & {name.lower() for name in session.headers}):
        raise ConfigurationError(
            f"the aiohttp session that was passed to the client adds {wrong[0]} to each request, which is wrong for "
            "its body; leave that header out of the session's"
        )
    return SessionBackend(settings, session, ours=False)


def _own_session(settings: Settings) -> aiohttp.ClientSession:
    connector = _own_connector(settings.max_connections)
    session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
    # aiohttp repeats a GET, PUT or DELETE on a lost connection by itself, and does not tell. Repeats are counted,
    # paced and judged in one place, and there is no public switch.
    if not forbid_repeats(session) and isinstance(connector, Connector):
        connector.refuse_repeats()
    return session


def _own_connector(limit: int) -> aiohttp.TCPConnector:
    if own_connector_fits():
        try:
            return Connector(limit=limit)
        except Exception as error:  # noqa: BLE001 - aiohttp's own connector is there, whatever it is
            give_up_straight_way(error)
    return aiohttp.TCPConnector(limit=limit, **resolver_options())


def _direct(settings: Settings, own: SessionBackend, loop: asyncio.AbstractEventLoop) -> "DirectBackend | None":
    """Return the backend that goes past the session; None where the installed aiohttp does not allow it."""
    if own.connector is None or not straight_way_fits(loop):
        return None
    try:
        from kycaid_async.transport.aiohttp.direct import DirectBackend

        return DirectBackend(settings, own, own.connector, loop)
    except Exception as error:  # noqa: BLE001 - the session is there, whatever it is
        if not _is_about_urls(error, settings):  # what is no URL to aiohttp, it refuses at the first request
            give_up_straight_way(error)
        return None


def _is_about_urls(error: Exception, settings: Settings) -> bool:
    try:
        _ = URL(settings.base_url), URL(settings.proxy or "")
    except ValueError:
        return True
    return isinstance(error, aiohttp.InvalidURL)
