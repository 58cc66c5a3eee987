"""Verifications that workers start: the rows, the ledger's look at them and the results are here."""

import secrets
from typing import TYPE_CHECKING, Final

import attrs

from kycaid_async.api.section import Caller
from kycaid_async.bulk.ledger import UploadLedger, VerificationState
from kycaid_async.bulk.spool import Spool
from kycaid_async.bulk.verify import BulkVerify, VerifyPlan, VerifyProgress, VerifyResult, VerifyRows, VerifySummary
from kycaid_async.bulk.verify.applicant import is_unsettled, known_verifications, unsettled_first
from kycaid_async.bulk.verify.result import VerifyStatus
from kycaid_async.bulk.verify.run import named, refused
from kycaid_async.bulk.verify.start import Allowance
from kycaid_async.bulk.verify.wanted import AskingRow, WantedVerification
from kycaid_async.cluster.messages import WorkerCounts, client_options, run_options
from kycaid_async.cluster.verify_work import APPLICANTS, ApplicantOutcome, ApplicantTask, Seal, SealedShard, VerifyWork
from kycaid_async.timing import Timing
from kycaid_async.transport.settings import Settings

if TYPE_CHECKING:
    from kycaid_async.cluster.dispatch import Dispatch, Dispatching

_PAID: Final = (VerifyStatus.STARTED, VerifyStatus.DONE_BEFORE, VerifyStatus.UNCERTAIN)
_HERE: Final = ("form_id", "partial", "limit", "dry_run", "callback_url", "types")
"""Options that are settled before anything is handed to workers."""

Applicants = dict[str, ApplicantTask]


