"""The work of an upload: the rows of a manifest, which are read where they are delivered."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import attrs

from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.row import ManifestRow
from kycaid_async.bulk.row import BulkResult
from kycaid_async.cluster.messages import RowOutcome
from kycaid_async.cluster.shards import Shard

if TYPE_CHECKING:
    from kycaid_async.bulk.upload import BulkUpload
    from kycaid_async.client import AsyncKycaid


@attrs.frozen
class UploadWork:
    """Delivers the rows of a manifest."""

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
