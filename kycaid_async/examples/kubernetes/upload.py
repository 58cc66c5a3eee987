"""Deliver a manifest on the workers of a Dask cluster: what the job of ``job.yaml`` runs.

Key and ledger are files of a secret that the pods of the job and of all workers mount. Nothing secret travels.
"""

import asyncio
import os
import sys
from pathlib import Path

from kycaid_async import AsyncKycaid
from kycaid_async.cluster import DaskEngine

SECRETS = Path(os.environ.get("SECRETS", "/run/secrets/kycaid"))


async def deliver(manifest: str) -> bool:
    """Deliver it, and say whether all rows are delivered."""
    key, ledger = ((SECRETS / name).read_text().strip() for name in ("api-key", "ledger-url"))
    engine = DaskEngine(
        os.environ["DASK_SCHEDULER_ADDRESS"],  # the operator sets it
        key_from=f"file:{SECRETS / 'api-key'}",
        ledger_from=f"file:{SECRETS / 'ledger-url'}",
    )
    async with AsyncKycaid(key) as client:
        upload = client.bulk.upload(manifest, ledger=ledger, engine=engine)
        async for result in upload:
            if result.error is not None:
                print(f"line {result.row.line}: {result.status}, {type(result.error).__name__}")
        print(upload.summary)
        return upload.summary.created + upload.summary.done_before == upload.summary.rows


if __name__ == "__main__":
    sys.exit(not asyncio.run(deliver(sys.argv[1])))
