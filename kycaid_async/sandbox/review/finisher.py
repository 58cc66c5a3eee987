"""The finisher: ends verifications whose time has come and whose documents are reviewed."""

from collections.abc import Callable, Collection
from datetime import UTC, date

import attrs

from kycaid_async.api.documents.fields import DocumentStatus
from kycaid_async.api.verifications.fields import VerificationProgress
from kycaid_async.sandbox.callbacks import messages
from kycaid_async.sandbox.events.effects import Kept
from kycaid_async.sandbox.review import decision
from kycaid_async.sandbox.review.reviewer import Reviewer
from kycaid_async.sandbox.rules.outcome import Outcome
from kycaid_async.sandbox.rules.rules import Case, RuleFailed, judge
from kycaid_async.sandbox.rules.verdict import Checks, checks_of, is_passed
from kycaid_async.sandbox.state import State
from kycaid_async.sandbox.storage import callbacks as outbox
from kycaid_async.sandbox.storage import verifications as runs
from kycaid_async.sandbox.storage.database import Row, Transaction

_PENDING = VerificationProgress.PENDING.value
_RUNNING = "SELECT * FROM verifications WHERE status = ? AND outcome IS NOT 'pending'"
"""Those that a person decides about are no business of the finisher."""


@attrs.frozen
class Finisher:
    """Ends verifications ``review_after`` seconds after they began, and not before their documents are reviewed."""

    _state: State
    _reviewer: Reviewer

    async def settle(self, ids: Collection[str] | None, tell: Callable[[list[Kept]], None]) -> None:
        """End what is due: everything, or what has these ids or applicants. ``tell`` gets what to say of each."""
        before = self._reviewed_until()
        due = await self._state.look(lambda rows: [row for row in _pending(rows, ids) if row["started_at"] <= before])
        for row in due:
            await self._finish(row["id"], tell)

    async def pending(self) -> list[str]:
        """Return the ids of all verifications that run."""
        return await self._state.run(lambda rows: [row["id"] for row in _pending(rows, None)])

    async def remaining(self, verification_id: str) -> float | None:
        """Return the seconds until a verification can end; None for one that does not run, or waits for a person."""
        latest = await self._state.run(lambda rows: _latest_change(rows, verification_id))
        return None if latest is None else latest - self._reviewed_until()

    def _reviewed_until(self) -> float:
        return self._state.clock().timestamp() - self._state.settings.review_after

    async def _finish(self, verification_id: str, tell: Callable[[list[Kept]], None]) -> None:
        documents = await self._state.run(lambda rows: runs.documents_of(rows, verification_id))
        await self._reviewer.settle([document["id"] for document in documents])
        # With the commit: what is ended and not told is not told before the next start.
        await self._state.run(lambda rows: self._conclude(rows, verification_id), then=tell)

    def _conclude(self, rows: Transaction, verification_id: str) -> list[Kept]:
        row = rows.find("verifications", verification_id)
        # Somebody else may have ended it, left it to a person, or changed a document meanwhile.
        if row is None or row["status"] != _PENDING or row["outcome"] == "pending" or _waits_for(rows, row):
            return []
        now = self._state.clock().astimezone(UTC)
        if row["outcome"] is not None:
            done = decision.conclude(rows, row, Outcome.parse(row["outcome"]), None, now)
        else:
            try:
                checks = self._checks(rows, row, now.date())
            except RuleFailed:
                rows.change("verifications", row["id"], outcome="pending")
                return []
            done = runs.finish(rows, row["id"], verified=is_passed(checks), checks=checks, moment=now)
        return outbox.put(rows, messages.completed(done), self._state.settings.callback_url)

    def _checks(self, rows: Transaction, row: Row, today: date) -> Checks:
        settings = self._state.settings
        applicant = rows.find("applicants", row["applicant_id"])
        owner = applicant["body"] if applicant else {}
        case = Case(owner=owner, refused_countries=settings.refused_countries, today=today)
        reviewed = [(document["type"], document["reasons"]) for document in runs.documents_of(rows, row["id"])]
        return checks_of(judge(settings.rules, case, "applicant"), reviewed, row["types"])


def _pending(rows: Transaction, ids: Collection[str] | None) -> list[Row]:
    if ids is None:
        return rows.rows(f"{_RUNNING} ORDER BY seq", _PENDING)
    found = f"{_RUNNING} AND ? IN (id, applicant_id)"
    return [row for id_ in ids for row in rows.rows(found, _PENDING, id_)]


def _waits_for(rows: Transaction, row: Row) -> list[Row]:
    """Return the documents whose review a verification waits for."""
    if row["outcome"] is not None:
        return []
    return [document for document in runs.documents_of(rows, row["id"]) if document["status"] == DocumentStatus.NEW]


def _latest_change(rows: Transaction, verification_id: str) -> float | None:
    """Return when a running verification, or a document that it waits for, began or changed last."""
    row = rows.find("verifications", verification_id)
    if row is None or row["status"] != _PENDING:
        return None
    waiting = _waits_for(rows, row)
    if any(thing["outcome"] == "pending" for thing in (row, *waiting)):
        return None
    return float(max([row["started_at"], *(document["changed_at"] for document in waiting)]))
