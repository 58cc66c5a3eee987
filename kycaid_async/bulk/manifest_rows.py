"""The rows of a manifest for a run: checked as a whole first, so that nothing is sent when one of them is bad."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import closing
from itertools import islice

import attrs

from kycaid_async.bulk.earlier_files import EarlierFiles
from kycaid_async.bulk.ledger import EntryState, Ledger
from kycaid_async.bulk.manifest.check import check_manifest
from kycaid_async.bulk.manifest.groups import ProblemGroups
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.options import ManifestOptions
from kycaid_async.bulk.manifest.places import AnyPath
from kycaid_async.bulk.manifest.row import BadRow, ManifestRow
from kycaid_async.errors import ManifestError
from kycaid_async.masking import shown_name
from kycaid_async.uploads.reader import in_thread

_AT_ONCE = 64
_MOST_TOLD = 10


@attrs.frozen
class ManifestFile:
    """A manifest that was not opened yet."""

    path: AnyPath = attrs.field(repr=False)
    options: ManifestOptions = attrs.field(repr=False)


async def rows_of_manifest(source: Manifest | ManifestFile, ledger: Ledger) -> AsyncIterator[ManifestRow]:
    """Give the rows of a manifest. Raises `ManifestError` before the first when some of them cannot be delivered."""
    manifest = (
        source if isinstance(source, Manifest) else await in_thread(lambda: Manifest.of(source.path, source.options))
    )
    groups, count, checked = ProblemGroups(), 0, hashlib.sha256()

    async def is_known(row: ManifestRow) -> bool:
        entry = await ledger.row(row.digest)
        return entry is not None and entry.state is not EntryState.FAILED

    with closing(EarlierFiles(ledger)) as earlier:
        clash = None if manifest.options.allow_same_files else earlier.clash
        async for row in check_manifest(manifest, known=is_known, clash=clash):
            count += 1
            checked.update(standing(row))
            if isinstance(row, BadRow):
                groups.add(row)
    if groups.rows:
        raise ManifestError(_told(manifest, groups, count))
    rows, found = manifest.rows(), hashlib.sha256()
    while batch := await in_thread(lambda: list(islice(rows, _AT_ONCE))):
        for row in batch:
            found.update(standing(row))
            if isinstance(row, BadRow):
                raise changed(shown_name(manifest.path))
            yield row
    if found.digest() != checked.digest():
        raise changed(shown_name(manifest.path))


def standing(row: ManifestRow | BadRow) -> bytes:
    """Return what stands for a row of a file that may change while it is read."""
    return repr((row.line, row.raw)).encode(errors="surrogatepass")


def changed(name: str) -> ManifestError:
    """Return the error for a manifest that changed after it was checked."""
    return ManifestError(f"{name}: changed while it was read; run the same command again")


def _told(manifest: Manifest, groups: ProblemGroups, count: int) -> str:
    problems = "; ".join(map(str, islice(groups, _MOST_TOLD)))
    return f"{shown_name(manifest.path)}: {groups.rows:,} of {count:,} rows cannot be sent, so none was: {problems}"
