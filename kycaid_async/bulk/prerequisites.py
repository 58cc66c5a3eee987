"""The prerequisites of a document: its files and its applicant, each made once."""

import asyncio
import functools
import hashlib
import os
from collections.abc import Iterable
from typing import Final, Protocol

import attrs

from kycaid_async.api import applicants, files
from kycaid_async.api.applicants import Company, Person
from kycaid_async.bulk.evidence import Unreconciled
from kycaid_async.bulk.ledger import EntryState, Ledger, RowEntry
from kycaid_async.bulk.manifest.places import source_of
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.bulk.requests.limits import Idle, KeyedLock, when_there_is_room
from kycaid_async.bulk.requests.resilient_caller import CountedCalls, IntentRecord, ResilientCaller
from kycaid_async.bulk.row import BulkRow, digest_of
from kycaid_async.errors import ApiError, FieldProblem, KycaidError, UploadSourceError
from kycaid_async.masking import code_or_mask, shown_path
from kycaid_async.protocol.request import invalid_request
from kycaid_async.uploads.multipart import Upload
from kycaid_async.uploads.path_source import PathReader
from kycaid_async.uploads.preflight import FileRules, inspect
from kycaid_async.uploads.reader import WHOLE, Buffer, Source, SourceReader, in_thread
from kycaid_async.uploads.sources import BytesReader, Frame, no_frame

_LOOKS: Final = 3
"""How often a file that changes under our hands is read from its start."""
_IN_MEMORY: Final = WHOLE
"""Files up to this size are read once, and sent from memory. Hashed on the loop: a thread takes longer to begin."""


class _Hash(Protocol):
    def update(self, data: Buffer, /) -> None: ...
    def digest(self) -> bytes: ...


@attrs.frozen
class _FileContent:
    """The content of a file: what it is known by, and how it is sent."""

    digest: bytes
    """SHA-256."""
    size: int
    content_type: str
    source: Source
    """Gives exactly these bytes, or breaks off."""


