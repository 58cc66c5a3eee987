"""Whether a document exists that was sent and never answered for: the server is asked for those of the applicant."""

from collections.abc import Mapping
from typing import Any, Final

import attrs

from kycaid_async.api import applicants, documents
from kycaid_async.api.documents import Document
from kycaid_async.bulk.ledger import Ledger, RowEntry, Sent, State
from kycaid_async.bulk.line import Line, Tally
from kycaid_async.bulk.row import SIDES
from kycaid_async.errors import KycaidError, NotFoundError
from kycaid_async.transport.timing import Timing

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
        self, digest: bytes, sent: Sent, fields: Mapping[str, Any], tally: Tally, *, lost_at: float | None
    ) -> str | None:
        """Return the id of the document that was made, or None when none was. Raises `SetAside`.

        The server may be still at work on the request, whatever was lost of it. So a "no" counts only ``settle_after``
        seconds after ``lost_at``, by which it was sent; None means by the end of the run before.
        """
        sent_by = self.started - self.ledger.idle if lost_at is None else lost_at
        pause = _FIRST_PAUSE
        while True:
            left = sent_by + self.settle_after - self.timing.clock()
            found = await self._ask(digest, sent, fields, tally)
            if found is not None or left <= 0:
                return found
            await self.timing.sleep(min(pause, left))
            pause *= 2

    async def _ask(self, digest: bytes, sent: Sent, fields: Mapping[str, Any], tally: Tally) -> str | None:
        shown = await self._documents(sent, tally)
        others = [row for row in await self.ledger.rows_of(sent.applicant_id) if row.digest != digest]
        claimed = {row.document_id for row in others if row.state is State.CREATED}
        fitting = [document for document in shown if document.document_id not in claimed and _fits(document, sent)]
        return _choose(fitting, sent, fields, rivals=[row for row in others if _is_rival(row, sent)])

    async def _documents(self, sent: Sent, tally: Tally) -> list[Document]:
        """Return the applicant's documents of this type, each with its sides."""
        try:
            applicant = await self.line.call(
                applicants.GET, tally, path={"applicant_id": sent.applicant_id}, query={"verification_id": None}
            )
        except NotFoundError:
            return []
        except KycaidError as error:
            raise SetAside("", error, operation=applicants.GET.name) from error
        if applicant.documents is None or "documents" in applicant.extra:
            raise SetAside("the server does not show the documents of this applicant", operation=applicants.GET.name)
        candidates = [document for document in applicant.documents if document.type in (None, sent.type)]
        return [await self._whole(document, tally) for document in candidates]

    async def _whole(self, document: Document, tally: Tally) -> Document:
        """Return a document with its type and sides, which may be left out inside an applicant."""
        if {"type", *(f"{side}_id" for side in SIDES)} <= document.raw.keys() or document.document_id is None:
            return document
        try:
            return await self.line.call(documents.GET, tally, path={"document_id": document.document_id})
        except NotFoundError:
            return document  # removed meanwhile
        except KycaidError as error:
            raise SetAside("", error, operation=documents.GET.name) from error


def _fits(document: Document, sent: Sent) -> bool:
    sides = {side: getattr(document, f"{side}_id") for side in SIDES}
    return document.type == sent.type and all(sides[side] == sent.file_ids.get(side) for side in SIDES)


def _is_rival(row: RowEntry, sent: Sent) -> bool:
    """Say whether nobody knows either whether the document of ``row`` was made, which would look the same."""
    return row.state is State.SENT and row.sent == sent


def _choose(fitting: list[Document], sent: Sent, fields: Mapping[str, Any], *, rivals: list[RowEntry]) -> str | None:
    """Return the id of the one that was made for this row, None for none. Raises `SetAside` if it cannot be told."""
    if not fitting:
        return None
    if sent.file_ids and not rivals:  # the file was uploaded for this ledger, so nobody else has made it
        return fitting[0].document_id
    numbers = {name: str(fields[name]) for name in _NUMBERS if fields.get(name)}
    same = [document for document in fitting if all(getattr(document, n) == value for n, value in numbers.items())]
    if numbers and same:
        return same[0].document_id
    raise SetAside(
        "another document of this applicant looks the same, so it cannot be told whether this one was made. "
        "Look for it, then remove the row, or run it with on_uncertain='create'.",
        operation=documents.CREATE.name,
    )
