"""``files.create`` from paths, beside aiohttp's ``FormData`` with an open file."""

import asyncio
import os
import tempfile
from pathlib import Path

import aiohttp

from benchmarks.measure import compare, server
from kycaid_async import AsyncKycaid

CONCURRENCY = 16


async def main() -> None:
    with server() as url, tempfile.TemporaryDirectory() as folder:
        async with AsyncKycaid("k" * 36, base_url=url, max_connections=CONCURRENCY) as client:
            connector = aiohttp.TCPConnector(limit=CONCURRENCY)
            async with aiohttp.ClientSession(connector=connector) as session:
                for count, size in ((300, 200_000), (40, 5_000_000)):
                    paths = _make(Path(folder), count, size)

                    async def ours(paths: list[Path] = paths) -> None:
                        await asyncio.gather(*(client.files.create(path) for path in paths))

                    async def one(path: Path) -> bytes:
                        with path.open("rb") as file:
                            form = aiohttp.FormData()
                            form.add_field("file", file, filename=path.name, content_type="image/png")
                            async with session.post(f"{url}/files", data=form) as response:
                                return await response.read()

                    async def theirs(paths: list[Path] = paths) -> None:
                        await asyncio.gather(*(one(path) for path in paths))

                    wall, cpu = await compare(ours, theirs, rounds=7)
                    print(f"files.create ÷ FormData, {count} x {size // 1000:,} KB: wall {wall:.2f}, CPU {cpu:.2f}")


def _make(folder: Path, count: int, size: int) -> list[Path]:
    made = []
    for number in range(count):
        path = folder / f"{size}-{number}.png"
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(size - 8))
        made.append(path)
    return made


if __name__ == "__main__":
    asyncio.run(main())
