"""A server in a process of its own, with a latency and a limit, that says at the end what it made and how often.

``python -m tests.cluster.server --latency 0.05 --rate 50`` prints its URL. ``GET /_made`` tells what was made. With
``--applicants 1000`` so many are there from the start, and can be verified.
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
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

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
    verifications: dict = attrs.field(factory=dict)
    started: Counter = attrs.field(factory=Counter)
    """How many verifications each applicant has."""

    def admit(self, count):
        """Let so many applicants be there."""
        self.applicants |= {applicant(n): {"applicant_id": applicant(n), "type": "PERSON"} for n in range(count)}

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

    def _act(self, method, path, body):
        section, _, key = path.strip("/").partition("/")
        if (method, section) == ("GET", "applicants") and key in self.applicants:
            count = self.started[key]
            standing = {"verifications_count": str(count), "verification_status": "pending" if count else None}
            self.applicants[key] |= standing
        if section != "verifications":
            return super()._act(method, path, body)
        return self._report() if method == "GET" else self._start(json.loads(body))

    def _start(self, body):
        if body.get("applicant_id") not in self.applicants:
            return _json(404, {"type": "not_found"})
        made = f"v{next(self._numbers):035}"
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        self.verifications[made] = {
            "verification_id": made,
            "created_at": now,
            "status": "pending",
            "applicant_id": body["applicant_id"],
        }
        self.started[body["applicant_id"]] += 1
        return _json(200, {"verification_id": made})

    def _report(self):
        query = {name: values[0] for name, values in parse_qs(self.query).items()}
        rows = [one for one in self.verifications.values() if one["created_at"].startswith(query["date"])]
        start = int(query.get("offset", "0"))
        return _json(200, rows[start : start + int(query.get("count", "1000"))])

    def told(self):
        files = Counter(body.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0][:64] for body in self.files.values())
        return {
            "documents": Counter(one["document_number"] for one in self.documents.values()),
            "applicants": Counter(one.get("external_applicant_id", name) for name, one in self.applicants.items()),
            "verifications": self.started,
            "files": len(self.files),
            "contents": len(files),
            "taken": len(self.taken_at),
            "refused": self.refused,
            "seconds": self.taken_at[-1] - self.taken_at[0] if self.taken_at else 0.0,
        }


def applicant(number):
    """Return the id of an applicant that is there from the start."""
    return f"{number:036x}"


async def serve(latency, rate, applicants):
    async with TimedServer(latency=latency, rate=rate) as server:
        server.admit(applicants)
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await stop.wait()


@contextmanager
def running(*, latency=0.0, rate=0, applicants=0):
    """Run it, and yield its URL."""
    command = [sys.executable, "-m", "tests.cluster.server", "--latency", str(latency), "--rate", str(rate)]
    command += ["--applicants", str(applicants)]
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
    parser.add_argument("--applicants", type=int, default=0)
    args = parser.parse_args()
    asyncio.run(serve(args.latency, args.rate, args.applicants))
