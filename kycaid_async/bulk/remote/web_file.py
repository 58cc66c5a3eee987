"""Files by ``https://``: read by ranges, within limits, and only from addresses that are public or allowed."""

import asyncio
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import attrs

from kycaid_async.bulk.remote.faults import PASSING, RemoteFault, RemoteFaultError, persisted
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.bulk.remote.web_request import fault_of, get
from kycaid_async.errors import UploadSourceError
from kycaid_async.timing import Timing
from kycaid_async.uploads.reader import CHUNK

if TYPE_CHECKING:
    import aiohttp

_OK, _PART, _BEYOND = 200, 206, 416
_STATUSES: Final = {
    401: "access is denied, 401",
    403: "access is denied, 403; a signed URL may have expired",
    404: "no such file, 404",
    410: "no such file any more, 410",
}


@attrs.frozen
class WebLink:
    """A URL, and how it may be read."""

    url: str = attrs.field(repr=False)
    label: str
    rules: UrlRules
    patience: float
    """Seconds within which each part has to arrive."""
    timing: Timing


async def open_web(link: WebLink, first: int) -> "WebReading | RemoteFault":
    """Read the first bytes of a file, and how large it is."""
    outcome = await _tried(link, lambda: _Stream.of(link, 0, first))
    if isinstance(outcome, RemoteFault):
        return outcome
    reading = WebReading(link, outcome.total, outcome.mark, outcome)
    fault = await _tried(link, lambda: reading.fill(first))
    if isinstance(fault, RemoteFault):
        await reading.close()
        return fault
    return reading


async def _tried(link: WebLink, work: Callable[[], Any]) -> Any:
    """Return what ``work`` returns, or the fault that ended it; as a value, for an error may hold the whole URL."""
    try:
        async with asyncio.timeout(link.patience):
            return await work()
    except Exception as error:  # noqa: BLE001 - whatever a stranger's server brings about
        return fault_of(error)


@attrs.define(eq=False)
class WebReading:
    """A file by ``https://``, for one attempt."""

    link: WebLink
    size: int
    mark: tuple[str | None, ...]
    _stream: "_Stream | None"
    head: bytes = attrs.field(default=b"", repr=False)
    _offset: int = 0

    @property
    def label(self) -> str:
        return self.link.label

    def framed(self, _before: bytes, _behind: bytes) -> None:
        return None

    async def fill(self, first: int) -> None:
        """Read the head."""
        self.head = await self._part(min(first, self.size))

    async def read(self) -> bytes:
        want = min(CHUNK, self.size - self._offset)
        part = await persisted(self.link.timing, lambda: _tried(self.link, lambda: self._part(want)))
        if isinstance(part, RemoteFault):
            raise UploadSourceError(f"{self.label}: cannot be read to its end ({part.words}); nothing was stored")
        return bytes(part)

    async def last(self, size: int) -> bytes | None:
        """Return the last bytes, whatever was read so far; None when the server does not give them alone."""
        part = await persisted(self.link.timing, lambda: _tried(self.link, lambda: self._last(size)))
        return None if isinstance(part, RemoteFault) else bytes(part)

    async def _last(self, size: int) -> bytes:
        stream = await _Stream.of(self.link, max(0, self.size - size), self.size)
        try:
            if (stream.total, stream.mark) != (self.size, self.mark):
                raise RemoteFaultError("it changed while it was read")
            return await stream.read(stream.left)
        finally:
            await stream.close()

    async def _part(self, want: int) -> bytes:
        if want <= 0:
            return b""
        if self._stream is None or self._stream.left < want:
            await self.close()
            self._stream = await _Stream.of(self.link, self._offset, None)
            if (self._stream.total, self._stream.mark) != (self.size, self.mark):
                raise RemoteFaultError("it changed while it was read")
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
        """Marks of the version of the file."""
        return tuple(self.response.headers.get(name) for name in ("ETag", "Last-Modified"))

    @classmethod
    async def of(cls, link: WebLink, start: int, end: int | None) -> "_Stream":
        """Ask for the bytes from ``start`` up to ``end``. A server that gives all of them is taken at its word."""
        wanted = f"bytes={start}-{'' if end is None else end - 1}"
        session, response = await get(link.url, link.rules, {"Range": wanted, "Accept-Encoding": "identity"})
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
    """Return how large a file is, and how much of it an answer brings. Raises `RemoteFaultError`."""
    extent = re.fullmatch(
        r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18})", headers.get("Content-Range", "").strip(), re.ASCII
    )
    if status == _BEYOND and extent is not None and int(extent[3]) == start == 0:
        return 0, 0
    if status == _PART and extent is not None and extent[1] is not None:
        first, last, total = int(extent[1]), int(extent[2]), int(extent[3])
        if first == start <= last < total:
            return total, last + 1 - first
    length = headers.get("Content-Length", "")
    if status == _OK and start == 0:
        if not re.fullmatch(r"\d{1,18}", length, re.ASCII):
            raise RemoteFaultError("its server does not say how large it is")
        return int(length), int(length)
    if status in {_OK, _PART, _BEYOND}:
        raise RemoteFaultError("its server gives another part of it than was asked for")
    raise RemoteFaultError(_STATUSES.get(status, f"its server answers {status}"), passing=status in PASSING)
