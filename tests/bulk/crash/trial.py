"""One mode, from a fresh server to the verdict."""

import asyncio
import random
import signal
import time
from collections import Counter
from pathlib import Path

import attrs

from tests.bulk.crash.ends import Ending
from tests.bulk.crash.job import KINDS, Job
from tests.bulk.crash.modes import READ, Mode
from tests.bulk.crash.runs import Runs, Said
from tests.bulk.crash.verdict import Held, Verdict, judge_end, judge_words
from tests.oracle.running import ROOT, RunningOracle

GROWTH = 30
LAST_RUNS = 4


@attrs.define(kw_only=True)
class Outcome:
    """What came of a mode."""

    mode: str
    kills: int
    rows: int
    delivered: int
    statuses: Counter
    verdict: Verdict
    seconds: float


@attrs.define(kw_only=True)
class Trial:
    """One mode under way."""

    name: str
    mode: Mode
    job: Job
    oracle: RunningOracle
    ending: Ending
    verdict: Verdict = attrs.field(factory=Verdict)
    done: int = 0
    _ran: int = 0

    async def disturb(self, kills: int) -> None:
        """End runs until so many were ended before their time."""
        while self.done < kills:
            started = time.monotonic()
            end = self.ending.chance.choice(self.mode.ends)
            said = await end(self.ending)
            self.note(said)
            if said.code in (0, 1) and said.sums is not None and not said.sums["ended"] and "stop" not in end.__name__:
                self.ending.usual = time.monotonic() - started
                self.job.grow(GROWTH)
                self.done += end.__name__ == "fill_the_disk"
            else:
                self.done += 1

    async def kill_server(self, kills: int) -> None:
        """Kill the server and start it again, while runs go on."""
        while self.done < kills:
            run = await self.ending.start()
            while self.done < kills and not await self.ending.moment(run):
                await self.oracle.kill()
                self.done += 1
                await run.wait(self.ending.chance.random() * 0.3)
                await self.oracle.start()
            self.note(await run.said())
            self.job.grow(GROWTH)

    async def to_the_end(self) -> Said:
        """Run until all is told: with the faults, and then, as on another day, without."""
        self.note(await (await self.ending.runs.start()).said())
        settings = self._settings() | {"faults": []}
        await self.oracle.set(**settings)
        for _ in range(LAST_RUNS):
            said = await (await self.ending.runs.start()).said()
            self.note(said)
            if said.code == 0 or not self._has_failed(said):
                break
        return said

    @staticmethod
    def _has_failed(said: Said) -> bool:
        return said.refused_ledger or any(row["status"] == "failed" for row in said.rows.values())

    def note(self, said: Said) -> None:
        self._ran += 1
        judge_words(said, self.job, Held.of(self.oracle), self.verdict, name=f"run {self._ran}")

    def _settings(self) -> dict:
        mode = self.mode
        return {"faults": list(mode.faults), "view": mode.view, "one_per_type": mode.one_per_type}

    async def begin(self, *, seed: int, rows: int, kills: int) -> None:
        self.job.applicants += await self.oracle.applicants((rows + kills * GROWTH) // len(KINDS) + 1)
        self.job.grow(rows)
        await self.oracle.set(seed=seed, **self._settings())


async def run(
    name: str, mode: Mode, *, kills: int, seed: int, rows: int, folder: Path, package: Path = ROOT
) -> Outcome:
    """Do all of it. ``rows`` is how many there are at first; while kills are left to do, more come."""
    started, chance = time.monotonic(), random.Random(f"{name} {seed}")
    work = folder / "work"
    work.mkdir()
    async with RunningOracle(folder / "data") as oracle:
        environment = {"KYCAID_API_KEY": oracle.key, "KYCAID_BASE_URL": oracle.url}
        job = Job(work, [], chance, mode.twins)
        runs = Runs(
            manifest=job.manifest, environment=environment, package=package, read=READ, settle=mode.settle
        )
        trial = Trial(name=name, mode=mode, job=job, oracle=oracle, ending=Ending(runs, chance, mode.hooks))
        try:
            await trial.begin(seed=seed, rows=rows, kills=kills)
            await (trial.kill_server if mode.kills_server else trial.disturb)(kills)
            said = await trial.to_the_end()
        finally:
            await runs.close()
        held = Held.of(oracle)
    judge_end(said, job, held, trial.verdict)
    return Outcome(
        mode=name,
        kills=trial.done,
        rows=len(job.rows),
        delivered=len(held.by_number),
        statuses=Counter(row["status"] for row in said.rows.values()),
        verdict=trial.verdict,
        seconds=time.monotonic() - started,
    )
