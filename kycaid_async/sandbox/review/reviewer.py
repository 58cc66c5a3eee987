"""The reviewer: looks at the documents that are due, just before they are read."""

import functools
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date
from pathlib import Path
from typing import Any, Final

import attrs
from anyio import to_thread

from kycaid_async.api.documents.fields import DocumentStatus
from kycaid_async.sandbox.review.content import look_at
from kycaid_async.sandbox.rules.outcome import Outcome
from kycaid_async.sandbox.rules.rules import IDENTITY, SELFIES, Case, Rule, RuleFailed, faces_in, judge
from kycaid_async.sandbox.state import State
from kycaid_async.sandbox.storage.database import Row, Transaction
from kycaid_async.values.decline_reasons import DeclineReason

_SHOWING_A_PERSON: Final = tuple(kind.value for kind in sorted(IDENTITY | SELFIES))


@attrs.frozen
class _Due:
    """A document to review, with its files."""

    document: Row
    case: Case
    files: tuple[tuple[Path, str], ...]
    """Each with the name that the client gave it."""


@attrs.frozen
class Reviewer:
    """Reviews documents ``review_after`` seconds after they were created or last changed."""

    _state: State

    async def settle(self, ids: Collection[str]) -> None:
        """Review what is due of the documents with these ids, and of those that belong to these owners."""
        now = self._state.clock().astimezone(UTC)
        before = now.timestamp() - self._state.settings.review_after
        due = await self._state.look(
            lambda rows: [self._gather(rows, row, now.date()) for id_ in ids for row in _due(rows, id_, before)]
        )
        for item in due:
            verdict = await self._verdict(item)
            await self._state.run(functools.partial(_conclude, document=item.document, verdict=verdict))

    async def _verdict(self, item: _Due) -> dict[str, Any]:
        """Return what a review changes of a document."""
        if item.document["outcome"] is not None:
            return _verdict_for(Outcome.parse(item.document["outcome"]).reasons)
        try:
            reasons = await to_thread.run_sync(_review, item, self._state.settings.rules, limiter=self._state.decoding)
        except RuleFailed:
            return {"outcome": "pending"}
        return _verdict_for(reasons)

    def _gather(self, rows: Transaction, document: Row, today: date) -> _Due:
        owner = rows.find("applicants", document["owner"])
        files = rows.rows(
            "SELECT DISTINCT stored_as, name, sha256 FROM files JOIN attachments ON file_id = id WHERE document_id = ?",
            document["id"],
        )
        case = Case(
            type=document["type"],
            fields=document["body"],
            owner=owner["body"] if owner else {},
            faces=_faces(rows, document),
            number_is_taken=_number_is_taken(rows, document),
            content_is_taken=any(_content_is_taken(rows, document, file["sha256"]) for file in files),
            refused_countries=self._state.settings.refused_countries,
            today=today,
        )
        return _Due(document, case, tuple((self._state.folder / file["stored_as"], file["name"]) for file in files))


def _due(rows: Transaction, id_: str, before: float) -> list[Row]:
    return rows.rows(
        "SELECT * FROM documents WHERE (id = ? OR owner = ?) AND status = ? AND changed_at <= ? "
        "AND outcome IS NOT 'pending' ORDER BY seq",
        id_,
        id_,
        DocumentStatus.NEW.value,
        before,
    )


def _number_is_taken(rows: Transaction, document: Row) -> bool:
    """Say whether one of the numbers is another owner's.

    A number is that of the oldest accepted document, or else of the oldest: of two documents with one number the
    later one is the duplicate, whichever is read first.
    """
    holders = (
        holder
        for column in ("document_number", "card_number")
        for holder in rows.rows(
            f"SELECT owner FROM documents WHERE {column} = ? ORDER BY status = ? DESC, seq LIMIT 1",  # noqa: S608
            document[column],
            DocumentStatus.VALID.value,
        )
    )
    return any(holder["owner"] != document["owner"] for holder in holders)


def _content_is_taken(rows: Transaction, document: Row, sha256: str) -> bool:
    """Say whether the content of a file is another owner's, by the same rule as a number.

    Only documents that show a person count: two people may have the same bill.
    """
    holders = rows.rows(
        "SELECT owner FROM files f JOIN attachments ON file_id = f.id JOIN documents d ON d.id = document_id "  # noqa: S608
        f"WHERE sha256 = ? AND d.type IN ({', '.join('?' * len(_SHOWING_A_PERSON))}) "
        "ORDER BY d.status = ? DESC, d.seq LIMIT 1",
        sha256,
        *_SHOWING_A_PERSON,
        DocumentStatus.VALID.value,
    )
    return any(holder["owner"] != document["owner"] for holder in holders)


def _faces(rows: Transaction, document: Row) -> frozenset[str]:
    """Return the faces on the owner's identity documents, for a document that shows a face too."""
    if document["type"] not in SELFIES:
        return frozenset()
    files = rows.rows(
        "SELECT f.name, d.type FROM documents d JOIN attachments ON document_id = d.id JOIN files f ON f.id = file_id "
        "WHERE d.owner = ? AND d.current",
        document["owner"],
    )
    return faces_in(file["name"] for file in files if file["type"] in IDENTITY)


def _review(item: _Due, rules: Sequence[Rule]) -> list[DeclineReason]:
    return judge(rules, attrs.evolve(item.case, files=tuple(look_at(path, name) for path, name in item.files)))


def _verdict_for(reasons: Sequence[DeclineReason]) -> dict[str, Any]:
    status = DocumentStatus.INVALID if reasons else DocumentStatus.VALID
    return {"status": status.value, "reasons": [reason.value for reason in reasons]}


def _conclude(rows: Transaction, document: Row, verdict: Mapping[str, Any]) -> None:
    current = rows.find("documents", document["id"])
    # Who changed or deleted it meanwhile made this review void.
    if current is None or current["version"] != document["version"]:
        return
    rows.change("documents", document["id"], **verdict)
