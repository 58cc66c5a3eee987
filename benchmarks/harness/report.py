"""Tables, JSON, and the command line that all benchmarks have."""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import attrs

from benchmarks.harness.case import Plan
from benchmarks.harness.cores import busy_cores
from benchmarks.harness.figures import Figure, machine
from benchmarks.harness.record import record
from benchmarks.harness.rounds import Comparison, Result

PACKAGES = (
    *("aiohttp", "yarl", "attrs", "cattrs", "httpx", "niquests", "urllib3", "requests"),
    *("msgspec", "pydantic", "orjson", "openai", "stripe", "uvloop"),
)


@attrs.define
class Report:
    """What one benchmark found."""

    comparisons: list[Comparison] = attrs.field(factory=list)
    figures: list[Figure] = attrs.field(factory=list)
    extra: dict[str, Any] = attrs.field(factory=dict)
    """What else goes into the JSON."""


Run = Callable[[Plan], Report]


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return ``rows``, the first of which are headings, as a Markdown table."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def show(comparison: Comparison) -> None:
    """Print what all peers took for one case, and how much longer than ours."""
    ours = next(iter(comparison.results), "")
    busy = comparison.server_busy
    print(f"\n### {comparison.case.title}" + (f" (server at most {busy:.0%} busy)" if busy is not None else ""))
    heading = ["", "wall", "CPU", f"wall ÷ {ours}", f"CPU ÷ {ours}", "lag p95", "p99", "worst", "memory"]
    print(table([heading, *(_row(comparison, ours, result) for result in comparison.results.values())]))
    for peer, reason in (comparison.missing | comparison.failed).items():
        print(f"{peer}: left out ({reason})")


def _row(comparison: Comparison, ours: str, result: Result) -> list[str]:
    def ratio(what: str) -> str:
        found = comparison.spread(result.peer, ours, what)
        return f"{found.median:.2f} ({found.low:.2f}–{found.high:.2f})"

    blocking = not any(result.lag_max)
    return [
        result.peer,
        _duration(comparison.median(result.peer, "wall")),
        _duration(comparison.median(result.peer, "cpu")),
        ratio("wall"),
        ratio("cpu"),
        *(
            "" if blocking else _duration(comparison.median(result.peer, what))
            for what in ("lag_p95", "lag_p99", "lag_max")
        ),
        f"{max(result.memory) / 2**20:.1f} MiB",
    ]


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{seconds * 1e3:,.1f} ms" if seconds >= 0.002 else f"{seconds * 1e6:,.1f} µs"


def versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def as_json(reports: dict[str, Report], plan: Plan) -> dict[str, Any]:
    return {
        "machine": machine(),
        "versions": versions(),
        "plan": attrs.asdict(plan),
        "figures": [attrs.asdict(f) | {"verdict": f.verdict} for report in reports.values() for f in report.figures],
        "benchmarks": {
            name: {"comparisons": [_comparison_json(c) for c in report.comparisons], **report.extra}
            for name, report in reports.items()
        },
    }


def _comparison_json(comparison: Comparison) -> dict[str, Any]:
    ours = next(iter(comparison.results), None)
    return {
        "title": comparison.case.title,
        "concurrency": comparison.case.concurrency,
        "server_busy": comparison.server_busy,
        "missing": comparison.missing,
        "failed": comparison.failed,
        "peers": {
            peer: attrs.asdict(result, filter=lambda field, _: field.name != "peer")
            | {f"{what}_ratio": attrs.asdict(comparison.spread(peer, ours or peer, what)) for what in ("wall", "cpu")}
            for peer, result in comparison.results.items()
        },
    }


def show_figures(figures: Iterable[Figure]) -> None:
    """Print the table of promises."""
    rows = [figure.row() for figure in figures]
    if rows:
        print("\n" + table([["figure", "reach", "aim", "measured", "verdict"], *rows]))


def arguments(names: Sequence[str] = ()) -> argparse.Namespace:
    """Read the command line. With ``names``, one can choose among them."""
    parser = argparse.ArgumentParser()
    if names:
        help_text = f"one of {', '.join(names)}; may be given repeatedly"
        parser.add_argument("--only", action="append", metavar="NAME", choices=names, help=help_text)
    parser.add_argument("--rounds", type=int, default=None, help="of each peer, in turn (default 9; 1 with --quick)")
    parser.add_argument("--quick", action="store_true", help="only see that everything runs; no figure means anything")
    parser.add_argument("--busy", action="store_true", help="with a process beside it that keeps each core busy")
    parser.add_argument("--record", action="store_true", help="keep the figures in benchmarks/results, for the tables")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was measured there")
    return parser.parse_args()


def run_all(runs: dict[str, Run], given: argparse.Namespace) -> None:
    """Run benchmarks by their names, and report."""
    plan = Plan(rounds=given.rounds or (1 if given.quick else 9), quick=given.quick, busy=given.busy)
    print(f"{machine()}; medians of at least {plan.rounds} rounds, quartiles in brackets")
    reports, minutes = {}, {}
    for name, run in runs.items():
        print(f"\n## {name}", flush=True)
        started = time.perf_counter()
        with busy_cores() if plan.busy else nullcontext():
            reports[name] = run(plan)
        minutes[name] = (time.perf_counter() - started) / 60
        if given.record:  # at once, for a run takes long
            record(name, reports[name].figures, plan)
    print(f"\nminutes: {', '.join(f'{name} {took:.1f}' for name, took in minutes.items())}")
    show_figures(figure for report in reports.values() for figure in report.figures)
    if given.json is not None:
        given.json.write_text(json.dumps(as_json(reports, plan), indent=1, ensure_ascii=False), encoding="utf-8")


def command(name: str, run: Run) -> None:
    """Be the command line of one benchmark."""
    run_all({name: run}, arguments())
