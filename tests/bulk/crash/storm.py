"""Runs through a time in which everything is refused: rows, requests and uncertain rows, at the usual pace."""

import random
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import attrs

from tests.bulk.crash.job import KINDS, Job
from tests.bulk.crash.runs import Forks, Runs
from tests.bulk.crash.verdict import Held, Verdict, judge_end
from tests.oracle.faults import CREATIONS
from tests.oracle.pages import pages
from tests.oracle.running import RunningOracle

_BEGINS = 150
"""Documents that are there when it begins."""
_ROWS = 1500
_HEADS = "storm, rows created, seconds, rows/s, requests, requests in the storm, uncertain, failed, made twice"


@attrs.frozen
class Storm:
    """What answers, and whether the server acted first."""

    name: str
    answers: Sequence[str]
    acts: int
    on: Sequence[str] = ("*",)


STORMS = (
    Storm("none", [], 1),
    Storm("bare 503 to all, not acted on", pages("503"), 0),
    Storm("bare 503 to all, acted on", pages("503"), 1),
    Storm("bare 503 to creations, acted on", pages("503"), 1, CREATIONS),
    Storm("bare 429 to all, not acted on", pages("429"), 0),
    Storm("bare 429 to creations, acted on", pages("429"), 1, CREATIONS),
    Storm("KYCAID's own 429 to all", ["429_own"], 0),
)


async def storms(folder: Path, *, forks: Forks, seconds: float) -> None:
    """Print a line for each storm."""
    heads = _HEADS.split(", ")
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads), flush=True)
    for number, storm in enumerate(STORMS):
        cells = await _measured(storm, folder / str(number), forks=forks, seconds=seconds)
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)


async def _measured(storm: Storm, folder: Path, *, forks: Forks, seconds: float) -> list[object]:
    work = folder / "work"
    work.mkdir(parents=True)
    async with RunningOracle(folder / "data") as oracle:
        job = Job(work, await oracle.applicants(_ROWS // len(KINDS) + 1), random.Random(1), twins=0)
        job.grow(_ROWS)
        environment = {"KYCAID_API_KEY": oracle.key, "KYCAID_BASE_URL": oracle.url}
        runs = Runs(forks=forks, manifest=job.manifest, environment=environment, read=30, settle=35)
        rule = {"on": list(storm.on), "acts": storm.acts, "answers": list(storm.answers), "until": seconds}
        begun, run = time.monotonic(), await runs.start_anew()
        while oracle.read("SELECT count(*) FROM documents")[0][0] < _BEGINS and not await run.wait(0.02):
            pass
        await oracle.set(faults=[rule] if storm.answers else [])
        said = await run.said()
        took = time.monotonic() - begun
        verdict, held = Verdict(), Held.of(oracle)
        requests = oracle.read("SELECT count(*), sum(fault != '') FROM requests")[0]
    judge_end(said, job, held, verdict, settles=False)
    told = [row["status"] for row in said.rows.values()]
    created = told.count("created")
    ended = [re.sub(r"\s+", " ", said.errors)[-200:]] if said.sums is None or said.sums["ended"] else []
    if ended or verdict.missing:
        print(storm.name, ended, verdict.missing[:3], file=sys.stderr)
    counts = [told.count("uncertain"), told.count("failed"), len(verdict.doubles)]
    return [
        storm.name,
        created,
        f"{took:.1f}",
        f"{created / took:.0f}",
        requests[0] - len(job.applicants),
        requests[1],
        *counts,
    ]