class ClusterVerify(BulkVerify):
    """A run of ``client.bulk.verify`` with an engine. It is used as any other."""

    def __init__(
        self,
        engine: "Dispatching",
        rows: VerifyRows,
        plan: VerifyPlan,
        *,
        caller: Caller,
        settings: Settings,
        timing: Timing,
    ) -> None:
        super().__init__(rows, plan, caller=caller, settings=settings, timing=timing)
        client_options(settings)  # now, and not when the work begins
        self._engine = engine
        self._counts = WorkerCounts()
        self._allowance = Allowance(left=plan.limit)
        self._handed_out = 0
        self._earlier: dict[int, dict[str, list[VerifyResult | None]]] = {}
        """By shard and applicant: results so far."""

    @property
    def progress(self) -> VerifyProgress:
        """The run's progress so far."""
        concurrency = max(1, self._counts.total("concurrency"))
        return attrs.evolve(super().progress, concurrency=concurrency, trouble=self._counts.trouble)

    @property
    def summary(self) -> VerifySummary:
        """Counts of what became of them so far; of all of them, once the iteration has ended."""
        summary = super().summary
        summary.requests, summary.refusals = self._counts.total("requests"), self._counts.total("refusals")
        return summary

    async def _open(self) -> UploadLedger:
        """Open the ledger for a look: workers write in it."""
        if not self._plan.dry_run:
            await (await super()._open()).close()  # it is there then, and of this account
            self._only_reads = True
        return await super()._open()

    async def _start_all(self, ledger: UploadLedger, spool: Spool[AskingRow]) -> None:
        if self._plan.dry_run:
            await super()._start_all(ledger, spool)
            return
        seal = Seal(secrets.token_hex(16))
        parts = self._engine.dispatch(
            VerifyWork(seal, run_options(self._plan, *_HERE)),
            self._plan,
            settings=self._settings,
            timing=self._timing,
            drained=self._workers.drained,
        )
        async with parts as dispatch:
            await self._collect(dispatch, ledger, spool, seal)

    async def _collect(self, dispatch: "Dispatch", ledger: UploadLedger, spool: Spool[AskingRow], seal: Seal) -> None:
        async def next_part() -> tuple[SealedShard, Applicants] | None:
            tasks = await self._next_tasks(ledger, spool)
            if not tasks:
                return None
            self._handed_out += 1
            shard = seal.shard(self._handed_out, tasks, self._settings.api_key.reveal())
            return shard, {task.applicant_id: task for task in tasks}

        outcomes = dispatch.outcomes(next_part)
        try:
            async for shard, applicants, outcome in outcomes:
                self._counts.note(outcome.counts)
                self._remember(shard, outcome.rows)
                if outcome.again:
                    continue
                known, is_sure = self._earlier.pop(shard.number), not dispatch.was_sent_again(shard)
                for applicant_id, results in known.items():
                    await self._take_results(applicants[applicant_id], results, is_sure=is_sure)
                if outcome.error is not None:
                    raise outcome.error
        finally:
            await outcomes.aclose()

    def _remember(self, shard: SealedShard, told: list[ApplicantOutcome]) -> None:
        """Keep the results of a shard that is sent again: then what it started would be said to be done before."""
        known = self._earlier.setdefault(shard.number, {})
        for one in told:
            before = known.get(one.applicant_id, [None] * len(one.results))
            pairs = zip(before, one.results, strict=True)
            known[one.applicant_id] = [
                earlier if earlier is not None and (later is None or earlier.status is VerifyStatus.STARTED) else later
                for earlier, later in pairs
            ]

    async def _next_tasks(self, ledger: UploadLedger, spool: Spool[AskingRow]) -> list[ApplicantTask]:
        """Return applicants of whom somebody has to be asked, or with whom something is to be started.

        None while what is under way may give back what the limit allows.
        """
        tasks: list[ApplicantTask] = []
        while len(tasks) < APPLICANTS and not (self._allowance.left == 0 and (tasks or self._in_flight)):
            applicant = spool.next()
            if applicant is None:
                break
            task = await self._task_of(*applicant, ledger)
            if task is not None:
                self._in_flight += 1
                tasks.append(task)
        return tasks

    async def _task_of(self, applicant_id: str, rows: list[AskingRow], ledger: UploadLedger) -> ApplicantTask | None:
        """Return what is to be done with an applicant, after what needs nobody to be told of."""
        all_wanted = self._wanted_by(rows)
        known = await known_verifications(applicant_id, ledger) if rows[0].is_known else {}
        to_do: list[WantedVerification] = []
        allowed, is_left = 0, False
        for wanted in unsettled_first(all_wanted, known):  # while one is, no other of its applicant can be started
            entry = known.get(wanted.form_id)
            if entry is not None and entry.state is VerificationState.CREATED:
                await self._tell(named(_done_before(entry.applicant_id, entry.form_id, entry.verification_id), wanted))
            elif not is_unsettled(entry) and wanted.refusal:
                await self._tell(named(refused(applicant_id if rows[0].is_known else None, wanted), wanted))
            elif self._allowance.take():
                allowed += 1
                to_do.append(wanted)
            elif is_unsettled(entry):
                to_do.append(wanted)
            else:
                is_left = True
        self._summary.looked_at += not to_do and not is_left
        task = ApplicantTask(applicant_id=applicant_id, wanted=to_do, allowed=allowed, is_left=is_left)
        return task if to_do else None

    async def _take_results(self, task: ApplicantTask, told: list[VerifyResult | None], *, is_sure: bool) -> None:
        """Tell of an applicant's results, and take back what was allowed and not used."""
        self._in_flight -= 1
        results = [result for result in told if result is not None]
        paid = sum(result.status in _PAID for result in results)
        for _ in range(task.allowed - paid if is_sure else 0):
            self._allowance.give_back()
        for wanted, result in zip(task.wanted, told, strict=True):
            if result is not None:
                await self._tell(named(result, wanted))
        self._summary.looked_at += len(results) == len(told) and not task.is_left


def _done_before(applicant_id: str, form_id: str | None, verification_id: str | None) -> VerifyResult:
    return VerifyResult(
        status=VerifyStatus.DONE_BEFORE, applicant_id=applicant_id, form_id=form_id, verification_id=verification_id
    )
