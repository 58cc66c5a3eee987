"""``client.bulk`` beside the loop one writes by hand, and what very many rows take.

The loop is N workers with aiohttp: ``FormData`` with an open file, then the document as JSON. It checks nothing,
repeats nothing and keeps no ledger; ours does all of that, with a new ledger each round.
"""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import clients
from benchmarks.harness.alone import alone
from benchmarks.harness.case import Case, Plan
from benchmarks.harness.figures import Figure, at_least, at_most
from benchmarks.harness.report import Report, command, show, table
from benchmarks.harness.rounds import Comparison, compare
from benchmarks.harness.server import serving
from benchmarks.harness.worker import forget_peak, peak
from benchmarks.uploads import bulk, deliver, folder_of, form_data, rows_of

AT_ONCE = 32
FILES = {20_000: 1000, 200_000: 1000, 5_000_000: 200}
"""How many files of each size make a round."""
ROWS = (1_000, 10_000, 100_000)
ROW_SIZE = 2_000

REACH = {20_000: 1.3, 200_000: 1.5, 5_000_000: 2.0}
"""By the sizes of files, what a ledger may cost and yet be ahead of a loop without one."""

OURS, LOOP = "client.bulk", "hand-written loop"
PEERS = {OURS: bulk, LOOP: form_data}


def run(plan: Plan) -> Report:
    sizes, counts = (dict.fromkeys([20_000], 2 * AT_ONCE), (100, 300)) if plan.quick else (FILES, ROWS)
    found = {size: _compare(plan, count, size) for size, count in sizes.items()}
    runs = _many(counts)
    figures = [_against_the_loop(size, made) for size, made in found.items()]
    extra = {"documents_per_second": {f"{size} bytes": _rates(made) for size, made in found.items()}, "rows": runs}
    return Report(list(found.values()), [*figures, _growth(runs)], extra)


def _compare(plan: Plan, count: int, size: int) -> Comparison:
    with folder_of(count, size) as folder, serving() as server:
        case = Case(
            title=f"{count:,} documents, each with a file of {size // 1000:,} KB, {AT_ONCE} at once",
            url=server.url,
            concurrency=AT_ONCE,
            count=count,
            options={"folder": folder, "documents": True},
        )
        made = compare("benchmarks.bulk", case, PEERS, plan, server)
    show(made)
    for peer, rates in _rates(made).items():
        print(f"{peer}: {rates['wall']:,.0f} documents per second, {rates['cpu']:,.0f} per second of CPU")
    return made


def _rates(made: Comparison) -> dict[str, dict[str, float]]:
    return {peer: {what: 1 / (made.median(peer, what) or 1) for what in ("wall", "cpu")} for peer in made.results}


def _against_the_loop(size: int, made: Comparison) -> Figure:
    name = f"bulk against the hand-written loop without a ledger, {size // 1000:,} KB files, documents/s"
    return at_least(name, made.ratio(LOOP, OURS), REACH[size])


def _many(counts: Sequence[int]) -> list[dict[str, Any]]:
    """Deliver so many rows, each in a process of its own that starts with no ledger."""
    with folder_of(max(counts), ROW_SIZE) as folder, serving() as server:
        runs = [alone("benchmarks.bulk", "deliver_twice", url=server.url, folder=folder, count=n) for n in counts]
    print(f"\n### many rows, each with a file of {ROW_SIZE // 1000} KB, in a process of its own")
    rows = [
        [
            f"{run['rows']:,}",
            *(f"{run[size] / 2**20:.1f} MiB" for size in ("before", "peak")),
            *(f"{run[seconds]:,.2f} s" for seconds in ("seconds", "seconds_again")),
        ]
        for run in runs
    ]
    print(table([["rows", "memory before", "peak", "run", "run again, all done before"], *rows]))
    return runs


def deliver_twice(*, url: str, folder: str, count: int) -> dict[str, float]:
    """Deliver ``count`` rows, and again with the same ledger."""
    return asyncio.run(_deliver_twice(Case(title="", url=url, concurrency=AT_ONCE), Path(folder), count))


async def _deliver_twice(case: Case, folder: Path, count: int) -> dict[str, float]:
    def paths() -> Iterator[Path]:  # never all at once: it is the bulk upload's memory that counts
        return (folder / f"{number:05}.png" for number in range(count))

    with tempfile.TemporaryDirectory() as ledgers:
        ledger = Path(ledgers) / "run.ledger"
        async with clients.sdk_client(case) as client:
            before = forget_peak()
            first = await deliver(client, rows_of(paths()), ledger)
            again = await deliver(client, rows_of(paths()), ledger)
    assert first.created == again.done_before == count, f"{first} {again}"
    return {
        "rows": count,
        "before": before,
        "peak": peak(),
        "seconds": first.seconds,
        "seconds_again": again.seconds,
    }


def _growth(runs: Sequence[dict[str, Any]]) -> Figure:
    least, most = runs[0], runs[-1]
    name = f"bulk, peak memory of the process, {most['rows']:,} rows ÷ {least['rows']:,} rows"
    return at_most(name, most["peak"] / least["peak"], 1.1)


if __name__ == "__main__":
    command("bulk", run)
