"""The prerequisites of a document: its files and its applicant, each made once."""

import asyncio
import hashlib
from collections.abc import Iterable
from typing import Final

import attrs

from kycaid_async.api import applicants, files
from kycaid_async.api.applicants import Company, Person
from kycaid_async.bulk.contents import FileContent, as_many_as_cores, digest_at, read_content
from kycaid_async.bulk.digests import digest_of, older_digest_of
from kycaid_async.bulk.evidence import Unreconciled
from kycaid_async.bulk.ledger import EntryState, RowEntry, UploadLedger
from kycaid_async.bulk.manifest.places import source_of
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.bulk.requests.limits import Idle, KeyedLock, when_there_is_room
from kycaid_async.bulk.requests.resilient_caller import CountedCalls, IntentRecord, ResilientCaller
from kycaid_async.bulk.row import BulkRow
from kycaid_async.errors import ApiError, FieldProblem, KycaidError, UploadSourceError
from kycaid_async.masking import code_or_mask
from kycaid_async.protocol.request import invalid_request
from kycaid_async.uploads.multipart import Upload
from kycaid_async.uploads.preflight import FileRules
from kycaid_async.uploads.reader import Source

_LOOKS: Final = 3
"""How often a file that changes under our hands is read from its start."""


@attrs.define(eq=False)
class UploadedFile:
    """A file that the server has."""

    file_id: str
    partial: bytes | None
    digest: bytes | None
    """What its content is known by: see `FileContent`."""
    size: int
    shared: bool
    """True when it was there before this row."""


