"""From what a row says of a file to what can be read."""

from functools import partial

from kycaid_async.bulk.confined import open_within
from kycaid_async.bulk.places import Place, Reach, UrlRules, is_url
from kycaid_async.bulk.remote import RemoteSource
from kycaid_async.bulk.row import BulkSource
from kycaid_async.uploads import sources
from kycaid_async.uploads.path_hint import hint
from kycaid_async.uploads.path_source import PathSource
from kycaid_async.uploads.reader import CHUNK, Source


def source_of(given: BulkSource, urls: UrlRules, *, first: int = CHUNK) -> Source:
    """Return the source of a side. What a manifest names keeps to the manifest's reach, the rest to ``urls``.

    ``first`` is how many bytes of a remote file are read when it is opened.
    """
    if isinstance(given, Place):
        return _of_manifest(given, given.reach, first)
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
