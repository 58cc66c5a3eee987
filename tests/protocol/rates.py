"""What pacing reaches at simulated servers, over many seeds: ``python -m tests.protocol.rates --seeds 10``.

It prints a table, and draws the rates over time into ``benchmarks/rates.svg``. Minutes of computing; tests use a few of
the same cases with few seeds.
"""

import argparse
import math
import random
from collections.abc import Callable
from pathlib import Path
from statistics import mean

import attrs

from tests.protocol.limits import Changing, Client, FixedWindow, Run, Shedding, SlidingWindow, TokenBucket, simulate
from tests.protocol.together import together

KINDS = (FixedWindow, SlidingWindow, TokenBucket)
PICTURE = Path(__file__).parents[2] / "benchmarks" / "rates.svg"


@attrs.frozen(kw_only=True)
class Limited:
    """One or two clients at a server with a limit."""

    rate: int
    period: float = 1.0
    workers: int = 16
    latency: float = 0.02
    seconds: int
    settled: int = 10
    """From which second on it counts."""
    second: float | None = None
    """When a second client comes."""
    retry_after: float | None = None

    def run(self, kind: Callable, seed: int) -> "Outcome":
        """Run it once."""
        chance = random.Random(seed)
        server = kind(self.rate, chance.random(), self.period)
        starts = [0.0] if self.second is None else [0.0, self.second]
        clients = [Client(self.workers, math.inf, starts_at=at) for at in starts]
        until, after = self.seconds, self.retry_after
        runs = simulate(
            server.takes, clients=clients, latency=self.latency, chance=chance, until=until, retry_after=after
        )
        return Outcome(runs, self.settled, self.seconds, self.rate / self.period)


@attrs.frozen
class Outcome:
    """What clients got between two seconds."""

    runs: list[Run]
    since: int
    until: int
    limit: float

    @property
    def used(self) -> float:
        """The share of the limit that they used together."""
        return sum(run.rate(self.since, self.until) for run in self.runs) / self.limit

    @property
    def smaller(self) -> float:
        """The share of the client that got least, of what all got: 0.5 is even."""
        rates = [run.rate(self.since, self.until) for run in self.runs]
        return min(rates) / sum(rates)

    @property
    def refused(self) -> float:
        """The share of refusals, of the client that saw most of them."""
        return max(run.share_refused(self.since, self.until) for run in self.runs)


ALONE = {
    "5 a second": Limited(rate=5, workers=8, seconds=300),
    "50 a second": Limited(rate=50, seconds=120),
    "50 a second, 64 workers, 0.2 s": Limited(rate=50, workers=64, latency=0.2, seconds=120),
    "500 a second": Limited(rate=500, seconds=30),
    "60 a minute": Limited(rate=60, period=60.0, workers=8, latency=0.05, seconds=1200, settled=180),
}
TWO = {
    "5 a second": Limited(rate=5, workers=8, second=30.0, seconds=400, settled=200),
    "50 a second, at once": Limited(rate=50, second=0.0, seconds=300, settled=150),
    "50 a second": Limited(rate=50, second=30.0, seconds=300, settled=150),
    "500 a second": Limited(rate=500, second=30.0, seconds=180, settled=100),
    "60 a minute": Limited(rate=60, period=60.0, workers=8, latency=0.05, second=30.0, seconds=1200, settled=300),
}


def changing(kind: Callable, seed: int) -> tuple[Run, list[float]]:
    """Run a client at a limit of 50 a second that is 10 for three minutes, and give the shares of each time."""
    chance = random.Random(seed)
    times = [(0, 120, 50), (120, 300, 10), (300, 480, 50)]
    server = Changing([(since, kind(rate, chance.random()).takes) for since, _, rate in times])
    (run,) = simulate(server.takes, clients=[Client(16, math.inf)], latency=0.02, chance=chance, until=480)
    return run, [run.rate(since + 10, until) / rate for since, until, rate in times]


