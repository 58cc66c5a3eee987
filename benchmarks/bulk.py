"""``client.bulk`` beside a hand-written aiohttp loop without a ledger, and its memory by the number of rows.

``python -m benchmarks.bulk`` runs all; each number is measured in processes and folders of its own.
"""

import asyncio
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import aiohttp

from benchmarks.measure import server
from kycaid_async import AsyncKycaid, BulkRow

CONCURRENCY = 32
ROUNDS = 5


def rows_of(paths, first: int = 0):  # noqa: ANN001, ANN201
    for number, path in enumerate(paths, first):
        document = {"type": "PASSPORT", "document_number": str(number)}
        yield BulkRow(document=document, applicant_id=f"{number:036x}", front_side=path)


async def ours(url: str, paths: list[Path], folder: Path) -> float:
    async with AsyncKycaid("k" * 36, base_url=url, max_connections=CONCURRENCY) as client:
        started = time.perf_counter()
        async for result in client.bulk.upload(rows_of(paths), ledger=folder / f"{time.monotonic_ns()}.sqlite3"):
            assert result.error is None, result.error
        return time.perf_counter() - started


async def bare(url: str, paths: list[Path]) -> float:
    """Do the same as one writes it by hand: no checks, no retries, no ledger."""
    connector = aiohttp.TCPConnector(limit=CONCURRENCY)
    numbers, turn = itertools.count(), iter(paths)
    async with aiohttp.ClientSession(connector=connector, headers={"Authorization": "Token x"}) as session:

        async def worker() -> None:
            for path in turn:
                with path.open("rb") as file:
                    form = aiohttp.FormData()
                    form.add_field("file", file, filename=path.name, content_type="image/png")
                    async with session.post(f"{url}/files", data=form) as response:
                        file_id = (await response.json())["file_id"]
                number = next(numbers)
                document = {"type": "PASSPORT", "document_number": str(number), "applicant_id": f"{number:036x}"}
                async with session.post(f"{url}/documents", json=document | {"front_side_id": file_id}) as response:
                    assert (await response.json())["document_id"]

        started = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))
        return time.perf_counter() - started


def make(folder: Path, count: int, size: int) -> list[Path]:
    made = [folder / f"{size}-{number}.png" for number in range(count)]
    for path in made:
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(size - 8))
    return made


async def throughput(count: int, size: int) -> None:
    with server() as url, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = make(folder, count, size)
        pairs = [(await ours(url, paths, folder), await bare(url, paths)) for _ in range(ROUNDS + 1)][1:]
    ratio = median(theirs / mine for mine, theirs in pairs)
    rates = [count / median(side) for side in zip(*pairs, strict=True)]
    what = f"{count} documents of {size // 1000:,} KB"
    print(f"{what}: {rates[0]:,.0f}/s, bare aiohttp {rates[1]:,.0f}/s, ratio {ratio:.2f}")


async def peak(url: str, folder: Path, count: int, paths: list[Path]) -> None:
    """Deliver ``count`` rows over these files, and print what a process of its own needed for it."""
    async with AsyncKycaid("k" * 36, base_url=url, max_connections=CONCURRENCY) as client:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        ledger = folder / f"{count}.sqlite3"
        seconds = []
        for _ in range(2):
            upload = client.bulk.upload(rows_of(itertools.islice(itertools.cycle(paths), count)), ledger=ledger)
            async for result in upload:
                assert result.error is None, result.error
            seconds.append(upload.summary.seconds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"rows": count, "before": before, "peak": peak, "seconds": seconds}))


def memory(counts: tuple[int, ...] = (1_000, 10_000, 100_000)) -> None:
    with server() as url, tempfile.TemporaryDirectory() as name:
        make(Path(name), 1000, 2_000)
        for count in counts:
            command = [sys.executable, "-m", "benchmarks.bulk", "peak", url, name, str(count)]
            found = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
            first, again = found["seconds"]
            print(
                f"{count:,} rows: peak {found['peak'] / 1024:.1f} MB, {found['before'] / 1024:.1f} MB before; "
                f"{first:.1f} s, and {again:.1f} s to see that all are done"
            )


async def main() -> None:
    await throughput(2000, 20_000)
    await throughput(1000, 200_000)
    await throughput(100, 5_000_000)
    memory()


if __name__ == "__main__":
    if sys.argv[1:2] == ["peak"]:
        folder = Path(sys.argv[3])
        asyncio.run(peak(sys.argv[2], folder, int(sys.argv[4]), sorted(folder.glob("*.png"))))
    else:
        asyncio.run(main())
