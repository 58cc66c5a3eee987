"""Files of object stores and others that fsspec reaches, by ranges."""

import asyncio
import errno
import os
from collections.abc import Callable, Iterator
from typing import Any, Final

import attrs

from kycaid_async.bulk.remote.daemon import in_daemon
from kycaid_async.bulk.remote.faults import PASSING, RemoteFault, persisted
from kycaid_async.errors import ConfigurationError, UploadSourceError
from kycaid_async.extras import is_recent
from kycaid_async.timing import Timing
from kycaid_async.uploads.reader import CHUNK

_MARKS: Final = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "updated", "created")
"""Under which names filesystems say which version of a file it is."""


@attrs.frozen
class Terms:
    """Terms of a reading: the file's name in errors, and patience."""

    label: str
    patience: float
    """Seconds within which each part has to arrive."""
    timing: Timing


async def open_store(url: str, protocol: str, terms: Terms, first: int) -> "StoreReading | RemoteFault":
    """Ask for the size of a file and read its first bytes. Raises `ConfigurationError` when a package is missing."""
    # As it was checked: what fsspec makes of another spelling is of no account.
    plain = protocol + url[len(protocol) :]
    outcome = await in_daemon(lambda: _open(plain, terms, first))
    if isinstance(outcome, ImportError):
        ours = (outcome.name or "").split(".")[0] == "fsspec"
        needed = "pip install 'kycaid-async[fsspec]'" if ours else outcome.msg
        raise ConfigurationError(f"{terms.label}: URLs of this kind need another package: {needed}")
    if isinstance(outcome, ConfigurationError):
        raise outcome
    return fault_of(outcome) if isinstance(outcome, Exception) else outcome


def _open(url: str, terms: Terms, first: int) -> "StoreReading | RemoteFault":
    import fsspec

    if not is_recent("fsspec", fsspec.__version__):
        raise ConfigurationError(
            f"{terms.label}: the installed fsspec {fsspec.__version__} is not safe for URLs of others: "
            "pip install -U 'kycaid-async[fsspec]'"
        )
    try:
        fsspec.get_filesystem_class(url.partition("://")[0])
    except ValueError:
        return RemoteFault("not a URL of a kind that fsspec knows")
    try:
        files, path = fsspec.core.url_to_fs(url)
    except ValueError:
        return RemoteFault("stores of this kind are not set up here, with an account for one")
    info = files.info(path)
    size = info.get("size")
    if info.get("type") == "directory":
        return RemoteFault("it is a directory")
    if not isinstance(size, int) or size < 0:
        return RemoteFault("its server does not say how large it is")
    end = min(first, size)
    head = bytes(files.cat_file(path, start=0, end=end)) if size else b""
    return StoreReading(terms, files, path, size, head, _mark(info)) if len(head) == end else _OTHER_PART


_OTHER_PART: Final = RemoteFault("its server gives another part of it than was asked for")


def fault_of(error: Exception) -> RemoteFault:
    """Return the fault that an error of a filesystem tells of."""
    for kind, words in _REASONS.items():
        if isinstance(error, kind):
            return RemoteFault(words)
    status = next((int(code) for code in _statuses(error) if str(code).isdecimal()), 0)
    if status:
        return RemoteFault(f"its server answers {status}", status in PASSING)
    number = error.errno if isinstance(error, OSError) else None
    passing = number in _PASSING or any(kind.__name__ in _AWAY for kind in type(error).__mro__)
    # Not in the error's own words: they may be the server's, or hold the URL.
    return RemoteFault(os.strerror(number) if number else type(error).__name__, passing)


def _statuses(error: Exception) -> Iterator[Any]:
    """Give what may be the status of an answer, where the libraries below keep it."""
    for one in filter(None, (error, error.__cause__)):
        yield from (getattr(one, name, None) for name in ("status", "code", "status_code"))
        response = getattr(one, "response", None)
        if isinstance(response, dict):  # botocore
            yield response.get("ResponseMetadata", {}).get("HTTPStatusCode")


_PASSING: Final = frozenset({errno.EBUSY, errno.EAGAIN, errno.EIO, errno.ETIMEDOUT, errno.ECONNRESET})
_AWAY: Final = frozenset(
    {
        *("ConnectionError", "TimeoutError", "Timeout"),  # Python, botocore, requests
        *("HTTPClientError", "ClientConnectionError", "ClientPayloadError"),  # botocore, aiohttp
        *("ServiceRequestError", "ServiceResponseError"),  # azure
    }
)
"""Names of errors that tell of a server which is away: their packages need not be there."""
_REASONS: Final[dict[type[Exception], str]] = {
    FileNotFoundError: "no such file",
    PermissionError: "access is denied",
    IsADirectoryError: "it is a directory",
}


@attrs.define(eq=False)
class StoreReading:
    """A file of a store, for one attempt."""

    terms: Terms
    files: Any
    path: str = attrs.field(repr=False)
    size: int
    head: bytes = attrs.field(repr=False)
    mark: tuple[str, ...]
    _offset: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._offset = len(self.head)

    @property
    def label(self) -> str:
        return self.terms.label

    def framed(self, _before: bytes, _behind: bytes) -> None:
        return None

    async def read(self) -> bytes:
        start, end = self._offset, min(self._offset + CHUNK, self.size)
        if start >= end:
            return b""
        self._offset = end
        part = bytes(await self._ask(lambda: self.files.cat_file(self.path, start=start, end=end)))
        if len(part) != end - start:
            raise UploadSourceError(f"{self.label}: cannot be read to its end ({_OTHER_PART.words})")
        return part

    async def last(self, size: int) -> bytes | None:
        """Return the last bytes, whatever was read so far."""
        start, end = max(0, self.size - size), self.size
        part = bytes(await self._ask(lambda: self.files.cat_file(self.path, start=start, end=end)))
        return part if len(part) == end - start else None

    async def unchanged(self) -> bool:
        if self.size == len(self.head):  # it was read whole, in one go
            return True
        return bool(await self._ask(self._as_it_was))

    def _as_it_was(self) -> bool:
        self.files.invalidate_cache()
        info = self.files.info(self.path)
        return (info.get("size"), _mark(info)) == (self.size, self.mark)

    async def _ask(self, function: Callable[[], Any]) -> Any:
        outcome = await persisted(self.terms.timing, lambda: self._tried(function))
        if isinstance(outcome, RemoteFault):
            raise UploadSourceError(f"{self.label}: cannot be read to its end ({outcome.words}); nothing was stored")
        return outcome

    async def _tried(self, function: Callable[[], Any]) -> Any:
        try:
            async with asyncio.timeout(self.terms.patience):
                outcome = await in_daemon(function)
        except TimeoutError:
            return RemoteFault("its server does not answer in time", passing=True)
        return fault_of(outcome) if isinstance(outcome, Exception) else outcome

    async def close(self) -> None:
        return


def _mark(info: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(info[name]) for name in _MARKS if name in info)
