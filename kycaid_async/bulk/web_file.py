"""Files by ``https://``: read by ranges, within limits, and only from addresses that are public or allowed."""

import asyncio
import re
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import attrs

from kycaid_async.bulk.addresses import InsideAddressError, socket_factory
from kycaid_async.bulk.daemon import in_daemon
from kycaid_async.bulk.faults import PASSING, Fault, FaultError, persisted
from kycaid_async.bulk.places import WEB, UrlRules
from kycaid_async.errors import UploadSourceError
from kycaid_async.transport.reading import CHUNK
from kycaid_async.transport.timing import Timing

if TYPE_CHECKING:
    import ssl

    import aiohttp
    from yarl import URL

_REDIRECTS: Final = 5
_CONNECT: Final = 10.0
"""Seconds."""
_OK, _PART, _BEYOND = 200, 206, 416
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_STATUSES: Final = {
    401: "access is denied, 401",
    403: "access is denied, 403; a signed URL may have expired",
    404: "no such file, 404",
    410: "no such file any more, 410",
}


@attrs.frozen
class Link:
    """A URL, and how it may be read."""

    url: str = attrs.field(repr=False)
    label: str
    rules: UrlRules
    patience: float
    """Seconds within which each part has to arrive."""
    timing: Timing


async def open_web(link: Link, first: int) -> "WebReading | Fault":
    """Read the first bytes of a file, and how large it is."""
    outcome = await _tried(link, lambda: _Stream.of(link, 0, first))
    if isinstance(outcome, Fault):
        return outcome
    reading = WebReading(link, outcome.total, outcome.mark, outcome)
    fault = await _tried(link, lambda: reading.fill(first))
    if isinstance(fault, Fault):
        await reading.close()
        return fault
    return reading


async def _tried(link: Link, work: Callable[[], Any]) -> Any:
    """Return what ``work`` returns, or the fault that ended it; as a value, for an error may hold the whole URL."""
    try:
        async with asyncio.timeout(link.patience):
            return await work()
    except Exception as error:  # noqa: BLE001 - whatever a stranger's server brings about
        return _fault_of(error)


@attrs.define(eq=False)
class WebReading:
    """A file by ``https://``, for one attempt."""

    link: Link
    size: int
    mark: tuple[str | None, ...]
    _stream: "_Stream | None"
    head: bytes = b""
    _offset: int = 0

    @property
    def label(self) -> str:
        return self.link.label

    def wrapped(self, _before: bytes, _behind: bytes) -> None:
        return None

    async def fill(self, first: int) -> None:
        """Read the head."""
        self.head = await self._part(min(first, self.size))

    async def read(self) -> bytes:
        want = min(CHUNK, self.size - self._offset)
        found = await persisted(self.link.timing, lambda: _tried(self.link, lambda: self._part(want)))
        if isinstance(found, Fault):
            raise UploadSourceError(f"{self.label}: cannot be read to its end ({found.words}); nothing was stored")
        return bytes(found)

    async def _part(self, want: int) -> bytes:
        if want <= 0:
            return b""
        if self._stream is None or self._stream.left < want:
            await self.close()
            self._stream = await _Stream.of(self.link, self._offset, None)
            if (self._stream.total, self._stream.mark) != (self.size, self.mark):
                raise FaultError("it changed while it was read")
        try:
            part = await self._stream.read(want)
        except BaseException:
            await self.close()
            raise
        self._offset += want
        return part

    async def unchanged(self) -> bool:
        # Parts are taken together only when they are of one version.
        return True

    async def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.close()


@attrs.define(eq=False)
class _Stream:
    """One answer of a server: a file from ``start`` on."""

    session: "aiohttp.ClientSession"
    response: "aiohttp.ClientResponse"
    total: int
    left: int
    """Bytes that are still to come in this answer."""

    @property
    def mark(self) -> tuple[str | None, ...]:
        """What says which version of the file it is."""
        return tuple(self.response.headers.get(name) for name in ("ETag", "Last-Modified"))

    @classmethod
    async def of(cls, link: Link, start: int, end: int | None) -> "_Stream":
        """Ask for the bytes from ``start`` up to ``end``. A server that gives all of them is taken at its word."""
        wanted = f"bytes={start}-{'' if end is None else end - 1}"
        session, response = await _get(link, {"Range": wanted, "Accept-Encoding": "identity"})
        try:
            total, left = _extent(response.status, response.headers, start)
            return cls(session, response, total, left)
        except BaseException:
            response.close()
            await session.close()
            raise

    async def read(self, size: int) -> bytes:
        self.left -= size
        return await self.response.content.readexactly(size)

    async def close(self) -> None:
        self.response.close()
        await self.session.close()


