"""Requests to servers of others: only to addresses that are public or allowed, and through nothing in between."""

import re
import socket
from collections.abc import Callable, Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final

from kycaid_async.bulk.remote.daemon import in_daemon
from kycaid_async.bulk.remote.faults import RemoteFault, RemoteFaultError
from kycaid_async.bulk.remote.url_rules import WEB, UrlRules
from kycaid_async.forks import apart_from_forks

if TYPE_CHECKING:
    import ssl

    import aiohttp
    from yarl import URL

_INSIDE: Final = (
    IPv4Network("168.63.129.16/32"),  # the agent of Azure's virtual machines
    IPv4Network("192.0.0.0/24"),  # for protocols, and the metadata of one cloud
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
)
_UNICAST: Final = IPv6Network("2000::/3")
"""All IPv6 addresses that were given out so far."""
_DOCUMENTATION: Final = IPv6Network("3fff::/20")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_ISATAP: Final = (0x00005EFE, 0x02005EFE)
_LOW: Final = 0xFFFFFFFF


class InsideAddressError(OSError):
    """An address that is not public, and that nobody allowed."""

    def __init__(self) -> None:
        super().__init__("not a public address")


def is_public(address: str) -> bool:
    """Say whether anybody on the internet may be meant by ``address``, also by the IPv4 address that one holds."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv4Address):
        return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved) and not _is_in(parsed, _INSIDE)
    within = _within(parsed)
    if within is not None:
        return is_public(str(within))
    return parsed in _UNICAST and parsed.is_global and parsed.teredo is None and parsed not in _DOCUMENTATION


def _within(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address to which a gateway or a tunnel would pass on."""
    number = int(address)
    if address in _NAT64 or (number >> 32) & _LOW in _ISATAP:
        return IPv4Address(number & _LOW)
    return address.ipv4_mapped or address.sixtofour


def _is_in(address: IPv4Address | IPv6Address, networks: Collection[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in networks)


def networks_of(hosts: Collection[str]) -> list[IPv4Network | IPv6Network]:
    """Return those of ``hosts`` that are addresses or networks; the others are names."""
    networks = []
    for host in hosts:
        try:
            networks.append(ip_network(host.strip("[]"), strict=False))
        except ValueError:
            continue
    return networks


def socket_factory(host: str, allowed: Collection[str]) -> Callable[..., socket.socket]:
    """Return what makes the sockets for connections to ``host``: none to an address that is neither public nor allowed.

    It is asked with the very address that the connection is made to, so a name cannot mean another one meanwhile.
    """
    named = host.rstrip(".").lower() in {name.rstrip(".").lower() for name in allowed}
    networks = networks_of(allowed)

    def make(info: tuple[int, int, int, str, tuple[str, int]]) -> socket.socket:
        family, kind, protocol, _, address = info
        parsed = ip_address(address[0])
        if not (named or _is_in(parsed, networks) or is_public(address[0])):
            raise InsideAddressError
        return socket.socket(family, kind, protocol)

    return make


_REDIRECTS: Final = 5
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_CONNECT: Final = 10.0
"""Seconds."""


async def get(
    text: str, rules: UrlRules, headers: dict[str, str]
) -> "tuple[aiohttp.ClientSession, aiohttp.ClientResponse]":
    """Return the answer to a request, after redirects: each is looked at as the first URL was."""
    url = _parsed(text)
    for _ in range(_REDIRECTS + 1):
        session, response = await _session(url.raw_host or "", rules), None
        try:
            response = await session.get(url, headers=headers, allow_redirects=False)
            if response.status not in _MOVED:
                return session, response
            target = _target(url, response.headers.get("Location", ""), rules)
        except BaseException:
            if response is not None:
                response.close()
            await session.close()
            raise
        response.close()
        await session.close()
        url = target
    raise RemoteFaultError("its server redirects too often")


def _target(url: "URL", location: str, rules: UrlRules) -> "URL":
    try:
        target = url.join(_parsed(location))
        if rules.protocol_of(str(target)) in WEB:
            return target
    except (RemoteFaultError, ValueError):
        pass
    raise RemoteFaultError("its server redirects to a URL that is not allowed")


def _parsed(text: str) -> "URL":
    from yarl import URL

    # What is a URL by the letter is sent so: a signature may be over every letter of it.
    return URL(text, encoded=re.fullmatch(r"[!-~]+", text) is not None)


async def _session(host: str, rules: UrlRules) -> "aiohttp.ClientSession":
    """Return a session for one request: it knows no cookies, no proxies, and nobody's passwords."""
    import aiohttp

    connector = aiohttp.TCPConnector(
        socket_factory=socket_factory(host, rules.allow_hosts),
        resolver=_resolver(),
        ssl=await _ssl_context(),
        force_close=True,
        use_dns_cache=False,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT),
    )


_contexts: "list[ssl.SSLContext]" = []


async def _ssl_context() -> "ssl.SSLContext":
    """Return the context of all: to read the certificates of a system takes some 20 milliseconds."""
    import ssl

    if not _contexts:
        context = await in_daemon(ssl.create_default_context)
        if isinstance(context, Exception):
            raise context
        _contexts[:] = [context]
    return _contexts[0]


def _resolver() -> Any:
    from aiohttp.abc import AbstractResolver, ResolveResult

    class Resolver(AbstractResolver):
        """Looks names up in a thread that nobody has to wait for."""

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            outcome = await in_daemon(lambda: _look_up(host, port, family))
            if isinstance(outcome, OSError):
                raise outcome
            if isinstance(outcome, Exception):  # a name that no encoding has
                raise socket.gaierror(socket.EAI_NONAME, "no such host")
            return [
                ResolveResult(hostname=host, host=str(address[0]), port=port, family=kind, proto=proto, flags=_NUMERIC)
                for kind, _, proto, _, address in outcome
            ]

        async def close(self) -> None:
            return

    return Resolver()


def _look_up(host: str, port: int, family: socket.AddressFamily) -> Any:
    with apart_from_forks:
        return socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)


_NUMERIC: Final = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


def fault_of(error: Exception) -> RemoteFault:
    """Return the fault that an error of a request tells of."""
    import aiohttp

    if isinstance(error, RemoteFaultError):
        return error.fault
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        passing = getattr(error.os_error, "errno", None) == socket.EAI_AGAIN
        return RemoteFault("its host cannot be looked up for now" if passing else "no such host", passing)
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, InsideAddressError):
        return RemoteFault("its server's address is not public; --allow-host HOST, or UrlRules, allows it")
    table: tuple[tuple[type[Exception] | tuple[type[Exception], ...], RemoteFault], ...] = (
        (TimeoutError, RemoteFault("its server does not answer in time", passing=True)),
        (aiohttp.ClientConnectorCertificateError, RemoteFault("its server's certificate is not trusted")),
        (aiohttp.ClientSSLError, RemoteFault("its server speaks no TLS that is safe")),
        (aiohttp.ClientConnectorError, RemoteFault("its server cannot be connected to", passing=True)),
        (aiohttp.ClientResponseError, RemoteFault("its server's answer is no HTTP")),
        ((aiohttp.ClientError, EOFError, OSError), RemoteFault("its server broke off", passing=True)),
        ((ValueError, TypeError), RemoteFault("not a URL")),
    )
    if isinstance(error, aiohttp.InvalidURL):  # it is a client's error too
        return RemoteFault("not a URL")
    return next((fault for kind, fault in table if isinstance(error, kind)), RemoteFault(type(error).__name__))
