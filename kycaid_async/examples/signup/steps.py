"""The way of a sign-up to its verdict, which any worker can take up where another one fell."""

import logging
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import attrs
from models import Signup
from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import undefer

from kycaid_async import (
    ApiError,
    AsyncKycaid,
    AuthenticationError,
    InsufficientFundsError,
    InvalidRequestError,
    KycaidError,
    ServerError,
    Verification,
)

TOO_MANY = 429


logger = logging.getLogger("signup")


def is_for_good(error: KycaidError) -> bool:
    """Say whether KYCAID, or the client, refused what this sign-up says: sent again it would be refused again.

    A wrong key, an empty account and a busy server are no reasons to turn people away: their sign-ups wait.
    """
    passing = isinstance(error, AuthenticationError | InsufficientFundsError | ServerError)
    is_refusal = isinstance(error, ApiError | InvalidRequestError) and getattr(error, "status", None) != TOO_MANY
    return is_refusal and not (passing or error.retryable or error.maybe_processed)


def fields_of(error: KycaidError) -> list[str]:
    """Return the fields at fault, as the form of the sign-up calls them."""
    if isinstance(error, InvalidRequestError):
        names = [problem.field for problem in error.problems]
    else:
        names = [field.parameter or "" for field in error.errors] if isinstance(error, ApiError) else []
    return sorted({{"source": "passport", "file": "passport"}.get(name, name) for name in names if name})


class LostClaimError(Exception):
    """Another worker took a sign-up over, because this one was slower than its lease."""


