"""Work after an operation: callbacks are sent, and verifications end, by themselves or as a person decides."""

import asyncio
import math
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime
from typing import Final

import attrs

from kycaid_async.api.documents.fields import DocumentStatus
from kycaid_async.api.verifications.fields import VerificationProgress
from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.callbacks.dispatcher import CallbackDispatcher
from kycaid_async.sandbox.events.feed import Callback, Effects, QueuedCallback
from kycaid_async.sandbox.events.tasks import Sleep, Tasks
from kycaid_async.sandbox.review.reviewer import Reviewer
from kycaid_async.sandbox.rules.rules import Case, RuleFailed, judge
from kycaid_async.sandbox.rules.verdict import Checks, ReviewOutcome, checks_for, checks_of, is_passed, verdict_columns
from kycaid_async.sandbox.state import SandboxState
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork

_PATIENCE: Final = 2.0
"""Seconds between two looks at whether callbacks that are under way can arrive at all."""
_PENDING: Final = VerificationProgress.PENDING.value


@attrs.frozen(eq=False, repr=False)
class Finisher(ValueObject):
    """Ends verifications ``review_after`` seconds after they began, and not before their documents are reviewed."""

    _state: SandboxState
    _reviewer: Reviewer
    _completed: Callable[[UnitOfWork, Row], Callback]
    """Makes the callback about a verification that ended."""

    async def finish_due(self, ids: Collection[str] | None, send: Callable[[list[QueuedCallback]], None]) -> None:
        """End what is due: everything, or what has these ids or applicants. ``send`` gets the callbacks of each."""
        before = self._reviewed_until()
        for row in await self._state.look(lambda unit: unit.verifications.running(ids, before)):
            await self._finish(row["id"], send)

    async def review(self, owners: Collection[str]) -> None:
        """Review what is due of the documents of these owners."""
        await self._reviewer.review_due(owners)

    async def running(self) -> list[str]:
        """Return the ids of all verifications that run."""
        return await self._state.run(lambda unit: [row["id"] for row in unit.verifications.running(None)])

    async def remaining(self, verification_id: str) -> float | None:
        """Return the seconds until a verification can end; None for one that does not run, or waits for a person."""
        latest = await self._state.run(lambda unit: _latest_change(unit, verification_id))
        return None if latest is None else latest - self._reviewed_until()

    def _reviewed_until(self) -> float:
        return self._state.clock().timestamp() - self._state.settings.review_after

    async def _finish(self, verification_id: str, send: Callable[[list[QueuedCallback]], None]) -> None:
        documents = await self._state.run(lambda unit: unit.verifications.documents_of(verification_id))
        await self._reviewer.review_due([document["id"] for document in documents])
        # With the commit: a callback that is not sent now is not sent before the next start.
        await self._state.run(lambda unit: self._conclude(unit, verification_id), then=send)

    def _conclude(self, unit: UnitOfWork, verification_id: str) -> list[QueuedCallback]:
        row = unit.verifications.find(verification_id)
        # Somebody else may have ended it, left it to a person, or changed a document meanwhile.
        if row is None or row["status"] != _PENDING or row["outcome"] == "pending" or _unreviewed(unit, row):
            return []
        now = self._state.clock().astimezone(UTC)
        if row["outcome"] is not None:
            completed = conclude(unit, row, ReviewOutcome.parse(row["outcome"]), None, now)
        else:
            try:
                checks = self._checks(unit, row, now.date())
            except RuleFailed:
                unit.verifications.change(row["id"], outcome="pending")
                return []
            completed = unit.verifications.finish(row["id"], verified=is_passed(checks), checks=checks, moment=now)
        return self._announce(unit, completed)

    def decide(self, unit: UnitOfWork, id_: str, outcome: ReviewOutcome, comment: str | None) -> Effects:
        """Decide about the document or the verification with this id, and return the effects.

        Raises `KeyError`, and `ValueError` for a form that nobody completed.
        """
        document = unit.documents.find(id_)
        if document is not None:
            _set_verdict(unit, document, outcome, comment)
            # Those that only waited for it can end now.
            return Effects(started=unit.verifications.of_document(id_))
        verification = unit.verifications.find(id_)
        if verification is None:
            raise KeyError(id_)
        if verification["status"] == VerificationProgress.UNUSED:
            raise ValueError("nobody completed the form of this verification yet")
        for part in unit.verifications.documents_of(id_):
            if part["status"] == DocumentStatus.NEW and part["outcome"] == "pending":
                _set_verdict(unit, part, outcome, comment)
        return Effects(self._announce(unit, conclude(unit, verification, outcome, comment, self._state.clock())))

    def _announce(self, unit: UnitOfWork, ended: Row) -> list[QueuedCallback]:
        return unit.callbacks.put(self._completed(unit, ended), self._state.callback_url)

    def _checks(self, unit: UnitOfWork, row: Row, today: date) -> Checks:
        settings = self._state.settings
        applicant = unit.applicants.find(row["applicant_id"])
        owner = applicant["body"] if applicant else {}
        case = Case(owner=owner, refused_countries=settings.refused_countries, today=today)
        documents = unit.verifications.documents_of(row["id"])
        reviewed = [(document["type"], document["reasons"]) for document in documents]
        return checks_of(judge(settings.rules, case, "applicant"), reviewed, row["types"])


