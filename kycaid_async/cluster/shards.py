"""Shards: parts of a manifest, which travel as references to its lines and hold nothing of what stands there."""

import hmac
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import attrs

from kycaid_async.bulk.manifest.format import Span, TextFormat, open_bytes
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.parquet_format import ParquetFormat
from kycaid_async.bulk.manifest.places import Reach
from kycaid_async.bulk.manifest.row import ManifestRow
from kycaid_async.bulk.row import BulkResult
from kycaid_async.cluster.messages import RowOutcome
from kycaid_async.errors import ManifestError
from kycaid_async.masking import shown_name

if TYPE_CHECKING:
    from kycaid_async.bulk.upload import BulkUpload
    from kycaid_async.client import AsyncKycaid

ROWS: Final = 200
"""Rows of a shard: so many are done again, as far as the ledger has not got them, when a worker dies."""


@attrs.frozen(kw_only=True)
class Shard:
    """Some rows of a manifest that follow each other."""

    number: int
    lines: tuple[int, ...]
    """Those of its rows. Others between them are bad, and not sent."""
    offset: int = 0
    """Bytes before the line `starts`; 0 where a format has no such places."""
    starts: int = 1
    fingerprint: bytes = attrs.field(repr=False)
    """Of what its rows say, keyed with the API key."""

    def rows(self, manifest: Manifest, key: str) -> list[ManifestRow]:
        """Read its rows. Raises `ManifestError` when other rows stand there by now."""
        form, wanted = manifest.form, set(self.lines)
        if isinstance(form, TextFormat):
            form = attrs.evolve(form, span=Span(self.starts, self.offset))
        elif isinstance(form, ParquetFormat):
            form = attrs.evolve(form, first=self.lines[0])
        rows: list[ManifestRow] = []
        for row in attrs.evolve(manifest, form=form).rows():
            if isinstance(row, ManifestRow) and row.line in wanted:
                rows.append(row)
            if (row.line or 0) >= self.lines[-1]:
                break
        if not hmac.compare_digest(fingerprint_of(rows, key), self.fingerprint):
            raise ManifestError(
                f"{shown_name(manifest.path)}: another file, or another state of it, is read here than where the "
                "run was started. All machines have to see the same file under the same path"
            )
        return rows


def fingerprint_of(rows: Iterable[ManifestRow], key: str) -> bytes:
    """Return what tells these rows from others: nobody without the key can find out from it what they say."""
    digest = hmac.new(key.encode(), digestmod="sha256")
    for row in rows:
        # A key stands for a row whatever else it says.
        digest.update(row.digest + (row.says or b"") + repr(sorted(row.written.items())).encode())
    return digest.digest()


def cut(
    manifest: Manifest, rows: Iterator[ManifestRow], key: str, *, size: int = ROWS
) -> Iterator[tuple[Shard, list[ManifestRow]]]:
    """Give the shards of a manifest with their rows. Never more than one of them is in memory here."""
    with open_bytes(manifest.path) as file:
        places = _Places(file) if _has_places(manifest) else None
        number = 0
        while batch := list(islice(rows, size)):
            lines = tuple(row.line or 0 for row in batch)
            starts, offset = (1, 0) if places is None else places.before(lines[0])
            fingerprint = fingerprint_of(batch, key)
            yield Shard(number=number, lines=lines, offset=offset, starts=starts, fingerprint=fingerprint), batch
            number += 1


def everywhere(manifest: Manifest) -> Manifest:
    """Return a manifest that means the same file from whatever folder a process was started."""
    path = os.path.abspath(manifest.path)  # noqa: PTH100 - as spelt, links included
    options, folder = manifest.options, os.path.dirname(path)  # noqa: PTH120 - as above
    reach = Reach.of(folder, options.outside, options.urls, as_jpeg=bool(options.convert))
    form = attrs.evolve(manifest.form, path=path)  # type: ignore[misc]  # all formats are attrs classes with a path
    return attrs.evolve(manifest, path=path, form=form, reach=reach)


def _has_places(manifest: Manifest) -> bool:
    """Say whether lines of a file can be found by their bytes: line breaks must be no part of other characters."""
    form = manifest.form
    return isinstance(form, TextFormat) and "\r\n".encode(form.encoding.name) == b"\r\n"


@attrs.define
class _Places:
    """Places of lines in a file, which is read on as far as is asked for."""

    _file: BinaryIO
    _line: int = 1
    _offset: int = 0

    def before(self, line: int) -> tuple[int, int]:
        """Return the number and the place of a line that is ``line``, or stands shortly before it."""
        while True:
            piece = self._file.readline()
            # As text is read, a line ends with \n, \r or both.
            ends = piece.count(b"\r") + piece.endswith(b"\n") - piece.endswith(b"\r\n")
            if not piece or self._line + ends > line:
                self._file.seek(self._offset)
                return self._line, self._offset
            self._line, self._offset = self._line + ends, self._offset + len(piece)


@attrs.frozen
class UploadWork:
    """Delivers the rows of a manifest, which are read where they are delivered."""

    _manifest: Manifest = attrs.field(repr=False)
    _options: dict[str, Any] = attrs.field(repr=False)

    def items(self, shard: Shard, key: str) -> list[ManifestRow]:
        """Read the rows of a shard. Raises `ManifestError`."""
        return shard.rows(self._manifest, key)

    def run(self, client: "AsyncKycaid", items: AsyncIterator[ManifestRow], ledger: str) -> "BulkUpload":
        """Return a run over rows."""
        return client.bulk.upload(items, ledger=ledger, **self._options)

    def item_of(self, result: BulkResult) -> object:
        """Return the row of a result."""
        return result.row

    def outcome_of(self, result: BulkResult) -> RowOutcome:
        """Return what travels of a result."""
        return RowOutcome.of(result)
