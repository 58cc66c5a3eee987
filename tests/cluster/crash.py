"""Deliver a manifest on Dask while its processes are killed, then hold what the server has against what was said.

``python -m tests.cluster.crash --rows 20000 --workers 4 --every 2`` kills a worker each two seconds, and restarts the
scheduler and PostgreSQL once each. ``--drivers 2`` starts two runs over the same manifest at once. ``stopped`` as the
mode lets one of two plain runs be stopped (SIGSTOP) for longer than its lease, and go on.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import attrs

from tests.cluster import server
from tests.cluster.manifests import write_manifest
from tests.cluster.secrets import leaks
from tests.cluster.services import ROOT, Dask, postgresql

KEY = "0123456789abcdef0123456789abcdef0123"
CANARIES = (KEY, "Canaryname", "NUMBERCANARY", "KeyCanary")
"""The key, a name, the beginning of all numbers of documents, and a key of a row."""


@attrs.define
class Verdict:
    """What came of it."""

    rows: int
    results: list[dict[int, dict]]
    """Of each driver, by line."""
    ended: list[str]
    made: dict
    kills: int
    seconds: float
    problems: list[str] = attrs.field(factory=list)
    statuses: list[Counter] = attrs.field(factory=list)

    def judge(self, *, all_end=True):
        """Find what is twice, missing or wrong."""
        for kind in ("documents", "applicants"):
            self.problems += [f"{kind}: {name} is there {n} times" for name, n in self.made[kind].items() if n != 1]
        self.statuses = [Counter(one["status"] for one in told.values()) for told in self.results]
        if all_end:
            self.problems += [f"ended early: {why}" for why in self.ended]
            self.problems += [f"a run told of {len(told)} rows" for told in self.results if len(told) != self.rows]
        uncertain = {line for told in self.results for line, one in told.items() if one["status"] == "uncertain"}
        failed = [one["error"] for told in self.results for one in told.values() if one["status"] == "failed"]
        self.problems += [f"failed: {why}" for why in failed[:3]]
        missing = self.rows - len(self.made["documents"])
        if missing > len(uncertain):
            self.problems.append(f"{missing} documents are missing, and {len(uncertain)} rows are uncertain")
        return self

    def __str__(self):
        made = f"{len(self.made['documents']):,} documents, {len(self.made['applicants']):,} applicants, "
        made += f"{self.made['files']:,} files of {self.made['contents']:,} contents"
        return (
            f"{self.rows:,} rows, {self.kills} kills, {self.seconds:.0f} s: {made}; "
            f"{'; '.join(str(dict(one)) for one in self.statuses)}; problems: {self.problems or 'none'}"
        )


def drive(manifest, url, ledger, *, out, dask=None, **options):
    """Start a run."""
    command = [sys.executable, "-m", "tests.cluster.driver", str(manifest), "--server", url]
    command += ["--dask", dask] if dask else []
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    env = {**os.environ, "KYCAID_API_KEY": KEY, "KYCAID_LEDGER_URL": ledger}
    with out.open("w") as file, out.with_suffix(".err").open("w") as err:
        return subprocess.Popen(command, cwd=ROOT, env=env, stdout=file, stderr=err)


def told_by(outputs):
    """Return the results of each run by line, and why some ended."""
    results, ended = [], []
    for out in outputs:
        lines = [json.loads(line) for line in out.read_text().splitlines()]
        results.append({one["line"]: one for one in lines if "line" in one})
        ended += [one["ended"] for one in lines if "ended" in one]
        if not any("summary" in one or "ended" in one for one in lines):
            ended.append(out.with_suffix(".err").read_text()[-500:])
    return results, ended


def storm(*, rows, workers, kill, drivers=1, restarts=True, seed=1, folder, latency=0.01, lease=4.0, limit=3600):
    """Deliver on Dask while workers are killed, whenever ``kill`` says so of the documents that are there."""
    chance = random.Random(seed)
    with ExitStack() as stack:
        database, ledger = postgresql(stack)
        url = stack.enter_context(server.running(latency=latency))
        manifest = write_manifest(folder, rows)
        dask = Dask(stack, key=KEY, log=folder / "dask.log")
        dask.replace_dead(workers)
        outputs = [folder / f"run{n}.jsonl" for n in range(drivers)]
        began = time.monotonic()
        runs = [drive(manifest, url, ledger, out=out, dask=dask.address, lease=lease) for out in outputs]
        stack.callback(lambda: [run.kill() for run in runs if run.poll() is None])
        while not len(server.made(url)["documents"]) and all(run.poll() is None for run in runs):
            time.sleep(0.2)
        seen: set[str] = set()
        kills, due = 0, [dask.scheduler.restart, database.restart] if restarts else []
        while any(run.poll() is None for run in runs) and time.monotonic() - began < limit:
            time.sleep(0.1)
            done = len(server.made(url)["documents"])
            alive = [worker for worker in dask.workers if worker.poll() is None]
            if alive and done < rows and kill(done):
                chance.choice(alive).kill()
                kills += 1
                logs = [folder / "dask.log", *(out.with_suffix(".err") for out in outputs)]
                seen |= set(leaks(CANARIES, page=dask.page, ledger=ledger, logs=logs))
            if due and done > rows * (3 - len(due)) / 3:
                due.pop(0)()
            dask.replace_dead(workers)
        seconds = time.monotonic() - began
        for run in runs:
            if run.poll() is None:
                run.kill()
            run.wait()
        results, ended = told_by(outputs)
        return Verdict(rows, results, ended, server.made(url), kills, seconds, sorted(seen)).judge()


def each(seconds):
    """Return what says, every so many seconds, that a worker is to be killed."""
    last = time.monotonic()

    def kill(_):
        nonlocal last
        is_time = time.monotonic() - last >= seconds
        last = time.monotonic() if is_time else last
        return is_time

    return kill


def at(*counts):
    """Return what says, whenever there are so many documents, that a worker is to be killed."""
    left = list(counts)
    return lambda done: bool(left) and done >= left[0] and bool(left.pop(0))


def stopped(*, rows, seconds, folder, lease=4.0, latency=0.02):
    """Let one of two plain runs be stopped for longer than its lease, while the other goes on, and then go on."""
    with ExitStack() as stack:
        _, ledger = postgresql(stack)
        url = stack.enter_context(server.running(latency=latency))
        manifest = write_manifest(folder, rows)
        outputs = [folder / f"run{n}.jsonl" for n in range(2)]
        began = time.monotonic()
        first = drive(manifest, url, ledger, out=outputs[0], lease=lease)
        stack.callback(first.kill)
        while len(server.made(url)["documents"]) < rows // 8 and first.poll() is None:
            time.sleep(0.02)
        first.send_signal(signal.SIGSTOP)
        before = len(server.made(url)["documents"])
        second = drive(manifest, url, ledger, out=outputs[1], lease=60.0)
        stack.callback(second.kill)
        while len(server.made(url)["documents"]) < before + rows // 8 and second.poll() is None:
            time.sleep(0.05)
        time.sleep(seconds)
        first.send_signal(signal.SIGCONT)
        for run in (first, second):
            run.wait(300)
        results, ended = told_by(outputs)
        verdict = Verdict(rows, results, ended, server.made(url), 0, time.monotonic() - began)
        verdict.judge(all_end=False)
        if not any("others may have taken over" in why for why in ended):
            verdict.problems.append(f"the stopped run did not end by itself: {ended}")
        if len(results[1]) != rows:
            verdict.problems.append(f"the other told of {len(results[1])} rows")
        return verdict


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", nargs="?", choices=("storm", "stopped"), default="storm")
    parser.add_argument("--rows", type=int, default=20000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two kills")
    parser.add_argument("--drivers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long one is stopped")
    parser.add_argument("--lease", type=float, default=4.0)
    parser.add_argument("--keep", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kycaid-cluster-") as temporary:
        folder = args.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if args.mode == "stopped":
            verdict = stopped(rows=args.rows, seconds=args.seconds, folder=folder, lease=args.lease)
        else:
            kinds = {"rows": args.rows, "workers": args.workers, "kill": each(args.every), "drivers": args.drivers}
            verdict = storm(**kinds, seed=args.seed, folder=folder, lease=args.lease)
        sys.stdout.write(f"{verdict}\n")
    return bool(verdict.problems)


if __name__ == "__main__":
    sys.exit(main())