def shedding(share: float, workers: int, latency: float, seconds: int, seed: int) -> tuple[Run, float]:
    """Run a client at a server that refuses at random; give the share of the undisturbed rate in the second half."""
    chance = random.Random(seed)
    clients = [Client(workers, math.inf)]
    (run,) = simulate(Shedding(share, chance).takes, clients=clients, latency=latency, chance=chance, until=seconds)
    return run, run.rate(seconds // 2, seconds) * latency / workers


def sharing(kind: Callable, seed: int) -> Outcome:
    """Run two clients that share a pace, the second from 30 s on."""
    chance = random.Random(seed)
    server = kind(50, chance.random())
    runs = together(server.takes, members=2, workers=16, latency=0.02, until=300, seed=seed, last_at=30.0)
    return Outcome(runs, 60, 300, 50)


def _span(values: list[float]) -> str:
    return f"{min(values):.2f} … {mean(values):.2f} … {max(values):.2f}"


def _table(seeds: int) -> None:
    print("| limit, server | used | of two, the smaller | refused, % |\n|---|---:|---:|---:|")
    cases = list(ALONE.items())
    cases += [(f"{name}, Retry-After: 1", attrs.evolve(case, retry_after=1.0)) for name, case in ALONE.items()]
    cases += [(f"two clients, {name}", case) for name, case in TWO.items()]
    for name, case in cases:
        for kind in KINDS:
            found = [case.run(kind, seed) for seed in range(seeds)]
            smaller = _span([one.smaller for one in found]) if case.second is not None else ""
            refused = _span([100 * one.refused for one in found])
            print(
                f"| {name}, {kind.__name__} | {_span([one.used for one in found])} | {smaller} | {refused} |",
                flush=True,
            )
    for kind in KINDS:
        found = [sharing(kind, seed) for seed in range(seeds)]
        spans = [_span([one.used for one in found]), _span([one.smaller for one in found])]
        spans.append(_span([100 * one.refused for one in found]))
        print(f"| two clients with one pace, 50 a second, {kind.__name__} | {' | '.join(spans)} |", flush=True)
    for kind in KINDS:
        runs = [changing(kind, seed) for seed in range(seeds)]
        shares = ", then ".join(_span([shares[n] for _, shares in runs]) for n in range(3))
        refused = _span([100 * run.share_refused(10) for run, _ in runs])
        print(f"| 50, 10 and 50 a second, {kind.__name__} | {shares} | | {refused} |", flush=True)
    print("\n| refused at random | of the undisturbed rate, minutes 5 to 10 |\n|---|---:|")
    for share in (0.02, 0.1):
        for workers, latency in ((1, 0.02), (1, 0.2), (8, 0.02), (8, 0.2), (64, 0.2)):
            rates = [shedding(share, workers, latency, 600, seed)[1] for seed in range(seeds)]
            print(f"| {share:.0%}, {workers} at {latency} s | {_span(rates)} |", flush=True)


_WIDE, _HIGH, _STEP = 560, 90, 5


def _curve(run: Run, seconds: int, top: float, color: str) -> str:
    rates = ((since, run.rate(since, since + _STEP)) for since in range(0, seconds, _STEP))
    points = " ".join(f"{_WIDE * since / seconds:.0f},{_HIGH * (1 - min(rate / top, 1)):.0f}" for since, rate in rates)
    return f'<polyline points="{points}" fill="none" stroke="{color}"/>'


def _draw() -> None:
    """Draw what is taken per second, over time."""
    plots = [
        ("2 % refused at random, 8 workers at 20 ms", [shedding(0.02, 8, 0.02, 600, 1)[0]], 600, 400),
        ("10 % refused at random, 8 workers at 20 ms", [shedding(0.1, 8, 0.02, 600, 1)[0]], 600, 400),
        ("50 a second, then 10, then 50: a window of a second", [changing(FixedWindow, 1)[0]], 480, 60),
        ("50 a second, two clients, the second from 30 s on", TWO["50 a second"].run(FixedWindow, 1).runs, 300, 60),
        ("50 a second, the same two with one pace", sharing(FixedWindow, 1).runs, 300, 60),
        ("60 a minute: a window of a minute", ALONE["60 a minute"].run(FixedWindow, 1).runs, 1200, 4),
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-40 -30 {_WIDE + 60} {len(plots) * (_HIGH + 50) + 20}" '
        'font-family="sans-serif" font-size="11"><rect x="-40" y="-30" width="100%" height="100%" fill="white"/>'
    )
    lines = [head]
    for number, (title, runs, seconds, top) in enumerate(plots):
        lines += [
            f'<g transform="translate(0 {number * (_HIGH + 50)})"><text y="-8">{title}: taken per second</text>',
            f'<path d="M0 0V{_HIGH}H{_WIDE}" fill="none" stroke="#888"/>',
            f'<text x="-6" y="8" text-anchor="end">{top}</text><text x="-6" y="{_HIGH}" text-anchor="end">0</text>',
            f'<text x="{_WIDE}" y="{_HIGH + 14}" text-anchor="end">{seconds} s</text>',
            *(_curve(run, seconds, top, color) for run, color in zip(runs, ("#06c", "#c40"), strict=False)),
            "</g>",
        ]
    PICTURE.write_text("\n".join([*lines, "</svg>", ""]))


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=10, help="0 only draws")
    chosen = options.parse_args()
    _draw()
    if chosen.seeds:
        _table(chosen.seeds)
