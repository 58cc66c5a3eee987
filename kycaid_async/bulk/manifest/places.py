"""Where files of rows may come from: which folders and URLs a manifest reaches, and how they are read."""

import os
from collections.abc import Sequence
from functools import partial
from typing import Self

import attrs

from kycaid_async.bulk.manifest.confined import open_within
from kycaid_async.bulk.manifest.converted import ConvertedSource
from kycaid_async.bulk.remote.source import RemoteSource
from kycaid_async.bulk.remote.url_rules import UrlRules, is_url
from kycaid_async.bulk.row import BulkSource
from kycaid_async.errors import ConfigurationError
from kycaid_async.uploads import sources
from kycaid_async.uploads.path_hint import hint
from kycaid_async.uploads.path_source import PathSource
from kycaid_async.uploads.reader import CHUNK, Source

AnyPath = str | os.PathLike[str]


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
    as_jpeg: bool = False
    """True when HEIC pictures are converted."""

    @classmethod
    def of(cls, folder: str, outside: Sequence[AnyPath], urls: UrlRules | None, *, as_jpeg: bool = False) -> "Reach":
        """Return the reach of a manifest in ``folder``. Raises `ConfigurationError` when ``outside`` is one path."""
        if isinstance(outside, str | os.PathLike):
            raise ConfigurationError("outside: expected a list of folders, got one path")
        folders = [folder, *(os.fspath(other) for other in outside)]
        return cls(
            start=folder,
            folders=tuple(map(os.path.realpath, folders)),
            spelt=tuple(map(os.path.abspath, folders)),
            urls=urls,
            as_jpeg=as_jpeg,
        )

    def place(self, written: str) -> "Place":
        """Return the place that a manifest means by what is ``written`` in it."""
        if is_url(written):
            return Place(written, written, self)
        path = written
        # Written on Windows; elsewhere such a sign may be a part of a name, and then a file of that name is there.
        if os.sep == "/" and "\\" in written and not os.path.lexists(os.path.join(self.start, written)):  # noqa: PTH118
            path = written.replace("\\", "/")
        # A Path would change how it is spelt.
        return Place(os.path.join(self.start, path), path, self)  # noqa: PTH118


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


def source_of(given: BulkSource, urls: UrlRules, *, first: int = CHUNK) -> Source:
    """Return the source of a side. What a manifest names keeps to the manifest's reach, the rest to ``urls``.

    ``first`` is how many bytes of a remote file are read when it is opened.
    """
    if isinstance(given, Place):
        source = _of_manifest(given, given.reach, first)
        return ConvertedSource(source) if given.reach.as_jpeg else source
    return RemoteSource(str(given), first, urls) if is_url(given) else sources.source_of(given)


def _of_manifest(place: Place, reach: Reach, first: int) -> Source:
    if is_url(place):
        return RemoteSource(str(place), first, reach.urls)
    opener = partial(open_within, place.written, folders=reach.folders, spelt=reach.spelt)
    return PathSource(
        str(place),
        opener=lambda _, flags: opener(flags),
        # Not by its name: reasons stand in reports and in files of rejects.
        hint=lambda _: hint(place.written, folder=reach.folders[0], named=False),
    )
