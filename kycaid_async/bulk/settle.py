"""Whether a document exists that was sent and never answered for: the server is asked for those of the applicant."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from kycaid_async.api import applicants, documents
from kycaid_async.bulk.ledger import Intent, Ledger, RowEntry, State
from kycaid_async.bulk.line import Line, Tally
from kycaid_async.bulk.row import SIDES
from kycaid_async.errors import KycaidError, NotFoundError
from kycaid_async.transport.timing import Timing
from kycaid_async.values.converter import unstructure

Shown = dict[str, Any]
"""A document as the server shows it."""

_NOT_FOUND: Final = "not_found"
"""What the API itself says with a 404, and a proxy before it does not."""
_RESEMBLING: Final = (
    "a document of this applicant has some of its files, so it cannot be told whether this one was made. "
    "Look for it, then remove the row, or run it with on_uncertain='create'."
)
_NUMBERS: Final = ("document_number", "card_number", "account_number")
_FIRST_PAUSE: Final = 1.0
"""Seconds; each further one is twice as long."""


class SetAside(Exception):  # noqa: N818 - it is an outcome
    """Nobody can tell whether the server acted."""

    def __init__(self, reason: str, error: KycaidError | None = None, *, operation: str) -> None:
        super().__init__()
        text = f"{operation}: {reason}"
        self.error = error or KycaidError(text, operation=operation, maybe_processed=True)
        """What the user gets to see."""


@attrs.define(kw_only=True, eq=False)
class Settler:
    """Finds documents of which nobody knows whether they were made."""

    line: Line
    ledger: Ledger
    timing: Timing
    settle_after: float
    """Seconds after which a document that the server does not show is taken as not made."""
    started: float
    """When the run began, by the clock of ``timing``."""

    async def find(
        self, digest: bytes, sent: Intent, fields: Mapping[str, Any], tally: Tally, *, lost_at: float | None
    ) -> str | None:
        """Return the id of the document that was made, or None when none was. Raises `SetAside`.

        The server may be still at work on the request, whatever was lost of it. So a "no" counts only ``settle_after``
        seconds after ``lost_at``, by which it was sent; None means by the end of the run before.
        """
        sent_by = lost_at
        if sent_by is None:
            entry = await self.ledger.row(digest)
            sent_by = self.started if entry is None else self.timing.clock() - self.ledger.waited(entry)
        pause = _FIRST_PAUSE
        while True:
            left = sent_by + self.settle_after - self.timing.clock()
            found = await self._ask(digest, sent, fields, tally)
            if found is not None or left <= 0:
                return found
            await self.timing.sleep(min(pause, left))
            pause *= 2

    async def _ask(self, digest: bytes, sent: Intent, fields: Mapping[str, Any], tally: Tally) -> str | None:
        others = await self.ledger.rows_of(sent.applicant_id, besides=digest)
        claimed = {row.document_id for row in others if row.state is State.CREATED}
        shown = await self._documents(sent, claimed, tally)
        fitting = [document for document in shown if _fits(document, sent)]
        if not fitting and any(_resembles(document, sent, others) for document in shown):
            raise SetAside(_RESEMBLING, operation=documents.CREATE.name)
        return _choose(fitting, sent, fields, rivals=[row for row in others if _is_rival(row, sent)])

    async def _documents(self, sent: Intent, claimed: set[str | None], tally: Tally) -> list[Shown]:
        """Return all documents of the applicant that may be this one, each with its sides. Raises `SetAside`.

        That a document was not made can only be said by one who sees all of them, whole.
        """
        operation = applicants.GET.name
        try:
            applicant = await self.line.call(
                applicants.GET, tally, path={"applicant_id": sent.applicant_id}, query={"verification_id": None}
            )
        except KycaidError as error:
            if isinstance(error, NotFoundError) and error.type == _NOT_FOUND:
                return []
            raise SetAside("", error, operation=operation) from error
        listed = applicant.raw.get("documents")
        if not isinstance(listed, list) or not all(_has_id(document) for document in listed):
            raise SetAside("the server does not show the documents of this applicant", operation=operation)
        return [
            await self._whole(document, sent, tally)
            for document in listed
            if document["document_id"] not in claimed and document.get("type") in (None, sent.type)
        ]

    async def _whole(self, document: Shown, sent: Intent, tally: Tally) -> Shown:
        """Return a document with its type and sides, which may be left out inside an applicant."""
        if _is_whole(document, sent, SIDES):
            return document
        operation = documents.GET.name
        try:
            found = await self.line.call(documents.GET, tally, path={"document_id": document["document_id"]})
        except KycaidError as error:
            raise SetAside("", error, operation=operation) from error
        if not _is_whole(found.raw, sent, sent.file_ids):
            raise SetAside("the server does not show the files of a document of this applicant", operation=operation)
        return found.raw


def _has_id(document: object) -> bool:
    return isinstance(document, dict) and bool(document.get("document_id"))


def _is_whole(document: Shown, sent: Intent, sides: Iterable[str]) -> bool:
    """Say whether it shows its type and the files of ``sides``."""
    ids = sent.file_ids
    return document.get("type") is not None and all(
        f"{side}_id" in document or (side in ids and document.get(side) == ids[side]) for side in sides
    )


def _has_side(document: Shown, side: str, file_id: str | None) -> bool:
    """Say whether a side has this file. One of them goes by another name in the reference."""
    shown = document.get(f"{side}_id")
    return shown == file_id or (shown is None and document.get(side) == file_id)


def _fits(document: Shown, sent: Intent) -> bool:
    return document.get("type") == sent.type and all(
        _has_side(document, side, sent.file_ids.get(side)) for side in SIDES
    )


def _resembles(document: Shown, sent: Intent, others: list[RowEntry]) -> bool:
    """Say whether it has one of the files, and no other row was sent as it is."""
    has_one = any(_has_side(document, side, file_id) for side, file_id in sent.file_ids.items())
    return has_one and document.get("type") == sent.type and not any(_fits(document, row.intent) for row in others)


def _is_rival(row: RowEntry, sent: Intent) -> bool:
    """Say whether nobody knows either whether the document of ``row`` was made, which would look the same."""
    return row.state is State.SENT and row.intent == sent


def _choose(fitting: list[Shown], sent: Intent, fields: Mapping[str, Any], *, rivals: list[RowEntry]) -> str | None:
    """Return the id of the one that was made for this row, None for none. Raises `SetAside` if it cannot be told."""
    if not fitting:
        return None
    if sent.file_ids and not rivals:  # the file was uploaded for this ledger, so nobody else has made it
        return str(fitting[0]["document_id"])
    said = unstructure(dict(fields))
    same = [document for document in fitting if all(document.get(name) == value for name, value in said.items())]
    if same and any(said.get(name) for name in _NUMBERS):
        return str(same[0]["document_id"])
    raise SetAside(
        "another document of this applicant looks the same, so it cannot be told whether this one was made. "
        "Look for it, then remove the row, or run it with on_uncertain='create'.",
        operation=documents.CREATE.name,
    )
