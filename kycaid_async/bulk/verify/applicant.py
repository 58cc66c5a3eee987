"""The verifications of one applicant, those that an earlier run left open first."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import attrs

from kycaid_async.bulk.ledger import UploadLedger, VerificationEntry, VerificationState
from kycaid_async.bulk.requests.limits import KeyedLock
from kycaid_async.bulk.row import plain_id
from kycaid_async.bulk.verify.result import VerifyResult
from kycaid_async.bulk.verify.start import Allowance, Starter
from kycaid_async.bulk.verify.wanted import WantedVerification

Tell = Callable[[WantedVerification, VerifyResult | None], Awaitable[None]]
"""Is told what became of each; None when no more may be started."""
KnownVerifications = Mapping[str | None, VerificationEntry]
"""By form."""


@attrs.define(kw_only=True, eq=False)
class ApplicantVerifier:
    """Starts all verifications of an applicant, and no other process does meanwhile: the server could tell none apart.

    Raises `Stopped` and `LedgerError`, which end the run.
    """

    starter: Starter
    locks: KeyedLock

    async def verify(
        self, applicant_id: str, all_wanted: Sequence[WantedVerification], allowance: Allowance, tell: Tell
    ) -> None:
        """Bring all that is wanted of an applicant to its end."""
        async with self.locks.of(("verifications", applicant_id)):
            known = await known_verifications(applicant_id, self.starter.ledger)
            for wanted in unsettled_first(all_wanted, known):
                spelt, one = as_known(applicant_id, wanted, known)
                await tell(wanted, await self.starter.start(spelt, one, allowance))


async def known_verifications(applicant_id: str, ledger: UploadLedger) -> KnownVerifications:
    """Return what a ledger knows of the verifications of an applicant."""
    entries = await ledger.verifications.of(applicant_id)
    return {None if entry.form_id is None else plain_id(entry.form_id): entry for entry in entries}


def unsettled_first(all_wanted: Sequence[WantedVerification], known: KnownVerifications) -> list[WantedVerification]:
    """Return the verifications of an applicant in the order in which they are to be looked at."""
    return sorted(all_wanted, key=lambda wanted: not is_unsettled(known.get(wanted.form_id)))


def is_unsettled(entry: VerificationEntry | None) -> bool:
    """Say whether one was sent, and nobody knows whether it was started."""
    return entry is not None and entry.state is VerificationState.SENT


def as_known(
    applicant_id: str, wanted: WantedVerification, known: KnownVerifications
) -> tuple[str, WantedVerification]:
    """Return an applicant and what is wanted as the ledger spells them, which knows them by that."""
    entry = known.get(wanted.form_id)
    return (
        (applicant_id, wanted) if entry is None else (entry.applicant_id, attrs.evolve(wanted, form_id=entry.form_id))
    )