def _extent(status: int, headers: Any, start: int) -> tuple[int, int]:
    """Return how large a file is, and how much of it an answer brings. Raises `FaultError`."""
    given = re.fullmatch(r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18})", headers.get("Content-Range", "").strip())
    if status == _BEYOND and given is not None and int(given[3]) == start == 0:
        return 0, 0
    if status == _PART and given is not None and given[1] is not None:
        first, last, total = int(given[1]), int(given[2]), int(given[3])
        if first == start <= last < total:
            return total, last + 1 - first
    length = headers.get("Content-Length", "")
    if status == _OK and start == 0:
        if not re.fullmatch(r"\d{1,18}", length, re.ASCII):
            raise FaultError("its server does not say how large it is")
        return int(length), int(length)
    if status in {_OK, _PART, _BEYOND}:
        raise FaultError("its server gives another part of it than was asked for")
    raise FaultError(_STATUSES.get(status, f"its server answers {status}"), passing=status in PASSING)


async def _get(link: Link, headers: dict[str, str]) -> "tuple[aiohttp.ClientSession, aiohttp.ClientResponse]":
    """Return the answer to a request, after redirects: each is looked at as the first URL was."""
    url = _parsed(link.url)
    for _ in range(_REDIRECTS + 1):
        session = await _session(url.raw_host or "", link.rules)
        try:
            response = await session.get(url, headers=headers, allow_redirects=False)
            if response.status not in _MOVED:
                return session, response
            target = _target(url, response.headers.get("Location", ""), link.rules)
        except BaseException:
            await session.close()
            raise
        response.close()
        await session.close()
        url = target
    raise FaultError("its server redirects too often")


def _target(url: "URL", location: str, rules: UrlRules) -> "URL":
    try:
        target = url.join(_parsed(location))
        if rules.protocol_of(str(target)) in WEB:
            return target
    except (FaultError, ValueError):
        pass
    raise FaultError("its server redirects to a URL that is not allowed")


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
        made = await in_daemon(ssl.create_default_context)
        if isinstance(made, Exception):
            raise made
        _contexts[:] = [made]
    return _contexts[0]


def _resolver() -> Any:
    from aiohttp.abc import AbstractResolver, ResolveResult

    class Resolver(AbstractResolver):
        """Looks names up in a thread that nobody has to wait for."""

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            found = await in_daemon(lambda: socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM))
            if isinstance(found, OSError):
                raise found
            if isinstance(found, Exception):  # a name that no encoding has
                raise socket.gaierror(socket.EAI_NONAME, "no such host")
            return [
                ResolveResult(hostname=host, host=str(address[0]), port=port, family=kind, proto=proto, flags=_NUMERIC)
                for kind, _, proto, _, address in found
            ]

        async def close(self) -> None:
            return

    return Resolver()


_NUMERIC: Final = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


def _fault_of(error: Exception) -> Fault:
    import aiohttp

    if isinstance(error, FaultError):
        return error.fault
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        passing = getattr(error.os_error, "errno", None) == socket.EAI_AGAIN
        return Fault("its host cannot be looked up for now" if passing else "no such host", passing)
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, InsideAddressError):
        return Fault("its server's address is not public; --allow-host HOST, or UrlRules, allows it")
    table: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Fault], ...] = (
        (TimeoutError, Fault("its server does not answer in time", passing=True)),
        (aiohttp.ClientConnectorCertificateError, Fault("its server's certificate is not trusted")),
        (aiohttp.ClientSSLError, Fault("its server speaks no TLS that is safe")),
        (aiohttp.ClientConnectorError, Fault("its server cannot be connected to", passing=True)),
        (aiohttp.ClientResponseError, Fault("its server's answer is no HTTP")),
        ((aiohttp.ClientError, EOFError, OSError), Fault("its server broke off", passing=True)),
        ((ValueError, TypeError), Fault("not a URL")),
    )
    if isinstance(error, aiohttp.InvalidURL):  # it is a client's error too
        return Fault("not a URL")
    return next((fault for kind, fault in table if isinstance(error, kind)), Fault(type(error).__name__))
