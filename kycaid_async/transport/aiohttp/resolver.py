"""Look-ups of names: in a thread, never during a fork, and one for all who ask at one time."""

import asyncio
import socket
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import aiohttp
from aiohttp.abc import AbstractResolver

from kycaid_async.forks import apart_from_forks

if TYPE_CHECKING:
    from aiohttp.abc import ResolveResult

_KEPT: Final = 10.0
"""Seconds for which addresses are used again, as by aiohttp."""
_Key = tuple[str, int, int]


def resolver_options() -> dict[str, Any]:
    """Return the options of a connector that looks names up so; none where aiodns does it, which has no threads.

    There aiohttp's own cache is left in place, with what it writes into the log on Python 3.14: see `_Resolver`.
    """
    if aiohttp.DefaultResolver is not aiohttp.ThreadedResolver:
        return {}
    names = aiohttp.ThreadedResolver(cast("asyncio.AbstractEventLoop", _Loop()))
    return {"resolver": _Resolver(names), "use_dns_cache": False}


class _Loop:
    """The running loop, for a resolver: all that it has, with look-ups that no fork falls into, and no two of a kind.

    Nothing can end a look-up, so it goes on in its thread when nobody waits any more, and who asks meanwhile waits for
    it, too. Otherwise calls that time out one after the other would take all threads of the program's executor.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._under_way: dict[Any, asyncio.Future[Any]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    async def getaddrinfo(self, *arguments: Any, **options: Any) -> Any:
        key = arguments, tuple(options.items())
        lookup = self._under_way.get(key)
        if lookup is None:
            lookup = self._loop.run_in_executor(None, partial(_look_up, *arguments, **options))
            self._under_way[key] = lookup
            lookup.add_done_callback(partial(self._ended, key))
        await asyncio.wait([lookup])  # which goes on without those who leave
        return lookup.result()

    def _ended(self, key: Any, lookup: "asyncio.Future[Any]") -> None:
        del self._under_way[key]
        if not lookup.cancelled():
            lookup.exception()  # which asyncio would tell of otherwise, when nobody waited for it any more


def _look_up(*arguments: Any, **options: Any) -> Any:
    with apart_from_forks, suppress(UnicodeError):
        if found := socket.getaddrinfo(*arguments, **options):
            return found
    # A name that no encoding has, or one without addresses: aiohttp knows errors of look-ups only.
    raise socket.gaierror(socket.EAI_NONAME, "no such host")


class _Resolver(AbstractResolver):
    """Keeps addresses for a moment.

    aiohttp's own cache shields a look-up from the end of the call that began it. When the name turns out to have no
    address, Python 3.14 writes that into the log of asyncio, though the call had given up long before.
    """

    def __init__(self, names: AbstractResolver) -> None:
        self._names = names
        self._loop = asyncio.get_running_loop()
        self._known: dict[_Key, tuple[float, deque[ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> "list[ResolveResult]":
        """Return the addresses of a host, each time another one first. Raises `OSError`."""
        key = (host, port, family)
        addresses = self._kept(key)
        if addresses is None:
            found = await self._names.resolve(host, port, socket.AddressFamily(family))
            addresses = self._kept(key)  # by another call, which waited for the same look-up
            if addresses is None:
                addresses = self._keep(key, deque(found))
        answer = list(addresses)
        addresses.rotate(-1)
        return answer

    def _kept(self, key: _Key) -> "deque[ResolveResult] | None":
        until, addresses = self._known.get(key, (0.0, None))
        return addresses if until > self._loop.time() else None

    def _keep(self, key: _Key, addresses: "deque[ResolveResult]") -> "deque[ResolveResult]":
        now = self._loop.time()
        self._known = {kept: known for kept, known in self._known.items() if known[0] > now}
        self._known[key] = now + _KEPT, addresses
        return addresses

    async def close(self) -> None:
        """Keep nothing. All who wait end by themselves."""
        self._known.clear()
