"""What a document needs before it can be created: its files and its applicant, each made once."""

import asyncio
import hashlib
from typing import Final

import attrs

from kycaid_async.api import applicants, files
from kycaid_async.api.applicants import Company, Person
from kycaid_async.bulk.content import as_many_as_cores, look_at
from kycaid_async.bulk.evidence import Unreconciled
from kycaid_async.bulk.ledger import Ledger, State
from kycaid_async.bulk.manifest.places import source_of
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.bulk.requests.keyed_lock import Idle, KeyedLock
from kycaid_async.bulk.requests.open_files import when_there_is_room
from kycaid_async.bulk.requests.resilient_caller import IntentRecord, ResilientCaller
from kycaid_async.bulk.result import BulkResult, BulkSummary
from kycaid_async.bulk.row import BulkRow, digest_of
from kycaid_async.errors import ApiError, FieldProblem, KycaidError, UploadSourceError
from kycaid_async.masking import code_or_mask
from kycaid_async.protocol.request import invalid_request
from kycaid_async.uploads.preflight import FileRules
from kycaid_async.uploads.reader import Source
from kycaid_async.uploads.upload import Upload

_LOOKS: Final = 3
"""How often a file that changes under our hands is read from its start."""


@attrs.frozen
class UploadedFile:
    """A file that the server has."""

    file_id: str
    digest: bytes
    """SHA-256 of its content."""
    shared: bool
    """True when it was there before this row."""


@attrs.define(kw_only=True, eq=False)
class Prerequisites:
    """Uploads files and makes applicants, unless the ledger has them."""

    caller: ResilientCaller
    ledger: Ledger
    locks: KeyedLock
    idle: Idle
    rules: FileRules
    urls: UrlRules
    summary: BulkSummary
    create_uncertain: bool
    at_once: asyncio.Semaphore
    """How many applicants may be under way at once: of those that get no answer nobody can find out."""
    unused: set[str] = attrs.field(factory=set)
    """Files that were uploaded now, and that no document has so far."""
    _contents: KeyedLock = attrs.field(factory=KeyedLock)
    """Who waits for one of these has a file in memory, and so it keeps its place among the workers."""
    _hashing: asyncio.Semaphore = attrs.field(factory=as_many_as_cores)
    _lost: set[bytes] = attrs.field(factory=set)
    """Applicants whose answers this run lost: they are not made anew before the next."""

    async def file(self, row: BulkRow, side: str, result: BulkResult) -> UploadedFile:
        """Return the file on the server with the content of a side of ``row``."""
        source = source_of(getattr(row, side), self.urls)
        for look in range(_LOOKS):
            try:
                return await when_there_is_room(
                    lambda: self._file(source, result),
                    sleep=self.caller.timing.sleep,
                    slow_down=self.caller.concurrency.refused,
                )
            except UploadSourceError:
                if look == _LOOKS - 1:
                    raise
        raise AssertionError  # the last look returns or raises

    async def _file(self, source: Source, result: BulkResult) -> UploadedFile:
        content = await look_at(source, self.rules, self._hashing)
        async with self._contents.of(content.digest):
            known = await self.ledger.file(content.digest)
            if known is not None:
                self.summary.files_shared += 1
                return UploadedFile(known, content.digest, shared=True)
            upload = Upload(source=content.source, content_type=content.content_type, inspected=True)
            file_id = await self.caller.call(files.CREATE, result, upload=upload)
            self.ledger.uploaded(content.digest, file_id)
            self.unused.add(file_id)
        self.summary.files += 1
        result.bytes += content.size
        return UploadedFile(file_id, content.digest, shared=False)

    async def applicant(self, applicant: Person | Company, result: BulkResult) -> str:
        """Return the id of an applicant, which is made once for its external id.

        Raises `Unreconciled`, and `InvalidRequestError` when one with the same external id and other data was made.
        """
        digest = digest_of_applicant(applicant)
        says = digest_of(applicant)
        async with self.locks.of(digest):
            known = await self.ledger.applicant(digest)
            if known is not None and known.applicant_id is not None:
                if not self.ledger.has_said(known, says):
                    raise invalid_request(applicants.CREATE.name, [_OTHER_DATA])
                return known.applicant_id
            in_doubt = self.ledger.may_have_gaps if known is None else known.state is State.SENT
            if in_doubt and not self._may_make_anew(digest):
                result.sent_before = digest not in self._lost
                raise Unreconciled(_UNKNOWN, operation=applicants.CREATE.name)
            made = await self._make(digest, says, applicant, result, in_doubt=in_doubt)
        self.summary.applicants += 1
        return made

    def _may_make_anew(self, digest: bytes) -> bool:
        return self.create_uncertain and digest not in self._lost

    async def _make(
        self, digest: bytes, says: bytes, applicant: Person | Company, result: BulkResult, *, in_doubt: bool
    ) -> str:
        def withdraw() -> None:
            if not in_doubt:
                self.ledger.failed_applicant(digest, _UNSENT)

        intent = IntentRecord(write=lambda: self.ledger.intend_applicant(digest, says), withdraw=withdraw)
        if self.at_once.locked():
            await self._place()
        else:
            await self.at_once.acquire()
        try:
            made = await self.caller.create(applicants.CREATE, result, intent, body=applicant)
        except KycaidError as error:
            if error.maybe_processed:
                self._lost.add(digest)
                raise Unreconciled("", error, operation=applicants.CREATE.name) from error
            if not in_doubt:
                self.ledger.failed_applicant(digest, code_of(error))
            raise
        finally:
            self.at_once.release()
        self.ledger.created_applicant(digest, made)
        known = await self.ledger.applicant(digest)
        if known is None or known.applicant_id != made:
            self._lost.add(digest)
            raise Unreconciled(_TAKEN, operation=applicants.CREATE.name)
        return made

    async def _place(self) -> None:
        """Wait until one more applicant may be made, while others work."""
        taken = False
        try:
            with self.idle():
                taken = await self.at_once.acquire()
        except BaseException:
            if taken:
                self.at_once.release()
            raise


def digest_of_applicant(applicant: Person | Company) -> bytes:
    """Return 32 bytes that stand for an applicant to make in a ledger."""
    return hashlib.sha256(b"applicant\0" + str(applicant.external_applicant_id).encode()).digest()


_OTHER_DATA: Final = FieldProblem("external_applicant_id", "one with the same data as before", "other data")
_UNSENT: Final = "unsent"
_TAKEN: Final = (
    "the server gave the id of an applicant with another external_applicant_id, so look whether this one was made. "
    "Nothing was added to that one"
)
_UNKNOWN: Final = (
    "it was sent before, or may have been, no answer is on record, and an applicant cannot be looked up. Find it in "
    "the dashboard and give the row its applicant_id, or run it with on_uncertain='create' (--on-uncertain create)."
)


def code_of(error: KycaidError) -> str:
    """Return the server's code for ``error``, or the name of its class."""
    if isinstance(error, ApiError) and error.type:
        return code_or_mask(error.type)
    return type(error).__name__
