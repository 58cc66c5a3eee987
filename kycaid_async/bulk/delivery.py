"""The delivery of rows: each with its files, its applicant and its document."""

import asyncio
import copy
import enum
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Any, Final, cast

import attrs

from kycaid_async.api import documents
from kycaid_async.api.documents.models import NewDocument
from kycaid_async.bulk.digests import as_sent
from kycaid_async.bulk.evidence import Doubt, Unreconciled
from kycaid_async.bulk.known_rows import is_known_otherwise, known_rows
from kycaid_async.bulk.ledger import DOCUMENT_TAKEN, EntryState, Intent, RowEntry, UploadLedger
from kycaid_async.bulk.prerequisites import Prerequisites, UploadedFile, code_of
from kycaid_async.bulk.reconcile import Reconciler
from kycaid_async.bulk.requests.limits import KeyedLock, Stopped
from kycaid_async.bulk.requests.resilient_caller import CountedCalls, IntentRecord, ResilientCaller
from kycaid_async.bulk.row import SIDES, BulkResult, BulkRow, BulkStatus, identify, refusals_of
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
_NO_ROW: Final = FieldProblem("row", "BulkRow", "another type")
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


class _NotYet(enum.Enum):
    NOT_YET = enum.auto()


_NOT_YET: Final = _NotYet.NOT_YET


@attrs.define(kw_only=True, eq=False)
class PreparedRow:
    """A row, and what the ledger knows it by."""

    row: BulkRow
    digest: bytes = b""
    fingerprint: bytes | None = None
    """What the ledger holds against a row with the same key."""
    brought: int = 0
    """Bytes of files that came with it."""
    error: KycaidError | None = None
    """Why it cannot be told from others, or not be sent at all."""


@attrs.define(kw_only=True, eq=False)
class Deliverer:
    """Delivers rows. Raises `Stopped` and `LedgerError`, which end the run; all else becomes a result."""

    caller: ResilientCaller
    ledger: UploadLedger
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
    _looked_up: dict[bytes, "RowEntry | _NotYet | None"] = attrs.field(factory=dict)
    """What the ledger knows of rows that nobody has begun with since it was asked."""

    async def prepare(self, rows: Sequence[BulkRow]) -> list["PreparedRow"]:
        """Look rows up in the ledger together, before their turn, and return them with what it knows them by."""
        prepared = []
        for row in rows:
            prepared.append(_prepared(row))
            if prepared[-1].brought:
                await asyncio.sleep(0)  # to hash them took a while
        strange = {n: row for n, row in enumerate(prepared) if row.error is None and is_known_otherwise(row.row)}
        known = await known_rows([(row.row, (row.digest, row.fingerprint)) for row in strange.values()], self.ledger)
        for number, ((digest, fingerprint), _) in zip(strange, known, strict=True):
            prepared[number] = attrs.evolve(prepared[number], digest=digest, fingerprint=fingerprint)
        if len(rows) == 1 and self.ledger.claims is not None:
            return prepared  # others would wait for its turn in the database, and it is looked up again in any case
        # What somebody is at changes meanwhile. `entry_of` takes the mark away, whoever asks first.
        digests = [row.digest for row in prepared if row.error is None and not self.locks.is_held(row.digest)]
        self._looked_up |= dict.fromkeys(digests, _NOT_YET)
        for digest, entry in zip(digests, await self.ledger.rows_by_digest(digests), strict=True):
            is_final = entry is not None and entry.state is EntryState.CREATED
            if digest in self._looked_up and (is_final or self.ledger.claims is None):  # or another process changes it
                self._looked_up[digest] = entry
        return prepared

    async def entry_of(self, digest: bytes) -> RowEntry | None:
        """Return what the ledger knows of a row. To be asked by who holds its lock, and before it is changed."""
        entry = self._looked_up.pop(digest, _NOT_YET)
        return await self.ledger.row(digest) if isinstance(entry, _NotYet) else entry

    async def deliver(self, number: int, prepared: "PreparedRow") -> BulkResult:
        """Return what became of a row."""
        started, row = self.timing.clock(), prepared.row
        delivery = _RowDelivery(run=self, prepared=prepared, row=row, calls=self.caller.counted())
        status, error = BulkStatus.FAILED, None
        try:
            status = await delivery.deliver()
        except Unreconciled as unreconciled:
            status, error = BulkStatus.UNCERTAIN, unreconciled.error
        except LedgerError:
            raise
        except TooManyOpenFilesError as too_many:
            raise Stopped(too_many) from too_many
        except KycaidError as failure:
            error = failure
        if error is not None:
            hide_locals(error)  # users report what stands in a result, too
        return BulkResult(
            row=row,
            number=number,
            status=status,
            error=error,
            applicant_id=delivery.applicant_id,
            document_id=delivery.document_id,
            file_ids=delivery.file_ids,
            attempts=delivery.calls.requests,
            bytes=delivery.uploaded_bytes,
            sent_before=delivery.sent_before,
            seconds=self.timing.clock() - started,
        )

    def set_aside(self, digest: bytes, code: str) -> None:
        """Leave a row that is uncertain to the next run."""
        self._set_aside.add(digest)
        self.ledger.uncertain_row(digest, code)

    def may_create_anew(self, digest: bytes) -> bool:
        """Say whether a row that is uncertain is to be created anew."""
        return self.create_uncertain and digest not in self._set_aside and not self.caller.drained.is_set()


