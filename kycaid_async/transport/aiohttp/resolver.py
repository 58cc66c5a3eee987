"""Look-ups of names: in a thread, never during a fork, and one for all who ask at one time."""

import asyncio
import socket
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import aiohttp
import attrs
from aiohttp.abc import AbstractResolver

from kycaid_async.forks import apart_from_forks

if TYPE_CHECKING:
    from aiohttp.abc import ResolveResult

_KEPT: Final = 10.0
"""Seconds for which addresses are used again, as by aiohttp."""
_Key = tuple[str, int, int]


def resolver_options() -> dict[str, Any]:
    """Return the options of a connector that looks names up so; none where aiodns does it, which has no threads."""
    if aiohttp.DefaultResolver is not aiohttp.ThreadedResolver:
        return {}
    names = aiohttp.ThreadedResolver(cast("asyncio.AbstractEventLoop", _Loop()))
    return {"resolver": _Resolver(names), "use_dns_cache": False}


class _Loop:
    """The running loop, for a resolver: all that it has, with look-ups that no fork falls into."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    async def getaddrinfo(self, *arguments: Any, **options: Any) -> Any:
        return await self._loop.run_in_executor(None, partial(_look_up, *arguments, **options))


def _look_up(*arguments: Any, **options: Any) -> Any:
    with apart_from_forks, suppress(UnicodeError):
        if found := socket.getaddrinfo(*arguments, **options):
            return found
    # A name that no encoding has, or one without addresses: aiohttp knows errors of look-ups only.
    raise socket.gaierror(socket.EAI_NONAME, "no such host")


@attrs.define(eq=False)
class _Lookup:
    """A look-up under way."""

    task: "asyncio.Task[list[ResolveResult]]"
    waiting: int = 0


class _Resolver(AbstractResolver):
    """Shares look-ups, and keeps their addresses for a moment.

    aiohttp's own cache shields a look-up from the end of the call that began it. When the name turns out to have no
    address, Python 3.14 writes that into the log of asyncio, though the call had given up long before. Here the last
    who waits takes the look-up with it.
    """

    def __init__(self, names: AbstractResolver) -> None:
        self._names = names
        self._loop = asyncio.get_running_loop()
        self._lookups: dict[_Key, _Lookup] = {}
        self._known: dict[_Key, tuple[float, deque[ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> "list[ResolveResult]":
        """Return the addresses of a host, each time another one first. Raises `OSError`."""
        key = (host, port, family)
        until, addresses = self._known.get(key, (0.0, deque[Any]()))
        if until <= self._loop.time():
            addresses = deque(await self._looked_up(key))
            self._known[key] = self._loop.time() + _KEPT, addresses
        addresses.rotate(-1)
        return list(addresses)

    async def _looked_up(self, key: _Key) -> "list[ResolveResult]":
        lookup = self._lookups.get(key)
        if lookup is None:
            host, port, family = key
            asked = self._names.resolve(host, port, socket.AddressFamily(family))
            lookup = self._lookups[key] = _Lookup(asyncio.ensure_future(asked))
        lookup.waiting += 1
        try:
            await asyncio.wait([lookup.task])
        finally:
            lookup.waiting -= 1
            if not lookup.waiting:
                del self._lookups[key]
                if not lookup.task.cancel() and not lookup.task.cancelled():
                    lookup.task.exception()  # which asyncio would tell of otherwise, when nobody waited for it any more
        return lookup.task.result()

    async def close(self) -> None:
        """Keep nothing. All who wait end by themselves."""
        self._known.clear()
