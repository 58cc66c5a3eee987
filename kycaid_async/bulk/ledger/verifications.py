"""The ledger's records of verifications: what was to be started, what came of it, and what its result is."""

import enum
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, Final, Self

import attrs

from kycaid_async.bulk.ledger.database import Database
from kycaid_async.bulk.ledger.entries import RunClock, in_pages
from kycaid_async.bulk.ledger.problems import damaged
from kycaid_async.bulk.ledger.secret import Secret


class VerificationState(enum.StrEnum):
    """State of the start of a verification."""

    SENT = "sent"
    """About to be started, or the start was sent, and no answer is on record: it may have cost a fee."""
    CREATED = "created"
    FAILED = "failed"
    """Refused: none was started."""


@attrs.frozen(kw_only=True)
class VerificationEntry:
    """Entry of a verification: one for each applicant and form."""

    digest: bytes
    """As it stands in the ledger: keyed."""
    state: VerificationState
    applicant_id: str
    form_id: str | None
    verification_id: str | None
    """None until it is known."""
    code: str | None
    """Why it failed; of one that was sent, what was last found out about it."""
    count_before: int | None
    """How many verifications the applicant had before this one was sent; None when the server did not say."""
    intended_at: datetime
    """When it was about to be sent, in UTC, by this machine's clock, which may be wrong: only the report's days need
    it. How long ago it was, `VerificationEntries.waited` says."""
    status: str | None
    """As the server last gave it; None before anybody looked."""
    verdict: str | None
    """None as long as it is open."""
    result: str | None
    """What was found out about it, as JSON."""
    looked_at: datetime | None
    run: int
    """The run that sent it last."""
    at: float
    """How many seconds old that run was then."""

    @classmethod
    def intended(
        cls,
        digest: bytes,
        applicant_id: str,
        form_id: str | None,
        *,
        count_before: int | None,
        now: datetime,
        run: int,
        at: float,
    ) -> Self:
        """Return the entry of one that is about to be sent."""
        return cls(
            digest=digest,
            state=VerificationState.SENT,
            applicant_id=applicant_id,
            form_id=form_id,
            verification_id=None,
            code=None,
            count_before=count_before,
            intended_at=now,
            status=None,
            verdict=None,
            result=None,
            looked_at=None,
            run=run,
            at=at,
        )

    @classmethod
    def of(cls, values: tuple[Any, ...]) -> Self:
        """Return the entry that the values of its columns make."""
        fields = dict(zip(attrs.fields_dict(cls), values, strict=True))
        if not (isinstance(fields["applicant_id"], str) and isinstance(fields["verification_id"], str | None)):
            raise damaged("the ledger")
        try:
            fields["state"] = VerificationState(fields["state"])
            fields["intended_at"] = datetime.fromisoformat(fields["intended_at"]).astimezone(UTC)
            if fields["looked_at"] is not None:
                fields["looked_at"] = datetime.fromisoformat(fields["looked_at"]).astimezone(UTC)
        except (ValueError, TypeError):
            raise damaged("the ledger") from None
        return cls(**fields)

    @property
    def is_open(self) -> bool:
        """True when it was started and has no verdict on record."""
        return self.state is VerificationState.CREATED and self.verdict is None


