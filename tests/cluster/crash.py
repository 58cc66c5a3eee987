"""Deliver a manifest on Dask while its processes are killed, then hold what the server has against what was said.

``python -m tests.cluster.crash --rows 20000 --workers 4 --kill-every 2`` kills a worker each two seconds, and restarts
the scheduler, PostgreSQL and Redis once each (SIGKILL, SIGQUIT, SIGTERM). ``--drivers 2`` starts two runs over the same
manifest at once, ``--verify`` lets applicants be verified in place of documents uploaded, and ``--stop 60`` stops a
worker (SIGSTOP) until others have taken over from it, and for so long more. ``stopped`` as the mode does that with one
of two plain runs. ``--record`` keeps the figures for the README.
"""

import argparse
import json
import os
import random
import secrets
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
from tests.cluster.manifests import write_ids, write_manifest
from tests.cluster.secrets import MARK_OF_REDIS, MARKS, leaks
from tests.cluster.services import ROOT, Dask, postgresql, redis
from tests.figures import add_option, record

KEY = secrets.token_hex(18)
"""That of this process only: other tests may have theirs in `ps`."""
CANARIES = (KEY, "Canaryname", "NUMBERCANARY", "KeyCanary")
"""The key, a name, the beginning of all numbers of documents, and a key of a row."""
SERVICES = ("scheduler", "PostgreSQL", "Redis")
"""What a storm restarts, in this order."""
_WHAT = "a manifest delivered on Dask while workers are killed, and what they share is restarted"


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
    kind: str = "documents"
    """What was to be made of each row."""
    restarted: list[str] = attrs.field(factory=list)
    problems: list[str] = attrs.field(factory=list)
    statuses: list[Counter] = attrs.field(factory=list)

    @property
    def figures(self):
        """What is kept of a full run."""
        statuses = sum(self.statuses, Counter())
        return {
            "rows": self.rows,
            "workers killed": self.kills,
            "restarted": " and ".join(self.restarted) or "nothing",
            "made once": sum(n == 1 for n in self.made[self.kind].values()),
            "made twice": sum(n > 1 for n in self.made[self.kind].values()),
            "named as uncertain": statuses["uncertain"],
            "seconds": round(self.seconds),
            "problems": len(self.problems),
        }

    def judge(self, *, all_end=True):
        """Find what is twice, missing or wrong."""
        for kind in ("documents", "applicants", "verifications"):
            self.problems += [f"{kind}: {name} is there {n} times" for name, n in self.made[kind].items() if n != 1]
        self.statuses = [Counter(one["status"] for one in told.values()) for told in self.results]
        if all_end:
            self.problems += [f"ended early: {why}" for why in self.ended]
            self.problems += [f"a run told of {len(told)} rows" for told in self.results if len(told) != self.rows]
        uncertain = {line for told in self.results for line, one in told.items() if one["status"] == "uncertain"}
        failed = [one["error"] for told in self.results for one in told.values() if one["status"] == "failed"]
        self.problems += [f"failed: {why}" for why in failed[:3]]
        missing = self.rows - len(self.made[self.kind])
        if missing > len(uncertain):
            self.problems.append(f"{missing} {self.kind} are missing, and {len(uncertain)} rows are uncertain")
        return self

    def __str__(self):
        made = ", ".join(f"{len(self.made[kind]):,} {kind}" for kind in ("documents", "applicants", "verifications"))
        return (
            f"{self.rows:,} rows, {self.kills} kills, restarted: {', '.join(self.restarted) or 'nothing'}, "
            f"{self.seconds:.0f} s: {made}, {self.made['files']:,} files of {self.made['contents']:,} contents; "
            f"{'; '.join(str(dict(one)) for one in self.statuses)}; problems: {self.problems or 'none'}"
        )


def drive(manifest, url, ledger, *, out, dask=None, **options):
    """Start a run."""
    command = [sys.executable, "-m", "tests.cluster.driver", str(manifest), "--server", url]
    command += ["--dask", dask] if dask else []
    for name, value in options.items():
        command += [f"--{name}"] if value is True else [f"--{name}", str(value)] if value is not False else []
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


