"""Checks over the network: the name, TLS, the clock, a call without the key and one with it, the user's receiver."""

import asyncio
import secrets
import socket
import ssl
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import aiohttp

from kycaid_async.cli.deliver import GOOD, deliver, signed
from kycaid_async.cli.doctor.checks import Finding
from kycaid_async.cli.problems import one_line
from kycaid_async.client import AsyncKycaid
from kycaid_async.errors import AuthenticationError, KycaidError
from kycaid_async.values.json import dumps

_SECONDS: Final = 10.0
_PORTS: Final = {"https": 443, "http": 80}
_DAYS_LEFT: Final = 14
_CLOCK_SAME, _CLOCK_OFF, _CLOCK_WRONG = 2.0, 30.0, 120.0
"""Seconds. `verifications.find` allows two minutes between the clocks."""
_EVENT: Final = "DOCTOR_TEST"


async def look(server: str, proxy: str | None, key: str | None) -> AsyncIterator[Finding]:
    """Check the way to the server, and a call that costs nothing."""
    parts = urlsplit(server)
    if proxy is None:
        name = await _name(parts)
        yield name
        if name.state == "wrong":
            yield Finding("call", "skipped", "without the server")
            return
        if parts.scheme == "https":
            yield await _tls(parts)
    else:
        yield Finding("DNS", "skipped", "the proxy looks for the server")
        yield Finding("TLS", "skipped", "not looked at through a proxy; the call below needs it to be good")
    answer, time_there = await _plain_request(server, proxy)
    yield answer
    yield time_there
    yield await _call(server, proxy, key) if answer.state == "ok" else Finding("call", "skipped", "without an answer")


async def _name(parts: SplitResult) -> Finding:
    started = time.perf_counter()
    host = parts.hostname or ""
    try:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, parts.port or _PORTS[parts.scheme], type=socket.SOCK_STREAM)
    except OSError as error:
        told = one_line(error.strerror or type(error).__name__)
        return Finding("DNS", "wrong", f"{host} is not found ({told}): check the URL, and the DNS of this machine")
    families = sorted({"IPv6" if family == socket.AF_INET6 else "IPv4" for family, *_ in found})
    return Finding("DNS", "ok", f"{host} is found, {' and '.join(families)}, in {_ms(started)}")


async def _tls(parts: SplitResult) -> Finding:
    host, port = parts.hostname or "", parts.port or 443
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        told = one_line(error.verify_message)
        return Finding(
            "TLS",
            "wrong",
            f"the certificate is not trusted ({told}): does a firewall replace it, or is the clock wrong?",
        )
    except (OSError, TimeoutError) as error:
        return Finding("TLS", "wrong", f"no connection to port {port} ({type(error).__name__}): is it blocked here?")
    tls = writer.get_extra_info("ssl_object")
    certificate, version = tls.getpeercert(), tls.version()
    writer.close()
    return certificate_finding(certificate, version, datetime.now(UTC))


def certificate_finding(certificate: dict[str, Any], version: str, now: datetime) -> Finding:
    """Say how long a certificate is valid, and who gave it."""
    end = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    days = (end - now).days
    names = {name: value for part in certificate.get("issuer", ()) for name, value in part}
    issuer = one_line(names.get("organizationName") or names.get("commonName") or "unknown")
    text = f"{version}, certificate of {issuer}, valid until {end:%Y-%m-%d} ({days} days)"
    return Finding("TLS", "warning" if days < _DAYS_LEFT else "ok", text)


async def _plain_request(server: str, proxy: str | None) -> tuple[Finding, Finding]:
    """Ask without the key: whether anything answers, and what time it is there."""
    started = time.perf_counter()
    try:
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{server}/countries", proxy=proxy, allow_redirects=False) as answer,
        ):
            status, date = answer.status, answer.headers.get("Date")
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        text = f"no answer ({type(error).__name__}): check the URL, the network, the firewall and the proxy"
        return Finding("answer", "wrong", text), Finding("clock", "skipped", "there is no time to compare with")
    return Finding("answer", "ok", f"HTTP {status} without a key, in {_ms(started)}"), clock(date, time.time())


def clock(date: str | None, now: float) -> Finding:
    """Compare this machine's clock with the server's."""
    try:
        off = now - parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return Finding("clock", "skipped", "the server does not say what time it is")
    state = f"{abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} the server's"
    if abs(off) < _CLOCK_OFF:
        return Finding("clock", "ok", "as the server's, within seconds" if abs(off) < _CLOCK_SAME else state)
    more = "set it right: certificates, reports by day and the search for lost answers depend on it"
    return Finding("clock", "wrong" if abs(off) > _CLOCK_WRONG else "warning", f"{state}; {more}")


async def _call(server: str, proxy: str | None, key: str | None) -> Finding:
    if not key:
        return Finding("call", "skipped", "without a key")
    started = time.perf_counter()
    try:
        async with AsyncKycaid(key, base_url=server, proxy=proxy, max_retries=1, timeout=_SECONDS) as client:
            found = await client.countries.list()
    except AuthenticationError:
        text = "the key is refused (HTTP 401): is it of this server, and of this account?"
        return Finding("call", "wrong", text)
    except KycaidError as error:
        return Finding("call", "wrong", one_line(error))
    return Finding("call", "ok", f"the key works: {len(found):,} countries in {_ms(started)}")


async def receiver(url: str, key: str | None) -> AsyncIterator[Finding]:
    """Send a callback that is signed wrongly, and one that is signed rightly; neither is about anybody."""
    if not key:
        yield Finding("callbacks", "skipped", "without a key nothing can be signed")
        return
    body = dumps({"type": _EVENT, "request_id": secrets.token_hex(18), "test": True})
    try:
        refused, _ = await deliver(url, signed(body, secrets.token_hex(18)), body)
        taken, seconds = await deliver(url, signed(body, key), body)
    except KycaidError as error:
        yield Finding("callbacks", "wrong", one_line(error))
        return
    if refused in GOOD:
        yield Finding("forged callback", "wrong", f"taken (HTTP {refused}): anybody can forge them. Verify signatures")
    else:
        yield Finding("forged callback", "ok", f"refused (HTTP {refused})")
    if taken in GOOD:
        yield Finding("signed callback", "ok", f"taken (HTTP {taken}) in {seconds * 1000:.0f} ms")
    else:
        told = (
            "the receiver has another key, reads the body before it verifies it, or refuses types that it does not know"
        )
        yield Finding("signed callback", "wrong", f"not taken (HTTP {taken}): {told}; KYCAID would send it again")


def _ms(started: float) -> str:
    return f"{(time.perf_counter() - started) * 1000:.0f} ms"
