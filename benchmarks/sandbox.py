"""``python -m kycaid_async.sandbox``: small calls that one process answers, in memory and with files, and its start.

Raw connections ask, 16 at once, from another process on other cores. Slices of the three calls take turns.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.harness import clients, raw
from benchmarks.harness.alone import alone, environment
from benchmarks.harness.answers import KEY
from benchmarks.harness.case import Case, Plan
from benchmarks.harness.cores import SERVER, pin
from benchmarks.harness.figures import at_least, at_most
from benchmarks.harness.raw import RawConnection
from benchmarks.harness.report import Report, command, table
from benchmarks.harness.statistics import Spread

AT_ONCE = 16
STARTS = 7
PERSON = {"type": "PERSON", "first_name": "Jane", "last_name": "Example"}


@contextmanager
def _sandbox(*options: str, cores: Sequence[int] = ()) -> Iterator[tuple[str, int]]:
    """Run a sandbox, and give its URL and the id of its process."""
    words = [sys.executable, "-m", "kycaid_async.sandbox", "--port", "0", "--api-key", KEY, *options]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        pin(cores, process.pid)
        assert process.stdout is not None
        try:
            listens = re.search(r"http://\S+\d", process.stdout.readline())
            assert listens is not None
            yield listens[0], process.pid
        finally:
            process.terminate()


def run(plan: Plan) -> Report:
    starts = sorted(_start() for _ in range(1 if plan.quick else STARTS))
    start = Spread.of(starts)
    print(f"\nfrom the command to the first answer: {start.median:.2f} s, at best {starts[0]:.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        places = {"in memory": (), "with --data": ("--data", folder)}
        found = {place: _load(plan, *options) for place, options in places.items()}
    print(f"\n### small calls, {AT_ONCE} at once")
    rows = [_row(place, call, rates) for place, calls in found.items() for call, rates in calls.items()]
    print(table([["", "requests per second", "per second of its CPU"], *rows]))
    rate = Spread.of(found["in memory"]["documents.get"]["per_second"]).median
    figures = [
        at_least("sandbox, documents.get in memory, one process", rate, 2000, 4000, "calls/s"),
        at_most("sandbox, from the command to the first answer", start.median, 0.4, unit="s"),
    ]
    return Report([], figures, {"starts": starts, "calls": found})


def _start() -> float:
    started = time.perf_counter()
    with _sandbox() as (url, _), urllib.request.urlopen(f"{url}/_sandbox/health") as answer:
        answer.read()
        return time.perf_counter() - started


def _row(place: str, call: str, rates: dict[str, Any]) -> list[str]:
    wall, cpu = Spread.of(rates["per_second"]), rates["per_cpu_second"]
    return [
        f"{call}, {place}",
        f"{wall.median:,.0f} ({wall.low:,.0f}–{wall.high:,.0f})",
        "–" if cpu is None else f"{cpu:,.0f}",
    ]


def _load(plan: Plan, *options: str) -> dict[str, Any]:
    case = Case(title="", concurrency=AT_ONCE, seconds=plan.seconds)
    with _sandbox(*options, cores=SERVER) as (url, process):
        found: dict[str, Any] = alone(
            "benchmarks.sandbox", "ask", url=url, process=process, seconds=plan.seconds, rounds=plan.rounds_of(case)
        )
    return found


def ask(*, url: str, process: int, seconds: float, rounds: int) -> dict[str, Any]:
    """Ask one sandbox for three things in turn; return for each the rate of each slice, and that by its CPU."""
    return asyncio.run(_ask(Case(title="", url=url, concurrency=AT_ONCE, seconds=seconds), process, rounds))


async def _ask(case: Case, process: int, rounds: int) -> dict[str, Any]:
    async with clients.raw_connections(case) as connections:
        create = _request("POST", "/applicants", PERSON)
        owner = (await connections[0].call(create))["applicant_id"]
        passport = {"type": "PASSPORT", "applicant_id": owner}
        document = (await connections[0].call(_request("POST", "/documents", passport)))["document_id"]
        requests = {
            "documents.get": _request("GET", f"/documents/{document}"),
            "applicants.get": _request("GET", f"/applicants/{owner}"),
            "applicants.create": create,
        }
        slices: dict[str, list[tuple[int, float, float]]] = {name: [] for name in requests}
        for number in range(rounds + 1):
            for name in list(requests)[:: -1 if number % 2 else 1]:
                slices[name].append(await _slice(connections, requests[name], case.seconds, process))
    return {name: _rates(found[1:]) for name, found in slices.items()}  # the first of each warms up


def _request(method: str, path: str, body: object = None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    return raw.head(method, path, len(content) if content else None) + content


async def _slice(
    connections: Sequence[RawConnection], request: bytes, seconds: float, process: int
) -> tuple[int, float, float]:
    """Return how many answers came, within how many seconds, and how many of the sandbox's CPU."""
    started, before, answers = time.perf_counter(), _cpu_of(process), 0

    async def one(connection: RawConnection) -> None:
        nonlocal answers
        while time.perf_counter() - started < seconds:
            said = await connection.call(request)
            assert "applicant_id" in said, said
            answers += 1

    await asyncio.gather(*(one(connection) for connection in connections))
    return answers, time.perf_counter() - started, _cpu_of(process) - before


def _rates(slices: Sequence[tuple[int, float, float]]) -> dict[str, Any]:
    """Return rates. The system counts CPU in steps of 10 ms, too coarse for one slice."""
    cpu = sum(used for _, _, used in slices)
    return {
        "per_second": [answers / wall for answers, wall, _ in slices],
        "per_cpu_second": sum(answers for answers, _, _ in slices) / cpu if cpu else None,
    }


def _cpu_of(process: int) -> float:
    """Return the seconds of CPU that a process has used, all threads; 0 where that cannot be read."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    user, system = text.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    command("sandbox", run)
