"""Whether a document exists that was sent and never answered for: the server is asked for those of the applicant."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, Final

import attrs

from kycaid_async.api import applicants, documents
from kycaid_async.bulk.keyed_lock import KeyedLock
from kycaid_async.bulk.ledger import Intent, Ledger, RowEntry, State
from kycaid_async.bulk.likeness import Agreement, Likeness, Shown, agreement, is_of_type, is_whole, likeness
from kycaid_async.bulk.resilient_caller import ResilientCaller, Tally
from kycaid_async.bulk.workers import Stopped
from kycaid_async.errors import KycaidError, NotFoundError
from kycaid_async.transport.timing import Timing
from kycaid_async.values.converter import unstructure

_NOT_FOUND: Final = "not_found"
"""What the API itself says with a 404, and a proxy before it does not."""
_FIRST_PAUSE: Final = 1.0
"""Seconds; each further one is twice as long."""
_LONGEST_PAUSE: Final = 15.0
_FAULTS: Final = 4
"""How often a question gets no answer, while others do, before the row is set aside."""
_LOOK_FOR_IT: Final = "Look for it, then remove the row, or run it with on_uncertain='create'."
_SOME_FILES: Final = (
    "a document of this applicant has some of its files, or does not show its files, so it cannot be told whether this "
    f"one was made. {_LOOK_FOR_IT}"
)
_OTHER_FIELDS: Final = (
    "a document of this applicant has its files and says something else, so it cannot be told whether this one was "
    f"made. {_LOOK_FOR_IT}"
)
_LOOKS_THE_SAME: Final = (
    f"another document of this applicant looks the same, so it cannot be told whether this one was made. {_LOOK_FOR_IT}"
)
_NOT_ALL: Final = "the server does not show all documents of this applicant that were made, so the list proves nothing"
_NOT_YET: Final = (
    "it got no answer, the server may be still at work on it, and the run had to end. Run it again: it is asked for"
)


class Unreconciled(Exception):  # noqa: N818 - it is an outcome
    """Nobody can tell whether the server acted."""

    def __init__(self, reason: str, error: KycaidError | None = None, *, operation: str, code: str = "") -> None:
        super().__init__()
        self.code = code
        """What the ledger keeps of it."""
        text = f"{operation}: {reason}"
        self.error = error or KycaidError(text, operation=operation, maybe_processed=True)
        """What the user gets to see."""


@attrs.frozen(kw_only=True)
class Doubt:
    """A document of which nobody knows whether it was made."""

    digest: bytes
    """Of its row."""
    intent: Intent
    fields: Mapping[str, Any]
    """What was sent beside its files, as far as that is known still."""
    applicant_was_made: bool
    """True when the applicant certainly exists."""


@attrs.define(kw_only=True, eq=False)
class Reconciler:
    """Finds documents of which nobody knows whether they were made."""

    caller: ResilientCaller
    ledger: Ledger
    locks: KeyedLock
    timing: Timing
    settle_after: float
    """Seconds after which a document that the server does not show is taken as not made."""

    async def find(self, doubt: Doubt, tally: Tally, *, since: float, locked: bool) -> str | None:
        """Return the id of the document that was made, and is recorded then; None when none was made.

        The server may be still at work on the request, whatever was lost of it. So a "no" counts only ``settle_after``
        seconds after ``since``, by which it was sent; and until then, what cannot be told is asked again. ``locked``
        says that the caller holds the lock of `key_of`, in which documents that look the same are created. Raises
        `Unreconciled`.
        """
        try:
            return await self._find(doubt, tally, since=since, locked=locked)
        except Stopped as stop:
            if stop.error is not None:
                raise
            raise Unreconciled(_NOT_YET, operation=documents.CREATE.name) from None

    async def _find(self, doubt: Doubt, tally: Tally, *, since: float, locked: bool) -> str | None:
        pause, faults, answers = _FIRST_PAUSE, 0, self.caller.answers
        while True:
            left = since + self.settle_after - self.timing.clock()
            try:
                async with nullcontext() if locked else self.locks.of(key_of(doubt.intent)):
                    made = await self._look(doubt, tally)
                if made is not None or left <= 0:
                    return made
            except Unreconciled as unclear:
                faults += unclear.error.retryable
                is_fault_of_all = faults <= _FAULTS or self.caller.answers == answers
                if left <= 0 and not (unclear.error.retryable and is_fault_of_all):
                    raise
            await self.caller.rest(min(pause, left) if left > 0 else pause)
            pause = min(_LONGEST_PAUSE, pause * 2)

    async def _look(self, doubt: Doubt, tally: Tally) -> str | None:
        """Ask once. The ledger is read after the server was, so that no document in it is taken for one of nobody's."""
        intent = doubt.intent
        before = await self.ledger.rows_of(intent.applicant_id, besides=doubt.digest)
        listed = await self._listed(doubt, tally)
        others = await self.ledger.rows_of(intent.applicant_id, besides=doubt.digest)
        if not _created(before) <= {document["document_id"] for document in listed}:
            raise Unreconciled(_NOT_ALL, operation=applicants.GET.name)
        claimed = _created(others)
        shown = [
            await self._whole(document, intent, tally)
            for document in listed
            if document["document_id"] not in claimed and is_of_type(document, intent)
        ]
        document_id = _choose(shown, doubt, others, files_known=not self.ledger.may_have_gaps)
        if document_id is not None and not await self.ledger.claim_row(doubt.digest, document_id):
            raise Unreconciled(_LOOKS_THE_SAME, operation=documents.CREATE.name)
        return document_id

    async def _listed(self, doubt: Doubt, tally: Tally) -> list[Shown]:
        """Return all documents of the applicant. Raises `Unreconciled`.

        That a document was not made can only be said by one who sees all of them, whole.
        """
        operation, applicant_id = applicants.GET.name, doubt.intent.applicant_id
        try:
            applicant = await self.caller.call(
                applicants.GET, tally, path={"applicant_id": applicant_id}, query={"verification_id": None}
            )
        except KycaidError as error:
            if isinstance(error, NotFoundError) and error.type == _NOT_FOUND and not doubt.applicant_was_made:
                return []
            raise Unreconciled("", error, operation=operation) from error
        listed = applicant.raw.get("documents")
        if not isinstance(listed, list) or not all(_has_id(document) for document in listed):
            raise Unreconciled("the server does not show the documents of this applicant", operation=operation)
        return listed

    async def _whole(self, document: Shown, intent: Intent, tally: Tally) -> Shown:
        """Return a document with its type and sides, which may be left out inside an applicant."""
        if is_whole(document, intent):
            return document
        try:
            found = await self.caller.call(documents.GET, tally, path={"document_id": document["document_id"]})
        except KycaidError as error:
            raise Unreconciled("", error, operation=documents.GET.name) from error
        return {**document, **{name: value for name, value in found.raw.items() if value is not None}}


