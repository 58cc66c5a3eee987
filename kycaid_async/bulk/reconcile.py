"""Reconciliation after a lost answer: asks the server which documents of the applicant exist."""

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Final

import attrs

from kycaid_async.api import applicants, documents
from kycaid_async.bulk.evidence import (
    LOOKS_THE_SAME,
    NOT_ALL,
    Doubt,
    Unreconciled,
    choose,
    created,
    documents_of,
    whole_document,
)
from kycaid_async.bulk.ledger import UploadLedger
from kycaid_async.bulk.likeness import is_of_type
from kycaid_async.bulk.requests.limits import KeyedLock, Stopped
from kycaid_async.bulk.requests.resilient_caller import CountedCalls, ResilientCaller

_FIRST_PAUSE: Final = 1.0
"""Seconds; each further one is twice as long."""
_LONGEST_PAUSE: Final = 15.0
_FAULTS: Final = 4
"""How often a question gets no answer, while others do, before the row is set aside."""
_NOT_YET: Final = (
    "it got no answer, the server may be still at work on it, and the run had to end. Run it again: it is asked for"
)


@attrs.define(kw_only=True, eq=False)
class Reconciler:
    """Finds documents of which nobody knows whether they were made."""

    caller: ResilientCaller
    ledger: UploadLedger
    locks: KeyedLock
    settle_after: float
    """Seconds after which a document that the server does not show is taken as not made."""

    async def find(self, doubt: Doubt, calls: CountedCalls, *, since: float, locked: bool) -> str | None:
        """Return the id of the document that was made, and is recorded then; None when none was made.

        The server may be still at work on the request, whatever was lost of it. So a "no" counts only ``settle_after``
        seconds after ``since``, by which it was sent; and until then, what cannot be told is asked again. ``locked``
        says that the caller holds the lock of `Intent.key`, in which documents that look the same are created. Raises
        `Unreconciled`.
        """
        try:
            return await self._find(doubt, calls, since=since, locked=locked)
        except Stopped as stop:
            if stop.error is not None:
                raise
            raise Unreconciled(_NOT_YET, operation=documents.CREATE.name) from None

    async def _find(self, doubt: Doubt, calls: CountedCalls, *, since: float, locked: bool) -> str | None:
        async def look() -> str | None:
            async with nullcontext() if locked else self.locks.of(doubt.intent.key):
                return await self._look(doubt, calls)

        until = since + self.settle_after
        return await look_until_settled(look, caller=self.caller, until=until)

    async def _look(self, doubt: Doubt, calls: CountedCalls) -> str | None:
        """Ask once. The ledger is read after the server was, so that no document in it is taken for one of nobody's."""
        intent = doubt.intent
        before = await self.ledger.rows_of(intent.applicant_id, besides=doubt.digest)
        listed = await documents_of(calls, doubt)
        others = await self.ledger.rows_of(intent.applicant_id, besides=doubt.digest)
        if not created(before) <= listed.keys():
            raise Unreconciled(NOT_ALL, operation=applicants.GET.name)
        claimed = created(others)
        shown = [
            await whole_document(calls, document, intent)
            for document_id, document in listed.items()
            if document_id not in claimed and is_of_type(document, intent)
        ]
        document_id = choose(shown, doubt, others, files_known=not self.ledger.may_have_gaps)
        if document_id is not None and not await self.ledger.claim_row(doubt.digest, document_id):
            raise Unreconciled(LOOKS_THE_SAME, operation=documents.CREATE.name)
        return document_id


async def look_until_settled(
    look: Callable[[], Awaitable[str | None]], *, caller: ResilientCaller, until: float
) -> str | None:
    """Return what ``look`` finds: an id, or None once the server is certainly no longer at work on what was sent.

    A "no" counts only after ``until``, by the clock of ``caller``; before, what cannot be told is asked again. Raises
    `Unreconciled`, and `Stopped`.
    """
    pause, faults, answers = _FIRST_PAUSE, 0, caller.answers
    while True:
        left = until - caller.timing.clock()
        try:
            found = await look()
            if found is not None or left <= 0:
                return found
        except Unreconciled as unclear:
            faults += unclear.error.retryable
            is_fault_of_all = faults <= _FAULTS or caller.answers == answers
            if left <= 0 and not (unclear.error.retryable and is_fault_of_all):
                raise
        await caller.rest(min(pause, left) if left > 0 else pause)
        pause = min(_LONGEST_PAUSE, pause * 2)
