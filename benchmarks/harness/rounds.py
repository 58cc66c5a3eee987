"""Rounds of all peers in turn: A B C, C B A, A B C … so that a noisy machine is noisy to all."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from typing import Any, Self

import attrs

from benchmarks.harness.alone import environment
from benchmarks.harness.case import Case, Plan
from benchmarks.harness.server import Running
from benchmarks.harness.statistics import Spread, ratios


@attrs.define
class Result:
    """What one peer took in each round, per operation, in seconds."""

    peer: str
    count: int = 0
    wall: list[float] = attrs.field(factory=list)
    cpu: list[float] = attrs.field(factory=list)
    lag_p95: list[float] = attrs.field(factory=list)
    lag_p99: list[float] = attrs.field(factory=list)
    lag_max: list[float] = attrs.field(factory=list)
    memory: list[int] = attrs.field(factory=list)
    """Peak of resident bytes above what there was before the first round."""
    server: list[float] = attrs.field(factory=list)
    """The share of a round, what goes by unmeasured included, for which the server had something to do."""

    def add(self, sample: dict[str, Any]) -> None:
        self.count = sample["count"]
        for name in ("wall", "cpu", "lag_p95", "lag_p99", "lag_max", "memory"):
            getattr(self, name).append(sample[name])


@attrs.define
class Comparison:
    """What all peers took for one case. The first is ours."""

    case: Case
    results: dict[str, Result] = attrs.field(factory=dict)
    missing: dict[str, str] = attrs.field(factory=dict)
    """Why a peer is left out, by its name."""
    failed: dict[str, str] = attrs.field(factory=dict)
    """What broke a peer, by its name."""

    def takes(self, peer: str, said: dict[str, Any]) -> bool:
        """Note what a peer said of its start or of a round, and say whether it goes on."""
        for outcome in ("missing", "failed"):
            if outcome in said:
                getattr(self, outcome)[peer] = said[outcome]
                self.results.pop(peer, None)
                return False
        if "wall" in said and peer in self.results:
            self.results[peer].add(said)
        return True

    @property
    def server_busy(self) -> float | None:
        """The share of the time for which the server had something to do, with the peer that gave it most."""
        return max((Spread.of(result.server).median for result in self.results.values() if result.server), default=None)

    def ratio(self, peer: str, other: str, what: str = "wall") -> float | None:
        """Return the median of ``peer`` ÷ ``other`` round by round; None when one of them is missing."""
        if peer not in self.results or other not in self.results:
            return None
        return self.spread(peer, other, what).median

    def spread(self, peer: str, other: str, what: str = "wall") -> Spread:
        return ratios(getattr(self.results[peer], what), getattr(self.results[other], what))

    def median(self, peer: str, what: str) -> float | None:
        return Spread.of(getattr(self.results[peer], what)).median if peer in self.results else None

    def most(self, peer: str, what: str) -> float | None:
        return max(getattr(self.results[peer], what)) if peer in self.results else None


class _Worker:
    """The process of one peer."""

    def __init__(self, module: str, peer: str, case: Case) -> None:
        command = [sys.executable, "-m", "benchmarks.harness.worker", module, peer, case.dumps()]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # its input ends, and it with it

    def answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            return {"failed": "its process ended"}
        said: dict[str, Any] = json.loads(line)
        return said

    def round(self) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self.answer()


def compare(
    module: str,
    case: Case,
    peers: Iterable[str],
    plan: Plan,
    server: Running | None = None,
    *,
    concurrency: Mapping[str, int] | None = None,
) -> Comparison:
    """Let each of ``peers`` (names in ``PEERS`` of ``module``, ours first) do ``case`` in turn.

    ``concurrency`` is for those that do another number at once than the others.
    """
    case = attrs.evolve(case, seconds=plan.seconds)
    made = Comparison(case)
    with ExitStack() as stack:
        workers: dict[str, _Worker] = {}
        for peer in peers:
            own = attrs.evolve(case, concurrency=(concurrency or {}).get(peer, case.concurrency))
            # One after the other: while they warm up they also find out how much is a round.
            worker = stack.enter_context(_Worker(module, peer, own))
            if made.takes(peer, worker.answer()):
                workers[peer] = worker
                made.results[peer] = Result(peer)
        for number in range(plan.rounds_of(case)):
            for peer in list(made.results)[:: -1 if number % 2 else 1]:
                before = server.busy_seconds() if server is not None else 0.0
                said = workers[peer].round()
                if made.takes(peer, said) and server is not None:
                    made.results[peer].server.append((server.busy_seconds() - before) / said["whole"])
    return made