_ENTRY: Final = (
    "SELECT digest, state, applicant_id, form_id, verification_id, code, count_before, intended_at, status, verdict, "
    "result, looked_at, run, at FROM verifications"
)
_PUT: Final = """
INSERT OR REPLACE INTO verifications
(digest, state, applicant_id, form_id, verification_id, code, count_before, intended_at, status, verdict, result,
looked_at, run, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_CREATED: Final = "UPDATE OR IGNORE verifications SET state = ?, verification_id = ?, code = NULL WHERE digest = ?"
_AT_ONCE: Final = 500
"""Entries that are read together, when all are read."""


@attrs.frozen
class VerificationEntries:
    """Records of the verifications of a ledger, which `Ledger.verifications` gives.

    One has an entry by its applicant and its form. As with rows, what is intended is on the disk when the call
    returns; what is recorded follows in order, without a wait.
    """

    _database: Database
    _clock: RunClock
    _secret: Secret = attrs.field(repr=False)
    _given_twice: Callable[[str], None] = attrs.field(repr=False)

    async def entry(self, applicant_id: str, form_id: str | None) -> VerificationEntry | None:
        """Return what is known of the verification of an applicant with a form."""
        rows = await self._database.read(f"{_ENTRY} WHERE digest = ?", self._key(applicant_id, form_id))
        return next(map(VerificationEntry.of, rows), None)

    async def of(self, applicant_id: str) -> list[VerificationEntry]:
        """Return what is known of all verifications of an applicant, also of one whose id stands there in capitals."""
        ids = (applicant_id, applicant_id.upper())
        return list(
            map(VerificationEntry.of, await self._database.read(f"{_ENTRY} WHERE applicant_id IN (?, ?)", *ids))
        )

    async def by_id(self, verification_id: str) -> VerificationEntry | None:
        """Return the entry which has this verification."""
        rows = await self._database.read(f"{_ENTRY} WHERE verification_id = ?", verification_id)
        return next(map(VerificationEntry.of, rows), None)

    async def among(self, verification_ids: Sequence[str]) -> dict[str, VerificationEntry]:
        """Return the entries which have these verifications, by their ids."""
        known: list[VerificationEntry] = []
        for at in range(0, len(verification_ids), _AT_ONCE):
            some = verification_ids[at : at + _AT_ONCE]
            places = ", ".join("?" * len(some))
            known += map(
                VerificationEntry.of, await self._database.read(f"{_ENTRY} WHERE verification_id IN ({places})", *some)
            )
        return {entry.verification_id: entry for entry in known if entry.verification_id is not None}

    def all(self) -> AsyncIterator[VerificationEntry]:
        """Give all entries, a few hundred at a time, in an order that says nothing."""
        return self._where("TRUE")

    def unsettled(self) -> AsyncIterator[VerificationEntry]:
        """Give every one that was sent and has no answer on record."""
        return self._where(f"state = '{VerificationState.SENT}'")

    def open(self) -> AsyncIterator[VerificationEntry]:
        """Give every one that was started and has no verdict on record."""
        return self._where(f"state = '{VerificationState.CREATED}' AND verdict IS NULL")

    def waited(self, entry: VerificationEntry) -> float:
        """Return how many seconds have certainly passed since it was sent last; see `Ledger.waited`."""
        return self._clock.waited(entry.run, entry.at)

    async def intend(
        self, applicant_id: str, form_id: str | None, *, count_before: int | None, now: datetime
    ) -> VerificationEntry:
        """Write down that a verification is about to be started, and return the entry."""
        entry = VerificationEntry.intended(
            self._key(applicant_id, form_id),
            applicant_id,
            form_id,
            count_before=count_before,
            now=now,
            run=self._clock.number,
            at=self._clock.elapsed,
        )
        await self._database.write_durable(_PUT, *_values(entry))
        return entry

    async def claim(self, entry: VerificationEntry, verification_id: str) -> bool:
        """Write down that a verification found on the server is this one: False when another entry has it."""
        values = (VerificationState.CREATED, verification_id, entry.digest)
        return await self._database.write_durable(_CREATED, *values) > 0

    def created(self, entry: VerificationEntry, verification_id: str) -> None:
        """Record the id of a verification that was started.

        When another entry has it, this one stays unsettled, and nothing more is intended: a server that gives one
        id twice is not to be trusted with more. Then or later, `LedgerError` is raised.
        """
        values = (VerificationState.CREATED, verification_id, entry.digest)
        self._database.write_behind(_CREATED, *values, unchanged=lambda: self._given_twice("verification"))

    def failed(self, entry: VerificationEntry, code: str) -> None:
        """Record that none was started, and why."""
        self.restore(attrs.evolve(entry, state=VerificationState.FAILED, code=code, verification_id=None))

    def restore(self, entry: VerificationEntry) -> None:
        """Record an entry as it is: such as an earlier intent, when the one in its place was not carried out."""
        self._database.write_behind(_PUT, *_values(entry))

    def uncertain(self, entry: VerificationEntry, code: str) -> None:
        """Record what was found out about one that was sent, and stays unsettled."""
        change = "UPDATE verifications SET code = ? WHERE digest = ? AND state = ?"
        self._database.write_behind(change, code, entry.digest, VerificationState.SENT)

    def forget(self, entry: VerificationEntry) -> None:
        """Remove an intent that was certainly not carried out."""
        change = "DELETE FROM verifications WHERE digest = ? AND state = ?"
        self._database.write_behind(change, entry.digest, VerificationState.SENT)

    def record_result(
        self, verification_id: str, *, status: str | None, verdict: str | None, result: str | None, now: datetime
    ) -> None:
        """Record what a look at a verification showed. ``verdict`` None leaves it open.

        ``result`` is JSON of ids, verdicts, reasons and times: nothing that says who the person is.
        """
        change = "UPDATE verifications SET status = ?, verdict = ?, result = ?, looked_at = ? WHERE verification_id = ?"
        self._database.write_behind(change, status, verdict, result, as_text(now), verification_id)

    def seal(self, text: str) -> str:
        """Return a text of others as it can stand in a ``result``: without the ledger's secret nobody can read it."""
        return self._secret.seal(text)

    def unseal(self, sealed: str) -> str | None:
        """Return what `seal` got; None for what the ledger's secret does not open."""
        return self._secret.unseal(sealed)

    async def _where(self, condition: str) -> AsyncIterator[VerificationEntry]:
        query = f"{_ENTRY} WHERE digest > ? AND {condition} ORDER BY digest LIMIT ?"
        async for values in in_pages(self._database.read, query, _AT_ONCE, key=itemgetter(0), last=b""):
            yield VerificationEntry.of(values)

    def _key(self, applicant_id: str, form_id: str | None) -> bytes:
        return self._secret.keyed("verification", digest_of_verification(applicant_id, form_id))


def digest_of_verification(applicant_id: str, form_id: str | None) -> bytes:
    """Return 32 bytes that stand for the verification of an applicant with a form."""
    return hashlib.blake2b(f"{applicant_id}\0{form_id or ''}".encode(errors="surrogatepass"), digest_size=32).digest()


def as_text(moment: datetime) -> str:
    """Return a time as it stands in a ledger."""
    return moment.astimezone(UTC).isoformat()


def _values(entry: VerificationEntry) -> tuple[Any, ...]:
    return tuple(
        as_text(value) if isinstance(value, datetime) else value for value in attrs.astuple(entry, recurse=False)
    )