@attrs.define(kw_only=True, eq=False)
class Prerequisites:
    """Uploads files and makes applicants, unless the ledger has them."""

    caller: ResilientCaller
    ledger: UploadLedger
    locks: KeyedLock
    contents: KeyedLock
    """Whoever waits for one of these has a file in memory, and so keeps a place among the workers."""
    idle: Idle
    rules: FileRules
    urls: UrlRules
    create_uncertain: bool
    at_once: asyncio.Semaphore
    """How many applicants may be under way at once: of those that get no answer nobody can find out."""
    applicants: int = 0
    """Applicants that were made."""
    files: int = 0
    """Files that were uploaded."""
    files_shared: int = 0
    """Files that needed no upload."""
    files_size: int = 0
    """Bytes of the files that were uploaded."""
    unused: set[str] = attrs.field(factory=set)
    """Files that were uploaded now, and that no document has so far."""
    _hashing: asyncio.Semaphore = attrs.field(factory=as_many_as_cores)
    _lost: set[bytes] = attrs.field(factory=set)
    """Applicants whose answers this run lost: they are not made anew before the next."""

    async def file(self, row: BulkRow, side: str, calls: CountedCalls) -> UploadedFile:
        """Return the file on the server with the content of a side, which is uploaded if there is none."""
        # A side can be bytes, and must not stand in a variable of a frame that waits: reporters show those.
        source = source_of(getattr(row, side), self.urls)
        for look in range(_LOOKS):
            try:
                return await when_there_is_room(
                    self._file,
                    source,
                    calls,
                    sleep=self.caller.timing.sleep,
                    slow_down=self.caller.concurrency.shrink,
                )
            except UploadSourceError:
                if look == _LOOKS - 1:
                    raise
        raise AssertionError  # the last look returns or raises

    async def _file(self, source: Source, calls: CountedCalls) -> UploadedFile:
        began = self.caller.timing.now().timestamp()
        async with await read_content(source, self.rules, self._hashing, began=began) as content:
            if content.partial is not None and self.ledger.claims is None:  # nobody shares what ends show
                async with self.contents.of(content.partial):
                    file = await self._by_its_ends(content.partial, content, calls)
                if file is not None:
                    return file
            digest = await content.whole(self._hashing)
            async with self.contents.look(digest, lambda: self.ledger.file(digest)) as known:
                return await self._sent(content, calls) if known is None else self._shared(content, known)

    async def _by_its_ends(self, partial: bytes, content: FileContent, calls: CountedCalls) -> UploadedFile | None:
        """Return the file of a content that no other has both ends of; None when the whole has to be looked at."""
        first = await self.ledger.first_file(partial)
        if first is None and content.may_be_sent and not self.ledger.knows_whole_files_only:
            return await self._sent(content, calls)
        if first is None or first.origin is not None:
            if first is not None and first.origin is not None and first.file_id is not None:
                if first.origin == content.origin:
                    return self._shared(content, first.file_id)
                earlier = await digest_at(first.origin, self._hashing)
                if earlier is not None:
                    self.ledger.uploaded(earlier, first.file_id)
            self.ledger.hashed_first(partial)
        return None

    def _shared(self, content: FileContent, file_id: str) -> UploadedFile:
        self.files_shared += 1
        return UploadedFile(file_id, content.partial, content.digest, content.size, shared=True)

    async def _sent(self, content: FileContent, calls: CountedCalls) -> UploadedFile:
        upload = Upload(source=content.source, content_type=content.content_type, inspected=True)
        file_id = await calls.call(files.CREATE, upload=upload)
        is_first = content.digest is None
        content.sent()
        if content.digest is not None:
            self.ledger.uploaded(content.digest, file_id)
            if is_first and content.partial is not None:
                self.ledger.hashed_first(content.partial)
        elif content.partial is not None and content.origin is not None:
            self.ledger.uploaded_first(content.partial, file_id, content.origin)
        self.unused.add(file_id)
        self.files += 1
        self.files_size += content.size
        return UploadedFile(file_id, content.partial, content.digest, content.size, shared=False)

    def forget(self, file: UploadedFile) -> None:
        """Take back a file that the server no longer has."""
        if file.digest is not None:
            self.ledger.forget_file(file.digest, file.file_id)
        elif file.partial is not None:
            self.ledger.forget_first(file.partial, file.file_id)

    def used(self, file_ids: Iterable[str]) -> None:
        """Note that a document has these files."""
        self.unused.difference_update(file_ids)

    async def applicant(self, applicant: Person | Company, calls: CountedCalls) -> str:
        """Return the id of an applicant, which is made once for its external id.

        Raises `Unreconciled`, and `InvalidRequestError` when one with the same external id and other data was made.
        """
        digest = digest_of_applicant(applicant)
        fingerprint = digest_of(applicant)
        async with self.locks.look(digest, lambda: self.ledger.applicant(digest)) as known:
            if known is not None and known.applicant_id is not None:
                # That of an earlier version only where it matters: all rows of an applicant come here.
                said = self.ledger.has_said(known, fingerprint)
                if not said and not self.ledger.has_said(known, older_digest_of(applicant)):
                    raise invalid_request(applicants.CREATE.name, [_OTHER_DATA])
                return known.applicant_id
            in_doubt = self.ledger.may_have_gaps if known is None else known.state is EntryState.SENT
            if in_doubt and not self._may_make_anew(digest):
                sent_before = digest not in self._lost
                raise Unreconciled(_UNKNOWN, operation=applicants.CREATE.name, sent_before=sent_before)
            applicant_id = await self._make(digest, fingerprint, applicant, calls, in_doubt=in_doubt)
        self.applicants += 1
        return applicant_id

    def _may_make_anew(self, digest: bytes) -> bool:
        return self.create_uncertain and digest not in self._lost

    async def _make(
        self, digest: bytes, fingerprint: bytes, applicant: Person | Company, calls: CountedCalls, *, in_doubt: bool
    ) -> str:
        def withdraw() -> None:
            if not in_doubt:
                self.ledger.failed_applicant(digest, _UNSENT)

        intent = IntentRecord(
            write=lambda: self.ledger.intend_applicant(digest, fingerprint),
            withdraw=withdraw,
            guard=self.ledger.guard,
        )
        if self.at_once.locked():
            await self._place()
        else:
            await self.at_once.acquire()
        try:
            applicant_id = await calls.create(applicants.CREATE, intent, body=applicant)
        except KycaidError as error:
            if error.maybe_processed:
                self._lost.add(digest)
                raise Unreconciled("", error, operation=applicants.CREATE.name) from error
            if not in_doubt:
                self.ledger.failed_applicant(digest, code_of(error))
            raise
        finally:
            self.at_once.release()
        self.ledger.created_applicant(digest, applicant_id)
        known = await self.ledger.applicant(digest)
        if known is None or known.applicant_id != applicant_id:
            self._lost.add(digest)
            raise Unreconciled(_TAKEN, operation=applicants.CREATE.name)
        return applicant_id

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


async def known_applicant(row: BulkRow, entry: RowEntry | None, ledger: UploadLedger) -> tuple[str | None, bool]:
    """Return the applicant of a row; without one, whether it was perhaps made."""
    if entry is not None and entry.intent.applicant_id:
        return entry.intent.applicant_id, False
    if row.applicant is None:
        return row.applicant_id, False
    known = await ledger.applicant(digest_of_applicant(row.applicant))
    if known is None:
        return None, ledger.may_have_gaps
    return known.applicant_id, known.applicant_id is None and known.state is EntryState.SENT


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
