"""Evidence: what the server shows of an applicant's documents, and what follows from it for a row that was sent.

One piece of code for the upload that goes on after a lost answer and for the audit that looks afterwards.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from kycaid_async.api import applicants, documents
from kycaid_async.bulk.ledger import EntryState, Intent, RowEntry
from kycaid_async.bulk.likeness import Agreement, Likeness, Shown, agreement, is_whole, likeness
from kycaid_async.bulk.requests.limits import BulkOutcome
from kycaid_async.bulk.requests.resilient_caller import CountedCalls
from kycaid_async.errors import KycaidError, NotFoundError
from kycaid_async.protocol.plain_text import is_plain
from kycaid_async.values.converter import unstructure

_NOT_FOUND: Final = "not_found"
"""What the API itself says with a 404, and a proxy before it does not."""
_LOOK_FOR_IT: Final = ". Look for it, then remove the row, or run it with on_uncertain='create'."
SOME_FILES: Final = (
    "a document of this applicant has some of its files, or does not show its files, so it cannot be told whether this "
    "one was made"
)
OTHER_FIELDS: Final = (
    "a document of this applicant has its files and says something else, so it cannot be told whether this one was made"
)
LOOKS_THE_SAME: Final = (
    "another document of this applicant looks the same, so it cannot be told whether this one was made"
)
NOT_ALL: Final = "the server does not show all documents of this applicant that were made, so the list proves nothing"
_TO_LOOK_FOR: Final = (SOME_FILES, OTHER_FIELDS, LOOKS_THE_SAME)


class Unreconciled(BulkOutcome):
    """Ends the work on a row, because nobody can tell whether the server acted."""

    def __init__(
        self,
        reason: str,
        error: KycaidError | None = None,
        *,
        operation: str,
        code: str = "",
        sent_before: bool = False,
    ) -> None:
        super().__init__()
        self.reason = reason or (error.message if error else "")
        self.code = code
        """What the ledger keeps of it."""
        self.sent_before = sent_before
        """True when an earlier run sent it, or may have."""
        text = f"{operation}: {reason}{_LOOK_FOR_IT if reason in _TO_LOOK_FOR else ''}"
        self.error = error or KycaidError(text, operation=operation, maybe_processed=True)
        """What the user gets to see."""


@attrs.define(kw_only=True, eq=False)
class Doubt:
    """A document of which nobody knows whether it was made."""

    digest: bytes
    """Of its row."""
    intent: Intent
    fields: Mapping[str, Any] = attrs.field(repr=False)
    """What was sent beside its files, as far as that is known still."""
    applicant_was_made: bool
    """True when the applicant certainly exists."""


async def documents_of(calls: CountedCalls, doubt: Doubt) -> dict[str, Shown]:
    """Return all documents of the applicant, by id. Raises `Unreconciled`.

    Only a view of all of them, whole, shows that a document was not made.
    """
    operation, applicant_id = applicants.GET.name, doubt.intent.applicant_id
    try:
        applicant = await calls.call(
            applicants.GET, path={"applicant_id": applicant_id}, query={"verification_id": None}
        )
    except KycaidError as error:
        if is_not_found(error) and not doubt.applicant_was_made:
            return {}
        raise Unreconciled("", error, operation=operation) from error
    if applicant.raw.get("applicant_id") not in (None, applicant_id):
        raise Unreconciled("the answer shows another applicant", operation=operation)
    listed = applicant.raw.get("documents")
    if not isinstance(listed, list) or not all(map(_has_id, listed)):
        raise Unreconciled("the server does not show the documents of this applicant", operation=operation)
    return {document["document_id"]: document for document in listed}


async def whole_document(calls: CountedCalls, document: Shown, intent: Intent) -> Shown:
    """Return a document with its type and sides, which may be left out inside an applicant. Raises `Unreconciled`."""
    if is_whole(document, intent):
        return document
    try:
        alone = await calls.call(documents.GET, path={"document_id": document["document_id"]})
    except KycaidError as error:
        raise Unreconciled("", error, operation=documents.GET.name) from error
    return {**document, **{name: value for name, value in alone.raw.items() if value is not None}}


def is_not_found(error: KycaidError) -> bool:
    """Say whether KYCAID itself says that there is no such object. A proxy before it says 404 as well."""
    return isinstance(error, NotFoundError) and error.type == _NOT_FOUND


def created(rows: Iterable[RowEntry]) -> set[str]:
    """Return the documents that the ledger knows of ``rows``."""
    return {row.document_id for row in rows if row.state is EntryState.CREATED and row.document_id is not None}


def _has_id(document: object) -> bool:
    return isinstance(document, dict) and is_plain(document.get("document_id"))


def choose(shown: list[Shown], doubt: Doubt, others: list[RowEntry], *, files_known: bool) -> str | None:
    """Return the id of the one that was made for this row, None for none. Raises `Unreconciled`.

    When it is not known for sure which ids its files had, another document of its type may be it.
    """
    intent, operation = doubt.intent, documents.CREATE.name
    fitting = [document for document in shown if likeness(document, intent) is Likeness.SAME]
    if not fitting and not files_known:
        fitting = shown
    if not fitting:
        if any(likeness(d, intent) is Likeness.UNCLEAR and not _is_of(d, others) for d in shown):
            raise Unreconciled(SOME_FILES, operation=operation)
        return None
    fields = unstructure(dict(doubt.fields))
    agreements = {document["document_id"]: agreement(document, fields) for document in fitting}
    proven = [document_id for document_id, agrees in agreements.items() if agrees is Agreement.PROVEN]
    if proven:
        return str(proven[0])
    possible = [document_id for document_id, agrees in agreements.items() if agrees is Agreement.POSSIBLE]
    if not possible:
        raise Unreconciled(OTHER_FIELDS, operation=operation)
    if (
        files_known
        and intent.file_ids
        and not any(row.state is EntryState.SENT and row.intent == intent for row in others)
    ):
        return str(possible[0])  # its files were uploaded for this ledger, so nobody else has made it
    raise Unreconciled(LOOKS_THE_SAME, operation=operation)


def _is_of(document: Shown, others: list[RowEntry]) -> bool:
    """Say whether another row was sent as this document is."""
    return any(likeness(document, row.intent) is Likeness.SAME for row in others)
