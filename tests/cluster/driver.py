"""Deliver a manifest, and write a line of JSON for each result: ``python -m tests.cluster.driver FILE --server URL``.

The API key stands in ``KYCAID_API_KEY``, the ledger in ``KYCAID_LEDGER_URL``.
"""

import argparse
import asyncio
import json
import os
import sys

from kycaid_async import AsyncKycaid, KycaidError


async def deliver(args):
    engine = None
    if args.dask:
        from kycaid_async.cluster import DaskEngine

        engine = DaskEngine(args.dask, ledger_from="env:KYCAID_LEDGER_URL" if args.secret_ledger else None)
    options = {"settle_after": args.settle, "ledger_lease": args.lease, "applicants_at_once": args.applicants}
    options |= {"engine": engine} if engine else {}
    options |= {"allow_same_files": True}  # their contents come again, for other applicants
    async with AsyncKycaid(base_url=args.server, timeout=args.timeout) as client:
        upload = client.bulk.upload(args.manifest, ledger=os.environ["KYCAID_LEDGER_URL"], **options)
        try:
            async for result in upload:
                told = {"line": result.row.line, "status": str(result.status), "id": result.document_id}
                say({**told, "error": result.error and str(result.error)})
        except KycaidError as error:
            say({"ended": f"{type(error).__name__}: {error}"})
            return 1
        say({"summary": str(upload.summary)})
    return 0


def say(what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("manifest")
    parser.add_argument("--server", required=True)
    parser.add_argument("--dask")
    parser.add_argument("--secret-ledger", action="store_true")
    parser.add_argument("--settle", type=float, default=1.0)
    parser.add_argument("--lease", type=float, default=4.0)
    parser.add_argument("--timeout", type=float, default=10.0)
    parser.add_argument("--applicants", type=int, default=4)
    sys.exit(asyncio.run(deliver(parser.parse_args())))
