"""The way of one row: its files, its applicant, its document."""

from collections.abc import Iterable
from typing import Final

import attrs

from kycaid_async.api import documents
from kycaid_async.bulk.ledger import Ledger, Sent, State
from kycaid_async.bulk.line import Line, Stopped
from kycaid_async.bulk.result import BulkResult, BulkStatus
from kycaid_async.bulk.row import SIDES, BulkRow, BulkSource
from kycaid_async.bulk.settle import SetAside, Settler
from kycaid_async.bulk.supplies import Delivered, Supplies, code_of
from kycaid_async.bulk.turns import Turns
from kycaid_async.errors import ApiError, FieldProblem, KycaidError, LedgerError, NotFoundError
from kycaid_async.protocol.request import refused
from kycaid_async.tracebacks import hide_locals
from kycaid_async.transport.timing import Timing

_ROUNDS: Final = 4
"""How often one document is sent, when each time the answer is lost and the server turns out not to have acted."""


@attrs.frozen
class Place:
    """A row's place in the ledger."""

    digest: bytes
    says: bytes | None
    unsure: bool = attrs.field(kw_only=True)
    """True when an earlier run sent it, and nobody knows what came of that."""


@attrs.define(kw_only=True, eq=False)
class Delivery:
    """Delivers rows. Raises `Stopped` and `LedgerError`, which end the run; all else becomes a result."""

    line: Line
    ledger: Ledger
    turns: Turns
    supplies: Supplies
    settler: Settler
    timing: Timing
    check: bool
    create_uncertain: bool
    _set_aside: set[bytes] = attrs.field(factory=set)
    """Rows that this run set aside: they are not created anew before the next."""

    async def deliver(self, number: int, row: BulkRow) -> BulkResult:
        """Return what became of ``row``."""
        started = self.timing.clock()
        result = BulkResult(row=row, number=number, status=BulkStatus.CREATED)
        try:
            digest, says = self._known_by(row)
            async with self.turns.of(digest):
                await self._known_or_new(row, digest, says, result)
        except SetAside as aside:
            result.status, result.error = BulkStatus.UNCERTAIN, aside.error
        except LedgerError:
            raise
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
        raise refused(documents.CREATE.name, problems)

    async def _known_or_new(self, row: BulkRow, digest: bytes, says: bytes | None, result: BulkResult) -> None:
        known = await self.ledger.row(digest)
        if known is not None and known.state is not State.FAILED and known.says != says:
            raise refused(documents.CREATE.name, [FieldProblem("key", "one that no other row has used", "a used one")])
        if known is not None and known.state is State.CREATED:
            result.status, result.document_id = BulkStatus.DONE_BEFORE, known.document_id
            result.applicant_id, result.file_ids = known.sent.applicant_id, dict(known.sent.file_ids)
            return
        unsure = known is not None and known.state is State.SENT
        try:
            if known is not None and unsure and await self._settled_before(row, digest, known.sent, result):
                return
            await self._create(row, Place(digest, says, unsure=unsure), result)
        except SetAside:
            self._set_aside.add(digest)
            raise
        except LedgerError:
            raise
        except KycaidError as error:
            if not unsure:
                self.ledger.failed_row(digest, code_of(error))
            raise

    async def _create(self, row: BulkRow, place: Place, result: BulkResult) -> None:
        found: dict[str, Delivered] = {}
        await self._upload(row.sides(), found, result)
        if row.applicant is None:
            result.applicant_id = row.applicant_id
        else:
            result.applicant_id = await self.supplies.applicant(row.applicant, result)
        try:
            await self._document(row, place, result)
        except ApiError as error:
            gone = [side for side in _files_at_fault(error) if side in found and found[side].shared]
            if not gone:
                raise
            for side in gone:
                self.ledger.forget_file(found[side].digest, found[side].file_id)
            await self._upload([(side, getattr(row, side)) for side in gone], found, result)
            await self._document(row, place, result)

    async def _upload(
        self, sides: Iterable[tuple[str, BulkSource]], found: dict[str, Delivered], result: BulkResult
    ) -> None:
        for side, source in sides:
            found[side] = await self.supplies.file(source, result)
            result.file_ids[side] = found[side].file_id

    async def _document(self, row: BulkRow, place: Place, result: BulkResult) -> None:
        assert result.applicant_id is not None  # noqa: S101 - it was given or made by now
        body = row.new_document(result.applicant_id, result.file_ids)
        sent = Sent(applicant_id=result.applicant_id, type=str(body.type), file_ids=dict(result.file_ids))
        # Two that look the same to one who asks the server afterwards must not be under way at once.
        lost: KycaidError | None = None
        async with self.turns.of((sent.applicant_id, sent.as_text())):
            for _ in range(_ROUNDS):
                await self.ledger.intend_row(place.digest, sent, place.says)
                unsure = place.unsure or lost is not None
                try:
                    document_id = await self.line.call(documents.CREATE, result, body=body)
                except Stopped as stop:
                    if not (unsure or stop.error.maybe_processed):
                        self.ledger.forget_row(place.digest)
                    raise
                except KycaidError as error:
                    if not (unsure or error.maybe_processed):
                        raise
                    lost = error
                else:
                    return self._created(place.digest, document_id, result)
                if await self._settled(row, place.digest, sent, result, lost_at=self.timing.clock()):
                    return None
                if not lost.maybe_processed:  # refused, perhaps because the one before was made and is not shown
                    break
        raise SetAside("", lost, operation=documents.CREATE.name)

    async def _settled_before(self, row: BulkRow, digest: bytes, sent: Sent, result: BulkResult) -> bool:
        """Say whether a document that was sent before was made, and record it then."""
        try:
            return await self._settled(row, digest, sent, result, lost_at=None)
        except SetAside:
            if not self.create_uncertain or digest in self._set_aside:
                raise
            return False

    async def _settled(
        self, row: BulkRow, digest: bytes, sent: Sent, result: BulkResult, *, lost_at: float | None
    ) -> bool:
        """Say whether the document was made after all, and record it then. Raises `SetAside`."""
        document_id = await self.settler.find(digest, sent, row.document, result, lost_at=lost_at)
        if document_id is None:
            return False
        result.applicant_id, result.file_ids = sent.applicant_id, dict(sent.file_ids)
        self._created(digest, document_id, result)
        return True

    def _created(self, digest: bytes, document_id: str, result: BulkResult) -> None:
        self.ledger.created_row(digest, document_id)
        result.document_id = document_id


def _files_at_fault(error: ApiError) -> list[str]:
    """Return the sides whose files the server does not know, as far as its refusal says."""
    named = {(field.parameter or "").removesuffix("_id") for field in error.errors}
    if isinstance(error, NotFoundError) and not named - {"", "*"}:
        return list(SIDES)
    return [side for side in SIDES if side in named]
