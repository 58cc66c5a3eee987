"""The finisher: ends verifications whose time has come and whose documents are reviewed."""

from collections.abc import Callable, Collection
from datetime import UTC

import attrs

from kycaid_async.api.document_words import DocumentStatus
from kycaid_async.api.verification_models import VerificationProgress
from kycaid_async.sandbox import messages, runs
from kycaid_async.sandbox.effects import Callback
from kycaid_async.sandbox.review.reviewer import Reviewer
from kycaid_async.sandbox.review.verdict import checks_of, is_passed
from kycaid_async.sandbox.state import State
from kycaid_async.sandbox.store import Row, Transaction

_PENDING = VerificationProgress.PENDING.value


@attrs.frozen
class Finisher:
    """Ends verifications ``review_after`` seconds after they began, and not before their documents are reviewed."""

    _state: State
    _reviewer: Reviewer
    _review_after: float

    async def settle(self, ids: Collection[str] | None, tell: Callable[[list[Callback]], None]) -> None:
        """End what is due: everything, or what has these ids or applicants. ``tell`` gets what to say of each."""
        before = self._reviewed_until()
        due = await self._state.look(lambda rows: [row for row in _pending(rows, ids) if row["started_at"] <= before])
        for row in due:
            # At once: what is ended and not told is never told, whatever happens to the next one.
            tell(await self._finish(row["id"]))

    async def pending(self) -> list[str]:
        """Return the ids of all verifications that run."""
        return await self._state.run(lambda rows: [row["id"] for row in _pending(rows, None)])

    async def remaining(self, verification_id: str) -> float | None:
        """Return the seconds until a verification can end; None for one that does not run."""
        latest = await self._state.run(lambda rows: _latest_change(rows, verification_id))
        return None if latest is None else latest - self._reviewed_until()

    def _reviewed_until(self) -> float:
        return self._state.clock().timestamp() - self._review_after

    async def _finish(self, verification_id: str) -> list[Callback]:
        documents = await self._state.run(lambda rows: runs.documents_of(rows, verification_id))
        await self._reviewer.settle([document["id"] for document in documents])
        return await self._state.run(lambda rows: self._conclude(rows, verification_id))

    def _conclude(self, rows: Transaction, verification_id: str) -> list[Callback]:
        row, documents = rows.find("verifications", verification_id), runs.documents_of(rows, verification_id)
        # Somebody else may have ended it, or changed a document, meanwhile.
        if row is None or row["status"] != _PENDING or any(d["status"] == DocumentStatus.NEW for d in documents):
            return []
        applicant = rows.find("applicants", row["applicant_id"])
        reviewed = [(document["type"], document["reasons"]) for document in documents]
        now = self._state.clock().astimezone(UTC)
        checks = checks_of(applicant["body"] if applicant else {}, reviewed, now.date())
        done = runs.finish(rows, row["id"], verified=is_passed(checks), checks=checks, moment=now)
        return [messages.completed(done)]


def _pending(rows: Transaction, ids: Collection[str] | None) -> list[Row]:
    if ids is None:
        return rows.rows("SELECT * FROM verifications WHERE status = ? ORDER BY seq", _PENDING)
    found = "SELECT * FROM verifications WHERE status = ? AND ? IN (id, applicant_id)"
    return [row for id_ in ids for row in rows.rows(found, _PENDING, id_)]


def _latest_change(rows: Transaction, verification_id: str) -> float | None:
    """Return when a running verification, or a document that it waits for, began or changed last."""
    row = rows.find("verifications", verification_id)
    if row is None or row["status"] != _PENDING:
        return None
    waiting = [d["changed_at"] for d in runs.documents_of(rows, row["id"]) if d["status"] == DocumentStatus.NEW]
    return float(max([row["started_at"], *waiting]))
