"""Reviews of documents that are due, just before they are read."""

import functools
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date
from pathlib import Path
from typing import Any

import attrs
from anyio import to_thread

from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.review.content import look_at
from kycaid_async.sandbox.rules.rules import IDENTITY, SELFIES, Case, Rule, RuleFailed, faces_in, judge
from kycaid_async.sandbox.rules.verdict import ReviewOutcome, verdict_columns
from kycaid_async.sandbox.state import SandboxState
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork
from kycaid_async.values.decline_reasons import DeclineReason


@attrs.frozen(eq=False, repr=False)
class _DueReview(ValueObject):
    """A document to review, with its files."""

    document: Row
    case: Case
    files: tuple[tuple[Path, str], ...]
    """Each with the name that the client gave it."""


@attrs.frozen(eq=False, repr=False)
class Reviewer(ValueObject):
    """Reviews documents ``review_after`` seconds after they were created or last changed."""

    _state: SandboxState

    async def review_due(self, ids: Collection[str]) -> None:
        """Review what is due of the documents with these ids, and of those that belong to these owners."""
        now = self._state.clock().astimezone(UTC)
        before = now.timestamp() - self._state.settings.review_after
        due = await self._state.look(
            lambda unit: [self._gather(unit, row, now.date()) for id_ in ids for row in unit.documents.due(id_, before)]
        )
        for review in due:
            columns = await self._columns(review)
            await self._state.run(functools.partial(_conclude, document=review.document, columns=columns))

    async def _columns(self, review: _DueReview) -> dict[str, Any]:
        """Return what a review changes of a document."""
        if review.document["outcome"] is not None:
            return verdict_columns(ReviewOutcome.parse(review.document["outcome"]))
        try:
            rules, decoding = self._state.settings.rules, self._state.decoding
            reasons = await to_thread.run_sync(_judge, review, rules, limiter=decoding)
        except RuleFailed:
            return {"outcome": "pending"}
        return verdict_columns(ReviewOutcome("decline" if reasons else "approve", tuple(reasons)))

    def _gather(self, unit: UnitOfWork, document: Row, today: date) -> _DueReview:
        owner = unit.applicants.find(document["owner"])
        files = unit.documents.files_of(document["id"])
        case = Case(
            type=document["type"],
            fields=document["body"],
            owner=owner["body"] if owner else {},
            faces=_faces(unit, document),
            number_is_taken=unit.documents.is_number_taken(document),
            content_is_taken=any(unit.documents.is_content_taken(document, file["sha256"]) for file in files),
            refused_countries=self._state.settings.refused_countries,
            today=today,
        )
        folder = self._state.folder
        return _DueReview(document, case, tuple((folder / file["stored_as"], file["name"]) for file in files))


def _faces(unit: UnitOfWork, document: Row) -> frozenset[str]:
    """Return the faces on the owner's identity documents, for a document that shows a face too."""
    if document["type"] not in SELFIES:
        return frozenset()
    return faces_in(unit.documents.file_names_of(document["owner"], IDENTITY))


def _judge(review: _DueReview, rules: Sequence[Rule]) -> list[DeclineReason]:
    return judge(rules, attrs.evolve(review.case, files=tuple(look_at(path, name) for path, name in review.files)))


def _conclude(unit: UnitOfWork, document: Row, columns: Mapping[str, Any]) -> None:
    current = unit.documents.find(document["id"])
    # Whoever changed or deleted the document meanwhile made this review void.
    if current is not None and current["version"] == document["version"]:
        unit.documents.change(document["id"], **columns)
