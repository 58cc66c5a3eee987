"""Runs of ``kycaid upload``: started, ended from outside, and what they said."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import attrs

from tests.oracle.running import ROOT

LONGEST_RUN = 300.0
"""Seconds after which a run counts as one that hangs, besides those that it looks for what it sent."""
_LOOKS = 8
"""How often one looks for what it sent in a run: an applicant's rows one after another, each up to four times."""
_LONGEST_START = 60.0
FORM = "c" * 36
CRASHES = (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGILL)


@attrs.define(kw_only=True)
class Said:
    """What a run said, as far as it came."""

    code: int | None
    """Exit code, a negative number for a signal, None for one that hung."""
    rows: dict[int, dict[str, Any]]
    """By line."""
    sums: dict[str, Any] | None
    errors: str
    verifications: list[dict[str, Any]] = attrs.field(factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether it was left to come to its own end."""
        return self.code in (0, 1) and self.sums is not None and not self.sums["ended"]

    @property
    def refused_ledger(self) -> bool:
        """Whether it ended because it could not use its ledger."""
        return not (self.rows or self.verifications) and self.code == 1 and "ledger" in self.errors

    @classmethod
    def of(cls, folder: Path, code: int | None) -> "Said":
        rows, verifications, sums = {}, [], None
        for line in (folder / "out").read_text().split("\n")[:-1]:
            said = json.loads(line)
            if said["kind"] == "row":
                rows[said["line"]] = said
            elif said["kind"] == "verification":
                verifications.append(said)
            else:
                sums = said
        return cls(code=code, rows=rows, sums=sums, errors=(folder / "err").read_text(), verifications=verifications)


@attrs.define
class Run:
    """A run that may be still under way."""

    pid: int
    folder: Path
    ended: "asyncio.Future[int]"
    longest: float = LONGEST_RUN

    def send(self, number: int) -> None:
        if not self.ended.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    @property
    def has_created(self) -> bool:
        """Whether it has told of a document by now that it made."""
        return b'"created"' in (self.folder / "out").read_bytes()

    async def wait(self, seconds: float) -> bool:
        """Wait at most so long; say whether it has ended."""
        await asyncio.wait([self.ended], timeout=seconds)
        return self.ended.done()

    async def answers(self) -> list[dict[str, Any]]:
        """Wait for the end of plain calls, and return what came of each."""
        await self.ended
        return list(map(json.loads, (self.folder / "out").read_text().splitlines()))

    async def said(self) -> Said:
        """Wait for the end, and return what it said; of one that hangs, where each of its threads stands."""
        hangs = not await self.wait(self.longest)
        if hangs:
            self.send(signal.SIGABRT)
            await self.wait(5)
            self.send(signal.SIGKILL)
        code = await self.ended
        return Said.of(self.folder, None if hangs else code)


class Forks:
    """The process that has the package imported, and forks for each run. It has one thread, so that it may fork."""

    def __init__(self, package: Path) -> None:
        self.package = package
        """The folder from which ``kycaid_async`` is imported."""
        self._count = 0
        self._replies: dict[int, asyncio.Queue[int]] = {}
        self._process: Any = None
        self._reading: Any = None

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.package)}

    async def __aenter__(self) -> "Forks":
        program, pipe = ROOT / "tests" / "bulk" / "crash" / "client.py", asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-P", str(program)], stdin=pipe, stdout=pipe, env=self.environment()
        )
        if await self._process.stdout.readline() != b"ready\n":
            raise RuntimeError("kycaid_async could not be imported")
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        self._process.kill()
        await self._process.communicate()

    async def start(self, folder: Path, order: dict[str, Any]) -> Run:
        """Start a run with its output in ``folder``."""
        self._count = number = self._count + 1
        self._replies[number] = replies = asyncio.Queue()
        order |= {"number": number, "out": str(folder / "out"), "err": str(folder / "err")}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        pid = await asyncio.wait_for(self._reply(replies), _LONGEST_START)
        return Run(pid, folder, asyncio.ensure_future(self._reply(replies)))

    async def _reply(self, replies: "asyncio.Queue[int]") -> int:
        """Return the next of a run's replies. Raises `RuntimeError` when none can come any more."""
        reply = asyncio.ensure_future(replies.get())
        await asyncio.wait([reply, self._reading], return_when=asyncio.FIRST_COMPLETED)
        if not reply.done():
            reply.cancel()
            raise RuntimeError("the process that starts the runs has ended")
        return reply.result()

    async def _read(self) -> None:
        while line := await self._process.stdout.readline():
            number, what = map(int, line.split())
            self._replies[number].put_nowait(what)


@attrs.define(kw_only=True)
class Runs:
    """Starts runs of ``kycaid upload``, or ``kycaid verify``, over one manifest."""

    forks: Forks
    manifest: Path
    environment: dict[str, str]
    read: float
    """Seconds that a client waits for an answer."""
    settle: float
    """Seconds after which it takes a document that is not shown as not made."""
    verifies: bool = False
    """Whether the next run starts verifications."""
    speed: float = 10.0
    """By how much its other pauses are shorter."""
    _last: Run | None = None
    _count: int = 0

    @property
    def ledger(self) -> Path:
        return self.manifest.with_name(f"{self.manifest.name}.ledger")

    async def start(self, **hooks: Any) -> Run:
        """Start a run in a fork, where the package is imported already."""
        return await self._order({"arguments": self._arguments()}, hooks)

    async def call_plainly(self, calls: list[tuple[str, str, str]]) -> Run:
        """Start a program that makes these calls, each a section, a name and an owner, without bulk."""
        return await self._order({"calls": calls}, {})

    async def _order(self, order: dict[str, Any], hooks: dict[str, Any]) -> Run:
        hooks |= {"read": self.read, "settle": self.settle, "speed": self.speed}
        order |= {"hooks": hooks, "environment": self.environment}
        self._last = await self.forks.start(self._folder(), order)
        self._last.longest += _LOOKS * self.settle
        return self._last

    async def start_anew(self) -> Run:
        """Start a run as a user does, in a process of its own, in which nothing is shortened."""
        folder = self._folder()
        command = [sys.executable, "-P", "-m", "kycaid_async.cli", *self._arguments()]
        with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
            environment = self.forks.environment() | self.environment
            process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=out, stderr=err)
        self._last = Run(process.pid, folder, asyncio.ensure_future(process.wait()))
        return self._last

    async def command(self, *words: str) -> None:
        """Do another command of ``kycaid``."""
        command, nowhere = [sys.executable, "-P", "-m", "kycaid_async.cli", *words], asyncio.subprocess.DEVNULL
        environment = self.forks.environment() | self.environment
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=nowhere, stderr=nowhere)
        await process.wait()

    def _folder(self) -> Path:
        self._count += 1
        folder = self.manifest.parent / "runs" / str(self._count)
        folder.mkdir(parents=True)
        for name in ("out", "err"):
            (folder / name).touch()
        return folder

    def _arguments(self) -> list[str]:
        if self.verifies:
            return ["verify", str(self.manifest), "--form", FORM, "--yes", "--json"]
        options = ["--on-error", "continue", "--allow-same-files"]  # many rows have the same
        return ["upload", str(self.manifest), "--json", *options]

    async def close(self) -> None:
        """Kill the last run, if it is still under way."""
        if self._last is not None:
            self._last.send(signal.SIGKILL)
            await self._last.wait(5)
