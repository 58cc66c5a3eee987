"""Uploads over networks as users have them, and beside other programs, against aiohttp's ``FormData``.

200 KB each with its document and 5 MB alone; plain and over TLS; 16 and 64 at once; 20, 50 and 150 ms of latency, at
the server or in the kernel's netem, there with packet loss and 10 and 100 Mbit/s too; on an idle machine and with one
busy process for each core. And how long a small call waits behind large uploads.

``python -m benchmarks.networks --whole`` goes through all of it, which takes hours; without it, the small calls.
"""

import asyncio
import itertools
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, nullcontext, suppress
from typing import Any

import attrs

from benchmarks import uploads
from benchmarks.harness import clients
from benchmarks.harness.answers import DOCUMENT_ID
from benchmarks.harness.case import Case, Plan
from benchmarks.harness.cores import busy_cores
from benchmarks.harness.figures import Figure, at_most
from benchmarks.harness.netem import Link, Place, UnavailableError, laid
from benchmarks.harness.report import Report, arguments, run_all, show
from benchmarks.harness.rounds import Comparison, compare
from benchmarks.harness.server import serving
from benchmarks.harness.spreading import AsyncWork, in_tasks

SMALL, LARGE = uploads.SMALL, uploads.LARGE
_SECONDS = 4
"""How long a round may take where the network sets the pace."""


@attrs.frozen(kw_only=True)
class Cell:
    """One cell of the matrix."""

    size: int
    at_once: int
    tls: bool
    latency: float = 0.0
    """At the server, in seconds."""
    link: Link | None = None
    busy: bool = False
    fair: bool = False
    """True to measure small calls behind the uploads, in place of the uploads."""

    @property
    def title(self) -> str:
        what = f"{self.size // 1000:,} KB" + (" with a document" if self.size == SMALL else "")
        what = f"documents.get behind uploads of {what}" if self.fair else what
        network = f"{self.latency * 1000:.0f} ms at the server" + (f", {self.link.title}" if self.link else "")
        load = "one busy process per core" if self.busy else "idle"
        return f"{what}, {'TLS' if self.tls else 'plain'}, {network}, {self.at_once} at once, {load}"

    @property
    def count(self) -> int:
        """Uploads of a round: a few for each that runs at once, or as many as the network lets through."""
        wanted = (4 if self.size == SMALL else 2) * self.at_once
        wanted = max(wanted, 400) if self.size == SMALL else max(wanted, 100)
        if self.link is None or self.link.megabits is None:
            return wanted
        return max(4, min(wanted, int(_SECONDS * self.link.megabits * 125_000 / self.size)))


LATENCIES = (0.02, 0.05, 0.15)
LINKS = (
    *(Link(round_trip=latency) for latency in LATENCIES),
    Link(round_trip=0.05, loss=0.5),
)
RATES = (100, 10)
"""Megabits per second. With the latency at the server: more kernels can do that."""


def whole() -> Iterator[Cell]:
    """Give every cell."""
    networks: list[dict[str, Any]] = [{"latency": latency} for latency in (0.0, *LATENCIES)]
    networks += [{"link": link} for link in LINKS]
    networks += [{"latency": 0.05, "link": Link(megabits=rate)} for rate in RATES]
    for busy, tls, size, at_once in itertools.product((False, True), (False, True), (SMALL, LARGE), (16, 64)):
        for network in networks:
            yield Cell(size=size, at_once=at_once, tls=tls, busy=busy, **network)
    yield from fairness()


def promised() -> Iterator[Cell]:
    """Give the cells with a promise that `benchmarks.uploads` does not measure."""
    yield from fairness()


def fairness() -> Iterator[Cell]:
    for tls in (False, True):
        yield Cell(size=LARGE, at_once=64, tls=tls, fair=True)


_FAIR = 1.5


@asynccontextmanager
async def ours_behind(case: Case) -> AsyncIterator[AsyncWork]:
    """Small calls of ours, while our own uploads go on."""
    async with uploads.sdk(case) as upload, clients.sdk_client(case) as client, _going_on(case, upload):
        yield in_tasks(lambda _number: client.documents.get(DOCUMENT_ID), 1)


@asynccontextmanager
async def theirs_behind(case: Case) -> AsyncIterator[AsyncWork]:
    """Small calls through aiohttp's session, while ``FormData`` is uploaded."""
    async with uploads.form_data(case) as upload, clients.aiohttp_session(case) as session, _going_on(case, upload):

        async def get(_number: int) -> object:
            async with session.get(f"{case.url}/documents/{DOCUMENT_ID}") as response:
                return json.loads(await response.read())

        yield in_tasks(get, 1)


@asynccontextmanager
async def _going_on(case: Case, upload: AsyncWork) -> AsyncIterator[None]:
    """Upload without end. It goes on only while the loop runs, which is in the rounds of this peer."""

    async def without_end() -> None:
        while True:
            await upload(case.concurrency * 4)

    going_on = asyncio.create_task(without_end())
    try:
        yield
    finally:
        going_on.cancel()
        with suppress(asyncio.CancelledError):
            await going_on  # what broke the uploads, if they broke off


PEERS = {
    "kycaid_async": uploads.sdk,
    "aiohttp FormData": uploads.form_data,
    "raw asyncio": uploads.raw_protocol,
    "kycaid_async, get": ours_behind,
    "aiohttp FormData, get": theirs_behind,
}
_UPLOADING = ("kycaid_async", "aiohttp FormData", "raw asyncio")
_GETTING = ("kycaid_async, get", "aiohttp FormData, get")


def measure(cell: Cell, folder: str, plan: Plan) -> Comparison:
    """Measure one cell. Raises `UnavailableError` for a network that cannot be had here."""
    with ExitStack() as stack:
        place = stack.enter_context(laid(cell.link)) if cell.link is not None else Place()
        server = stack.enter_context(serving(tls=cell.tls, latency=cell.latency, place=place))
        stack.enter_context(busy_cores() if cell.busy else nullcontext())
        case = Case(
            title=cell.title,
            url=server.url,
            cafile=server.cafile,
            concurrency=cell.at_once,
            count=(20 if plan.quick else 40) if cell.fair else cell.count if not plan.quick else cell.at_once,
            options={"folder": folder, "documents": cell.size == SMALL},
        )
        return compare("benchmarks.networks", case, _GETTING if cell.fair else _UPLOADING, plan, server)


def run(plan: Plan, cells: Callable[[], Iterator[Cell]] = promised) -> Report:
    report = Report()
    wanted = [Cell(size=SMALL, at_once=8, tls=True, latency=0.002)] if plan.quick else list(cells())
    skipped: dict[str, str] = {}
    for size, same in itertools.groupby(sorted(wanted, key=lambda cell: cell.size), key=lambda cell: cell.size):
        with uploads.folder_of(128, size) as folder:
            for cell in same:
                try:
                    made = measure(cell, folder, plan)
                except UnavailableError as error:
                    skipped[cell.title] = str(error)
                    print(f"\n### {cell.title}\nleft out: {error}")
                    continue
                show(made)
                report.comparisons.append(made)
                report.figures += _figures(cell, made)
    report.extra["left out"] = skipped
    return report


def _figures(cell: Cell, made: Comparison) -> list[Figure]:
    if not cell.fair:
        return []
    ours, theirs = _GETTING
    return [at_most(f"{cell.title}: ours ÷ FormData's", made.ratio(ours, theirs), _FAIR, 1.0)]


def main() -> None:
    everything = "--whole" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--whole"]
    given = arguments()
    run_all({"networks": (lambda plan: run(plan, whole)) if everything else run}, given)


if __name__ == "__main__":
    main()
