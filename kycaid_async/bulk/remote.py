"""Files that fsspec can reach: ``s3://``, ``gs://``, ``memory://`` and others. They need the extra ``fsspec``."""

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any, Final, TypeVar
from urllib.parse import unquote

import attrs

from kycaid_async.errors import ConfigurationError, InvalidFileError
from kycaid_async.masking import shown_path
from kycaid_async.transport.path_source import LONGEST_LABEL
from kycaid_async.transport.reading import CHUNK, broken, in_thread

T = TypeVar("T")

_MARKS: Final = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "updated", "created")
"""Under which names filesystems say which version of a file it is."""


def is_url(place: Any) -> bool:
    """Say whether ``place`` is the URL of a remote file, and not a path."""
    return isinstance(place, str) and "://" in place


def source_of(url: str) -> "RemoteSource":
    """Return the source for the URL of a remote file."""
    return RemoteSource(url)


@attrs.frozen(eq=False)
class RemoteSource:
    """A remote file by its URL. It is read by ranges, in threads, from its start at each attempt."""

    url: str = attrs.field(repr=False)
    first: int = CHUNK
    """How many bytes are read when it is opened."""

    @property
    def label(self) -> str:
        """The URL without what may be a secret: the query, and a name and password before the host."""
        plain = re.sub(r"://[^/]*@", "://", re.split(r"[?#]", self.url, maxsplit=1)[0])
        return plain if len(plain) <= LONGEST_LABEL else plain[:LONGEST_LABEL] + "…"

    @property
    def filename(self) -> str:
        return unquote(PurePosixPath(self.label).name)

    async def open(self) -> "RemoteReading":
        """Ask for the size and read the first bytes.

        Raises `InvalidFileError` when the file cannot be read, `ConfigurationError` when fsspec, or what it needs for
        this kind of URL, is not installed.
        """
        found = await in_thread(lambda: _outcome(self._open))
        if isinstance(found, ImportError):
            ours = (found.name or "").split(".")[0] == "fsspec"
            needed = "pip install 'kycaid-async[fsspec]'" if ours else found.msg
            raise ConfigurationError(f"{shown_path(self.label)}: URLs of this kind need another package: {needed}")
        if isinstance(found, Exception):
            raise InvalidFileError(f"{shown_path(self.label)}: cannot be opened ({_reason(found)})", file=self.label)
        return found

    def _open(self) -> "RemoteReading":
        files, path = _reach(self.url)
        found = files.info(path)
        if found.get("type") == "directory":
            raise IsADirectoryError
        size = found.get("size")
        if size is None:
            raise _NoSizeError
        head = bytes(files.cat_file(path, start=0, end=min(self.first, size))) if size else b""
        return RemoteReading(self.label, files, path, size, head, _mark(found))


def _reach(url: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    try:
        files, path = url_to_fs(url)
    except ValueError:
        raise _UnknownKindError from None
    return files, path


class _UnknownKindError(Exception):
    """No filesystem has URLs that begin so."""


class _NoSizeError(Exception):
    """A server does not say how large a file is."""


@attrs.define(eq=False)
class RemoteReading:
    """A remote file, for one attempt."""

    label: str
    files: Any
    path: str
    size: int
    head: bytes
    mark: tuple[str, ...]
    _offset: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._offset = len(self.head)

    def wrapped(self, _before: bytes, _behind: bytes) -> None:
        return None

    async def read(self) -> bytes:
        start, end = self._offset, min(self._offset + CHUNK, self.size)
        if start >= end:
            return b""
        self._offset = end
        return bytes(await self._ask(lambda: self.files.cat_file(self.path, start=start, end=end)))

    async def unchanged(self) -> bool:
        if self.size == len(self.head):  # it was read whole, in one go
            return True
        return bool(await self._ask(self._as_it_was))

    def _as_it_was(self) -> bool:
        self.files.invalidate_cache()
        found = self.files.info(self.path)
        return (found.get("size"), _mark(found)) == (self.size, self.mark)

    async def _ask(self, function: Callable[[], Any]) -> Any:
        found = await in_thread(lambda: _outcome(function))
        if isinstance(found, Exception):
            raise broken(self.label, found)
        return found

    async def close(self) -> None:
        return


def _outcome(function: Callable[[], T]) -> T | Exception:
    """Return what ``function`` returns or raises.

    As a value, and so never the context of another error: a filesystem's own may hold the URL with its signature.
    """
    try:
        return function()
    except Exception as error:  # noqa: BLE001 - each filesystem has errors of its own
        return error


def _mark(found: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(found[name]) for name in _MARKS if name in found)


def _reason(error: Exception) -> str:
    for kind, words in _REASONS.items():
        if isinstance(error, kind):
            return words
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__


_REASONS: Final[dict[type[Exception], str]] = {
    FileNotFoundError: "no such file",
    PermissionError: "access is denied",
    IsADirectoryError: "it is a directory",
    _NoSizeError: "its server does not say how large it is",
    _UnknownKindError: "not a URL of a kind that fsspec knows",
}
