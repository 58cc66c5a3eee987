"""The way of one row: its files, its applicant, its document."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from kycaid_async.api import documents
from kycaid_async.api.documents.models import NewDocument
from kycaid_async.bulk.evidence import Doubt, Unreconciled
from kycaid_async.bulk.ledger import DOCUMENT_TAKEN, Intent, Ledger, RowEntry, State
from kycaid_async.bulk.prerequisites import Prerequisites, UploadedFile, code_of
from kycaid_async.bulk.reconcile import Reconciler, key_of
from kycaid_async.bulk.requests.keyed_lock import KeyedLock
from kycaid_async.bulk.requests.resilient_caller import IntentRecord, ResilientCaller
from kycaid_async.bulk.requests.workers import Stopped
from kycaid_async.bulk.result import BulkResult, BulkStatus
from kycaid_async.bulk.row import SIDES, BulkRow
from kycaid_async.errors import (
    ApiError,
    FieldProblem,
    KycaidError,
    LedgerError,
    NotFoundError,
    TooManyOpenFilesError,
    ValidationError,
)
from kycaid_async.protocol.request import invalid_request
from kycaid_async.timing import Timing
from kycaid_async.tracebacks import hide_locals

_ROUNDS: Final = 4
"""How often one document is sent, when each time the answer is lost and the server turns out not to have acted."""
_USED_KEY: Final = FieldProblem("key", "one that no other row has used", "a used one")
_IN_CONFLICT: Final = {"", "*", "type", "applicant", *SIDES}
"""Fields that a refusal may name because there is such a document already."""
_REFUSED: Final = "refused"
"""In the ledger: of a row that got no answer, and then was refused."""
_REFUSED_ANEW: Final = (
    "it was sent before and got no answer; now it was refused, which may be because it was made the first time. "
    "Look for it, then remove the row; or correct it under another key. It was refused so:"
)


_TAKEN: Final = "the server gave the id of a document that another row has, so look whether this one was made"
_FAILED_ANEW: Final = "an earlier run perhaps made it, so look for it; now it could not be sent:"


@attrs.define(kw_only=True)
class Place:
    """A row's place in the ledger."""

    digest: bytes
    says: bytes | None
    sent_before: bool
    """True when an earlier run sent it and got no answer, whatever was found out since."""
    in_doubt: bool
    """True as long as it was sent, or perhaps was, and nobody knows what came of that."""
    is_unknown: bool = False
    """True when the ledger does not know it, and lost a part of itself: it is to be looked for before it is sent."""
    refused_before: bool
    """True when an earlier run, after it got no answer, sent it once more and was refused."""


