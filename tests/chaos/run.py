"""Runs programs, and counts what was found."""

import gc
import math
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
from hypothesis import HealthCheck, given, seed, settings

from tests.chaos import async_player, blocking_player, bulk_player, verdict
from tests.chaos.oracle import ChaosOracle
from tests.chaos.program import BulkProgram, Program, as_data
from tests.chaos.strategies import PROGRAMS
from tests.chaos.verdict import KINDS, Verdict


class ProgramFailedError(AssertionError):
    """A program after which something did not hold."""


@attrs.define
class Chaos:
    """An oracle, and what came of the programs so far."""

    oracle: ChaosOracle
    folder: Path
    figures: Counter[str] = attrs.field(factory=Counter)
    smallest: tuple[int, str] | None = None
    """The shortest program that failed, and what did not hold."""
    end: float = math.inf
    """When no more programs are begun, on the monotonic clock."""

    def run(self, program: Program | BulkProgram) -> Verdict:
        """Carry out one program."""
        self.oracle.begin([as_data(fault) for fault in program.script])
        if isinstance(program, BulkProgram):
            played = bulk_player.play(program, self.oracle, self.folder)
            report = self.oracle.report()
            found = bulk_player.judge(program, played, report)
        else:
            player = async_player if program.client == "async" else blocking_player
            plain = player.play(program, self.oracle, self.folder)
            report = self.oracle.report()
            found = verdict.judge(program, plain, report)
        faults = [one["fault"] for one in report["requests"] if one["fault"] not in ("", "none")]
        self.figures.update({"programs": 1, "requests": len(report["requests"]), "faults": len(faults)})
        self.figures.update({program.client: 1, **{kind: len(texts) for kind, texts in found.problems.items()}})
        return found

    def check(self, program: Program | BulkProgram) -> None:
        """Carry out one program, if there is time. Raises `ProgramFailedError`."""
        if time.monotonic() > self.end:
            return
        found = self.run(program)
        if found.lines:
            text = "\n".join([repr(program), *found.lines])
            if self.smallest is None or len(text) < self.smallest[0]:
                self.smallest = (len(text), text)
            raise ProgramFailedError(text)

    def check_many(self, count: int, number: int) -> None:
        """Carry out ``count`` programs, drawn by ``number``. Raises `ProgramFailedError` with the smallest."""
        checks = settings(
            max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
        )
        seed(number)(checks(given(PROGRAMS)(self.check)))()

    def __str__(self) -> str:
        names = ("programs", "async", "blocking", "bulk", "requests", "faults", *KINDS)
        return ", ".join(f"{name} {self.figures[name]:,}" for name in names)


@contextmanager
def chaos() -> Iterator[Chaos]:
    """Give an oracle that listens, and a place for files."""
    with tempfile.TemporaryDirectory() as folder, ChaosOracle(Path(folder) / "oracle") as oracle:
        oracle.begin([])
        blocking_player.warm_up(oracle)
        gc.collect()
        gc.freeze()  # so that looking for what was left takes no longer than that
        try:
            yield Chaos(oracle, Path(folder))
        finally:
            gc.unfreeze()
