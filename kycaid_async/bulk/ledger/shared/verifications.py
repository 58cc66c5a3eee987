"""Records of verifications in a shared ledger."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any, Final

import attrs

from kycaid_async.bulk.ledger.secret import Secret
from kycaid_async.bulk.ledger.shared import statements
from kycaid_async.bulk.ledger.shared.lease import Lease
from kycaid_async.bulk.ledger.shared.transactions import SharedDatabase
from kycaid_async.bulk.ledger.verifications import (
    VerificationEntry,
    VerificationState,
    as_text,
    digest_of_verification,
)
from kycaid_async.errors import LedgerError

_AT_ONCE: Final = 500
"""Entries that are read together, when all are read."""


@attrs.frozen
class SharedVerifications:
    """Records of the verifications of a shared ledger. What `VerificationEntries` promises holds of them."""

    _database: SharedDatabase
    _lease: Lease
    _secret: Secret = attrs.field(repr=False)
    _given_twice: Callable[[str], None] = attrs.field(repr=False)
    _made_meanwhile: Callable[[], LedgerError] = attrs.field(repr=False)

    async def entry(self, applicant_id: str, form_id: str | None) -> VerificationEntry | None:
        """Return what is known of the verification of an applicant with a form."""
        rows = await self._database.read(statements.VERIFICATION, self._key(applicant_id, form_id))
        return next(map(self._entry, rows), None)

    async def of(self, applicant_id: str) -> list[VerificationEntry]:
        """Return what is known of all verifications of an applicant, also of one whose id stands there in capitals."""
        return list(map(self._entry, await self._database.read(statements.VERIFICATIONS_OF, applicant_id.lower())))

    async def by_id(self, verification_id: str) -> VerificationEntry | None:
        """Return the entry which has this verification."""
        return (await self.among([verification_id])).get(verification_id)

    async def among(self, verification_ids: Sequence[str]) -> dict[str, VerificationEntry]:
        """Return the entries which have these verifications, by their ids."""
        known = await self._database.read_all(statements.VERIFICATION_BY_ID, verification_ids)
        return {name: self._entry(rows[0]) for name, rows in zip(verification_ids, known, strict=True) if rows}

    def all(self) -> AsyncIterator[VerificationEntry]:
        """Give all entries, a few hundred at a time, in an order that says nothing."""
        return self._where("TRUE")

    def unsettled(self) -> AsyncIterator[VerificationEntry]:
        """Give every one that was sent and has no answer on record."""
        return self._where(f"r.state = '{VerificationState.SENT}'")

    def open(self) -> AsyncIterator[VerificationEntry]:
        """Give every one that was started and has no verdict on record."""
        return self._where(f"r.state = '{VerificationState.CREATED}' AND r.verdict IS NULL")

    def waited(self, entry: VerificationEntry) -> float:
        """Return how many seconds have certainly passed since it was sent last; see `SharedLedger.waited`."""
        return max(0.0, self._lease.clock() - entry.at)

    async def intend(
        self, applicant_id: str, form_id: str | None, *, count_before: int | None, now: datetime
    ) -> VerificationEntry:
        """Write down that a verification is about to be started, and return the entry."""
        digest = self._key(applicant_id, form_id)
        values = (digest, applicant_id, form_id, count_before, as_text(now))
        if not await self._database.write_durable(statements.INTEND_VERIFICATION, *values):
            raise self._made_meanwhile()
        return VerificationEntry.intended(
            digest, applicant_id, form_id, count_before=count_before, now=now, run=0, at=self._lease.clock()
        )

    async def claim(self, entry: VerificationEntry, verification_id: str) -> bool:
        """Write down that a verification found on the server is this one: False when another entry has it."""
        return await self._database.write_durable(statements.CLAIM_VERIFICATION, entry.digest, verification_id)

    def created(self, entry: VerificationEntry, verification_id: str) -> None:
        """Record the id of a verification that was started; see `VerificationEntries.created`."""
        values = (entry.digest, verification_id)
        self._database.write_behind(
            statements.CREATED_VERIFICATION, *values, undone=lambda: self._given_twice("verification")
        )

    def failed(self, entry: VerificationEntry, code: str) -> None:
        """Record that none was started, and why."""
        said = (entry.digest, entry.applicant_id, entry.form_id, code, entry.count_before, as_text(entry.intended_at))
        self._database.write_behind(statements.FAILED_VERIFICATION, *said)

    def restore(self, entry: VerificationEntry) -> None:
        """Record an earlier intent anew: the one in its place was not carried out."""
        said = (entry.digest, entry.applicant_id, entry.form_id, entry.code, entry.count_before)
        values = (*said, as_text(entry.intended_at), self.waited(entry))
        self._database.write_behind(statements.RESTORE_VERIFICATION, *values)

    def uncertain(self, entry: VerificationEntry, code: str) -> None:
        """Record what was found out about one that was sent, and stays unsettled."""
        self._database.write_behind(statements.UNCERTAIN_VERIFICATION, entry.digest, code)

    def forget(self, entry: VerificationEntry) -> None:
        """Remove an intent that was certainly not carried out."""
        self._database.write_behind(statements.FORGET_VERIFICATION, entry.digest)

    def record_result(
        self, verification_id: str, *, status: str | None, verdict: str | None, result: str | None, now: datetime
    ) -> None:
        """Record what a look at a verification showed; see `VerificationEntries.record_result`."""
        values = (verification_id, status, verdict, result, as_text(now))
        self._database.write_behind(statements.RESULT, *values)

    def seal(self, text: str) -> str:
        """Return a text of others as it can stand in a ``result``: without the ledger's secret nobody can read it."""
        return self._secret.seal(text)

    def unseal(self, sealed: str) -> str | None:
        """Return what `seal` got; None for what the ledger's secret does not open."""
        return self._secret.unseal(sealed)

    async def _where(self, condition: str) -> AsyncIterator[VerificationEntry]:
        query, last = statements.PAGE_OF_VERIFICATIONS.replace("WHICH", condition), b""
        while batch := await self._database.page(query, digest=last, most=_AT_ONCE):
            for values in batch:
                yield self._entry(values)
            last = batch[-1][0]

    def _entry(self, values: tuple[Any, ...]) -> VerificationEntry:
        return VerificationEntry.of((*values[:-1], 0, self._lease.clock() - values[-1]))

    def _key(self, applicant_id: str, form_id: str | None) -> bytes:
        return self._secret.keyed("verification", digest_of_verification(applicant_id, form_id))
