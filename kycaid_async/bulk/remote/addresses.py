"""Public addresses of the internet, told from those that lead inside: to this machine, its network, or its cloud."""

import socket
from collections.abc import Callable, Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

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