@attrs.define(kw_only=True, eq=False)
class Delivery:
    """Delivers rows. Raises `Stopped` and `LedgerError`, which end the run; all else becomes a result."""

    caller: ResilientCaller
    ledger: Ledger
    locks: KeyedLock
    prerequisites: Prerequisites
    reconciler: Reconciler
    timing: Timing
    check: bool
    create_uncertain: bool
    started: float
    """When the run began, by the clock of ``timing``."""
    _set_aside: set[bytes] = attrs.field(factory=set)
    """Rows that this run set aside: they are not created anew before the next."""

    async def deliver(self, number: int, row: BulkRow) -> BulkResult:
        """Return what became of ``row``."""
        started = self.timing.clock()
        result = BulkResult(row=row, number=number, status=BulkStatus.CREATED)
        try:
            digest, says = self._known_by(row)
            async with self.locks.of(digest):
                await self._known_or_new(row, digest, says, result)
        except Unreconciled as unreconciled:
            result.status, result.error = BulkStatus.UNCERTAIN, unreconciled.error
        except LedgerError:
            raise
        except TooManyOpenFilesError as error:
            raise Stopped(error) from error
        except KycaidError as error:
            result.status, result.error = BulkStatus.FAILED, error
        if result.error is not None:
            hide_locals(result.error)  # users report what stands in a result, too
        result.seconds = self.timing.clock() - started
        return result

    def _known_by(self, row: BulkRow) -> tuple[bytes, bytes | None]:
        """Return what the ledger knows a row by, and what it holds against one with the same key."""
        try:
            problems = row.problems() if self.check else row.misfits()
            if not problems:
                return row.digest, row.says
        except (AttributeError, TypeError, ValueError, OverflowError, RecursionError):
            problems = [FieldProblem("row", "the types of BulkRow, and values that JSON can carry", "others")]
        raise invalid_request(documents.CREATE.name, problems)

    async def _known_or_new(self, row: BulkRow, digest: bytes, says: bytes | None, result: BulkResult) -> None:
        known = await self.ledger.row(digest)
        if known is not None and known.state is State.CREATED:
            if not self.ledger.has_said(known, says):
                raise invalid_request(documents.CREATE.name, [_USED_KEY])
            result.status, result.document_id = BulkStatus.DONE_BEFORE, known.document_id
            result.applicant_id, result.file_ids = known.intent.applicant_id, dict(known.intent.file_ids)
            return
        result.sent_before = sent_before = known is not None and known.state is State.SENT
        is_unknown = known is None and self.ledger.may_have_gaps
        place = Place(
            digest=digest,
            says=says,
            sent_before=sent_before,
            in_doubt=is_unknown,
            is_unknown=is_unknown,
            refused_before=known is not None and known.code == _REFUSED,
        )
        try:
            if known is not None and sent_before:
                place.in_doubt = await self._is_still_in_doubt(row, digest, known, says, result)
                if result.document_id is not None:
                    return
            await self._create(row, place, result)
        except Unreconciled as unreconciled:
            self._set_aside.add(digest)
            self.ledger.uncertain_row(digest, unreconciled.code or code_of(unreconciled.error))
            raise
        except (LedgerError, TooManyOpenFilesError):
            raise
        except KycaidError as error:
            if place.in_doubt:
                raise _uncertain_still(_FAILED_ANEW, error) from error
            if result.document_id is None:
                self.ledger.failed_row(digest, code_of(error))
            raise

    async def _is_still_in_doubt(
        self, row: BulkRow, digest: bytes, known: RowEntry, says: bytes | None, result: BulkResult
    ) -> bool:
        """Find out what came of a row that was sent before. Fills in its document, if it was made.

        Raises `InvalidRequestError` when another row was sent with its key, and its document was made.
        """
        is_other = not self.ledger.has_said(known, says)
        doubt = self._doubt(row, digest, known.intent, fields={} if is_other else row.document)
        result.applicant_id = known.intent.applicant_id
        since = self.timing.clock() - self.ledger.waited(known)
        try:
            document_id = await self.reconciler.find(doubt, result, since=since, locked=False)
        except Unreconciled:
            if not self.create_uncertain or digest in self._set_aside or self.caller.drained.is_set():
                raise
            return True
        if document_id is not None:
            self._created(known.intent, document_id, result)
            if is_other:
                raise invalid_request(documents.CREATE.name, [_USED_KEY])
        return False

    def _doubt(self, row: BulkRow, digest: bytes, intent: Intent, *, fields: Mapping[str, Any]) -> Doubt:
        return Doubt(digest=digest, intent=intent, fields=fields, applicant_was_made=row.applicant is not None)

    async def _create(self, row: BulkRow, place: Place, result: BulkResult) -> None:
        found: dict[str, UploadedFile] = {}
        await self._upload(row, [side for side, _ in row.sides()], found, result)
        if row.applicant is None:
            result.applicant_id = row.applicant_id
        else:
            result.applicant_id = await self.prerequisites.applicant(row.applicant, result)
        try:
            await self._document(row, place, result)
        except ApiError as error:
            gone = [side for side in _files_at_fault(error) if side in found and found[side].shared]
            if not gone:
                raise
            for side in gone:
                self.ledger.forget_file(found[side].digest, found[side].file_id)
            await self._upload(row, gone, found, result)
            await self._document(row, place, result)

    async def _upload(
        self, row: BulkRow, sides: Iterable[str], found: dict[str, UploadedFile], result: BulkResult
    ) -> None:
        for side in sides:
            found[side] = await self.prerequisites.file(row, side, result)
            result.file_ids[side] = found[side].file_id

    async def _document(self, row: BulkRow, place: Place, result: BulkResult) -> None:
        assert result.applicant_id is not None  # noqa: S101 - it was given or made by now
        body = row.new_document(result.applicant_id, result.file_ids)
        intent = Intent(applicant_id=result.applicant_id, type=str(body.type), file_ids=dict(result.file_ids))
        doubt = self._doubt(row, place.digest, intent, fields=row.document)
        # Two that look the same to one who asks the server afterwards must not be under way at once.
        lost: KycaidError | None = None
        async with self.locks.of(key_of(intent)):
            if place.is_unknown and await self._is_there(doubt, place, result):
                return None
            for _ in range(_ROUNDS):
                lost = await self._send(body, doubt, place, result)
                if lost is None:
                    return None
                document_id = await self.reconciler.find(doubt, result, since=self.timing.clock(), locked=True)
                if document_id is not None:
                    return self._created(intent, document_id, result)
                place.sent_before = True
        raise Unreconciled("", lost, operation=documents.CREATE.name)

    async def _is_there(self, doubt: Doubt, place: Place, result: BulkResult) -> bool:
        """Say whether a document that an incomplete ledger does not know was made before. Raises `Unreconciled`."""
        result.sent_before = True
        await self.ledger.intend_row(place.digest, doubt.intent, place.says)
        try:
            document_id = await self.reconciler.find(doubt, result, since=self.started, locked=True)
        except Unreconciled:
            if not self.create_uncertain or self.caller.drained.is_set():
                raise
            return False
        place.in_doubt = False
        if document_id is not None:
            self._created(doubt.intent, document_id, result)
        return document_id is not None

    async def _send(self, body: NewDocument, doubt: Doubt, place: Place, result: BulkResult) -> KycaidError | None:
        """Create the document and record it; return the error when nobody knows whether it was made."""

        def withdraw() -> None:
            if not place.in_doubt:
                self.ledger.forget_row(place.digest)

        record = IntentRecord(
            write=lambda: self.ledger.intend_row(place.digest, doubt.intent, place.says), withdraw=withdraw
        )
        try:
            document_id = await self.caller.create(documents.CREATE, result, record, body=body)
        except KycaidError as error:
            if error.maybe_processed:
                return error
            if place.in_doubt or (place.sent_before and not _is_of_its_own(error)):
                await self._refused_anew(doubt, error, place, result)
                return None
            raise
        self.ledger.created_row(place.digest, document_id)
        if not await self.ledger.has_created(place.digest, document_id):
            raise Unreconciled(_TAKEN, operation=documents.CREATE.name, code=DOCUMENT_TAKEN)
        self._created(doubt.intent, document_id, result)
        return None

    async def _refused_anew(self, doubt: Doubt, error: KycaidError, place: Place, result: BulkResult) -> None:
        """Look once more for a document that was refused, perhaps because it was made before. Raises `Unreconciled`."""
        await self.ledger.intend_row(place.digest, doubt.intent, place.says)
        document_id = await self.reconciler.find(doubt, result, since=float("-inf"), locked=True)
        if document_id is None and place.refused_before and not place.in_doubt:
            raise error  # long after it was sent first: it is certain enough now
        if document_id is None:
            raise _uncertain_still(_REFUSED_ANEW, error, code=_REFUSED)
        self._created(doubt.intent, document_id, result)

    def _created(self, intent: Intent, document_id: str, result: BulkResult) -> None:
        result.applicant_id, result.file_ids, result.document_id = (
            intent.applicant_id,
            dict(intent.file_ids),
            document_id,
        )
        self.prerequisites.unused.difference_update(intent.file_ids.values())


def _uncertain_still(reason: str, error: KycaidError, *, code: str = "") -> Unreconciled:
    """Return what is to be said of a row that was perhaps made before, and then met ``error``."""
    error.args = (f"{documents.CREATE.name}: {reason} {error}",)
    error.maybe_processed = True
    return Unreconciled("", error, operation=documents.CREATE.name, code=code)


def _is_of_its_own(error: KycaidError) -> bool:
    """Say whether a refusal would have met the document the first time as well, so that it was not made then."""
    if isinstance(error, NotFoundError):
        return error.type == "not_found"
    fields = {(field.parameter or "").removesuffix("_id") for field in getattr(error, "errors", ())}
    return isinstance(error, ValidationError) and bool(fields) and not fields & _IN_CONFLICT


def _files_at_fault(error: ApiError) -> list[str]:
    """Return the sides whose files the server does not know, as far as its refusal says."""
    named = {(field.parameter or "").removesuffix("_id") for field in error.errors}
    if isinstance(error, NotFoundError) and not named - {"", "*"}:
        return list(SIDES)
    return [side for side in SIDES if side in named]