@attrs.frozen
class Steps:
    """Takes sign-ups further. Several workers may share a database: each sign-up is claimed first, with a lease."""

    client: AsyncKycaid
    sessions: async_sessionmaker[AsyncSession]
    form_id: str
    lease: float
    """Seconds after which the claim of a worker that died is over: longer than all steps take."""
    settle_after: float
    """Seconds after which a verification that KYCAID does not show was never started."""

    async def unfinished(self) -> list[str]:
        """Return the sign-ups without a verdict that nobody has at the moment: of workers that died, for example."""
        free = or_(Signup.worker.is_(None), Signup.lease_until < time.time())
        async with self.sessions() as session:
            return list(await session.scalars(select(Signup.id).where(Signup.state.in_(["open", "waiting"]), free)))

    async def take_further(self, signup_id: str) -> None:
        """Do all steps of a sign-up that are left. Errors of KYCAID leave it as it is, to be taken up again."""
        async with self._claimed(signup_id) as signup:
            if signup is None:
                return
            if signup.state == "open":
                try:
                    await self._bring_document(signup)
                    await self._verify(signup)
                except KycaidError as error:
                    if not is_for_good(error):
                        raise
                    await self._give_up(signup, "refused", str(error), fields_of(error))
            if signup.verification_id:
                await self.decide(signup_id, await self.client.verifications.get(signup.verification_id))

    async def _bring_document(self, signup: Signup) -> None:
        """Make the applicant and the document.

        An applicant or a file that is made twice, because an answer was lost, is an orphan and costs nothing. Of the
        document KYCAID is asked first.
        """
        is_new = signup.applicant_id is None
        if signup.applicant_id is None:
            signup.applicant_id = await self.client.applicants.create(
                type="PERSON",
                first_name=signup.first_name,
                last_name=signup.last_name,
                dob=signup.dob,
                external_applicant_id=signup.id,
            )
            await self._write(signup, applicant_id=signup.applicant_id)
        if signup.file_id is None and signup.scan is not None:
            signup.file_id = await self.client.files.create(signup.scan)
            await self._write(signup, file_id=signup.file_id)
        if signup.document_id is None and not is_new:
            signup.document_id = await self._find_document(str(signup.applicant_id))
            if signup.document_id is not None:
                await self._write(signup, document_id=signup.document_id, scan=None)
        if signup.document_id is None and signup.file_id is not None:
            signup.document_id = await self.client.documents.create(
                applicant_id=str(signup.applicant_id), type="PASSPORT", front_side_id=signup.file_id
            )
            await self._write(signup, document_id=signup.document_id, scan=None)

    async def _find_document(self, applicant_id: str) -> str | None:
        applicant = await self.client.applicants.get(applicant_id)
        return next((document.document_id for document in applicant.documents or ()), None)

    async def _verify(self, signup: Signup) -> None:
        """Start the verification, exactly once, since each takes a fee."""
        if signup.verifying_since is not None:
            await self._look_for_verification(signup)
        if signup.verifying_since is None:
            await self._write(signup, verifying_since=time.time())  # on the disk before anything is sent
            try:
                signup.verification_id = await self.client.verifications.create(
                    applicant_id=str(signup.applicant_id), form_id=self.form_id
                )
            except KycaidError as error:
                if not error.maybe_processed:
                    await self._write(signup, verifying_since=None)
                raise
        if signup.verification_id is not None:
            await self._write(signup, verification_id=signup.verification_id, state="waiting")

    async def _look_for_verification(self, signup: Signup) -> None:
        """Find out what became of a start whose answer was lost: by the report, and by the applicant itself."""
        since = signup.verifying_since or time.time()
        moment = datetime.fromtimestamp(since, UTC)
        rows = await self.client.verifications.find(applicant_id=signup.applicant_id, since=moment)
        if rows:
            signup.verification_id = rows[0].verification_id
        elif time.time() - since > self.settle_after:
            applicant = await self.client.applicants.get(str(signup.applicant_id))
            if not applicant.verifications_count and applicant.verification_status in (None, "new"):
                signup.verifying_since = None  # neither knows of one: it was never started
            else:
                # Nobody pays on a guess. A callback may still tell which it is.
                await self._give_up(signup, "unclear", "KYCAID counts a verification, and its report shows none")

    async def decide(self, signup_id: str, verification: Verification) -> None:
        """Write which verification it is, and its verdict, when there is one."""
        values: dict[str, Any] = {"verification_id": verification.verification_id, "problem": ""}
        if verification.passed is not None:
            values["state"] = "passed" if verification.passed else "declined"
            values["reasons"] = [str(reason) for reason in verification.reasons]
        async with self.sessions.begin() as session:
            await session.execute(update(Signup).where(Signup.id == signup_id).values(**values))

    async def _give_up(self, signup: Signup, state: str, problem: str, reasons: Sequence[str] = ()) -> None:
        """End a sign-up without a verdict: its person sees the state and the fields at fault, its operator why."""
        await self._write(signup, state=state, problem=problem[:1000], reasons=list(reasons))
        logger.error("a sign-up is %s: python attend.py lists it", state)

    async def _write(self, signup: Signup, **values: Any) -> None:
        """Write, unless the lease ended and another worker took over: then it knows better."""
        mine = update(Signup).where(Signup.id == signup.id, Signup.worker == signup.worker)
        async with self.sessions.begin() as session:
            written = await session.execute(mine.values(**values))
        if written.rowcount != 1:  # type: ignore[attr-defined]  # of an UPDATE there is one
            raise LostClaimError

    @asynccontextmanager
    async def _claimed(self, signup_id: str) -> AsyncIterator[Signup | None]:
        """Claim a sign-up and yield it, or None where another worker has it."""
        worker, now = secrets.token_hex(16), time.time()
        free = or_(Signup.worker.is_(None), Signup.lease_until < now)
        claim = update(Signup).where(Signup.id == signup_id, free).values(worker=worker, lease_until=now + self.lease)
        mine = select(Signup).where(Signup.id == signup_id, Signup.worker == worker).options(undefer(Signup.scan))
        async with self.sessions.begin() as session:
            await session.execute(claim)
            signup = await session.scalar(mine)
        try:
            yield signup
        finally:
            async with self.sessions.begin() as session:
                release = update(Signup).where(Signup.id == signup_id, Signup.worker == worker)
                await session.execute(release.values(worker=None))
