"""Where files may come from: which URLs are read, and which folders a manifest reaches."""

import os
import re
from collections.abc import Collection, Sequence
from typing import Any, Final, Self

import attrs

from kycaid_async.bulk.faults import FaultError
from kycaid_async.errors import ConfigurationError

AnyPath = str | os.PathLike[str]

WEB: Final = ("https", "http")
"""Protocols that this package speaks itself."""
_USUAL: Final = frozenset({"https", "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"})
_NEVER: Final = frozenset(
    {"file", "local", "asynclocal", "git", "dir", "generic", "reference", "dask", "async_wrapper", "asyncwrapper"}
    | {"simplecache", "filecache", "blockcache", "cached", "zip", "tar", "libarchive"}
)
"""What reads this machine's files past all rules, or another URL within its own."""
_SPELLING: Final = re.compile(r"([a-z][a-z0-9+._-]*)://([!-~]|[^\x00-\x20\x7f-\xa0])", re.IGNORECASE | re.ASCII)


def is_url(place: Any) -> bool:
    """Say whether ``place`` is the URL of a remote file, and not a path."""
    return isinstance(place, str) and "://" in place


def _names(names: Collection[str]) -> frozenset[str]:
    """Return protocols in lower case, as ``sftp``, ``SFTP`` and ``sftp://`` are one. Raises `ConfigurationError`."""
    if isinstance(names, str):
        raise ConfigurationError("allow_protocols: expected a list of names, got text")
    found = frozenset(name.strip().lower().removesuffix("://") for name in names)
    for name in found:
        if name in _NEVER:
            raise ConfigurationError(
                f"allow_protocols: {name} reads files of this machine or URLs within URLs, which is never allowed"
            )
        if not re.fullmatch(r"[a-z][a-z0-9+._-]*", name):
            raise ConfigurationError("allow_protocols: expected names such as sftp, got other text")
    return found


def _hosts(hosts: Collection[str]) -> frozenset[str]:
    if isinstance(hosts, str):
        raise ConfigurationError("allow_hosts: expected a list of names and networks, got text")
    found = frozenset(host.strip().lower() for host in hosts)
    if any(not host or "://" in host for host in found):
        raise ConfigurationError("allow_hosts: expected names, addresses or networks such as 10.0.0.0/8, and no URLs")
    return found


@attrs.frozen(kw_only=True)
class UrlRules:
    """Which URLs are read.

    Without options: those of ``https``, ``s3``, ``gs`` and ``az`` (also as ``s3a``, ``gcs``, ``abfs``, ``abfss``), and
    by ``https`` only from servers with public addresses.
    """

    allow_protocols: frozenset[str] = attrs.field(default=frozenset(), converter=_names)
    """More protocols, such as ``http`` or ``sftp``. Those of fsspec reach whatever host a URL names."""
    allow_hosts: frozenset[str] = attrs.field(default=frozenset(), converter=_hosts)
    """Hosts and networks that ``https`` may reach although their addresses are not public, such as ``10.0.0.0/8``."""

    def protocol_of(self, url: str) -> str:
        """Return the protocol of ``url`` in lower case. Raises `FaultError` when it is not allowed."""
        spelt = _SPELLING.match(url)
        protocol = spelt[1].lower() if spelt is not None else ""
        if "::" in url and protocol not in WEB:
            raise FaultError("a URL within a URL, which is never read")
        if spelt is None:
            raise FaultError("not a URL")
        if protocol in _NEVER:
            raise FaultError("not a remote file; write the path of a local one without a protocol")
        if protocol not in _USUAL | self.allow_protocols:
            raise FaultError("a URL of a kind that is not allowed; --allow-protocol NAME, or UrlRules, allows more")
        return protocol


@attrs.frozen(kw_only=True)
class Reach:
    """What the rows of one manifest may read: files of its folder, and what was allowed beside them."""

    start: str
    """The manifest's folder as it was given: where relative paths start."""
    folders: tuple[str, ...]
    """Without links; the first is the manifest's own."""
    spelt: tuple[str, ...]
    """The same as somebody wrote them."""
    urls: UrlRules | None
    """None when no URL may be read."""

    @classmethod
    def of(cls, folder: str, outside: Sequence[AnyPath], urls: UrlRules | None) -> "Reach":
        """Return the reach of a manifest in ``folder``. Raises `ConfigurationError` when ``outside`` is one path."""
        if isinstance(outside, str | os.PathLike):
            raise ConfigurationError("outside: expected a list of folders, got one path")
        folders = [folder, *(os.fspath(other) for other in outside)]
        return cls(
            start=folder,
            folders=tuple(map(os.path.realpath, folders)),
            spelt=tuple(map(os.path.abspath, folders)),
            urls=urls,
        )

    def place(self, written: str) -> "Place":
        """Return the place that a manifest means by what is ``written`` in it."""
        # A Path would change how it is spelt.
        return Place(written if is_url(written) else os.path.join(self.start, written), written, self)  # noqa: PTH118


class Place(str):
    """The path or the URL of a file that a manifest names, with what the manifest may reach."""

    __slots__ = ("reach", "written")

    written: str
    """As it stands in the manifest."""
    reach: Reach

    def __new__(cls, text: str, written: str, reach: Reach) -> Self:
        place = super().__new__(cls, text)
        place.written, place.reach = written, reach
        return place

    def __getnewargs__(self) -> tuple[str, str, Reach]:  # type: ignore[override]  # text has one argument
        return str(self), self.written, self.reach
