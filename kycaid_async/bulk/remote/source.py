"""Remote files by their URLs: ``https://``, and with the extra ``fsspec`` those of ``s3://`` and other stores."""

import asyncio
import re
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

import attrs

from kycaid_async.bulk.remote.faults import RemoteFault, RemoteFaultError, persisted
from kycaid_async.bulk.remote.store_file import Terms, open_store
from kycaid_async.bulk.remote.url_rules import WEB, UrlRules
from kycaid_async.bulk.remote.web_file import WebLink, open_web
from kycaid_async.errors import InvalidFileError, UploadSourceError
from kycaid_async.masking import shown_path
from kycaid_async.timing import Timing
from kycaid_async.uploads.path_source import LONGEST_LABEL
from kycaid_async.uploads.reader import CHUNK, SourceReader

_PATIENCE: Final = 30.0
"""Seconds within which a part of a file has to arrive, of at most `CHUNK` bytes."""


@attrs.frozen(eq=False)
class RemoteSource:
    """A remote file by its URL. It is read by ranges, from its start at each attempt."""

    url: str = attrs.field(repr=False)
    first: int = CHUNK
    """How many bytes are read when it is opened."""
    rules: UrlRules | None = attrs.field(factory=UrlRules)
    """None when no URL may be read."""
    patience: float = _PATIENCE
    timing: Timing = attrs.field(factory=Timing)

    @property
    def label(self) -> str:
        """The URL without its folders, as of any file, and without what may be a secret."""
        return shown_path(self._plain)

    @property
    def _plain(self) -> str:
        """The URL without the query, and a name and password before the host."""
        plain = re.sub(r"://[^/]*@", "://", re.split(r"[?#]", self.url, maxsplit=1)[0])
        return plain if len(plain) <= LONGEST_LABEL else plain[:LONGEST_LABEL] + "…"

    @property
    def filename(self) -> str:
        return unquote(PurePosixPath(self._plain).name)

    async def open(self) -> SourceReader:
        """Ask for the size and read the first bytes. What may be over soon is tried again, with growing pauses.

        Raises `InvalidFileError` when the file cannot be read, `UploadSourceError` when its server could not be reached
        for now, and `ConfigurationError` when fsspec, or what it needs for this kind of URL, is not installed.
        """
        reader = await persisted(self.timing, self._open)
        if not isinstance(reader, RemoteFault):
            return reader
        if reader.passing:
            raise UploadSourceError(f"{self.label}: cannot be reached for now ({reader.words}); try again later")
        raise InvalidFileError(f"{self.label}: cannot be opened ({reader.words})", file=self._plain)

    async def _open(self) -> SourceReader | RemoteFault:
        try:
            protocol = (self.rules or UrlRules()).protocol_of(self.url)
            if self.rules is None:
                return RemoteFault("a URL; --allow-urls, or urls=UrlRules(), allows those")
            if protocol in WEB:
                link = WebLink(self.url, self.label, self.rules, self.patience, self.timing)
                return await open_web(link, self.first)
            async with asyncio.timeout(self.patience):
                return await open_store(self.url, protocol, Terms(self.label, self.patience, self.timing), self.first)
        except RemoteFaultError as error:
            return error.fault
        except TimeoutError:
            return RemoteFault("its server does not answer in time", passing=True)
