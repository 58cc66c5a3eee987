"""Asks the server for what it has of an applicant, as little as will do, and lets it be judged."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from kycaid_async.api import documents
from kycaid_async.bulk.audit.judge import Judge, View
from kycaid_async.bulk.audit.result import AuditedRow, AuditResult, AuditStatus
from kycaid_async.bulk.evidence import NOT_ALL, Doubt, Unreconciled, created, documents_of, is_not_found, whole_document
from kycaid_async.bulk.ledger import EntryState, Intent, RowEntry, UploadLedger
from kycaid_async.bulk.likeness import Shown, is_of_type
from kycaid_async.bulk.requests.limits import Stopped
from kycaid_async.bulk.requests.resilient_caller import CountedCalls, ResilientCaller
from kycaid_async.errors import KycaidError

Entries = Mapping[str, RowEntry]

_LEAST_PAUSE: Final = 0.01
"""Seconds. By a shorter pause a clock of few digits does not move, and the server would be asked without an end."""


@attrs.define(kw_only=True, eq=False)
class Auditor:
    """Audits one applicant after the other. Raises `Stopped` and `LedgerError`, which end the run."""

    caller: ResilientCaller
    ledger: UploadLedger
    settle_after: float
    """Seconds after a document was sent for which the server may not show it yet."""
    _calls: CountedCalls = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._calls = self.caller.counted()

    async def entries(self, applicant_id: str) -> dict[str, RowEntry]:
        """Return what the ledger knows of all rows of an applicant, by digest."""
        return {entry.digest.hex(): entry for entry in await self.ledger.rows_of(applicant_id)}

    async def audit(self, applicant_id: str, rows: Sequence[AuditedRow], entries: Entries) -> list[AuditResult]:
        """Return what became of an applicant's rows.

        The server may be still at work on what was sent a moment ago, so a "missing" counts only when it was sent
        ``settle_after`` seconds ago; until then it is waited for, and asked again.
        """
        while True:
            view = (
                await self._view(applicant_id, entries) if entries or self.ledger.may_have_gaps else View(documents={})
            )
            judge = Judge(
                applicant_id=applicant_id,
                rows=rows,
                entries=entries,
                view=view,
                has_gaps=self.ledger.may_have_gaps,
            )
            results = judge.results()
            left = max((self._left(row, entries) for row in _missing(rows, results)), default=0.0)
            if left <= 0:
                return results
            await self.caller.rest(max(left, _LEAST_PAUSE))

    def _left(self, row: AuditedRow, entries: Entries) -> float:
        return self.settle_after - self.ledger.waited(entries[row.entry or ""])

    async def _view(self, applicant_id: str, entries: Entries) -> View:
        intents = [entry.intent for entry in entries.values()]
        shown, doubt = await self._listed(applicant_id)
        if doubt is not None and doubt.error.retryable:
            return View(documents={}, doubt=doubt.reason)
        own = {entry.document_id: entry.intent for entry in entries.values()}
        listed = {name: await self._whole(one, own.get(name), intents) for name, one in shown.items()}
        asked = {name: await self._alone(name) for name in created(entries.values()) - listed.keys()}
        gone = {name for name, one in asked.items() if one is None}
        unanswered = {name: one for name, one in asked.items() if isinstance(one, KycaidError)}
        alone = {name: one for name, one in asked.items() if one is not None and not isinstance(one, KycaidError)}
        is_whole = doubt is None and not alone and not unanswered
        reason = "" if is_whole else NOT_ALL if doubt is None else doubt.reason
        return View(documents=listed | alone, gone=gone, unanswered=unanswered, doubt=reason)

    async def _listed(self, applicant_id: str) -> tuple[dict[str, Shown], Unreconciled | None]:
        """Return the documents that are listed, and why that is no list of all of them."""
        anything = Intent(applicant_id=applicant_id, type="", file_ids={})
        doubt = Doubt(digest=b"", intent=anything, fields={}, applicant_was_made=True)
        try:
            return await documents_of(self._calls, doubt), None
        except Unreconciled as unclear:
            if self.caller.silence > self.caller.give_up_after:
                raise Stopped(unclear.error) from unclear
            return {}, unclear

    async def _whole(self, shown: Shown, own: Intent | None, intents: Iterable[Intent]) -> Shown:
        """Return a document with all that is needed to compare it: with its own row, or with any that it may be of."""
        for intent in [own] if own is not None else [intent for intent in intents if is_of_type(shown, intent)]:
            try:
                shown = await whole_document(self._calls, shown, intent)
            except Unreconciled:
                return shown  # what it does not show proves nothing
        return shown

    async def _alone(self, document_id: str) -> Shown | KycaidError | None:
        """Return a document that is not listed; None when KYCAID says that there is none, else what was said."""
        try:
            document = await self._calls.call(documents.GET, path={"document_id": document_id})
        except KycaidError as error:
            return None if is_not_found(error) else error
        if document.raw.get("document_id") == document_id:
            return document.raw
        return KycaidError(f"{documents.GET.name}: the answer shows another document", operation=documents.GET.name)


def _missing(rows: Iterable[AuditedRow], results: Iterable[AuditResult]) -> list[AuditedRow]:
    numbers = {result.number for result in results if result.status is AuditStatus.MISSING}
    return [row for row in rows if row.number in numbers]


def stamp(applicant_id: str, rows: Iterable[AuditedRow], entries: Entries) -> bytes | None:
    """Return what stands for rows that the ledger has as made, all of them as they are; None for others."""
    of_rows = [entries.get(row.entry or "") for row in rows]
    if any(entry is None or entry.state is not EntryState.CREATED for entry in of_rows) or any(
        r.was_changed for r in rows
    ):
        return None
    known = sorted((name, entry.state, entry.document_id) for name, entry in entries.items())
    text = json.dumps([applicant_id, sorted(row.entry or "" for row in rows), known])
    return hashlib.sha256(text.encode()).digest()
