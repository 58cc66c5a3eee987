"""Deliver a manifest through kills and lost answers, then hold the server's documents against the manifest.

``python -m tests.bulk.crash client --kills 200`` kills the process that uploads, ``server`` kills the server and starts
it again, ``answers`` loses one answer in twenty after the server acted. ``--seed`` gives other files and other moments.
"""

import argparse
import asyncio
import collections
import json
import os
import random
import signal
import socket
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import attrs

from kycaid_async import AsyncKycaid, BulkRow, BulkStatus, Person, Timeout
from kycaid_async.sandbox import SANDBOX_KEY, Sandbox
from tests.faults import Fault, FaultProxy
from tests.uploads import PNG_START

KINDS = ("PASSPORT", "GOVERNMENT_ID", "DRIVERS_LICENSE", "SELFIE_IMAGE", "FINANCIAL_DOCUMENT", "TAX_ID_NUMBER")
SIDES = ("front_side", "back_side")
LOSS = 0.05


@attrs.define
class Job:
    """A manifest that can grow, its files, and what the server must hold in the end."""

    folder: Path
    applicants: list[str]
    chance: random.Random
    rows: list[dict] = attrs.field(factory=list)

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.jsonl"

    def grow(self, count: int) -> None:
        with self.manifest.open("a") as out:
            for _ in range(count):
                row = self._row(len(self.rows))
                self.rows.append(row)
                out.write(json.dumps(row) + "\n")

    def _row(self, number: int) -> dict:
        row = {"type": KINDS[number % len(KINDS)], "document_number": f"N{number}"}
        group = number // len(KINDS)
        if group % 3 == 2:
            row["external_applicant_id"] = f"E{group}"
        else:
            row["applicant_id"] = self.applicants[group]
        if number % 11:  # the others have no file
            row["front_side"] = self._file(number)
        if number % 5 == 0:
            row["back_side"] = self._file(number + 1_000_000)
        return row

    def _file(self, number: int) -> str:
        """Return the name of a file: most are new, some have the content of another."""
        name = f"{number if self.chance.random() < 0.8 else number % 7}.png"
        path = self.folder / name
        if not path.exists():
            path.write_bytes(PNG_START + self.chance.randbytes(self.chance.randrange(200, 40_000)))
        return name


@attrs.define
class Outcome:
    """What was found in the end."""

    rows: int
    delivered: int
    set_aside: list[int]
    kills: int
    problems: list[str]
    seconds: float


