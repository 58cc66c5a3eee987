"""What very many rows take: ``python -m tests.bulk.scale`` prints time and memory of each step, beside those of few.

Each step runs in a process of its own, for 1,000 rows and for ``--rows`` (a million), or ``--applicants`` (50,000):
tables are written and read in all formats, verdicts are looked up and written as tables, and verifications are started.
``--only "read xlsx,verify"`` does some of them. It says which took more than 1.15 times the memory.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kycaid_async import AsyncKycaid, read_manifest
from kycaid_async.bulk.ledger import Ledger
from kycaid_async.bulk.tables import open_table, write_table
from kycaid_async.cli.results.table import COLUMNS, rows_of
from tests import figures
from tests.bulk.results.conftest import FORM, applicant_of, row_of, verification_of
from tests.bulk.verdict_server import VerdictServer
from tests.conftest import API_KEY

FEW = 1000
MOST = 1.15
"""How much more memory very many rows may take."""
TABLES = ("xlsx", "csv", "jsonl", "parquet")


def manifest_rows(count: int) -> Iterator[dict[str, str]]:
    """Rows of people to make, each with a document."""
    for number in range(count):
        yield {
            "applicant.external_applicant_id": f"{number:09}",
            "applicant.first_name": "Jane",
            "applicant.last_name": f"Example {'abcdefghij'[number % 10]}",
            "applicant.dob": f"19{number % 60 + 20}-0{number % 9 + 1}-1{number % 10}",
            "type": "PASSPORT",
            "document_number": f"X{number:08}",
            "front_side": f"scans/{number}.jpg",
        }


async def ledger_of(path: Path, server: VerdictServer, count: int) -> Path:
    """Fill a ledger with so many verifications, at once: what is on the disk is of no matter here."""
    ledger = await Ledger.open(path, server=server.url, api_key=API_KEY)
    now = datetime(2026, 11, 28, 12, tzinfo=UTC)
    insert = (
        "INSERT INTO verifications (digest, state, applicant_id, form_id, verification_id, intended_at, run, at) "
        "VALUES (?, 'created', ?, ?, ?, ?, 1, 0.0)"
    )
    for number in range(count):
        values = (number.to_bytes(32, "big"), applicant_of(number), FORM, verification_of(number), now.isoformat())
        ledger._database.write_behind(insert, *values)
        server.add(verification_of(number), applicant_of(number))
        if number % 50 == 0:
            server.decide(verification_of(number), profile=["BAD_QUALITY"] if number % 100 else [])
    await ledger.close()
    return path


# What runs alone.


def write(path: str, count: int) -> int:
    columns = list(next(manifest_rows(1)))
    write_table(path, columns, (list(row.values()) for row in manifest_rows(count)))
    return count


def read(path: str, count: int) -> int:
    return sum(1 for _ in read_manifest(path))


async def look(url: str, ledger: str, count: int, table: str | None) -> dict[str, int]:
    """Look at the verdicts, and write them as a table, if one is named."""
    async with AsyncKycaid(API_KEY, base_url=url) as client:
        results = client.bulk.results((row_of(number) for number in range(count)), ledger=ledger)
        out = None if table is None else open_table(table, COLUMNS)
        async for verdict in results:
            for row in () if out is None else rows_of(verdict, per_document=False):
                out.add(row)
        if out is not None:
            out.close()
        summary = results.summary
        return {"verdicts": summary.verdicts, "pages": summary.pages, "asked": summary.asked}


async def verify(url: str, ledger: str, count: int) -> int:
    async with AsyncKycaid(API_KEY, base_url=url) as client:
        run = client.bulk.verify((applicant_of(number) for number in range(count)), form_id=FORM, ledger=ledger)
        return sum([result.status == "started" async for result in run])


STEPS: dict[str, Callable[..., Any]] = {"write": write, "read": read, "look": look, "verify": verify}


async def alone(step: str, *given: Any) -> dict[str, Any]:
    """Do a step in a process of its own; return what came of it, and the seconds and the memory that it took."""
    words = [sys.executable, "-m", "tests.bulk.scale", "--alone", step, json.dumps(given)]
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(out)


def _peak() -> float:
    """Return the most memory that this process had, in MB. What getrusage says begins with that of its parent."""
    with contextlib.suppress(OSError, StopIteration):
        status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 2**10
    import resource  # not on Windows

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _alone(step: str, given: list[Any]) -> dict[str, Any]:
    started, done = time.perf_counter(), STEPS[step](*given)
    came = asyncio.run(done) if asyncio.iscoroutine(done) else done
    return {"came": came, "seconds": time.perf_counter() - started, "megabytes": _peak()}


# All steps, for few rows and for many.


async def _tables(step: str, ending: str, count: int, folder: Path) -> dict[str, Any]:
    path = folder / f"{count}.{ending}"
    if step == "read" and not path.exists():
        await alone("write", str(path), count)
    found = await alone(step, str(path), count)
    assert found["came"] == count
    return found


async def _verdicts(ending: str, count: int, folder: Path) -> dict[str, Any]:
    async with VerdictServer() as server:
        ledger = await ledger_of(folder / f"{ending}{count}.ledger", server, count)
        table = None if ending == "nothing" else str(folder / f"verdicts{count}.{ending}")
        found = await alone("look", server.url, str(ledger), count, table)
        pages = -(-count // 1000)
        assert found["came"] == {"verdicts": count, "pages": pages, "asked": -(-count // 50)}
        again = await alone("look", server.url, str(ledger), count, None)
        assert again["came"]["asked"] == 0
        assert again["came"]["pages"] <= pages
        return found


async def _verifications(count: int, folder: Path) -> dict[str, Any]:
    async with VerdictServer() as server:
        found = await alone("verify", server.url, str(folder / f"verify{count}.ledger"), count)
        assert found["came"] == len(server.verifications) == count
        return found


def _steps(args: argparse.Namespace, folder: Path) -> Iterator[tuple[str, int, Callable[[int], Any]]]:
    for ending in TABLES:
        for step in ("write", "read"):
            yield f"{step} {ending}", args.rows, lambda count, s=step, e=ending: _tables(s, e, count, folder)
    for ending in ("nothing", *TABLES):
        yield f"results to {ending}", args.applicants, lambda count, e=ending: _verdicts(e, count, folder)
    yield "verify", args.applicants, lambda count: _verifications(count, folder)


async def _all(args: argparse.Namespace, folder: Path) -> bool:
    wanted, most, largest = args.only and args.only.split(","), {}, 0
    print(
        "| step | rows | rows/s | MB | MB for 1,000 | times |", "| --- | ---: | ---: | ---: | ---: | ---: |", sep="\n"
    )
    for name, count, step in _steps(args, folder):
        if wanted and name not in wanted:
            continue
        few, many = await step(FEW), await step(count)
        most[name] = times = many["megabytes"] / few["megabytes"]
        largest = max(largest, count)
        told = [name, f"{count:,}", f"{count / many['seconds']:,.0f}", f"{many['megabytes']:.0f}"]
        print("| " + " | ".join([*told, f"{few['megabytes']:.0f}", f"{times:.2f}"]) + " |", flush=True)
    if args.record and most:
        told = {
            "steps": len(most),
            "rows in the longest": largest,
            "times the memory of 1,000": round(max(*most.values(), 0), 2),
        }
        figures.record("scale", "memory that very many rows and verifications take", told)
    return all(times <= MOST for times in most.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--applicants", type=int, default=50_000)
    parser.add_argument("--only")
    figures.add_option(parser)
    parser.add_argument("--alone", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.alone:
        print(json.dumps(_alone(args.alone[0], json.loads(args.alone[1]))))
        return 0
    with tempfile.TemporaryDirectory(prefix="kycaid-scale-") as folder:
        return not asyncio.run(_all(args, Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