def as_many_as_cores() -> asyncio.Semaphore:
    """Return what lets so many large files be hashed at once: more would only take time from the loop."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return asyncio.Semaphore(len(usable))


async def read_content(source: Source, rules: FileRules, hashing: asyncio.Semaphore) -> _FileContent:
    """Read a file once; ``hashing`` bounds how many large ones at a time.

    Raises `InvalidFileError`, `UploadSourceError`, and `ConfigurationError` when a package for its URL is missing.
    """
    reading = await source.open()
    try:
        kind = inspect(reading, label=source.label, rules=rules)
        if reading.size > _IN_MEMORY:
            async with hashing:
                digest = await _digest(reading)
            return _FileContent(digest, reading.size, kind, _Pinned(source, digest, _stamp(reading)))
        held = await _held(source, reading)
    finally:
        await reading.close()
    return _FileContent(hashlib.sha256(held.data).digest(), len(held.data), kind, held)


async def _held(source: Source, reading: SourceReader) -> "_Held":
    if len(reading.head) == reading.size:
        return _Held(memoryview(reading.head), source.label, source.filename, reading.framed)
    parts = [bytes(reading.head)]
    while part := await reading.read():
        parts.append(bytes(part))
    data = b"".join(parts)
    if len(data) != reading.size or not await reading.unchanged():
        raise _changed(source)
    return _Held(memoryview(data), source.label, source.filename)


@attrs.define(eq=False)
class _Held:
    """A small file in memory."""

    data: memoryview
    label: str = attrs.field(repr=False)
    filename: str | None = attrs.field(repr=False)
    frame: Frame = attrs.field(default=no_frame, repr=False)
    """Once it was used, what it gave may still be on its way."""

    async def open(self) -> SourceReader:
        frame, self.frame = self.frame, no_frame
        return BytesReader(self.data, frame)


async def _digest(reading: SourceReader) -> bytes:
    """Return the digest of a large file, a piece at a time, and never on the loop."""
    if isinstance(reading, PathReader):
        return await reading.digest()
    digest = hashlib.sha256(reading.head)
    while part := await reading.read():
        await in_thread(functools.partial(digest.update, part))
    return digest.digest()


Stamp = tuple[int, ...] | None


def _stamp(reading: SourceReader) -> Stamp:
    """Return what changes whenever a local file does; None for what is not one."""
    if not isinstance(reading, PathReader):
        return None
    status = reading.found
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@attrs.frozen(eq=False)
class _Pinned:
    """A large file that must still be what was hashed."""

    source: Source
    digest: bytes
    stamp: Stamp

    @property
    def label(self) -> str:
        return self.source.label

    @property
    def filename(self) -> str | None:
        return self.source.filename

    async def open(self) -> SourceReader:
        reading = await self.source.open()
        if self.stamp is None:
            return _Hashed(reading, self.digest, hashlib.sha256(reading.head))
        if _stamp(reading) != self.stamp:
            await reading.close()
            raise _changed(self.source)
        return reading


@attrs.define(eq=False)
class _Hashed:
    """A reading that is whole only when its bytes are those that were hashed before."""

    reading: SourceReader
    digest: bytes
    _hash: _Hash

    @property
    def size(self) -> int:
        return self.reading.size

    @property
    def head(self) -> Buffer:
        return self.reading.head

    def framed(self, _before: bytes, _behind: bytes) -> None:
        return None

    async def read(self) -> Buffer:
        part = await self.reading.read()
        self._hash.update(part)
        return part

    async def unchanged(self) -> bool:
        return await self.reading.unchanged() and self._hash.digest() == self.digest

    async def close(self) -> None:
        await self.reading.close()


def _changed(source: Source) -> UploadSourceError:
    return UploadSourceError(
        f"{shown_path(source.label)}: changed while it was read; send it again when it is complete"
    )


@attrs.frozen
class UploadedFile:
    """A file that the server has."""

    file_id: str
    digest: bytes
    """SHA-256 of its content."""
    size: int
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
    create_uncertain: bool
    at_once: asyncio.Semaphore
    """How many applicants may be under way at once: of those that get no answer nobody can find out."""
    applicants: int = 0
    """Applicants that were made."""
    files: int = 0
    """Files that were uploaded."""
    files_shared: int = 0
    """Files that needed no upload."""
    unused: set[str] = attrs.field(factory=set)
    """Files that were uploaded now, and that no document has so far."""
    _contents: KeyedLock = attrs.field(factory=KeyedLock)
    """Whoever waits for one of these has a file in memory, and so keeps a place among the workers."""
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
                    lambda: self._file(source, calls),
                    sleep=self.caller.timing.sleep,
                    slow_down=self.caller.concurrency.refused,
                )
            except UploadSourceError:
                if look == _LOOKS - 1:
                    raise
        raise AssertionError  # the last look returns or raises

    async def _file(self, source: Source, calls: CountedCalls) -> UploadedFile:
        content = await read_content(source, self.rules, self._hashing)
        async with self._contents.of(content.digest):
            known = await self.ledger.file(content.digest)
            if known is not None:
                self.files_shared += 1
                return UploadedFile(known, content.digest, content.size, shared=True)
            upload = Upload(source=content.source, content_type=content.content_type, inspected=True)
            file_id = await calls.call(files.CREATE, upload=upload)
            self.ledger.uploaded(content.digest, file_id)
            self.unused.add(file_id)
        self.files += 1
        return UploadedFile(file_id, content.digest, content.size, shared=False)

    def used(self, file_ids: Iterable[str]) -> None:
        """Note that a document has these files."""
        self.unused.difference_update(file_ids)

    async def applicant(self, applicant: Person | Company, calls: CountedCalls) -> str:
        """Return the id of an applicant, which is made once for its external id.

        Raises `Unreconciled`, and `InvalidRequestError` when one with the same external id and other data was made.
        """
        digest = digest_of_applicant(applicant)
        fingerprint = digest_of(applicant)
        async with self.locks.of(digest):
            known = await self.ledger.applicant(digest)
            if known is not None and known.applicant_id is not None:
                if not self.ledger.has_said(known, fingerprint):
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

        intent = IntentRecord(write=lambda: self.ledger.intend_applicant(digest, fingerprint), withdraw=withdraw)
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


async def known_applicant(row: BulkRow, entry: RowEntry | None, ledger: Ledger) -> tuple[str | None, bool]:
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
