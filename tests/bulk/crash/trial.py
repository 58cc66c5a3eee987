"""One mode, from a fresh server to the verdict."""

import math
import random
import time
from collections import Counter
from pathlib import Path

import attrs

from tests.bulk.crash import ends
from tests.bulk.crash.calls import SECTIONS, answered_well, judge_calls, made_by_calls
from tests.bulk.crash.ends import Ending
from tests.bulk.crash.job import Job
from tests.bulk.crash.modes import MODES, READ, Mode
from tests.bulk.crash.runs import Forks, Runs, Said
from tests.bulk.crash.verdict import Held, Verdict, judge_end, judge_words
from tests.bulk.crash.verifications import Paid, judge_fees, judge_started
from tests.oracle.running import RunningOracle

GROWTH = 30
VERIFIES = 0.6
"""How many of the runs verify, where both are done."""
LAST_RUNS = 4
SLOWER = 1.25
"""A run that has told nothing yet when it is ended: how much more time the next ones get."""
COUNT_ANYWAY = (ends.fill_the_disk, ends.stop_and_go_on, ends.two_at_once)
"""After these a run may come to its end all the same."""


@attrs.define(kw_only=True)
class Outcome:
    """What came of a mode."""

    kills: int
    rows: int
    delivered: int
    statuses: Counter
    verdict: Verdict
    mode: str = ""
    seconds: float = 0.0

    def add(self, other: "Outcome") -> None:
        """Take over what came of the same mode with another manifest."""
        self.kills += other.kills
        self.rows += other.rows
        self.delivered += other.delivered
        self.statuses += other.statuses
        self.verdict.add(other.verdict)
        self.seconds += other.seconds


