"""Users of all three kinds, who work against a sandbox with faults, and receive its callbacks."""

import asyncio
import gc
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp.web
import attrs

from kycaid_async import ApplicantDocument, AsyncKycaid, BulkRow, Kycaid, KycaidError, Person
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.callbacks import Deduplicator
from kycaid_async.protocol.pacing import Pacer
from kycaid_async.sandbox.data.account import FORMS
from kycaid_async.sync.loop_thread import loop_thread
from kycaid_async.web.aiohttp import callback_route
from tests.pictures import picture
from tests.soak.measures import Reads, Sample, busy, compare, sample

KEY = "0123456789abcdef0123456789abcdef0123"
PROBE = "verifications.get"
"""The operation that is timed. The users do not call it, and nothing goes wrong with it."""
# No 429 with Retry-After, and few without: after one all of a client wait, and it keeps a pace that it learned of that.
# Of refusals that come by chance it learns now this pace, now that, and a long run would be one long wait. What a
# client does then is tried by the tests of its pace.
FAULTS = ("latency=0.02:all:0.05", "429:all:0.003", "500:all:0.02", "502:all:0.02")
MORE_FAULTS = ("reset:all:0.02", "lost:all:0.02", "gateway:all:0.02", "truncated:all:0.02")
_PROBES = 24
"""Reads that are timed after a round, of each client."""
_SANDBOX = """
import ctypes, gc, signal, sys
from kycaid_async.sandbox.callbacks import dispatcher
from kycaid_async.sandbox.events import feed
dispatcher.REMEMBERED = feed.REMEMBERED_REQUESTS = 50
signal.signal(signal.SIGUSR1, lambda *_: (gc.collect(), ctypes.CDLL(None).malloc_trim(0)))
from kycaid_async.cli import main
sys.exit(main())
"""
"""A sandbox that remembers 50 deliveries and requests, and not a thousand, which take it minutes and 20 MB.

It gives back what it does not use when it is told to, as this process does before its memory is looked at.
"""
_OVERTIME = 1.0
"""Seconds that a bulk upload may go on when a round is over. It is cancelled then: it may wait for long to look for
what got no answer."""
_SETTLED = 0.3
"""Seconds in which connections end that were closed."""
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
    fresh_url: str
    """Where a sandbox is at which nobody works."""
    _effort: float = 0.0
    _number: int = 0
    _read: str = ""
    _fresh: str = ""
    """The verification that is read, of either sandbox."""

    async def prepare(self) -> None:
        """Make what is read after each round."""
        async with AsyncKycaid(KEY, base_url=self.fresh_url) as fresh:
            self._read, self._fresh = [await _verification(client) for client in (self.client, fresh)]

    async def work(self, seconds: float) -> None:
        """Work for so long, each user as fast as answers come; all until something was done."""
        before, begun = self.done.requests, busy(self.server)
        until = time.monotonic() + seconds
        await asyncio.gather(
            self._async(until), self._async(until), self._bulk(until), asyncio.to_thread(self._sync, until)
        )
        self._effort = (busy(self.server) - begun) / (self.done.requests - before)

    async def sample(self) -> Sample:
        """Count what is held when nobody works and no connection is kept alive, and time reads."""
        of_blocking = loop_thread._running
        loops = [asyncio.get_running_loop(), *([of_blocking.loop] if of_blocking is not None else [])]
        await asyncio.sleep(_SETTLED)  # for callbacks that are under way
        os.kill(self.server, signal.SIGUSR1)
        _let_idle_connections_go()
        await asyncio.sleep(_SETTLED)
        counted = sample(loops, work=self._effort, server=self.server)
        return attrs.evolve(counted, reads=await self._reads())

    async def _reads(self) -> Reads:
        """Time the reads of both kinds of clients that work, beside those of fresh ones."""

        pacers = [one for one in gc.get_objects() if isinstance(one, Pacer)]

        async def pause() -> None:
            """Wait as the pace of refused clients wants it: that is no latency."""
            await asyncio.sleep(max(pacer.wait(time.monotonic()) for pacer in pacers))

        async with AsyncKycaid(KEY, base_url=self.fresh_url) as fresh:
            of_async = await compare(
                lambda: self.client.verifications.get(self._read),
                lambda: fresh.verifications.get(self._fresh),
                _PROBES,
                before=pause,
            )
        with Kycaid(KEY, base_url=self.fresh_url) as other:
            of_blocking = await compare(
                lambda: asyncio.to_thread(self.blocking.verifications.get, self._read),
                lambda: asyncio.to_thread(other.verifications.get, self._fresh),
                _PROBES,
                before=pause,
            )
            await asyncio.to_thread(other.close)
        return max(of_async, of_blocking, key=lambda reads: reads.slowdown)

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
        await self.client.documents.get(document_id)
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
            left = until - time.monotonic() + _OVERTIME if self.done.rows else None
            with suppress(KycaidError, TimeoutError):
                async with asyncio.timeout(left):
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


