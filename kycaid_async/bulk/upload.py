"""One run: rows in, results out as they finish."""

import asyncio
from collections.abc import AsyncIterator
from typing import Literal, Self, cast

import attrs

from kycaid_async.bulk.delivery import Delivery
from kycaid_async.bulk.feed import Feed, Rows
from kycaid_async.bulk.ledger import Ledger
from kycaid_async.bulk.ledger_file import Path
from kycaid_async.bulk.limit import Limit
from kycaid_async.bulk.line import Line, Stopped
from kycaid_async.bulk.progress import BulkProgress, Meter
from kycaid_async.bulk.result import BulkResult, BulkStatus, BulkSummary
from kycaid_async.bulk.row import BulkRow
from kycaid_async.bulk.settle import Settler
from kycaid_async.bulk.supplies import Supplies
from kycaid_async.bulk.turns import Turns
from kycaid_async.loops import running_loop
from kycaid_async.protocol.caller import Caller
from kycaid_async.transport.settings import Settings
from kycaid_async.transport.timing import Timing

OnUncertain = Literal["set_aside", "create"]
OnError = Literal["continue", "stop"]


@attrs.frozen(kw_only=True)
class Plan:
    """What the user asked for."""

    ledger: Path | None
    on_uncertain: OnUncertain
    on_error: OnError
    concurrency: int
    give_up_after: float
    settle_after: float
    same_account: bool


class BulkUpload:
    """A run of `client.bulk.upload`. Iterate over it once: ``async for result in upload``.

    The results come as rows finish, in any order. The iteration ends with an error when the whole run had to end: the
    key was revoked, the balance is too low, the ledger cannot be written, the server was away for too long, or the
    rows could not be read. What was done until then is on record, and the same call goes on from there.

    Leaving the loop early cancels what is in flight; so does the end of an ``async with`` block around it. The ledger
    stays fit to go on from.
    """

    def __init__(self, rows: Rows, plan: Plan, *, caller: Caller, settings: Settings, timing: Timing) -> None:
        self._rows = rows
        self._plan = plan
        self._settings = settings
        self._timing = timing
        self._limit = Limit(plan.concurrency)
        self._line = Line(
            caller=caller,
            timing=timing,
            limit=self._limit,
            max_retries=settings.retries.max_retries,
            give_up_after=plan.give_up_after,
        )
        self._summary = BulkSummary()
        self._results: asyncio.Queue[BulkResult | None] = asyncio.Queue(plan.concurrency)
        self._started = timing.clock()
        self._meter = Meter(self._started)
        self._task: asyncio.Task[None] | None = None
        self._feed: Feed | None = None
        self._draining = False
        self._active = 0
        self._in_flight = 0
        self._error: Exception | None = None

    @property
    def progress(self) -> BulkProgress:
        """How far it is now. Cheap enough to be asked often."""
        documents, size = self._meter.rates(self._timing.clock(), self._summary.created, self._summary.bytes)
        return BulkProgress(
            summary=attrs.evolve(self.summary),
            in_flight=self._in_flight,
            concurrency=self._limit.value,
            documents_per_second=documents,
            bytes_per_second=size,
        )

    @property
    def summary(self) -> BulkSummary:
        """What became of the rows so far; of all of them, once the iteration has ended."""
        summary = self._summary
        summary.requests, summary.refusals = self._line.requests, self._line.refusals
        if self._task is not None and not self._task.done():
            summary.seconds = self._timing.clock() - self._started
        return summary

    def drain(self) -> None:
        """Take no more rows. What is in flight is finished and recorded, and then the iteration ends."""
        self._draining = True
        if self._feed is not None:
            self._feed.close()

    async def aclose(self) -> None:
        """Cancel what is in flight, and close the ledger. An iteration that is under way in another task ends."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def __aiter__(self) -> AsyncIterator[BulkResult]:
        if self._task is not None:
            raise RuntimeError("a bulk upload can be iterated over once; call upload() again")
        self._started = self._timing.clock()
        self._task = task = running_loop().create_task(self._run())
        task.add_done_callback(self._wake)
        try:
            while not (task.done() and self._results.empty()):
                result = await self._results.get()
                if result is not None:
                    yield result
            if self._error is not None:
                raise self._error
        finally:
            await self.aclose()

    async def _run(self) -> None:
        """Do all of it. Whatever ends it early is kept for the one who iterates."""
        try:
            ledger = await Ledger.open(
                self._plan.ledger,
                server=self._settings.base_url,
                api_key=self._settings.api_key.reveal(),
                same_account=self._plan.same_account,
                now=lambda: self._timing.now().timestamp(),
            )
            try:
                await self._deliver_all(ledger)
            finally:
                await ledger.close()
        except Exception as error:  # noqa: BLE001 - it is raised where the results are read
            self._stop(error)
        finally:
            self._summary.seconds = self._timing.clock() - self._started

    def _wake(self, _: object) -> None:
        """Wake the one who iterates, if there is nothing that does: however it ended, no more results come."""
        if self._results.empty():
            self._results.put_nowait(None)

    async def _deliver_all(self, ledger: Ledger) -> None:
        self._feed = Feed(self._rows)
        if self._draining:
            self._feed.close()
        delivery = self._delivery(ledger)
        try:
            async with asyncio.TaskGroup() as group:
                self._hire(group, delivery, self._feed)
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            await self._feed.aclose()

    def _hire(self, group: asyncio.TaskGroup, delivery: Delivery, feed: Feed) -> None:
        """Let as many tasks work as rows may be under way."""
        while self._active < self._limit.value and not self._draining:
            self._active += 1
            group.create_task(self._work(group, delivery, feed))

    async def _work(self, group: asyncio.TaskGroup, delivery: Delivery, feed: Feed) -> None:
        try:
            while self._active <= self._limit.value and (found := await feed.next()) is not None:
                await self._one(delivery, *found)
                self._hire(group, delivery, feed)
        except Stopped as stop:
            self._stop(stop.error)
        except Exception as error:  # noqa: BLE001 - others finish what they are at; then it is raised
            self._stop(error)
        finally:
            self._active -= 1

    async def _one(self, delivery: Delivery, number: int, row: BulkRow) -> None:
        if not isinstance(cast("object", row), BulkRow):
            raise TypeError(f"bulk: expected BulkRow, got {type(row).__name__}")
        self._in_flight += 1
        try:
            result = await delivery.deliver(number, row)
        finally:
            self._in_flight -= 1
        self._summary.count(result)
        self._meter.note(self._timing.clock(), self._summary.created, self._summary.bytes)
        await self._results.put(result)
        if result.status is BulkStatus.FAILED and self._plan.on_error == "stop" and result.error is not None:
            self._stop(result.error)

    def _stop(self, error: Exception) -> None:
        self._error = self._error or error
        self.drain()

    def _delivery(self, ledger: Ledger) -> Delivery:
        line, timing, settings, turns = self._line, self._timing, self._settings, Turns()
        create_uncertain = self._plan.on_uncertain == "create"
        supplies = Supplies(
            line=line,
            ledger=ledger,
            turns=turns,
            rules=settings.files,
            summary=self._summary,
            create_uncertain=create_uncertain,
        )
        settler = Settler(
            line=line,
            ledger=ledger,
            timing=timing,
            settle_after=self._plan.settle_after,
            started=timing.clock(),
        )
        return Delivery(
            line=line,
            ledger=ledger,
            turns=turns,
            supplies=supplies,
            settler=settler,
            timing=timing,
            check=settings.check,
            create_uncertain=create_uncertain,
        )
