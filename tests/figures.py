"""Figures of full runs, as the table of the README shows them.

The commands that try claims at length (``python -m tests.privacy`` and others) write theirs to ``tests/results``, one
file each, when they are called with ``--record``. ``python -m tests.derived`` makes the table from these files.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness.record import commit

RESULTS = Path(__file__).parent / "results"
_HEADINGS = ("what was tried", "figures", "command", "date", "commit")
_KEYS = {"what", "figures", "command", "date", "commit"}


def add_option(parser: argparse.ArgumentParser) -> None:
    """Give a command the option that makes its figures those of the README."""
    parser.add_argument("--record", action="store_true", help="keep the figures in tests/results, for the README")


def record(
    name: str,
    what: str,
    figures: Mapping[str, Any],
    *,
    folder: Path = RESULTS,
    command: str | None = None,
    runs: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Keep figures under ``name``: what was tried, and numbers or short texts by what they count.

    They are those of this run, or add up several ``runs``, each with the date and the commit of its `stamp`;
    ``command`` is the one that does all of them.
    """
    runs = runs or [stamp()]
    dates = sorted({run["date"] for run in runs})
    said = {
        "what": what,
        "command": command or _command(name),
        "date": dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}",
        "commit": ", ".join(dict.fromkeys(run["commit"] for run in runs)),
        "figures": dict(figures),
    }
    (folder / f"{name}.json").write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", "utf-8")


def stamp() -> dict[str, str]:
    """Return date and commit of a run."""
    return {"date": time.strftime("%Y-%m-%d"), "commit": commit(RESULTS)}


def _command(name: str) -> str:
    module = sys.modules["__main__"].__spec__
    command = " ".join(["python -m", module.name.removesuffix(".__main__") if module else name, *sys.argv[1:]])
    return command.replace(" --record", "")


def as_markdown(folder: Path = RESULTS) -> str:
    """Return the table of all recorded runs, by the names of their files."""
    runs = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    assert all(run.keys() == _KEYS for run in runs), f"a file of {folder} has other keys than {_KEYS}"
    cells = [(run["what"], _shown(run["figures"]), f"`{run['command']}`", run["date"], run["commit"]) for run in runs]
    lines = [_HEADINGS, ("---",) * len(_HEADINGS), *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _shown(figures: Mapping[str, Any]) -> str:
    texts = (f"{value:,}" if isinstance(value, int | float) else str(value) for value in figures.values())
    return ", ".join(f"{text} {name}" for text, name in zip(texts, figures, strict=True))