def _unreviewed(unit: UnitOfWork, row: Row) -> list[Row]:
    """Return the documents whose review a verification waits for."""
    if row["outcome"] is not None:
        return []
    documents = unit.verifications.documents_of(row["id"])
    return [document for document in documents if document["status"] == DocumentStatus.NEW]


def _latest_change(unit: UnitOfWork, verification_id: str) -> float | None:
    """Return when a running verification, or a document that it waits for, began or changed last."""
    row = unit.verifications.find(verification_id)
    if row is None or row["status"] != _PENDING:
        return None
    unreviewed = _unreviewed(unit, row)
    if any(thing["outcome"] == "pending" for thing in (row, *unreviewed)):
        return None
    return float(max([row["started_at"], *(document["changed_at"] for document in unreviewed)]))


def conclude(unit: UnitOfWork, verification: Row, outcome: ReviewOutcome, comment: str | None, moment: datetime) -> Row:
    """End a verification with this outcome, whatever the rules say, and return it."""
    kinds = [document["type"] for document in unit.verifications.documents_of(verification["id"])]
    checks = checks_for(outcome.reasons, kinds, comment, verification["types"])
    verified = not outcome.reasons
    return unit.verifications.finish(
        verification["id"], verified=verified, checks=checks, moment=moment, comment=comment
    )


def _set_verdict(unit: UnitOfWork, document: Row, outcome: ReviewOutcome, comment: str | None) -> None:
    # With a new version, so that a review that is under way is void.
    version = document["version"] + 1
    unit.documents.change(document["id"], comment=comment, version=version, **verdict_columns(outcome))


@attrs.frozen(eq=False, repr=False)
class BackgroundWork(ValueObject):
    """Carries out the effects of operations."""

    dispatcher: CallbackDispatcher
    finisher: Finisher
    _sleep: Sleep
    _timers: Tasks = attrs.field(factory=Tasks)
    _reviews: Tasks = attrs.field(factory=Tasks)
    _finishing: "set[asyncio.Future[None]]" = attrs.field(factory=set)

    def carry_out(self, effects: Effects) -> None:
        """Begin what an operation sets off."""
        self.dispatcher.send(effects.callbacks)
        for verification_id in effects.started:
            self._timers.start(self._wait_for(verification_id))

    async def resume(self) -> None:
        """Wait for the verifications that ran when the sandbox was stopped, and deliver what was still to be."""
        await self.dispatcher.resume()
        self.carry_out(Effects(started=await self.finisher.running()))

    async def finish_due(self, ids: Collection[str] | None = None) -> None:
        """End the verifications that are due now: all, or those with these ids or applicants."""
        done = asyncio.get_running_loop().create_future()
        self._finishing.add(done)
        try:
            await self.finisher.finish_due(ids, self.dispatcher.send)
        finally:
            self._finishing.discard(done)
            done.set_result(None)

    async def settle(self) -> None:
        """Wait until no verification is due, none is being ended, and no callback is under way."""
        await self.finish_due()
        while self._finishing or not self.dispatcher.is_idle:
            if self._finishing:
                await asyncio.wait(self._finishing)
            await self.dispatcher.idle()
            await self.finish_due()

    async def settle_unless_hopeless(self) -> bool:
        """Settle and return True, or False as soon as every callback that is under way failed twice."""
        settling = asyncio.ensure_future(self.settle())
        try:
            while True:
                done, _ = await asyncio.wait([settling], timeout=_PATIENCE)
                if done:
                    await settling
                    return True
                if self.dispatcher.is_hopeless and not self._finishing:
                    return False
        finally:
            settling.cancel()
            await asyncio.wait([settling])

    def review_soon(self, owners: Collection[str]) -> None:
        """Review the documents of these owners in the background, unless others are being reviewed so already."""
        if owners and not self._reviews:
            self._reviews.start(self.finisher.review(owners))

    async def forget(self) -> None:
        """Stop waiting, and drop what is under way, callbacks too."""
        await self._reviews.cancel()
        await self._timers.cancel()
        await self.dispatcher.forget()

    async def close(self) -> None:
        """Stop waiting. Callbacks that are under way are left for the next start."""
        await self._reviews.close()
        await self._timers.close()
        await self.dispatcher.close()

    async def _wait_for(self, verification_id: str) -> None:
        while (seconds := await self.finisher.remaining(verification_id)) is not None:
            if seconds > 0:
                # Rounded up: a clock of microseconds would stand still before the last fraction of one.
                await self._sleep(math.ceil(seconds * 1000) / 1000)
            await self.finish_due([verification_id])
