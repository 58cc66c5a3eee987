"""Runs through a time in which everything is refused: rows, requests and uncertain rows, at the usual pace."""

import random
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import attrs

from tests.bulk.crash.job import KINDS, Job
from tests.bulk.crash.runs import Runs
from tests.bulk.crash.verdict import Held, Verdict, judge_end
from tests.oracle.pages import pages
from tests.oracle.running import RunningOracle

_BEGINS = 3.0
_ROWS = 1500
_HEADS = "storm, rows created, seconds, rows/s, requests, requests in the storm, uncertain, failed, made twice"


@attrs.frozen
class Storm:
    """What answers, and whether the server acted first."""

    name: str
    answers: Sequence[str]
    acts: int


STORMS = (
    Storm("none", [], 1),
    Storm("bare 503, not acted on", pages("503"), 0),
    Storm("bare 503, acted on", pages("503"), 1),
    Storm("bare 429, not acted on", pages("429"), 0),
    Storm("429 of KYCAID's own", ["429_own"], 0),
)


async def storms(folder: Path, *, package: Path, seconds: float) -> None:
    """Print a line for each storm."""
    heads = _HEADS.split(", ")
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads), flush=True)
    for number, storm in enumerate(STORMS):
        cells = await _measured(storm, folder / str(number), package=package, seconds=seconds)
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)


async def _measured(storm: Storm, folder: Path, *, package: Path, seconds: float) -> list[object]:
    work = folder / "work"
    work.mkdir(parents=True)
    async with RunningOracle(folder / "data") as oracle:
        job = Job(work, await oracle.applicants(_ROWS // len(KINDS) + 1), random.Random(1), twins=False)
        job.grow(_ROWS)
        environment = {"KYCAID_API_KEY": oracle.key, "KYCAID_BASE_URL": oracle.url}
        runs = Runs(manifest=job.manifest, environment=environment, package=package, read=30, settle=35)
        window = {"since": _BEGINS, "until": _BEGINS + seconds}
        rule = {"on": ["*"], "acts": storm.acts, "answers": list(storm.answers), **window}
        run = await runs.start_anew()
        await oracle.set(faults=[rule] if storm.answers else [])
        begun = time.monotonic()
        said = await run.said()
        took = time.monotonic() - begun
        verdict, held = Verdict(), Held.of(oracle)
        requests = oracle.read("SELECT count(*), sum(fault != '') FROM requests")[0]
    judge_end(said, job, held, verdict)
    told = [row["status"] for row in said.rows.values()]
    created = told.count("created")
    ended = [re.sub(r"\s+", " ", said.errors)[-200:]] if said.sums is None or said.sums["ended"] else []
    if ended or verdict.missing:
        print(storm.name, ended, verdict.missing[:3], file=sys.stderr)
    counts = [told.count("uncertain"), told.count("failed"), len(verdict.doubles)]
    return [storm.name, created, f"{took:.1f}", f"{created / took:.0f}", requests[0] - len(job.applicants), requests[1], *counts]