@attrs.define(kw_only=True, eq=False, slots=False)
class Storm:
    """A run on Dask, and what happens to its processes meanwhile."""

    rows: int
    workers: int
    folder: Path
    verify: bool = False
    drivers: int = 1
    restarts: tuple = SERVICES
    latency: float = 0.01
    lease: float = 4.0
    seed: int = 1
    limit: float = 3600.0
    kills: int = 0
    restarted: list = attrs.field(factory=list)
    leaked: set = attrs.field(factory=set)
    looked_at: set = attrs.field(factory=set)
    _stack: ExitStack = attrs.field(factory=ExitStack)

    def __enter__(self):
        self.chance = random.Random(self.seed)
        with ExitStack() as stack:
            self.database, self.ledger = postgresql(stack)
            self.redis = redis(stack) if "Redis" in self.restarts else None
            self.pace = "" if self.redis is None else self.redis.url
            applicants = self.rows if self.verify else 0
            self.url = stack.enter_context(server.running(latency=self.latency, applicants=applicants))
            self.manifest = (write_ids if self.verify else write_manifest)(self.folder, self.rows)
            self.dask = Dask(stack, key=KEY, log=self.folder / "dask.log", pace=self.pace)
            self.dask.replace_dead(self.workers)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    @property
    def kind(self):
        return "verifications" if self.verify else "documents"

    @property
    def done(self):
        """How much of it the server has."""
        return len(server.made(self.url)[self.kind])

    @property
    def is_running(self):
        return any(run.poll() is None for run in self.runs)

    def begin(self, **options):
        """Start the runs, and return when the first row is done."""
        self.outputs = [self.folder / f"run{n}.jsonl" for n in range(self.drivers)]
        options |= {"lease": self.lease, "verify": self.verify}
        self.began = time.monotonic()
        self.runs = [
            drive(self.manifest, self.url, self.ledger, out=out, dask=self.dask.address, **options)
            for out in self.outputs
        ]
        self._stack.callback(lambda: [run.kill() for run in self.runs if run.poll() is None])
        self.wait_for(lambda: self.done)

    def wait_for(self, happened):
        """Wait until something is so, or until the runs are over."""
        while not happened() and self.is_running and time.monotonic() - self.began < self.limit:
            time.sleep(0.1)

    def wait_for_silence(self, *, quiet):
        """Wait until the server got no request for so many seconds; return when the last one came."""
        taken, last = -1, time.monotonic()
        while time.monotonic() - last < quiet and self.is_running:
            time.sleep(0.05)
            now = server.made(self.url)["taken"]
            if now != taken:
                taken, last = now, time.monotonic()
        return last

    def kill_one(self):
        """Kill a worker, and look now and then who could read what is secret."""
        alive = [worker for worker in self.dask.workers if worker.is_alive]
        if alive:
            self.kills += 1
            if self.kills <= 2 or self.kills % 20 == 0 or self.missed:
                self.look()
            self.chance.choice(alive).kill()

    def look(self):
        """Look for secrets."""
        logs = [self.folder / "dask.log", *(out.with_suffix(".err") for out in self.outputs)]
        leaked, looked_at = leaks(CANARIES, dask=self.dask, ledger=self.ledger, logs=logs, pace=self.pace)
        self.leaked |= leaked
        self.looked_at |= looked_at

    @property
    def missed(self):
        """Places of which nothing was seen yet."""
        return {*MARKS, *(MARK_OF_REDIS if self.pace else ())} - self.looked_at

    def restart_due(self):
        """Restart the next of the services, when its time has come: they share the run evenly."""
        if len(self.restarted) < len(self.restarts):
            name = self.restarts[len(self.restarted)]
            if self.done > self.rows * (len(self.restarted) + 1) / (len(self.restarts) + 1):
                services = (self.dask.scheduler, self.database, self.redis)
                dict(zip(SERVICES, services, strict=True))[name].restart()
                self.restarted.append(name)

    def rage(self, kill):
        """Kill whenever ``kill`` says so of what is done, restart what is due, and replace the dead, to the end."""
        self.look()  # while there is certainly something to see
        while self.is_running and time.monotonic() - self.began < self.limit:
            time.sleep(0.1)
            done = self.done
            if done < self.rows and kill(done):
                self.kill_one()
            self.restart_due()
            self.dask.replace_dead(self.workers)

    def verdict(self):
        """Say what came of it, once the runs are over."""
        seconds = time.monotonic() - self.began
        for run in self.runs:
            if run.poll() is None:
                run.kill()
            run.wait()
        results, ended = told_by(self.outputs)
        verdict = Verdict(self.rows, results, ended, server.made(self.url), self.kills, seconds, self.kind)
        verdict.restarted, verdict.problems = self.restarted, sorted(self.leaked)
        if self.restarted != list(self.restarts):
            verdict.problems.append(f"only {self.restarted} were restarted")
        if self.kills and self.missed:
            verdict.problems.append(f"nothing was seen of {self.missed} when it was looked for secrets")
        return verdict.judge()


