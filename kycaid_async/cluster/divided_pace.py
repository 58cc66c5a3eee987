"""The pace of workers: agreed on in a Redis where one is named, and else divided among them by Dask's scheduler."""

import asyncio
import logging
import os
import secrets
from typing import TYPE_CHECKING, Any, Final

import attrs
from distributed import SchedulerPlugin

from kycaid_async.cluster.messages import Job, secret_from
from kycaid_async.errors import ConfigurationError
from kycaid_async.protocol.shared_pacing import AccountPacer, Pace, PaceOption, PaceStore, Refusal, Report
from kycaid_async.timing import Timing

if TYPE_CHECKING:
    from distributed import Scheduler, Worker

logger = logging.getLogger("kycaid_async")

_PLUGIN: Final = "kycaid-pace"
_HANDLER: Final = "kycaid_pace"
_PRESENT: Final = 3.0
"""Seconds after a visit for which a worker is counted; longer where there are so many that they visit seldom."""
_VISITS_EVERY: Final = 0.2
_VISITS_OF_ALL: Final = 500.0
"""Visits per second, of all workers: the scheduler has other things to do."""
_MAXIMUM: Final = 64


@attrs.define(eq=False)
class _Account:
    """One account at the scheduler."""

    pacer: AccountPacer
    workers: dict[str, tuple[float, str]] = attrs.field(factory=dict)
    """By name: the time of the last visit, and the address. Who visited last stands last."""

    def visit(self, now: float, name: str, address: str, report: Report) -> Pace:
        """Take a report, and return the pace."""
        self.pacer.note(now, report)
        self.workers.pop(name, None)
        self.workers[name] = (now, address)
        present = max(_PRESENT, 2 * len(self.workers) / _VISITS_OF_ALL)
        while self.workers[oldest := next(iter(self.workers))][0] <= now - present:
            del self.workers[oldest]
        again = max(_VISITS_EVERY, len(self.workers) / _VISITS_OF_ALL)
        return attrs.evolve(self.pacer.pace(now), clients=len(self.workers), again=again)


class PacePlugin(SchedulerPlugin):
    """Lets a scheduler divide the pace of an account among the workers that ask for it."""

    name = _PLUGIN
    idempotent = True

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}
        self._clock = Timing().clock

    async def start(self, scheduler: "Scheduler") -> None:
        """Begin to answer workers."""
        scheduler.handlers.setdefault(_HANDLER, self.visit)

    def remove_worker(self, scheduler: "Scheduler", worker: str, **_: Any) -> None:  # noqa: ARG002 - Dask's signature
        """Divide among those that are left."""
        for account in self._accounts.values():
            account.workers = {name: visit for name, visit in account.workers.items() if visit[1] != worker}

    def visit(self, account: str, name: str, address: str, report: dict[str, Any]) -> dict[str, Any]:
        """Answer a worker."""
        now, refusals = self._clock(), [Refusal(**refusal) for refusal in report["refusals"]]
        if account not in self._accounts:
            self._accounts[account] = _Account(AccountPacer(_MAXIMUM, now=now))
        told = Report(report["started"], report["taken"], refusals)
        return attrs.asdict(self._accounts[account].visit(now, name, address, told))


class DaskPaceStore:
    """Asks the scheduler for a worker's part of the pace."""

    def __init__(self, worker: "Worker", account: str, *, all_together: int | None) -> None:
        self._worker, self._account = worker, account
        self._name = secrets.token_hex(8)
        self.all_together = all_together

    async def visit(self, report: Report, wanted: int) -> Pace:  # noqa: ARG002 - there are no permits here
        """Leave what this worker did, and return what it may do."""
        loop: Any = self._worker.loop
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._ask(report), loop.asyncio_loop))

    async def _ask(self, report: Report) -> Pace:
        """Ask, in the loop of Dask."""
        scheduler: Any = self._worker.scheduler
        ask = getattr(scheduler, _HANDLER)
        address, told = self._worker.address, attrs.asdict(report)
        return Pace(**await ask(account=self._account, name=self._name, address=address, report=told))

    async def aclose(self) -> None:
        """Nothing is open."""


async def divide_pace(client: Any) -> None:
    """Let the scheduler of a client of Dask divide the pace among its workers, if it can."""
    try:
        await client.register_plugin(PacePlugin(), name=_PLUGIN)
    except ImportError:
        logger.warning("pace: the scheduler has no kycaid_async, so that each worker learns for itself what is taken")


def pace_of(job: Job, worker: "Worker") -> PaceOption:
    """Return the pace of a worker: of the Redis that was named to it, or of its scheduler."""
    url = secret_from(job.pace_from) if job.pace_from else os.environ.get("KYCAID_PACE_URL")

    def store(account: str) -> PaceStore:
        if not url:
            return DaskPaceStore(worker, account, all_together=job.all_together)
        try:
            from kycaid_async.transport.redis_pace import RedisPaceStore
        except ModuleNotFoundError as error:  # of other errors the one who started the run is told only the name
            raise ConfigurationError(f"pace, KYCAID_PACE_URL: {error}") from None
        return RedisPaceStore(url, account, job.connections, all_together=job.all_together)

    return store
