"""Rules for URLs: which remote files may be read."""

import re
from collections.abc import Collection
from typing import Final

import attrs

from kycaid_async.bulk.remote.faults import RemoteFaultError
from kycaid_async.errors import ConfigurationError
from kycaid_async.tracebacks import guarded

WEB: Final = ("https", "http")
"""Protocols that this package speaks itself."""
_USUAL: Final = frozenset({"https", "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"})
_NEVER: Final = frozenset(
    {"file", "local", "asynclocal", "git", "dir", "generic", "reference", "dask", "async_wrapper", "asyncwrapper"}
    | {"simplecache", "filecache", "blockcache", "cached", "zip", "tar", "libarchive"}
)
"""What reads this machine's files past all rules, or another URL within its own."""
_SPELLING: Final = re.compile(r"([a-z][a-z0-9+._-]*)://([!-~]|[^\x00-\x20\x7f-\xa0])", re.IGNORECASE | re.ASCII)


def _names(names: Collection[str]) -> frozenset[str]:
    """Return protocols in lower case, as ``sftp``, ``SFTP`` and ``sftp://`` are one. Raises `ConfigurationError`."""
    if isinstance(names, str):
        raise ConfigurationError("allow_protocols: expected a list of names, got text")
    protocols = frozenset(name.strip().lower().removesuffix("://") for name in names)
    for name in protocols:
        if name in _NEVER:
            raise ConfigurationError(
                f"allow_protocols: {name} reads files of this machine or URLs within URLs, which is never allowed"
            )
        if not re.fullmatch(r"[a-z][a-z0-9+._-]*", name):
            raise ConfigurationError("allow_protocols: expected names such as sftp, got other text")
    return protocols


def _hosts(hosts: Collection[str]) -> frozenset[str]:
    if isinstance(hosts, str):
        raise ConfigurationError("allow_hosts: expected a list of names and networks, got text")
    entries = frozenset(host.strip().lower() for host in hosts)
    if any(not host or "://" in host for host in entries):
        raise ConfigurationError("allow_hosts: expected names, addresses or networks such as 10.0.0.0/8, and no URLs")
    return entries


@guarded
@attrs.frozen(kw_only=True)
class UrlRules:
    """Rules for the URLs that are read.

    Without options: those of ``https``, ``s3``, ``gs`` and ``az`` (also as ``s3a``, ``gcs``, ``abfs``, ``abfss``), and
    by ``https`` only from servers with public addresses.
    """

    allow_protocols: frozenset[str] = attrs.field(default=frozenset(), converter=_names)
    """More protocols, such as ``http`` or ``sftp``. Those of fsspec reach whatever host a URL names."""
    allow_hosts: frozenset[str] = attrs.field(default=frozenset(), converter=_hosts)
    """Hosts and networks that ``https`` may reach although their addresses are not public, such as ``10.0.0.0/8``."""

    def protocol_of(self, url: str) -> str:
        """Return the protocol of ``url`` in lower case. Raises `RemoteFaultError` when it is not allowed."""
        spelt = _SPELLING.match(url)
        protocol = spelt[1].lower() if spelt is not None else ""
        if "::" in url and protocol not in WEB:
            raise RemoteFaultError("a URL within a URL, which is never read")
        if spelt is None:
            raise RemoteFaultError("not a URL")
        if protocol in _NEVER:
            raise RemoteFaultError("not a remote file; write the path of a local one without a protocol")
        if protocol not in _USUAL | self.allow_protocols:
            raise RemoteFaultError(
                "a URL of a kind that is not allowed; --allow-protocol NAME, or UrlRules, allows more"
            )
        return protocol
