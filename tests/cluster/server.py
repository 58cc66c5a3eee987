"""A server in a process of its own, with a latency and a limit, that says at the end what it made and how often.

``python -m tests.cluster.server --latency 0.05 --rate 50`` prints its URL. ``GET /_made`` tells what was made.
"""

import argparse
import asyncio
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter, deque
from contextlib import contextmanager
from pathlib import Path

import attrs

from tests.bulk.plain_server import PlainServer, _json

ROOT = Path(__file__).parents[2]


@attrs.define(eq=False)
class TimedServer(PlainServer):
    """Answers after ``latency`` seconds, and takes at most ``rate`` requests in any second."""

    latency: float = 0.0
    rate: int = 0
    refused: int = 0
    times: deque = attrs.field(factory=deque)
    """When requests were taken."""
    taken_at: list = attrs.field(factory=list)

    async def _answer(self, method, path, body):
        if path == "/_made":
            return _json(200, self.told())
        now = time.monotonic()
        while self.times and self.times[0] <= now - 1:
            self.times.popleft()
        if self.rate and len(self.times) >= self.rate:
            self.refused += 1
            return _json(429, {"type": "limit_exceeded", "errors": []})
        self.times.append(now)
        self.taken_at.append(now)
        answer = self._act(method, path, body)
        if self.latency:
            await asyncio.sleep(self.latency)
        return answer

    def told(self):
        files = Counter(body.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0][:64] for body in self.files.values())
        return {
            "documents": Counter(one["document_number"] for one in self.documents.values()),
            "applicants": Counter(one["external_applicant_id"] for one in self.applicants.values()),
            "files": len(self.files),
            "contents": len(files),
            "taken": len(self.taken_at),
            "refused": self.refused,
            "seconds": self.taken_at[-1] - self.taken_at[0] if self.taken_at else 0.0,
        }


async def serve(latency, rate):
    async with TimedServer(latency=latency, rate=rate) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await stop.wait()


@contextmanager
def running(*, latency=0.0, rate=0):
    """Run it, and yield its URL."""
    command = [sys.executable, "-m", "tests.cluster.server", "--latency", str(latency), "--rate", str(rate)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def made(url):
    """Return what the server has made."""
    with urllib.request.urlopen(f"{url}/_made") as answer:
        return json.load(answer)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--rate", type=int, default=0)
    args = parser.parse_args()
    asyncio.run(serve(args.latency, args.rate))
