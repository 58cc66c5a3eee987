"""Clients in processes of their own at a server that takes so many requests a second: do they keep to it together?

``python -m tests.cluster.pace --workers 4 --seconds 60 --rate 50`` starts a Redis, restarts it in the middle of that
time, and says how much of the rate was used and how much was refused. ``--alone`` lets each pace itself.
"""

import argparse
import asyncio
import logging
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from uuid import uuid4

import attrs

from kycaid_async import AsyncKycaid, KycaidError, Person
from tests.cluster import server
from tests.cluster.services import ROOT, redis
from tests.effort import waited_for_cpu

KEY = "0123456789abcdef0123456789abcdef0123"
SETTLED = 3.0
"""Seconds from the first answer of the last process until the rate is known."""
LONGEST_START = 60.0
ANSWERED = "a first request was answered"


async def call_on_and_on(url, seconds, at_once):
    """What one process does."""
    until, logger = time.monotonic() + seconds, logging.getLogger("pace")
    async with AsyncKycaid(KEY, base_url=url) as client:

        async def call():
            while time.monotonic() < until:
                try:
                    await client.applicants.create(Person(first_name="Canaryname", external_applicant_id=uuid4().hex))
                except KycaidError:
                    continue
                if logger.isEnabledFor(logging.INFO):
                    logger.info(ANSWERED)
                    logger.setLevel(logging.WARNING)

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(call())


@attrs.frozen
class Outcome:
    """What the server says of it."""

    rate: int
    seconds: float
    taken: int
    refused: int
    told: str
    """What the processes had to say."""
    waited: float
    """Seconds that one of them was ready and had no CPU, at most."""

    @property
    def used(self):
        """The share of the rate that was used."""
        return self.taken / self.seconds / self.rate

    @property
    def wasted(self):
        """The share of requests that were refused."""
        return self.refused / (self.taken + self.refused)

    def __str__(self):
        return f"{self.used:.1%} used, {self.wasted:.1%} refused, {self.taken} taken in {self.seconds:.0f} s"


def run(*, workers, seconds, rate, restart, shared=True, at_once=8, latency=0.02):
    """Let processes call, and look at what the server took and refused after a moment."""
    with ExitStack() as stack:
        store = redis(stack)
        url = stack.enter_context(server.running(latency=latency, rate=rate))
        env = {**os.environ, "KYCAID_PACE_URL": store.url if shared else ""}
        command = [
            sys.executable,
            "-m",
            "tests.cluster.pace",
            "--call",
            url,
            "--seconds",
            str(2 * LONGEST_START + seconds),
        ]
        command += ["--at-once", str(at_once)]
        err = stack.enter_context(tempfile.TemporaryFile("w+"))
        processes = [subprocess.Popen(command, cwd=ROOT, env=env, stderr=err) for _ in range(workers)]
        stack.callback(lambda: [process.kill() for process in processes if process.poll() is None])
        if not _wait_until_each_says(ANSWERED, err, workers, LONGEST_START):
            raise RuntimeError(f"not each of {workers} processes was answered within {LONGEST_START:g} s")
        time.sleep(SETTLED)
        before, began = server.made(url), time.monotonic()
        waits = [waited_for_cpu(process.pid) for process in processes]
        time.sleep(seconds / 2)
        if restart:
            store.stop()
            _wait_until_each_says("cannot be reached", err, workers, 5)  # each asks about once a second
            store.start()
        time.sleep(max(0.0, began + seconds - time.monotonic()))
        after, took = server.made(url), time.monotonic() - began
        waited = max(waited_for_cpu(process.pid) - wait for process, wait in zip(processes, waits, strict=True))
        for process in processes:
            process.kill()
            process.wait(60)
        err.seek(0)
        return Outcome(rate, took, *(after[name] - before[name] for name in ("taken", "refused")), err.read(), waited)


def _wait_until_each_says(words, err, workers, seconds):
    """Wait until each process has said this, but no longer than so many seconds, and say whether all have."""
    until = time.monotonic() + seconds
    while not (all_have := os.pread(err.fileno(), 1 << 20, 0).count(words.encode()) >= workers):
        if time.monotonic() > until:
            break
        time.sleep(0.05)
    return all_have


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=int, default=50)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--alone", action="store_true", help="without Redis")
    parser.add_argument("--no-restart", action="store_true")
    parser.add_argument("--call", metavar="URL", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.call:
        logging.basicConfig(level=logging.INFO)
        asyncio.run(call_on_and_on(args.call, args.seconds, args.at_once))
        return False
    outcome = run(
        workers=args.workers,
        seconds=args.seconds,
        rate=args.rate,
        restart=not args.no_restart,
        shared=not args.alone,
        at_once=args.at_once,
    )
    sys.stdout.write(f"{outcome}\n")
    return outcome.used < 0.95 or outcome.wasted > 0.05


if __name__ == "__main__":
    sys.exit(main())
