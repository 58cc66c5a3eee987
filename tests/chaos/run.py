"""Runs programs, and counts what was found."""

import gc
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from tests.chaos import async_player, blocking_player, bulk_player, bulk_verdict, names, verdict
from tests.chaos.log import Log
from tests.chaos.oracle import ChaosOracle
from tests.chaos.program import BulkProgram, Row
from tests.chaos.verdict import KINDS, Verdict
from tests.chaos.writing import AnyProgram, program_of, smallest
from tests.effort import waited_for_cpu

STARVED = "held once there was a CPU"
WITH_FAULTS = "that met faults"
COUNTED = ("programs", WITH_FAULTS, "async", "blocking", "bulk", "requests", "faults", *KINDS, STARVED)
"""What is counted: programs, of which client, what the server got and what went wrong on the way, and findings."""
_WAITED = 0.25
"""Seconds that client and server waited for a CPU, from which on what a program shows is about the machine."""
_WAITED_BRIEFLY = 0.02
"""The same, where all that it shows is that something took longer than a limit, the shortest of which is 0.05."""
_TRIES = 5
"""Of a program that did not hold while the machine was that busy."""
_AGAIN = 3
"""How often a smaller program is tried: what depends on moments does not fail each time."""
_THAW = 200
"""Programs after which what they left in caches is set aside, so that looking for leaks stays quick."""


@attrs.define
class Chaos:
    """An oracle, and what came of the programs so far."""

    oracle: ChaosOracle
    folder: Path
    figures: Counter[str] = attrs.field(factory=Counter)
    found: list[str] = attrs.field(factory=list)
    """Programs after which something did not hold, as small as they could be made, and what did not."""

    def run(self, program: AnyProgram) -> Verdict:
        """Carry out one program."""
        self.oracle.begin(program)
        found, report = self._play(program)
        met = Log.of(program, report).faults
        self.figures.update({"programs": 1, WITH_FAULTS: met > 0, "requests": len(report["requests"]), "faults": met})
        self.figures.update({program.client: 1, **{kind: len(texts) for kind, texts in found.problems.items()}})
        if self.figures["programs"] % _THAW == 0:
            _set_aside()
        return found

    def _play(self, program: AnyProgram) -> tuple[Verdict, dict]:
        if isinstance(program, BulkProgram):
            rows = bulk_player.play(program, self.oracle, self.folder)
            report = self.oracle.report()
            return bulk_verdict.judge(program, rows, report), report
        player = async_player if program.client == "async" else blocking_player
        played = player.play(program, self.oracle, self.folder)
        report = self.oracle.report()
        return verdict.judge(program, played, report), report

    def check(self, seed: int, number: int) -> None:
        """Carry out the program with this number, and make it smaller when something does not hold."""
        program = program_of(seed, number)
        before, waited = self.figures.copy(), self._waited()
        found = self.run(program)
        for _ in range(_TRIES):
            enough = _WAITED_BRIEFLY if found.is_about_time else _WAITED
            if not found.lines or self._waited() - waited < enough:
                break
            self.figures, waited = before.copy(), self._waited()
            found = self.run(program)
            self.figures[STARVED] += not found.lines
        if found.lines:
            self.found.append(self._smallest(f"seed {seed}, program {number}", program, found))

    def _waited(self) -> float:
        """Return for how many seconds this process and the oracle's were ready and had no CPU, as Linux counts it."""
        return waited_for_cpu(os.getpid()) + waited_for_cpu(self.oracle.pid)

    def _smallest(self, name: str, program: AnyProgram, found: Verdict) -> str:
        figures, kinds = self.figures.copy(), found.kinds

        def fails(smaller: AnyProgram) -> bool:
            return any(self.run(smaller).kinds & kinds for _ in range(_AGAIN))

        small = smallest(program, fails)
        lines = next((again.lines for _ in range(_AGAIN) if (again := self.run(small)).lines), found.lines)
        self.figures = figures
        return "\n".join([f"{name}: {small!r}", *lines, f"first: {program!r}", *found.lines])


@contextmanager
def chaos() -> Iterator[Chaos]:
    """Give an oracle that listens, and a place for files."""
    with tempfile.TemporaryDirectory() as folder, ChaosOracle(Path(folder) / "oracle") as oracle, names.looked_up():
        oracle.begin()
        blocking_player.warm_up(oracle)
        found = Chaos(oracle, Path(folder))
        found.run(BulkProgram(rows=(Row(),)))
        found.figures.clear()
        _set_aside()
        try:
            yield found
        finally:
            gc.unfreeze()


def _set_aside() -> None:
    """Let the search for what was left pass over all that there is now."""
    gc.collect()
    gc.freeze()
