"""Figures of full runs, kept in ``benchmarks/results``, from which the documentation's tables are made.

``python -m benchmarks --record`` writes ``idle.json``, and with ``--busy`` ``busy.json``: the figures of each benchmark
with their machine, date and commit, so that one can be measured anew. ``python -m tests.derived`` makes the tables.
"""

import json
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from benchmarks.harness.case import Plan
from benchmarks.harness.figures import Figure, machine

RESULTS = Path(__file__).parents[1] / "results"
_HEADINGS = ("figure", "reach", "aim", "measured", "verdict")


def record(name: str, figures: Sequence[Figure], plan: Plan, *, folder: Path = RESULTS) -> None:
    """Keep the figures of a benchmark's run, in the place of those that it had before."""
    if not figures:
        return
    path = folder / f"{'busy' if plan.busy else 'idle'}.json"
    groups = json.loads(path.read_text("utf-8")) if path.exists() else {}
    run = {"machine": machine(), "date": time.strftime("%Y-%m-%d"), "commit": commit(RESULTS), "rounds": plan.rounds}
    groups[name] = run | {"figures": [attrs.asdict(figure) for figure in figures]}
    path.write_text(json.dumps(groups, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")


def commit(results: Path) -> str:
    """Return the commit, with a + where files were changed since, but for the ``results`` that runs write."""
    found = _git(results, "rev-parse", "--short=8", "HEAD")
    changed = _git(results, "status", "--porcelain", "--untracked-files=no", "--", ":/", f":(exclude){results}")
    return f"{found}{'' if changed == '' else '+'}" if found else "?"


def _git(folder: Path, *words: str) -> str | None:
    """Return what git says; None where it fails."""
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    return None if done.returncode else done.stdout.strip()


def as_markdown(state: str, folder: Path = RESULTS) -> str:
    """Return the tables of the runs on an ``idle`` or a ``busy`` machine: one for all groups of the same run."""
    path = folder / f"{state}.json"
    groups = json.loads(path.read_text("utf-8")) if path.exists() else {}
    runs: dict[str, list[Figure]] = {}
    for _, group in sorted(groups.items()):
        runs.setdefault(_run(group), []).extend(Figure(**figure) for figure in group["figures"])
    return "\n".join(f"{run}\n\n{_table(figures)}" for run, figures in runs.items()) or "None was recorded yet.\n"


def _run(group: Mapping[str, Any]) -> str:
    rounds = "one round of each" if group["rounds"] == 1 else f"medians of at least {group['rounds']} rounds"
    return f"At commit {group['commit']}, on {group['date']}, {rounds}:\n{group['machine']}."


def _table(figures: Iterable[Figure]) -> str:
    lines = [_HEADINGS, ("---",) * len(_HEADINGS), *(figure.row() for figure in figures)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


TABLES = {f"figures_{state}": partial(as_markdown, state) for state in ("idle", "busy")}
"""Those of the documentation, by the names of their places there."""
