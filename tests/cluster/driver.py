"""Deliver a manifest, and write a line of JSON for each result: ``python -m tests.cluster.driver FILE --server URL``.

With ``--verify`` its applicants are verified. The API key stands in ``KYCAID_API_KEY``, the ledger in
``KYCAID_LEDGER_URL``.
"""

import argparse
import asyncio
import json
import os
import sys

from kycaid_async import AsyncKycaid, KycaidError
from kycaid_async.bulk.manifest.manifest import Manifest


async def deliver(args):
    engine = None
    if args.dask:
        from kycaid_async.cluster import DaskEngine

        engine = DaskEngine(args.dask, ledger_from="env:KYCAID_LEDGER_URL" if args.secret_ledger else None)
    options = {"settle_after": args.settle, "ledger_lease": args.lease, "ledger": os.environ["KYCAID_LEDGER_URL"]}
    options |= {"engine": engine} if engine else {}
    async with AsyncKycaid(base_url=args.server, timeout=args.timeout) as client:
        if args.verify:
            run = client.bulk.verify(Manifest.open(args.manifest), form_id="f" * 36, limit=args.limit, **options)
        else:
            options |= {"allow_same_files": True}  # their contents come again, for other applicants
            run = client.bulk.upload(args.manifest, applicants_at_once=args.applicants, **options)
        try:
            async for result in run:
                say({**told(result), "status": str(result.status), "error": result.error and str(result.error)})
        except KycaidError as error:
            say({"ended": f"{type(error).__name__}: {error}"})
            return 1
        say({"summary": str(run.summary)})
    return 0


def told(result):
    if hasattr(result, "row"):
        return {"line": result.row.line, "id": result.document_id}
    return {"line": result.lines[0], "id": result.verification_id, "reason": result.reason}


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
    parser.add_argument("--verify", action="store_true")
    parser.add_argument("--limit", type=int)
    sys.exit(asyncio.run(deliver(parser.parse_args())))
