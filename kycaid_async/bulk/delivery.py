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
from kycaid_async.transport.timing import Timing

_ROUNDS: Final = 4
"""How often one document is sent, when each time the answer is lost and the server turns out not to have acted."""


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

    async def deliver(self, number: int, row: BulkRow) -> BulkResult:
        """Return what became of ``row``."""
        started = self.timing.clock()
        result = BulkResult(row=row, number=number, status=BulkStatus.CREATED)
        try:
            digest = self._digest(row)
            async with self.turns.of(digest):
                await self._known_or_new(row, digest, result)
        except SetAside as aside:
            result.status, result.error = BulkStatus.UNCERTAIN, aside.error
        except LedgerError:
            raise
        except KycaidError as error:
            result.status, result.error = BulkStatus.FAILED, error
        result.seconds = self.timing.clock() - started
        return result

    def _digest(self, row: BulkRow) -> bytes:
        problems = row.problems() if self.check else []
        if problems:
            raise refused(documents.CREATE.name, problems)
        try:
            return row.digest
        except (TypeError, ValueError, OverflowError, RecursionError):
            problem = FieldProblem("document", "values that JSON can carry", "others")
        raise refused(documents.CREATE.name, [problem])

    async def _known_or_new(self, row: BulkRow, digest: bytes, result: BulkResult) -> None:
        known = await self.ledger.row(digest)
        if known is not None and known.state is State.CREATED:
            result.status, result.document_id = BulkStatus.DONE_BEFORE, known.document_id
            result.applicant_id, result.file_ids = known.sent.applicant_id, dict(known.sent.file_ids)
            return
        if known is not None and known.state is State.SENT and await self._settled(row, digest, known.sent, result):
            return
        try:
            await self._create(row, digest, result)
        except LedgerError:
            raise
        except KycaidError as error:
            self.ledger.failed_row(digest, code_of(error))
            raise

    async def _create(self, row: BulkRow, digest: bytes, result: BulkResult) -> None:
        found: dict[str, Delivered] = {}
        await self._upload(row.sides(), found, result)
        if row.applicant is None:
            result.applicant_id = row.applicant_id
        else:
            result.applicant_id = await self.supplies.applicant(row.applicant, result)
        try:
            await self._document(row, digest, result)
        except ApiError as error:
            gone = [side for side in _files_at_fault(error) if side in found and found[side].shared]
            if not gone:
                raise
            for side in gone:
                self.ledger.forget_file(found[side].digest, found[side].file_id)
            await self._upload([(side, getattr(row, side)) for side in gone], found, result)
            await self._document(row, digest, result)

    async def _upload(
        self, sides: Iterable[tuple[str, BulkSource]], found: dict[str, Delivered], result: BulkResult
    ) -> None:
        for side, source in sides:
            found[side] = await self.supplies.file(source, result)
            result.file_ids[side] = found[side].file_id

    async def _document(self, row: BulkRow, digest: bytes, result: BulkResult) -> None:
        assert result.applicant_id is not None  # noqa: S101 - it was given or made by now
        body = row.new_document(result.applicant_id, result.file_ids)
        sent = Sent(applicant_id=result.applicant_id, type=str(body.type), file_ids=dict(result.file_ids))
        # Two that look the same to one who asks the server afterwards must not be under way at once.
        lost: KycaidError | None = None
        async with self.turns.of((sent.applicant_id, sent.as_text())):
            for _ in range(_ROUNDS):
                await self.ledger.intend_row(digest, sent)
                try:
                    document_id = await self.line.call(documents.CREATE, result, body=body)
                except Stopped as stop:
                    if not stop.error.maybe_processed:
                        self.ledger.forget_row(digest)
                    raise
                except KycaidError as error:
                    if not error.maybe_processed:
                        raise
                    lost = error
                else:
                    return self._created(digest, document_id, result)
                if await self._settled(row, digest, sent, result, lost_at=self.timing.clock()):
                    return None
        raise SetAside("", lost, operation=documents.CREATE.name)

    async def _settled(
        self, row: BulkRow, digest: bytes, sent: Sent, result: BulkResult, *, lost_at: float | None = None
    ) -> bool:
        """Say whether the document was made after all, and record it then."""
        try:
            document_id = await self.settler.find(digest, sent, row.document, result, lost_at=lost_at)
        except SetAside:
            if not self.create_uncertain:
                raise
            return False
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
