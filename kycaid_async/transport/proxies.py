"""The proxy of a client, and refusals of one that would read what it must not."""

import re
from collections.abc import Collection
from contextlib import suppress
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from kycaid_async.errors import ConfigurationError
from kycaid_async.options import FLAG
from kycaid_async.transport.settings import may_be_plain

_SUPPORTED = (
    "expected http://host:port or https://host:port, if needed with user:password@ before the host, "
    "in which / ? # @ are written as %2F %3F %23 %40"
)


def proxy_of(
    proxy: str | None, *, trust_env: bool, base_url: str, allow_http: Collection[str] = frozenset()
) -> str | None:
    """Return the proxy for a server: ``proxy``, or with ``trust_env`` that of the environment; None for no proxy.

    Raises `ConfigurationError` for one that does not work, or that would see the key. Its text shows nothing of it.
    """
    FLAG.check("trust_env", trust_env)
    where, out = "proxy", "leave the proxy out"
    if proxy is None and trust_env:
        where, proxy = _proxy_of_environment(base_url)
        out = f"set NO_PROXY={urlsplit(base_url).hostname}"
    if proxy is None:
        return None
    _refuse_unfit(where, proxy)
    _refuse_reader(where, proxy, base_url=base_url, allow_http=allow_http, out=out)
    return proxy


def refuse_reading_proxy(proxy: Any, *, trust_env: bool, base_url: str, allow_http: Collection[str]) -> None:
    """Raise `ConfigurationError` when the proxy of a session, or one that it finds, would see the key."""
    if not base_url.startswith("http://"):
        return
    out = "pass a session without that proxy"
    if proxy is None and trust_env:
        import urllib.request

        parts = urlsplit(base_url)
        # As aiohttp does it: where the system has settings of its own for proxies, they count.
        if not urllib.request.proxy_bypass(parts.hostname or ""):
            proxy = urllib.request.getproxies().get(parts.scheme)
        out = f"set NO_PROXY={parts.hostname}, or pass a session without trust_env"
    if proxy is not None:
        _refuse_reader("session", str(proxy), base_url=base_url, allow_http=allow_http, out=out)


def _proxy_of_environment(base_url: str) -> tuple[str, str | None]:
    """Return the name of the variable that holds the proxy for ``base_url``, and the proxy."""
    import urllib.request

    parts = urlsplit(base_url)
    proxies = urllib.request.getproxies_environment()
    for name in (parts.scheme, "all"):
        if proxies.get(name):
            if _bypassed(parts, proxies):
                break
            return f"{name.upper()}_PROXY in the environment", proxies[name]
    return "", None


def _bypassed(parts: SplitResult, proxies: dict[str, str]) -> bool:
    import urllib.request

    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    # With its port, also the one that goes without saying; and without, because urllib takes the end of an IPv6 address
    # for a port.
    bypass = urllib.request.proxy_bypass_environment  # type: ignore[attr-defined]  # typeshed does not know it
    if any(bypass(each, proxies) for each in (f"{shown}:{port}", host)):
        return True
    return any(_covers(entry.strip().lower(), host, port) for entry in proxies.get("no", "").split(","))


_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_NO_BRACKETS: Final = str.maketrans("", "", "[]")


def _covers(entry: str, host: str, port: int | None) -> bool:
    """Say whether an entry of NO_PROXY that urllib does not know covers a host: a network, or ``*.`` with a name."""
    if "/" in entry:
        import ipaddress

        with suppress(ValueError):
            network = ipaddress.ip_network(entry.translate(_NO_BRACKETS), strict=False)
            return ipaddress.ip_address(host) in network
        return False
    name, _, of_port = entry.partition(":")
    fits = not of_port or of_port == str(port)
    return name.startswith("*.") and fits and host.endswith(name[1:])


def _refuse_unfit(where: str, proxy: Any) -> None:
    if not isinstance(proxy, str):
        raise ConfigurationError(f"{where}: {_SUPPORTED}; got {type(proxy).__name__}")
    if re.match(r"(?i)socks\w*:", proxy):
        raise ConfigurationError(f"{where}: SOCKS proxies are not supported; {_SUPPORTED}")
    try:
        parts = urlsplit(proxy)
        fit = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        raise ConfigurationError(f"{where}: {_SUPPORTED}") from None
    if not fit or parts.path.strip("/") or parts.query or parts.fragment or re.search(r"[\s\\]", proxy):
        raise ConfigurationError(f"{where}: {_SUPPORTED}")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if ":" in user or not _is_latin1(user + password):
        raise ConfigurationError(f"{where}: the user has a colon, or user and password have letters beyond Latin-1")


def _refuse_reader(where: str, proxy: str, *, base_url: str, allow_http: Collection[str], out: str) -> None:
    """Refuse a proxy that gets requests without TLS, unless it is on this machine or allowed by name."""
    if not base_url.startswith("http://"):
        return  # it passes on what it cannot read
    try:
        host = urlsplit(proxy).hostname or ""
    except ValueError:
        host = ""
    if not may_be_plain(host, allow_http):
        raise ConfigurationError(
            f"{where}: requests to an http base_url would show the proxy the key and personal data in the clear; "
            f"use an https base_url, {out}, or name the proxy's host in allow_http"
        )


def _is_latin1(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
