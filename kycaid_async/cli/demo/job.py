"""The main job: upload each file, create its document, and read back the review. One bad file stops no other.

Then, where it is wanted, the verdict about each person.
"""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeVar

import anyio
import attrs

from kycaid_async.api.applicants import Person
from kycaid_async.api.documents.fields import DocumentType
from kycaid_async.api.documents.models import ApplicantDocument
from kycaid_async.cli.demo.files import DemoFile, Holder
from kycaid_async.cli.demo.report import DemoReport, FileOutcome, PersonOutcome
from kycaid_async.cli.problems import one_line
from kycaid_async.client import AsyncKycaid
from kycaid_async.errors import AuthenticationError, ConnectionFailedError, InsufficientFundsError, KycaidError

T = TypeVar("T")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0

# Not about the file that met them, but about the key, the balance or the server.
_HOPELESS = (AuthenticationError, ConnectionFailedError, InsufficientFundsError)


class Watcher(Protocol):
    """An observer of the progress."""

    def sent(self, outcome: FileOutcome) -> None:
        """A file went through, or failed."""

    def reviewed(self, outcome: FileOutcome) -> None:
        """The review of a document is known."""


@attrs.define(eq=False)
class _Applicant:
    """The applicant of a holder, made once however many files are under way."""

    id: str | None = None
    lock: anyio.Lock = attrs.field(factory=anyio.Lock)


class DemoJob:
    """Sends ``files`` with ``workers`` requests at once and waits up to ``wait`` seconds for their reviews.

    With ``verifies``, the id of a form and a ledger, it starts a verification of each holder, too, and waits for the
    verdicts.
    """

    def __init__(
        self,
        client: AsyncKycaid,
        files: Iterable[DemoFile],
        *,
        workers: int,
        wait: float,
        watcher: Watcher,
        verifies: tuple[str, Path] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._client = client
        self._outcomes = [FileOutcome(file) for file in files]
        self._workers = workers
        self._wait = wait
        self._watcher = watcher
        self._verifies = verifies
        self._clock = clock
        self._sleep = sleep
        self._applicants: defaultdict[Holder, _Applicant] = defaultdict(_Applicant)
        self._hopeless: KycaidError | None = None

    async def run(self) -> DemoReport:
        """Do all of it. Raises `KycaidError` when the key or the server lets not even the first files through."""
        started = self._clock()
        await self._for_each(self._outcomes, self._send)
        if self._hopeless is not None and not any(outcome.document_id for outcome in self._outcomes):
            raise self._hopeless
        await self._review()
        seconds = self._clock() - started
        people = [] if self._verifies is None else await self._verify(*self._verifies)
        return DemoReport(outcomes=self._outcomes, seconds=seconds, people=people)

    async def _send(self, outcome: FileOutcome) -> None:
        try:
            await self._create(outcome)
        except KycaidError as error:
            outcome.error = error
            if isinstance(error, _HOPELESS) and not any(other.document_id for other in self._outcomes):
                self._hopeless = error
        self._watcher.sent(outcome)

    async def _create(self, outcome: FileOutcome) -> None:
        file = outcome.file
        # The file first: one that is refused then leaves no applicant behind.
        file_id = await self._client.files.create(file.path, filename=one_line(file.path.name))
        outcome.bytes = file.size
        document = ApplicantDocument(
            applicant_id=await self._applicant_id(file.holder),
            type=DocumentType(file.type),
            document_number=file.number,
            expiry_date=file.expiry,
            front_side_id=file_id,
        )
        outcome.document_id = await self._client.documents.create(document)

    async def _applicant_id(self, holder: Holder) -> str:
        applicant = self._applicants[holder]
        async with applicant.lock:
            if applicant.id is None:
                person = Person(first_name=holder.first_name, last_name=holder.last_name, dob=holder.dob)
                applicant.id = await self._client.applicants.create(person)
            return applicant.id

    async def _review(self) -> None:
        """Read every document at least once, and again, with growing pauses, those that are not reviewed yet."""
        deadline, pause = self._clock() + self._wait, _FIRST_PAUSE
        waiting = [outcome for outcome in self._outcomes if outcome.document_id]
        while True:
            await self._for_each(waiting, self._read)
            waiting = [outcome for outcome in waiting if outcome.waits]
            left = deadline - self._clock()
            if not waiting or left <= 0:
                return
            await self._sleep(min(pause, left))
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    async def _read(self, outcome: FileOutcome) -> None:
        try:
            outcome.document = await self._client.documents.get(outcome.document_id)
        except KycaidError as error:
            outcome.error = error
        if not outcome.waits:
            self._watcher.reviewed(outcome)

    async def _verify(self, form_id: str, ledger: Path) -> list[PersonOutcome]:
        holders = dict.fromkeys(outcome.file.holder for outcome in self._outcomes)
        ids = {made: holder for holder in holders if (made := self._applicants[holder].id) is not None}
        await self._client.bulk.verify_all(list(ids), form_id=form_id, ledger=ledger)
        verdicts, _ = await self._client.bulk.results_all(ledger=ledger, wait=self._wait)
        found = {verdict.applicant_id: verdict for verdict in verdicts}
        return [PersonOutcome(holder, found[made]) for made, holder in ids.items() if made in found]

    async def _for_each(self, items: Iterable[T], work: Callable[[T], Awaitable[None]]) -> None:
        queue = iter(items)

        async def worker() -> None:
            for item in queue:
                if self._hopeless is not None:
                    return
                await work(item)

        async with anyio.create_task_group() as group:
            for _ in range(self._workers):
                group.start_soon(worker)