@attrs.define(kw_only=True, eq=False)
class _RowDelivery:
    """The delivery of one row. It keeps what is known so far, also for the result of a row that gets no further."""

    run: Deliverer
    prepared: PreparedRow
    row: BulkRow
    calls: CountedCalls
    applicant_id: str | None = None
    document_id: str | None = None
    file_ids: dict[str, str] = attrs.field(factory=dict)
    uploaded_bytes: int = 0
    sent_before: bool = False
    """As in the result."""
    _was_sent: bool = False
    """True when it was sent and got no answer, now or by an earlier run, whatever was found out since."""
    _in_doubt: bool = False
    """True as long as it was sent, or perhaps was, and nobody knows what came of that."""
    _is_unknown: bool = False
    """True when the ledger does not know it, and lost a part of itself: it is to be looked for before it is sent."""
    _refused_before: bool = False
    """True when an earlier run, after it got no answer, sent it once more and was refused."""

    async def deliver(self) -> BulkStatus:
        """Bring the row to its end, if it is not there yet. Raises `Unreconciled`, and `KycaidError` for a failure."""
        run, prepared = self.run, self.prepared
        if prepared.error is not None:
            raise prepared.error
        async with run.locks.look(prepared.digest, lambda: run.entry_of(prepared.digest)) as entry:
            if entry is not None and entry.state is EntryState.CREATED:
                return self._done_before(entry)
            if run.check:
                _check(self.row)
            await self._find_or_create(entry)
            return BulkStatus.CREATED

    def _done_before(self, entry: RowEntry) -> BulkStatus:
        if not self.run.ledger.has_said(entry, self.prepared.fingerprint):
            raise invalid_request(documents.CREATE.name, [_USED_KEY])
        self._keep(entry.intent, entry.document_id)
        return BulkStatus.DONE_BEFORE

    async def _find_or_create(self, entry: RowEntry | None) -> None:
        ledger = self.run.ledger
        self.sent_before = self._was_sent = entry is not None and entry.state is EntryState.SENT
        self._is_unknown = self._in_doubt = entry is None and ledger.may_have_gaps
        self._refused_before = entry is not None and entry.code == _REFUSED
        try:
            if entry is None or not self._was_sent or not await self._is_found(entry):
                await self._create()
        except Unreconciled as unreconciled:
            self.sent_before = self.sent_before or unreconciled.sent_before
            self.run.set_aside(self.prepared.digest, unreconciled.code or code_of(unreconciled.error))
            raise
        except (LedgerError, TooManyOpenFilesError):
            raise
        except KycaidError as error:
            if self._in_doubt:
                raise _uncertain_still(_FAILED_ANEW, error) from error
            if self.document_id is None:
                ledger.failed_row(self.prepared.digest, code_of(error))
            raise

    async def _is_found(self, entry: RowEntry) -> bool:
        """Find the document of a row that was sent before, and say whether it was made.

        Raises `InvalidRequestError` when another row was sent with its key, and its document was made.
        """
        run, intent = self.run, entry.intent
        is_other = not run.ledger.has_said(entry, self.prepared.fingerprint)
        doubt = self._doubt(intent, fields={} if is_other else as_sent(self.row.document))
        self.applicant_id = intent.applicant_id
        since = run.timing.clock() - run.ledger.waited(entry)
        try:
            document_id = await run.reconciler.find(doubt, self.calls, since=since, locked=False)
        except Unreconciled:
            if not run.may_create_anew(self.prepared.digest):
                raise
            self._in_doubt = True
            return False
        if document_id is None:
            return False
        self._made(intent, document_id)
        if is_other:
            raise invalid_request(documents.CREATE.name, [_USED_KEY])
        return True

    async def _create(self) -> None:
        files = await self._upload([side for side, _ in self.row.sides()])
        self.applicant_id = applicant_id = await self._applicant()
        try:
            await self._document(applicant_id)
        except ApiError as error:
            gone = [side for side in _files_at_fault(error) if side in files and files[side].shared]
            if not gone:
                raise
            for side in gone:
                self.run.prerequisites.forget(files[side])
            await self._upload(gone)
            await self._document(applicant_id)

    async def _upload(self, sides: Iterable[str]) -> dict[str, UploadedFile]:
        files: dict[str, UploadedFile] = {}
        for side in sides:
            file = files[side] = await self.run.prerequisites.file(self.row, side, self.calls)
            self.file_ids[side] = file.file_id
            self.uploaded_bytes += 0 if file.shared else file.size
        return files

    async def _applicant(self) -> str:
        applicant = self.row.applicant
        if applicant is not None:
            return await self.run.prerequisites.applicant(applicant, self.calls)
        assert self.row.applicant_id is not None  # noqa: S101 - a row has the one or the other: it was checked
        return self.row.applicant_id

    async def _document(self, applicant_id: str) -> None:
        body = self.row.new_document(applicant_id, self.file_ids)
        intent = Intent(applicant_id=applicant_id, type=str(body.type), file_ids=dict(self.file_ids))
        doubt = self._doubt(intent, fields=as_sent(self.row.document))
        # Two that look the same on the server must not be under way at once.
        async with self.run.locks.of(intent.key):
            self._made(intent, await self._document_of(body, doubt))

    async def _document_of(self, body: NewDocument, doubt: Doubt) -> str:
        """Return the id of the document, which is sent until it is known whether it was made."""
        if self._is_unknown and (document_id := await self._from_before(doubt)) is not None:
            return document_id
        lost: KycaidError | None = None
        for _ in range(_ROUNDS):
            answer = await self._send(body, doubt)
            if isinstance(answer, str):
                return answer
            lost, now = answer, self.run.timing.clock()
            document_id = await self.run.reconciler.find(doubt, self.calls, since=now, locked=True)
            if document_id is not None:
                return document_id
            self._was_sent = True
        raise Unreconciled("", lost, operation=documents.CREATE.name)

    async def _from_before(self, doubt: Doubt) -> str | None:
        """Return the id of a document that was made before, and that an incomplete ledger does not know."""
        self.sent_before = True
        await self._intend(doubt.intent)
        try:
            document_id = await self.run.reconciler.find(doubt, self.calls, since=self.run.started, locked=True)
        except Unreconciled:
            if not self.run.may_create_anew(self.prepared.digest):
                raise
            return None
        self._in_doubt = False
        return document_id

    async def _send(self, body: NewDocument, doubt: Doubt) -> str | KycaidError:
        """Create the document; return its id, or the error when nobody knows whether it was made."""

        def withdraw() -> None:
            if not self._in_doubt:
                self.run.ledger.forget_row(self.prepared.digest)

        record = IntentRecord(write=lambda: self._intend(doubt.intent), withdraw=withdraw, guard=self.run.ledger.guard)
        try:
            document_id = await self.calls.create(documents.CREATE, record, body=body)
        except KycaidError as error:
            if error.maybe_processed:
                return error
            if self._in_doubt or (self._was_sent and not _is_of_its_own(error)):
                return await self._refused_anew(doubt, error)
            raise
        self.run.ledger.created_row(self.prepared.digest, document_id)
        if not await self.run.ledger.has_created(self.prepared.digest, document_id):
            raise Unreconciled(_TAKEN, operation=documents.CREATE.name, code=DOCUMENT_TAKEN)
        return document_id

    async def _refused_anew(self, doubt: Doubt, error: KycaidError) -> str:
        """Look once more for a document that was refused, perhaps because it was made before. Raises `Unreconciled`."""
        await self._intend(doubt.intent)
        document_id = await self.run.reconciler.find(doubt, self.calls, since=float("-inf"), locked=True)
        if document_id is not None:
            return document_id
        if self._refused_before and not self._in_doubt:
            raise error  # long after it was sent first: it is certain enough now
        raise _uncertain_still(_REFUSED_ANEW, error, code=_REFUSED)

    def _intend(self, intent: Intent) -> Awaitable[None]:
        return self.run.ledger.intend_row(self.prepared.digest, intent, self.prepared.fingerprint)

    def _doubt(self, intent: Intent, *, fields: Mapping[str, Any]) -> Doubt:
        return Doubt(
            digest=self.prepared.digest, intent=intent, fields=fields, applicant_was_made=self.row.applicant is not None
        )

    def _made(self, intent: Intent, document_id: str) -> None:
        self._keep(intent, document_id)
        self.run.prerequisites.used(intent.file_ids.values())

    def _keep(self, intent: Intent, document_id: str | None) -> None:
        self.document_id, self.applicant_id = document_id, intent.applicant_id
        self.file_ids = dict(intent.file_ids)


