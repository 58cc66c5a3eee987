"""``documents.get`` to a typed object, beside ``session.get`` and ``json.loads`` to a dict."""

import asyncio
import json

import aiohttp

from benchmarks.measure import compare, server
from kycaid_async import AsyncKycaid

DOCUMENT_ID = "5f9aeb5e1f25e2441d182f56b6dcbfac12dd"
CALLS = 600


async def main() -> None:
    with server() as url:
        async with AsyncKycaid("k" * 36, base_url=url) as client, aiohttp.ClientSession() as session:
            for concurrency in (1, 16, 64):

                async def ours(n: int = concurrency) -> None:
                    await _spread(lambda: client.documents.get(DOCUMENT_ID), n)

                async def bare() -> dict[str, object]:
                    async with session.get(f"{url}/documents/{DOCUMENT_ID}") as response:
                        return json.loads(await response.read())

                async def theirs(n: int = concurrency) -> None:
                    await _spread(bare, n)

                wall, cpu = await compare(ours, theirs, rounds=15)
                print(f"documents.get ÷ bare aiohttp, concurrency {concurrency:2}: wall {wall:.2f}, CPU {cpu:.2f}")


async def _spread(call, concurrency: int) -> None:  # noqa: ANN001
    async def worker() -> None:
        for _ in range(CALLS // concurrency):
            await call()

    await asyncio.gather(*(worker() for _ in range(concurrency)))


if __name__ == "__main__":
    asyncio.run(main())
