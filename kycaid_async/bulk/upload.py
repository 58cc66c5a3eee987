"""One run: rows in, results out as they finish."""

import asyncio
from typing import Literal, cast

import attrs

from kycaid_async.bulk.delivery import Delivery
from kycaid_async.bulk.feed import Feed, Rows
from kycaid_async.bulk.ledger import Ledger, Path, SecretFrom
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest_rows import ManifestFile, rows_of_manifest
from kycaid_async.bulk.prerequisites import Prerequisites
from kycaid_async.bulk.progress import BulkProgress, Meter
from kycaid_async.bulk.reconcile import Reconciler
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.bulk.requests.keyed_lock import KeyedLock
from kycaid_async.bulk.requests.workers import Stopped
from kycaid_async.bulk.result import BulkResult, BulkStatus, BulkSummary
from kycaid_async.bulk.row import BulkRow
from kycaid_async.bulk.run import BulkRun
from kycaid_async.protocol.caller import Caller
from kycaid_async.timing import Timing
from kycaid_async.transport.settings import Settings
from kycaid_async.values.secret import ApiKey

OnUncertain = Literal["set_aside", "create"]
OnError = Literal["continue", "stop"]


@attrs.frozen(kw_only=True)
class Plan:
    """What the user asked for."""

    ledger: Path | None
    on_uncertain: OnUncertain
    on_error: OnError
    concurrency: int
    applicants_at_once: int
    give_up_after: float
    settle_after: float
    same_account: bool
    ledger_secret: SecretFrom | None
    ledger_secret_key: ApiKey | None
    urls: UrlRules


class BulkUpload(BulkRun[BulkResult]):
    """A run of `client.bulk.upload`. Iterate over it once: ``async for result in upload``.

    The results come as rows finish, in any order. The iteration ends with an error when the whole run had to end: the
    key was revoked, the balance is too low, the ledger cannot be written, the server was away for too long, or the
    rows could not be read. What was done until then is on record, and the same call goes on from there.

    Leaving the loop early cancels what is in flight; so does the end of an ``async with`` block around it. The ledger
    stays fit to go on from.
    """

    _name = "upload"

    def __init__(
        self, rows: Rows | Manifest | ManifestFile, plan: Plan, *, caller: Caller, settings: Settings, timing: Timing
    ) -> None:
        super().__init__(
            concurrency=plan.concurrency,
            give_up_after=plan.give_up_after,
            caller=caller,
            settings=settings,
            timing=timing,
        )
        self._rows = rows
        self._plan = plan
        self._summary = BulkSummary()
        self._meter = Meter(self._started)
        self._feed: Feed | None = None
        self._unused: set[str] = set()
        self._in_flight = 0

    @property
    def progress(self) -> BulkProgress:
        """How far it is now. Cheap enough to be asked often."""
        documents, size = self._meter.rates(self._timing.clock(), self._summary.created, self._summary.bytes)
        return BulkProgress(
            summary=attrs.evolve(self.summary),
            in_flight=self._in_flight - self._workers.waiting,
            waiting=self._workers.waiting,
            concurrency=self._workers.concurrency.value,
            documents_per_second=documents,
            bytes_per_second=size,
            trouble=self._caller.trouble,
        )

    @property
    def summary(self) -> BulkSummary:
        """What became of the rows so far; of all of them, once the iteration has ended."""
        summary = self._summary
        summary.requests, summary.refusals = self._caller.requests, self._caller.refusals
        summary.files_unused = len(self._unused)
        summary.seconds = self._lasted
        return summary

    def drain(self) -> None:
        """Take no more rows. What is in flight is finished and recorded, and then the iteration ends.

        Rows that wait for the server, or for the applicant that another row makes, are left for the next run; those
        that were sent and got no answer are uncertain until then.
        """
        super().drain()
        if self._feed is not None:
            self._feed.close()

    async def _open(self) -> Ledger:
        return await Ledger.open(
            self._plan.ledger,
            server=self._settings.base_url,
            api_key=self._settings.api_key.reveal(),
            same_account=self._plan.same_account,
            secret_from=self._plan.ledger_secret,
            secret_key=self._plan.ledger_secret_key,
            clock=self._timing.clock,
        )

    async def _do(self, ledger: Ledger) -> None:
        rows = rows_of_manifest(self._rows, ledger) if isinstance(self._rows, Manifest | ManifestFile) else self._rows
        self._feed = feed = Feed(rows)
        if self._workers.drained.is_set():
            feed.close()
        delivery = self._delivery(ledger)

        async def work() -> bool:
            found = await feed.next()
            if found is not None:
                await self._one(delivery, *found)
            return found is not None

        try:
            await self._at_once(work)
        finally:
            await feed.aclose()

    async def _one(self, delivery: Delivery, number: int, row: BulkRow) -> None:
        if not isinstance(cast("object", row), BulkRow):
            raise TypeError(f"bulk: expected BulkRow, got {type(row).__name__}")
        size = sum(len(source) for _, source in row.sides() if isinstance(source, bytes))
        self._in_flight += 1
        self._workers.bytes += size
        try:
            result = await delivery.deliver(number, row)
        except Stopped as stop:
            if stop.error is not None:
                self._stop(stop.error)
            return
        finally:
            self._in_flight -= 1
            self._workers.bytes -= size
        self._summary.count(result)
        self._meter.note(self._timing.clock(), self._summary.created, self._summary.bytes)
        await self._results.put(result)
        if result.status is BulkStatus.FAILED and self._plan.on_error == "stop" and result.error is not None:
            self._stop(result.error)

    def _delivery(self, ledger: Ledger) -> Delivery:
        caller, timing, settings, idle = self._caller, self._timing, self._settings, self._workers.idle
        locks, create_uncertain = KeyedLock(idle), self._plan.on_uncertain == "create"
        prerequisites = Prerequisites(
            caller=caller,
            ledger=ledger,
            locks=locks,
            idle=idle,
            rules=settings.files,
            urls=self._plan.urls,
            summary=self._summary,
            create_uncertain=create_uncertain,
            at_once=asyncio.Semaphore(self._plan.applicants_at_once),
            unused=self._unused,
        )
        reconciler = Reconciler(
            caller=caller, ledger=ledger, locks=locks, timing=timing, settle_after=self._plan.settle_after
        )
        return Delivery(
            caller=caller,
            ledger=ledger,
            locks=locks,
            prerequisites=prerequisites,
            reconciler=reconciler,
            timing=timing,
            check=settings.check,
            create_uncertain=create_uncertain,
            started=timing.clock(),
        )
