"""The work of verifications: applicants, and what is wanted of each, which travel sealed with what the key gives."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import attrs

from kycaid_async.api.section import Caller
from kycaid_async.bulk.ledger import UploadLedger
from kycaid_async.bulk.ledger.secret import Secret
from kycaid_async.bulk.requests.limits import Stopped
from kycaid_async.bulk.verify import BulkVerify, VerifyPlan, VerifyResult, VerifyStatus
from kycaid_async.bulk.verify.start import Allowance
from kycaid_async.bulk.verify.wanted import WantedVerification
from kycaid_async.cluster.messages import bare
from kycaid_async.errors import InsufficientFundsError, KycaidError
from kycaid_async.timing import Timing
from kycaid_async.transport.settings import Settings

if TYPE_CHECKING:
    from kycaid_async.client import AsyncKycaid

APPLICANTS: Final = 20
"""Applicants of a shard."""
_TRAVELLING: Final = ("form_id", "callback_url", "types", "refusal", "refused_as")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ApplicantTask:
    """An applicant that the ledger knows, with the verifications that are to be started or asked for."""

    applicant_id: str
    wanted: Sequence[WantedVerification]
    allowed: int
    """How many of them may be started, the first; the others are only asked for."""
    is_left: bool = False
    """True when more is wanted of it than may be started. Told to nobody else."""


@attrs.frozen(kw_only=True)
class SealedShard:
    """Applicants, as they travel."""

    number: int
    sealed: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True, eq=False)
class ApplicantOutcome:
    """Outcome of an applicant."""

    applicant_id: str
    results: list[VerifyResult | None] = attrs.field(repr=False)
    """In the order in which they were wanted; None where no more may be started."""
    task: ApplicantTask | None = attrs.field(default=None, repr=False)
    """On a worker."""


@attrs.frozen
class Seal:
    """Seals applicants for those who have the API key, of one run only."""

    _name: str
    """Of the run."""

    def shard(self, number: int, tasks: Sequence[ApplicantTask], key: str) -> SealedShard:
        """Return a shard of these applicants."""
        said = [[task.applicant_id, task.allowed, [_said(wanted) for wanted in task.wanted]] for task in tasks]
        return SealedShard(number=number, sealed=self._secret(key).seal(json.dumps(said)))

    def tasks(self, shard: SealedShard, key: str) -> list[ApplicantTask]:
        """Return the applicants of a shard. Raises `KycaidError` where another key is."""
        text = self._secret(key).unseal(shard.sealed)
        if text is None:
            raise KycaidError("engine: this worker has another API key than the one who started the run")
        return [
            ApplicantTask(
                applicant_id=applicant_id, allowed=allowed, wanted=[_wanted(**dict(fields)) for fields in wanted]
            )
            for applicant_id, allowed, wanted in json.loads(text)
        ]

    def _secret(self, key: str) -> Secret:
        return Secret.derived(key, self._name)


@attrs.frozen
class VerifyWork:
    """Starts the verifications of applicants."""

    _seal: Seal
    _options: dict[str, Any] = attrs.field(repr=False)

    def items(self, shard: SealedShard, key: str) -> list[ApplicantTask]:
        """Return the applicants of a shard. Raises `KycaidError`."""
        return self._seal.tasks(shard, key)

    def run(self, client: "AsyncKycaid", items: AsyncIterator[ApplicantTask], ledger: str) -> BulkVerify:
        """Return a run over applicants."""
        rows: Any = items
        return client.bulk.verify(rows, ledger=ledger, engine=_ApplicantEngine(), **self._options)

    def item_of(self, result: ApplicantOutcome) -> object:
        """Return the applicant of a result."""
        return result.task

    def outcome_of(self, result: ApplicantOutcome) -> ApplicantOutcome:
        """Return what travels of a result."""
        kept = [one and attrs.evolve(one, error=bare(one.error)) for one in result.results]
        return attrs.evolve(result, results=kept, task=None)


class _ApplicantEngine:
    """Makes runs over applicants in place of rows."""

    def verify(
        self, rows: Any, plan: VerifyPlan, *, caller: Caller, settings: Settings, timing: Timing
    ) -> "ApplicantVerify":
        return ApplicantVerify(rows, plan, caller=caller, settings=settings, timing=timing)


class ApplicantVerify(BulkVerify):
    """A run over applicants as they come, whose rows somebody else has read."""

    async def _do(self, ledger: UploadLedger) -> None:
        verifier = self._verifier(ledger)
        async with self._reading() as feed:

            async def work() -> bool:
                numbered = await feed.next()
                if numbered is None:
                    return False
                task: ApplicantTask = numbered[1]
                results: list[VerifyResult | None] = [None] * len(task.wanted)

                async def note(wanted: WantedVerification, result: VerifyResult | None) -> None:
                    results[task.wanted.index(wanted)] = result

                try:
                    if asked := task.wanted[task.allowed :]:
                        # Apart: what others do not need, since a worker that died started them, is not for these.
                        await verifier.verify(task.applicant_id, asked, Allowance(left=0), note)
                    allowed = task.wanted[: task.allowed]
                    await verifier.verify(task.applicant_id, allowed, Allowance(left=task.allowed), note)
                except Stopped as stop:
                    if stop.error is not None:
                        self._stop(stop.error)
                    return True
                outcomes: Any = self._results
                await outcomes.put(ApplicantOutcome(applicant_id=task.applicant_id, results=results, task=task))
                self._end_without_funds(results)
                return True

            await self._at_once(work)

    def _end_without_funds(self, results: Sequence[VerifyResult | None]) -> None:
        errors = [result.error for result in results if result is not None]
        error = next((error for error in errors if isinstance(error, InsufficientFundsError)), None)
        if error is not None:
            self._stop(error)


def _said(wanted: WantedVerification) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in _TRAVELLING}


def _wanted(*, refused_as: str, **fields: Any) -> WantedVerification:
    return WantedVerification(rows=(), refused_as=VerifyStatus(refused_as), **fields)