def key_of(intent: Intent) -> tuple[str, str]:
    """Return the key of the lock in which all documents are created that the server shows alike."""
    return intent.applicant_id, intent.as_text()


def _has_id(document: object) -> bool:
    return isinstance(document, dict) and isinstance(document.get("document_id"), str) and document["document_id"] != ""


def _created(rows: list[RowEntry]) -> set[str]:
    return {row.document_id for row in rows if row.state is State.CREATED and row.document_id is not None}


def _choose(shown: list[Shown], doubt: Doubt, others: list[RowEntry], *, files_known: bool) -> str | None:
    """Return the id of the one that was made for this row, None for none. Raises `Unreconciled`.

    When it is not known for sure which ids its files had, another document of its type may be it.
    """
    intent, operation = doubt.intent, documents.CREATE.name
    fitting = [document for document in shown if likeness(document, intent) is Likeness.SAME]
    if not fitting and not files_known:
        fitting = shown
    if not fitting:
        if any(likeness(d, intent) is Likeness.UNCLEAR and not _is_of(d, others) for d in shown):
            raise Unreconciled(_SOME_FILES, operation=operation)
        return None
    fields = unstructure(dict(doubt.fields))
    found = {document["document_id"]: agreement(document, fields) for document in fitting}
    proven = [document_id for document_id, agrees in found.items() if agrees is Agreement.PROVEN]
    if proven:
        return str(proven[0])
    possible = [document_id for document_id, agrees in found.items() if agrees is Agreement.POSSIBLE]
    if not possible:
        raise Unreconciled(_OTHER_FIELDS, operation=operation)
    if files_known and intent.file_ids and not any(row.state is State.SENT and row.intent == intent for row in others):
        return str(possible[0])  # its files were uploaded for this ledger, so nobody else has made it
    raise Unreconciled(_LOOKS_THE_SAME, operation=operation)


def _is_of(document: Shown, others: list[RowEntry]) -> bool:
    """Say whether another row was sent as this document is."""
    return any(likeness(document, row.intent) is Likeness.SAME for row in others)
