"""Workers of Dask that start at once: forks of a process that has imported all that they need.

``python -m tests.cluster.workers tcp://127.0.0.1:8786`` starts one for each line of its input, and prints its process
id. A worker that takes seconds to start would hardly live when one is killed every two seconds.
"""

import asyncio
import os
import signal
import sys

import psycopg  # noqa: F401 - so that forks have it
import sqlalchemy.ext.asyncio  # noqa: F401 - as above
from distributed import Worker

import kycaid_async.bulk.ledger.shared.shared_ledger
import kycaid_async.cluster.worker
import kycaid_async.transport.aiohttp.direct  # noqa: F401 - as above


async def work(address, threads):
    async with Worker(address, nthreads=threads, dashboard=False, memory_limit=0, death_timeout=60) as worker:
        await worker.finished()


def main(address, threads):
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    while sys.stdin.readline():
        child = os.fork()
        if not child:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            code = 1
            try:
                asyncio.run(work(address, threads))
                code = 0
            finally:
                os._exit(code)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