@attrs.define(kw_only=True)
class Trial:
    """One mode under way."""

    mode: Mode
    job: Job
    oracle: RunningOracle
    ending: Ending
    verdict: Verdict = attrs.field(factory=Verdict)
    done: int = 0
    _ran: int = 0

    async def upload(self, *, seed: int, rows: int, kills: int) -> Outcome:
        """Upload a manifest."""
        await self.begin(seed=seed, rows=rows, kills=kills)
        await (self.kill_server if self.mode.kills_server else self.disturb)(kills)
        said = await self.to_the_end()
        held = Held.of(self.oracle)
        judge_end(said, self.job, held, self.verdict, settles=self.mode.settles)
        return Outcome(
            kills=self.done,
            rows=len(self.job.rows),
            delivered=len(held.by_name),
            statuses=Counter(row["status"] for row in said.rows.values()),
            verdict=self.verdict,
        )

    async def verify(self, *, seed: int, rows: int, kills: int) -> Outcome:
        """Upload a manifest and verify its applicants, in turns that chance decides; each kind has its usual time."""
        await self.begin(seed=seed, rows=rows, kills=kills)
        ending, usual = self.ending, {False: 1.0, True: 1.0}
        while self.done < kills:
            ending.runs.verifies = verifies = ending.chance.random() < VERIFIES
            ending.usual = usual[verifies]
            await self.disturb(self.done + 1, turns=1)
            usual[verifies] = ending.usual
        ending.runs.verifies = False
        said = await self.to_the_end()
        judge_end(said, self.job, Held.of(self.oracle), self.verdict, settles=self.mode.settles)
        ending.runs.verifies = True
        await self.oracle.set(**self._settings())
        said = await self.to_the_end()
        paid = Paid.of(self.oracle)
        statuses = judge_fees(said, self.job, Held.of(self.oracle), paid, self.verdict)
        return Outcome(
            kills=self.done,
            rows=len(said.verifications),
            delivered=len(paid.requests),
            statuses=statuses | Counter(failed=statuses["not_delivered"]),
            verdict=self.verdict,
        )

    async def call(self, *, seed: int, rows: int, kills: int) -> Outcome:
        """Create objects by plain calls."""
        owners = await self.oracle.applicants(rows)
        await self.oracle.set(seed=seed, **self._settings())
        calls = [(SECTIONS[number % 3], f"{number:036}", owner) for number, owner in enumerate(owners)]
        answers = await (await self.ending.runs.call_plainly(calls)).answers()
        made = made_by_calls(self.oracle)
        judge_calls(answers, made, answered_well(self.oracle), self.verdict)
        statuses = Counter("uncertain" if said["maybe"] else "failed" for said in answers if said["id"] is None)
        return Outcome(kills=0, rows=rows, delivered=len(made), statuses=statuses, verdict=self.verdict)

    async def disturb(self, kills: int, *, turns: float = math.inf) -> None:
        """End runs until so many were ended before their time. There is always something left to do."""
        while self.done < kills and turns > 0:
            turns -= 1
            started = time.monotonic()
            end = self.ending.chance.choice(self.mode.ends)
            said = await end(self.ending)
            held = self.note(said)
            if said.is_whole:
                self.ending.usual = time.monotonic() - started
            elif not (said.rows or said.verifications):
                self.ending.usual *= SLOWER
            self.done += end in COUNT_ANYWAY or not said.is_whole
            if said.is_whole or len(held.by_name) > len(self.job.rows) - GROWTH // 2:
                self.job.grow(GROWTH)

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
        said = await self._run_alone()
        await self.oracle.set(**self._settings() | {"faults": []})
        for _ in range(LAST_RUNS):
            if said.code == 0:
                break
            said = await self._run_alone()
            if not self._has_failed(said):
                break
        return said

    async def _run_alone(self) -> Said:
        said = await (await self.ending.runs.start()).said()
        self.note(said)
        return said

    @staticmethod
    def _has_failed(said: Said) -> bool:
        return said.refused_ledger or any(row["status"] == "failed" for row in said.rows.values())

    def note(self, said: Said) -> Held:
        self._ran += 1
        held = Held.of(self.oracle)
        if self.ending.runs.verifies:
            judge_started(said, Paid.of(self.oracle), self.verdict, name=f"run {self._ran}")
        else:
            judge_words(said, self.job, held, self.verdict, name=f"run {self._ran}")
        return held

    def _settings(self) -> dict:
        mode = self.mode
        return {"faults": list(mode.faults), "view": mode.view, "one_per_type": mode.one_per_type}

    async def begin(self, *, seed: int, rows: int, kills: int) -> None:
        """Make applicants. In a warm mode, the first rows are delivered while all is well."""
        more = 0 if self.mode.warm else kills * GROWTH
        self.job.applicants += await self.oracle.applicants((rows + more) // self.job.per_applicant + 1)
        self.job.grow(rows)
        if self.mode.warm:
            await self._run_alone()
            self.job.grow(GROWTH)
        await self.oracle.set(seed=seed, **self._settings())


async def run(
    name: str, *, kills: int, seed: int, rows: int, folder: Path, forks: Forks, late: float | None = None
) -> Outcome:
    """Do all of a mode. ``rows`` is how many there are at first; while kills are left to do, more come.

    ``late``: where the server acts late, it does so by that many real seconds.
    """
    started, chance = time.monotonic(), random.Random(f"{name} {seed}")
    mode = MODES[name] if late is None else MODES[name].acting_late(late)
    work = folder / "work"
    work.mkdir()
    async with RunningOracle(folder / "data") as oracle:
        environment = {"KYCAID_API_KEY": oracle.key, "KYCAID_BASE_URL": oracle.url}
        job = Job(work, [], chance, mode.twins, known=rows if mode.warm else 0)
        job.per_applicant = 2 if mode.verifies else job.per_applicant
        runs = Runs(forks=forks, manifest=job.manifest, environment=environment, read=READ, settle=mode.settle)
        trial = Trial(mode=mode, job=job, oracle=oracle, ending=Ending(runs, chance, mode.hooks))
        try:
            do = trial.call if mode.calls else trial.verify if mode.verifies else trial.upload
            outcome = await do(seed=seed, rows=rows, kills=kills)
        finally:
            await runs.close()
    return attrs.evolve(outcome, mode=name, seconds=time.monotonic() - started)