async def _verification(client: AsyncKycaid) -> str:
    """Make a verification that has ended, whatever goes wrong, and return its id."""
    while True:
        with suppress(KycaidError):
            made = await client.applicants.create(Person(first_name="Joan", last_name="Example", dob="1976-02-21"))
            return await client.verifications.create(applicant_id=made, form_id=FORMS[0].id)


def _let_idle_connections_go() -> None:
    """Close connections that are kept alive for the next request. Of what stays open, nobody knows who needs it."""
    for connector in [one for one in gc.get_objects() if isinstance(one, aiohttp.TCPConnector) and not one.closed]:
        connector._loop.call_soon_threadsafe(_close_idle, connector)


def _close_idle(connector: aiohttp.TCPConnector) -> None:
    kept, connector._keepalive_timeout = connector._keepalive_timeout, 0
    connector._cleanup()
    connector._keepalive_timeout = kept


@asynccontextmanager
async def at_work(chance: random.Random) -> AsyncIterator[Users]:
    """Start sandboxes as processes of their own, and a receiver of callbacks, and give the users."""
    done = Work()

    def count(_: Any) -> None:
        done.callbacks += 1

    operations = ",".join(name for name in ENDPOINTS if name != PROBE)
    faults = [fault.replace(":all:", f":{operations}:") for fault in (*FAULTS, *MORE_FAULTS)]
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root, "ledgers")
        folder.mkdir()
        async with (
            _receiver(count) as url_of_callbacks,
            _sandbox(Path(root, "data"), url_of_callbacks, chance.randrange(1000), faults) as (url, server),
            _sandbox(Path(root, "fresh"), url_of_callbacks, 0, ()) as (fresh_url, _),
            AsyncKycaid(KEY, base_url=url, timeout=5) as client,
        ):
            blocking = Kycaid(KEY, base_url=url, timeout=5)
            users = Users(
                chance=chance,
                folder=folder,
                client=client,
                blocking=blocking,
                done=done,
                server=server,
                fresh_url=fresh_url,
            )
            await users.prepare()
            yield users
            await asyncio.to_thread(blocking.close)


@asynccontextmanager
async def _receiver(handler: Callable[[Any], None]) -> AsyncIterator[str]:
    app = aiohttp.web.Application()
    app.add_routes([callback_route(handler, KEY, deduplicator=Deduplicator(), path="/kycaid")])
    # The sandbox keeps connections for callbacks open; here they are closed before anything is counted.
    runner = aiohttp.web.AppRunner(app, access_log=None, keepalive_timeout=_SETTLED / 2)
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/kycaid"
    await runner.cleanup()


@asynccontextmanager
async def _sandbox(data: Path, callbacks: str, seed: int, faults: Sequence[str]) -> AsyncIterator[tuple[str, int]]:
    """Start a sandbox that keeps its data in a folder, so that its memory is its own. Give its URL and process."""
    words = ["sandbox", "--port", "0", "--quiet", "--api-key", KEY, "--callback-url", callbacks, "--seed", str(seed)]
    words += ["--data", str(data), *(word for fault in faults for word in ("--fault", fault))]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _SANDBOX, *words), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = ""
    while "http://" not in url:
        url = (await process.stdout.readline()).decode()
    reading = asyncio.ensure_future(_read_on(process.stdout))
    try:
        yield next(word.rstrip("/.,") for word in url.split() if word.startswith("http://")), process.pid
    finally:
        process.terminate()
        await process.wait()
        await reading


async def _read_on(stream: asyncio.StreamReader) -> None:
    while await stream.read(65536):
        pass
