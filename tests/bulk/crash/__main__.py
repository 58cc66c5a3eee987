"""Deliver manifests through kills and faults, then hold what the server has against what the client said.

``python -m tests.bulk.crash MODE --kills 30`` does one mode, ``all`` does each. ``--seed`` gives other files and other
moments, ``--package`` takes ``kycaid_async`` from another folder, ``--keep`` leaves manifest, ledger and server's file.
``--late 20`` lets a server that acts late do so 20 real seconds after it got a request, and clients look for what they
sent for longer than that. Without it, and in the suite, it acts at most 3 seconds late, when clients have waited for
half of that.
``--kills 200 --kills-each 40`` takes five manifests for each mode, one after the other, for each run looks at all rows.
``--record`` keeps the figures of each mode that was done; what the README shows adds up the newest of each.
``--minutes 60`` begins no mode after that; what was not begun is not counted.
``python -m tests.bulk.crash storm`` measures runs through a time in which the server, or a gateway, refuses all.
"""

import argparse
import asyncio
import json
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests import figures
from tests.bulk.crash.modes import MODES
from tests.bulk.crash.runs import Forks
from tests.bulk.crash.storm import storms
from tests.bulk.crash.trial import Outcome, run
from tests.oracle.running import ROOT
from tests.signals import heed_terminal

_MODES_RECORDED = figures.RESULTS / "modes" / "crash.json"
_NEXT_SEED = 1_000_003
"""Added for each further manifest of a mode."""
_EACH = "ends in each of them at least"
_HEADS = ["mode", "kills", "rows", "delivered", "uncertain", "failed"]
_HEADS += ["doubles", "missing", "wrong", "unopened", "crashed", "repeated", "seconds"]


def _cells(outcome: Outcome) -> list[object]:
    verdict, statuses = outcome.verdict, outcome.statuses
    counts = [verdict.doubles, verdict.missing, verdict.wrong, verdict.unopened, verdict.crashes, verdict.repeats]
    told = [outcome.delivered, statuses["uncertain"], statuses["failed"]]
    return [outcome.mode, outcome.kills, outcome.rows, *told, *map(len, counts), f"{outcome.seconds:.0f}"]


def _line(cells: list[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


async def _mode(name: str, args: argparse.Namespace, folder: Path, forks: Forks) -> Outcome:
    """Do all kills of a mode, with as many manifests as they need."""
    whole: Outcome | None = None
    for part, first in enumerate(range(0, max(1, args.kills), args.kills_each)):
        place = folder / str(part)
        place.mkdir(parents=True)
        kills = min(args.kills_each, args.kills - first)
        seed = args.seed + part * _NEXT_SEED
        outcome = await run(name, folder=place, forks=forks, kills=kills, seed=seed, rows=args.rows, late=args.late)
        if whole is None:
            whole = outcome
        else:
            whole.add(outcome)
        if not (args.keep or outcome.verdict.problems):
            shutil.rmtree(place)
    assert whole is not None  # there is one manifest at least
    return whole


async def _all(args: argparse.Namespace, folder: Path, forks: Forks) -> bool:
    names = list(MODES) if args.mode == "all" else args.mode.split(",")
    at_once, well, seen = asyncio.Semaphore(args.at_once), True, list[Outcome]()
    last_begin = time.monotonic() + args.minutes * 60
    print(_line(_HEADS), _line(["---", *["---:"] * (len(_HEADS) - 1)]), sep="\n", flush=True)

    async def one(name: str) -> None:
        nonlocal well
        async with at_once:
            if time.monotonic() > last_begin:
                return
            outcome = await _mode(name, args, folder / name, forks)
            print(_line(_cells(outcome)), flush=True)
            well = well and not (MODES[name].preventable and outcome.verdict.problems)
            seen.append(outcome)

    async with asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(one(name))
    for outcome in seen:
        for problem in outcome.verdict.problems[: args.show]:
            print(f"{outcome.mode}: {problem}")
    if args.record:
        _record(seen, args)
    return well


def _record(outcomes: Sequence[Outcome], args: argparse.Namespace) -> None:
    """Keep the figures of each mode, and as those of all what the newest of each mode add up to."""
    modes = json.loads(_MODES_RECORDED.read_text("utf-8")) if _MODES_RECORDED.exists() else {}
    modes |= {outcome.mode: figures.stamp() | {"figures": _figures(outcome)} for outcome in outcomes}
    judged = {name: modes[name] for name, mode in MODES.items() if mode.preventable and name in modes}
    _MODES_RECORDED.parent.mkdir(exist_ok=True)
    _MODES_RECORDED.write_text(json.dumps(judged, indent=1) + "\n", "utf-8")
    sums = _sums([one["figures"] for one in judged.values()])
    figures.record(
        "crash",
        "kills and other ends of bulk uploads and verifications, among faults",
        sums,
        # Not as it was called: one mode may have been done anew, with fewer kills.
        command=f"python -m tests.bulk.crash all --kills {sums[_EACH]} --seed {args.seed}",
        runs=list(judged.values()),
    )


def _figures(outcome: Outcome) -> dict[str, int]:
    verdict = outcome.verdict
    return {
        "ends": outcome.kills,
        "rows": outcome.rows,
        "named as uncertain": outcome.statuses["uncertain"],
        "made twice": len(verdict.doubles),
        "lost": len(verdict.missing),
        "told wrongly": len(verdict.wrong),
        "ledgers that do not open, and crashes": len(verdict.unopened) + len(verdict.crashes),
    }


def _sums(modes: Sequence[dict[str, int]]) -> dict[str, int]:
    """Return the figures of all modes in which a client can prevent what goes wrong.

    Plain calls are not cut off: their mode has no ends.
    """
    ended = [mode["ends"] for mode in modes if mode["ends"]]
    added = {what: sum(mode[what] for mode in modes) for what in modes[0]} if modes else {}
    kinds = {"modes of ends": len(ended), _EACH: min(ended, default=0)}
    return kinds | ({"mode of calls without ends": without} if (without := len(modes) - len(ended)) else {}) | added


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", help=f"all, or some of: {','.join(MODES)}")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--kills-each", type=int, default=40, help="kills with one manifest; more take another")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=120)
    parser.add_argument("--late", type=float, help="seconds after which a server that is late acts")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no mode after so many minutes")
    parser.add_argument("--at-once", type=int, default=2, help="modes at once")
    parser.add_argument("--show", type=int, default=5, help="problems to show of each mode")
    parser.add_argument("--package", type=Path, default=ROOT)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long a storm lasts")
    figures.add_option(parser)
    args = parser.parse_args()
    heed_terminal()
    with tempfile.TemporaryDirectory(prefix="kycaid-crash-") as folder:
        return asyncio.run(_work(args, args.keep or Path(folder)))


async def _work(args: argparse.Namespace, folder: Path) -> int:
    async with Forks(args.package.resolve()) as forks:
        if args.mode == "storm":
            await storms(folder, forks=forks, seconds=args.seconds)
            return 0
        return not await _all(args, folder, forks)


if __name__ == "__main__":
    sys.exit(main())