class Losing(collections.deque):
    """Loses some of the answers, after the server acted."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance, self.lost = chance, 0

    def __bool__(self) -> bool:
        return True

    def popleft(self) -> Fault:
        lose = self.chance.random() < LOSS
        self.lost += lose
        return Fault(acted=True, reset=True) if lose else Fault()


async def spawn(*args: object) -> asyncio.subprocess.Process:
    """Start this program again, and wait until it says that it is there."""
    command = [sys.executable, "-m", "tests.bulk.crash", *map(str, args)]
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    child = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, cwd=root, env={**os.environ, "PYTHONPATH": path}
    )
    assert (await child.stdout.readline()).strip() == b"ready"
    return child


async def kill(child: asyncio.subprocess.Process) -> bool:
    """Kill a process with SIGKILL; False when it had ended already."""
    alive = child.returncode is None
    if alive:
        child.send_signal(signal.SIGKILL)
    await child.communicate()
    return alive and child.returncode == -signal.SIGKILL


async def run(mode: str, *, kills: int, seed: int, rows: int, folder: Path) -> Outcome:
    """Do all of it. ``rows`` is how many there are at first; while kills are left to do, more come."""
    started, chance, port = time.monotonic(), random.Random(seed), free_port()
    data = folder / "data"
    server = await spawn("serve", data, port)
    url = f"http://127.0.0.1:{port}"
    try:
        async with AsyncKycaid(SANDBOX_KEY, base_url=url) as client:
            needed = (rows + kills * 60) // len(KINDS) + 1
            applicants = [await client.applicants.create(Person(first_name="Jane")) for _ in range(needed)]
        job = Job(folder, applicants, chance)
        job.grow(rows)
        if mode == "client":
            done, report = await _client_killed(job, url, kills, chance)
        elif mode == "server":
            done, report, server = await _server_killed(job, url, kills, chance, server, ("serve", data, port))
        else:
            done, report = await _answers_lost(job, url, chance)
    finally:
        await kill(server)
    delivered, problems = compare(job, data / "sandbox.sqlite3", report)
    aside = [row["line"] for row in report["rows"] if row["status"] == BulkStatus.UNCERTAIN]
    return Outcome(len(job.rows), delivered, aside, done, problems, time.monotonic() - started)


async def _client_killed(job: Job, url: str, kills: int, chance: random.Random) -> tuple[int, dict]:
    done = 0
    while done < kills:
        child = await spawn("deliver", job.folder, url)
        await asyncio.wait([asyncio.create_task(child.wait())], timeout=chance.random() * 0.6)
        if await kill(child):
            done += 1
        else:
            job.grow(60)
    return done, await _to_the_end(job, url)


async def _server_killed(job, url, kills, chance, server, again) -> tuple:
    done = 0
    while True:
        child = asyncio.create_task(_to_the_end(job, url))
        while done < kills and not child.done():
            await asyncio.wait([child], timeout=chance.random() * 0.6)
            if not child.done():
                done += await kill(server)
                await asyncio.sleep(chance.random() * 0.3)
                server = await spawn(*again)
        await child
        if done >= kills:
            return done, await _to_the_end(job, url), server
        job.grow(60)


async def _answers_lost(job: Job, url: str, chance: random.Random) -> tuple[int, dict]:
    losing = Losing(chance)
    async with FaultProxy(url, faults=losing) as proxy:
        report = await _to_the_end(job, proxy.url)
        proxy.seen.clear()
    return losing.lost, report


async def _to_the_end(job: Job, url: str) -> dict:
    child = await spawn("deliver", job.folder, url)
    out, _ = await child.communicate()
    assert child.returncode == 0
    return json.loads(out)


def compare(job: Job, database: Path, report: dict) -> tuple[int, list[str]]:
    """Return how many documents the server has, and everything in which it differs from the manifest."""
    db = sqlite3.connect(database)
    people = dict(db.execute("SELECT id, body FROM applicants").fetchall())
    external = {id_: json.loads(body).get("external_applicant_id") for id_, body in people.items()}
    found = [
        (owner, kind, json.loads(body)) for owner, kind, body in db.execute("SELECT owner, type, body FROM documents")
    ]
    digests = dict(db.execute("SELECT id, sha256 FROM files").fetchall())
    db.close()
    by_number = {body["document_number"]: (owner, kind, body) for owner, kind, body in found}
    times = Counter(body["document_number"] for _, _, body in found)
    problems = [f"{number}: {count} times" for number, count in times.items() if count > 1]
    problems += [f"applicant {e}: {n} times" for e, n in Counter(filter(None, external.values())).items() if n > 1]
    named = {row["line"]: row["status"] for row in report["rows"]}
    for line, row in enumerate(job.rows, 1):
        number, status = row["document_number"], named.get(line)
        if number not in by_number:
            if status != BulkStatus.UNCERTAIN or "applicant_id" in row:
                problems.append(f"{number}: missing, {status}")
        elif status is not None:
            problems.append(f"{number}: there, but {status}")
        else:
            owner, kind, body = by_number[number]
            whose = row.get("applicant_id") == owner or row.get("external_applicant_id") == external[owner]
            same = all(digests.get(body.get(f"{side}_id")) == digest_of(job.folder, row.get(side)) for side in SIDES)
            if not (whose and same and kind == row["type"]):
                problems.append(f"{number}: not as the manifest says")
    return len(found), problems + [f"{number}: not in the manifest" for number in by_number.keys() - _numbers(job)]


def _numbers(job: Job) -> set[str]:
    return {row["document_number"] for row in job.rows}


def digest_of(folder: Path, name: str | None) -> str | None:
    import hashlib

    return None if name is None else hashlib.sha256((folder / name).read_bytes()).hexdigest()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


async def serve(data: Path, port: int) -> None:
    async with Sandbox(data=data, port=port, review_after=1e9):
        print("ready", flush=True)
        await asyncio.Event().wait()


def read(folder: Path) -> Iterator[BulkRow]:
    for line, text in enumerate((folder / "manifest.jsonl").open(), 1):
        row = json.loads(text)
        external = row.pop("external_applicant_id", None)
        applicant = Person(first_name="Jane", external_applicant_id=external) if external else None
        files = {side: folder / row.pop(side) for side in SIDES if side in row}
        applicant_id = row.pop("applicant_id", None)
        yield BulkRow(line=line, document=row, applicant=applicant, applicant_id=applicant_id, **files)


async def deliver(folder: Path, url: str) -> None:
    """Deliver the manifest, and say which rows were not delivered."""
    timeout = Timeout(connect=2, read=5, progress=5, total=20)
    async with AsyncKycaid(SANDBOX_KEY, base_url=url, timeout=timeout, max_connections=16) as client:
        print("ready", flush=True)
        upload = client.bulk.upload(read(folder), ledger=folder / "ledger.sqlite3", settle_after=0.2)
        rest = [
            {"line": result.row.line, "status": result.status, "error": str(result.error)}
            async for result in upload
            if result.error is not None
        ]
    print(json.dumps({"rows": rest, "summary": str(upload.summary)}))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for mode in ("client", "server", "answers"):
        command = commands.add_parser(mode)
        command.add_argument("--kills", type=int, default=0 if mode == "answers" else 200)
        command.add_argument("--seed", type=int, default=1)
        command.add_argument("--rows", type=int, default=1200)
    serving = commands.add_parser("serve")
    serving.add_argument("data", type=Path)
    serving.add_argument("port", type=int)
    delivering = commands.add_parser("deliver")
    delivering.add_argument("folder", type=Path)
    delivering.add_argument("url")
    args = parser.parse_args()
    if args.command == "serve":
        asyncio.run(serve(args.data, args.port))
    elif args.command == "deliver":
        asyncio.run(deliver(args.folder, args.url))
    else:
        with tempfile.TemporaryDirectory(prefix="kycaid-crash-") as folder:
            options = {"kills": args.kills, "seed": args.seed, "rows": args.rows}
            outcome = asyncio.run(run(args.command, **options, folder=Path(folder)))
        print(outcome)
        return bool(outcome.problems)
    return 0


if __name__ == "__main__":
    sys.exit(main())