def storm(*, kill, **options):
    """Deliver on Dask while workers are killed, whenever ``kill`` says so of what is there."""
    with Storm(**options) as running:
        running.begin()
        running.rage(kill)
        return running.verdict()


def stopped_worker(*, seconds, **options):
    """Stop a worker until others have taken over from it, and for so long more; then let it go on."""
    with Storm(**options) as running:
        running.begin()
        running.wait_for(lambda: running.done > running.rows // 8)
        worker = running.dask.workers[0]
        worker.send(signal.SIGSTOP)
        running.wait_for(lambda: dead_owners(running.ledger))
        time.sleep(seconds)
        worker.send(signal.SIGCONT)
        running.wait_for(lambda: False)
        return running.verdict()


def dead_owners(ledger):
    """Say whether somebody was declared dead."""
    import psycopg

    with psycopg.connect(ledger.replace("+psycopg", "")) as database:
        return database.execute("SELECT count(*) FROM kycaid_owners WHERE dead").fetchone()[0]


def each(seconds):
    """Return what says, every so many seconds, that a worker is to be killed."""
    last = time.monotonic()

    def kill(_):
        nonlocal last
        is_time = seconds > 0 and time.monotonic() - last >= seconds
        last = time.monotonic() if is_time else last
        return is_time

    return kill


def at(*counts):
    """Return what says, whenever there are so many documents, that a worker is to be killed."""
    left = list(counts)
    return lambda done: bool(left) and done >= left[0] and bool(left.pop(0))


def stopped(*, rows, seconds, folder, lease=4.0, latency=0.02):
    """Stop one of two plain runs until the other has taken over from it, and for so long more; then let it go on."""
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
        second = drive(manifest, url, ledger, out=outputs[1], lease=lease)
        stack.callback(second.kill)
        while not dead_owners(ledger) and second.poll() is None:
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
    parser.add_argument("--kill-every", type=float, default=2.0, metavar="SECONDS", help="0 kills nobody")
    parser.add_argument("--drivers", type=int, default=1)
    parser.add_argument("--verify", action="store_true")
    parser.add_argument("--stop", type=float, metavar="SECONDS", help="stop a worker in place of killing any")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long one is stopped, in the mode stopped")
    parser.add_argument("--lease", type=float, default=4.0)
    parser.add_argument("--limit", type=float, default=3600.0, metavar="SECONDS")
    parser.add_argument("--keep", type=Path)
    add_option(parser)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kycaid-cluster-") as temporary:
        folder = args.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if args.mode == "stopped":
            verdict = stopped(rows=args.rows, seconds=args.seconds, folder=folder, lease=args.lease)
        else:
            options = {"rows": args.rows, "workers": args.workers, "drivers": args.drivers, "verify": args.verify}
            options |= {"seed": args.seed, "folder": folder, "lease": args.lease, "limit": args.limit}
            if args.stop is None:
                verdict = storm(kill=each(args.kill_every), **options)
            else:
                verdict = stopped_worker(seconds=args.stop, restarts=(), **options)
        sys.stdout.write(f"{verdict}\n")
    if args.record:
        record("cluster", _WHAT, verdict.figures)
    return bool(verdict.problems)


if __name__ == "__main__":
    sys.exit(main())