def _prepared(row: BulkRow) -> PreparedRow:
    if not isinstance(cast("object", row), BulkRow):  # the run ends with an error at its turn, and others before it go
        return PreparedRow(row=row, error=invalid_request(documents.CREATE.name, [_NO_ROW]))
    known_by = identify(row)
    if isinstance(known_by, list):
        return PreparedRow(row=row, error=invalid_request(documents.CREATE.name, known_by))
    digest, fingerprint = known_by
    brought = sum([len(source) for _, source in row.sides() if isinstance(source, bytes)])
    return PreparedRow(row=row, digest=digest, fingerprint=fingerprint, brought=brought)


def _check(row: BulkRow) -> None:
    """Raise `InvalidRequestError` for a row that the reference would refuse."""
    problems = refusals_of(row)
    if problems:
        raise invalid_request(documents.CREATE.name, problems)


def _uncertain_still(reason: str, error: KycaidError, *, code: str = "") -> Unreconciled:
    """Return the outcome of a row that was perhaps made before, and then met ``error``."""
    uncertain = copy.copy(error).with_traceback(error.__traceback__)
    uncertain.args = (f"{documents.CREATE.name}: {reason} {error.message}",)
    uncertain.maybe_processed = True
    return Unreconciled("", uncertain, operation=documents.CREATE.name, code=code)


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
