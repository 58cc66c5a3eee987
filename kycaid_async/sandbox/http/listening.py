"""The address and the key of a sandbox."""

import ipaddress
import logging
import socket
from typing import Final

from kycaid_async.errors import ConfigurationError

SANDBOX_KEY: Final = "sandbox0sandbox0sandbox0sandbox0sand"
"""The API key of a sandbox that was given none. Everybody knows it."""


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach a host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises `ConfigurationError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigurationError(f"the sandbox cannot listen on {host}:{port}: {error}") from error


def url_of(host: str, port: int) -> str:
    """Return the URL to call what listens there."""
    # All interfaces are no address to call.
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing is bound here
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def silent() -> logging.Logger:
    """Return a logger for aiohttp, whose own logs quote requests and addresses."""
    logger = logging.Logger("kycaid_async.sandbox.http")  # noqa: LOG001 - one that nobody can switch on
    logger.disabled = True
    return logger
