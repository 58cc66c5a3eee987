"""Uploads on 1, 2 and 4 workers with one ledger in PostgreSQL, and what that ledger costs.

It writes its table into ``benchmarks/README.md``, unless it is asked to be quick. It needs PostgreSQL's server.
"""

import asyncio
import os
import re
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.harness import clients
from benchmarks.harness.alone import alone
from benchmarks.harness.case import Case, Plan
from benchmarks.harness.figures import Figure, at_least, at_most
from benchmarks.harness.report import Report, command, table
from benchmarks.harness.server import serving

README = Path(__file__).parent / "README.md"
LATENCY = 0.05
ROWS, SIZE = 2000, 20_000
WORKERS = (1, 2, 4)
ROUNDS = 3
LEDGERS = ("memory", "SQLite", "PostgreSQL")


def run(plan: Plan) -> Report:
    from tests.cluster.services import postgresql

    count, workers, rounds = (60, (1,), 1) if plan.quick else (ROWS, WORKERS, ROUNDS)
    with ExitStack() as stack:
        _, url = postgresql(stack)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(serving(latency=LATENCY))
        given = {"manifest": str(_manifest(folder, count)), "url": server.url, "database": url}
        one: dict[str, list[dict[str, float]]] = {ledger: [] for ledger in LEDGERS}
        for number in range(rounds):
            for ledger in LEDGERS[:: -1 if number % 2 else 1]:
                one[ledger].append(alone("benchmarks.cluster", "on_one", kind=ledger, **given))
        many = {n: alone("benchmarks.cluster", "on_workers", workers=n, **given) for n in workers}
    found = {ledger: {name: median([each[name] for each in made]) for name in made[0]} for ledger, made in one.items()}
    text = _table(found, many, count)
    print(text)
    if not plan.quick:
        _record(text)
    return Report(figures=_figures(found, many), extra={"one process": one, "workers": many})


def _manifest(folder: Path, count: int) -> Path:
    for number in range(count):
        (folder / f"{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + f"{number:08}".encode() * (SIZE // 8 - 1))
    lines = ["applicant_id,type,document_number,front_side"]
    lines += [f"{number:036},PASSPORT,{number},{number}.png" for number in range(count)]
    path = folder / "people.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


# What is measured, each in a process of its own.


def on_one(*, manifest: str, url: str, database: str, kind: str) -> dict[str, float]:
    """Deliver in this process, with a ledger of this kind."""
    from kycaid_async.bulk.upload import BulkUpload

    if kind == "memory":
        BulkUpload._open_ledger = _in_memory  # type: ignore[assignment,method-assign]  # noqa: SLF001 - there is no such option
    with tempfile.TemporaryDirectory() as folder:
        place = _new_database(database) if kind == "PostgreSQL" else f"{folder}/run.ledger"
        return asyncio.run(_deliver(manifest, url, place))


def on_workers(*, manifest: str, url: str, database: str, workers: int) -> dict[str, float]:
    """Deliver on so many workers of Dask."""
    from kycaid_async.cluster import DaskEngine

    place = _new_database(database)
    before = _written(place)
    found = asyncio.run(_deliver(manifest, url, place, engine=DaskEngine({"n_workers": workers})))
    after = _written(place)
    return found | {name: (after[name] - before[name]) / found["rows"] for name in before}


async def _deliver(manifest: str, url: str, ledger: str, **options: Any) -> dict[str, float]:
    cpu = time.process_time()
    async with clients.sdk_client(Case(title="", url=url, concurrency=64)) as client:
        upload = client.bulk.upload(manifest, ledger=ledger, on_error="stop", **options)
        times = [time.perf_counter() async for _ in upload]
    # From a tenth on, when all is under way: how long a cluster takes to start is another matter.
    began = len(times) // 10
    rate = (len(times) - began) / max(1e-9, times[-1] - times[began - 1])
    return {"rate": rate, "cpu": (time.process_time() - cpu) / len(times), "rows": len(times)}


def _new_database(database: str) -> str:
    """Return the URL of an empty database."""
    import psycopg

    name = f"run{time.time_ns()}"
    with psycopg.connect(database.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{database.rpartition('/')[0]}/{name}"


def _written(database: str) -> dict[str, float]:
    """Return how many transactions were committed in a database, and how many bytes of log were written for all."""
    import psycopg

    looks = {
        "commits": "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()",
        "log": "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn",
        "size": "SELECT pg_database_size(current_database())",
    }
    with psycopg.connect(database.replace("+psycopg", ""), autocommit=True) as connection:
        return {name: float(row[0]) for name, look in looks.items() if (row := connection.execute(look).fetchone())}


class _InMemory:
    """Stands in the place of a ledger, and knows of nothing: what is left is the cost of all else."""

    may_have_gaps = knows_whole_files_only = False
    claims = guard = None

    async def rows_by_digest(self, digests: list[bytes]) -> list[None]:
        return [None] * len(digests)

    async def rows(self) -> AsyncIterator[Any]:
        nothing: list[Any] = []
        for row in nothing:
            yield row

    async def has_created(self, *_: Any) -> bool:
        return True

    async def _nothing(self, *_: Any, **__: Any) -> None:
        pass

    def _noted(self, *_: Any, **__: Any) -> None:
        pass

    row = file = first_file = intend_row = close = _nothing
    created_row = uploaded = uploaded_first = hashed_first = failed_row = _noted


async def _in_memory(_: Any) -> _InMemory:
    return _InMemory()


# What is said of it.


def _table(found: dict[str, Any], many: dict[int, Any], count: int) -> str:
    title = (
        f"{count:,} rows with a file of {SIZE // 1000} KB each, at a server that answers after {LATENCY * 1000:.0f} ms"
    )
    one = [["one process, with a ledger in", "documents/s", "CPU of the process, ms a document"]]
    one += [[ledger, f"{made['rate']:,.0f}", f"{1000 * made['cpu']:.2f}"] for ledger, made in found.items()]
    names = ("documents/s", "of one", "CPU of driver and scheduler", "commits", "bytes of log", "bytes kept")
    workers = [["workers of Dask, one ledger in PostgreSQL; each of the last four for a document", *names]]
    first = next(iter(many.values()))["rate"]
    workers += [
        [
            *(str(n), f"{made['rate']:,.0f}", f"{made['rate'] / first:.2f}", f"{1000 * made['cpu']:.2f} ms"),
            *(f"{made['commits']:.2f}", f"{made['log']:,.0f}", f"{made['size']:,.0f}"),
        ]
        for n, made in many.items()
    ]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{title}; {cores} cores, which server, PostgreSQL and workers share:\n\n{table(one)}\n\n{table(workers)}"


def _figures(found: dict[str, Any], many: dict[int, Any]) -> list[Figure]:
    share = 100 * (1 - found["PostgreSQL"]["rate"] / found["memory"]["rate"])
    first, last = min(many), max(many)
    return [
        at_most("share of throughput that a ledger in PostgreSQL takes", share, 15.0, unit="%"),
        at_least(f"documents/s of {last} workers ÷ {first}", many[last]["rate"] / many[first]["rate"], 1.0),
    ]


def _record(text: str) -> None:
    readme = README.read_text(encoding="utf-8")
    marked = re.compile(r"(<!-- benchmarks.cluster -->\n).*?(\n<!-- end -->)", re.DOTALL)
    README.write_text(marked.sub(lambda mark: f"{mark[1]}\n{text}\n{mark[2]}", readme), encoding="utf-8")


if __name__ == "__main__":
    command("cluster", run)
