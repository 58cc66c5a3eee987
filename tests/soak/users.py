"""Users of all three kinds, who work against a sandbox with faults, and receive its callbacks."""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp.web
import attrs

from kycaid_async import ApplicantDocument, AsyncKycaid, BulkRow, Kycaid, KycaidError, Person
from kycaid_async.callbacks import Deduplicator
from kycaid_async.sandbox.data.account import FORMS
from kycaid_async.sync.loop_thread import loop_thread
from kycaid_async.web.aiohttp import callback_route
from tests.pictures import picture
from tests.soak.measures import Sample, busy, sample

KEY = "0123456789abcdef0123456789abcdef0123"
FAULTS = ("latency=0.02:all:0.05", "429=1:all:0.01", "500:all:0.02", "502:all:0.02", "reset:all:0.02", "lost:all:0.02")
MORE_FAULTS = ("gateway:all:0.02", "truncated:all:0.02")
_ROWS = 12


@attrs.define
class Work:
    """What was done so far."""

    calls: int = 0
    rows: int = 0
    callbacks: int = 0
    failed: int = 0

    @property
    def requests(self) -> int:
        """About how many requests that were: a row is three."""
        return self.calls + self.failed + 3 * self.rows


@attrs.define
class Users:
    """An asynchronous user, a blocking one, and one of bulk uploads."""

    chance: random.Random
    folder: Path
    client: AsyncKycaid
    blocking: Kycaid
    done: Work
    server: int
    """The id of the sandbox's process."""
    _effort: float = 0.0
    _latencies: list[float] = attrs.field(factory=list)
    _number: int = 0

    async def work(self, seconds: float) -> None:
        """Work for so long, each user as fast as answers come; all until something was done."""
        self._latencies.clear()
        before, begun = self.done.requests, busy(self.server)
        until = time.monotonic() + seconds
        await asyncio.gather(
            self._async(until), self._async(until), self._bulk(until), asyncio.to_thread(self._sync, until)
        )
        self._effort = (busy(self.server) - begun) / (self.done.requests - before)

    async def sample(self, after: float) -> Sample:
        """Count what is held, ``after`` so many seconds in which nobody works."""
        await asyncio.sleep(after)
        of_blocking = loop_thread._running
        loops = [asyncio.get_running_loop(), *([of_blocking.loop] if of_blocking is not None else [])]
        return sample(loops, self._effort, self._latencies)

    async def _async(self, until: float) -> None:
        while time.monotonic() < until or not self.done.calls:
            with suppress(KycaidError, TimeoutError):
                async with asyncio.timeout(0.005 if self.chance.random() < 0.05 else None):
                    await self._case()
                continue
            self.done.failed += 1

    async def _case(self) -> None:
        made = await self.client.applicants.create(Person(first_name="Jane", last_name="Example", dob="1976-02-21"))
        file = await self.client.files.create(picture(self.chance.choice((900, 40_000, 300_000))))
        document = ApplicantDocument(applicant_id=made, type="PASSPORT", document_number="X1", front_side_id=file)
        document_id = await self.client.documents.create(document)
        begun = time.perf_counter()
        await self.client.documents.get(document_id)
        self._latencies.append(time.perf_counter() - begun)
        await self.client.verifications.create(applicant_id=made, form_id=FORMS[0].id)
        self.done.calls += 5

    def _sync(self, until: float) -> None:
        while time.monotonic() < until or not self.done.calls:
            try:
                made = self.blocking.applicants.create(Person(first_name="Ada", last_name="Example", dob="1980-02-21"))
                self.blocking.applicants.get(made)
                self.blocking.files.create(picture(20_000))
                self.done.calls += 3
            except KycaidError:
                self.done.failed += 1

    async def _bulk(self, until: float) -> None:
        while time.monotonic() < until or not self.done.rows:
            self._number += 1
            ledger = self.folder / f"{self._number}.ledger"
            with suppress(KycaidError):
                async for _ in self.client.bulk.upload(self._rows(), ledger=ledger, give_up_after=5):
                    self.done.rows += 1
            for path in self.folder.iterdir():
                path.unlink()

    def _rows(self) -> Iterator[BulkRow]:
        for number in range(_ROWS):
            name = f"{self._number}-{number}"
            person = Person(first_name="Vera", last_name="Example", external_applicant_id=name)
            document = {"type": "PASSPORT", "document_number": name}
            yield BulkRow(document=document, applicant=person, front_side=picture(20_000 + number), key=name)


@asynccontextmanager
async def at_work(chance: random.Random) -> AsyncIterator[Users]:
    """Start a sandbox as a process of its own, and a receiver of its callbacks, and give the users."""
    done = Work()

    def count(_: Any) -> None:
        done.callbacks += 1

    receiver, port = await _receiver(count)
    process, url = await _sandbox(f"http://127.0.0.1:{port}/kycaid", chance.randrange(1000))
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with AsyncKycaid(KEY, base_url=url, timeout=5) as client:
                blocking = Kycaid(KEY, base_url=url, timeout=5)
                yield Users(
                    chance=chance, folder=Path(folder), client=client, blocking=blocking, done=done, server=process.pid
                )
                await asyncio.to_thread(blocking.close)
    finally:
        process.terminate()
        await process.wait()
        await receiver.cleanup()


async def _receiver(handler: Any) -> tuple[aiohttp.web.AppRunner, int]:
    app = aiohttp.web.Application()
    app.add_routes([callback_route(handler, KEY, deduplicator=Deduplicator(), path="/kycaid")])
    runner = aiohttp.web.AppRunner(app, access_log=None)
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, runner.addresses[0][1]


async def _sandbox(callbacks: str, seed: int) -> tuple[asyncio.subprocess.Process, str]:
    faults = [word for fault in (*FAULTS, *MORE_FAULTS) for word in ("--fault", fault)]
    words = ["sandbox", "--port", "0", "--api-key", KEY, "--callback-url", callbacks, "--seed", str(seed), *faults]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kycaid_async.cli", *words), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = ""
    while "http://" not in url:
        url = (await process.stdout.readline()).decode()
    reading = asyncio.ensure_future(_read_on(process.stdout))
    process._reading = reading  # type: ignore[attr-defined]  # as long as the process
    return process, next(word.rstrip("/.,") for word in url.split() if word.startswith("http://"))


async def _read_on(stream: asyncio.StreamReader) -> None:
    while await stream.read(65536):
        pass
