"""Finds out what the open verifications of a ledger have come to: by the report, and one by one.

The report gives 1,000 verifications a call, of one day, and says which still run. All others are asked for one by one,
for their verdicts: also those of which the report does not say it. Where each stood in the report is kept, so that the
next look asks for the fewest pages.
"""

from array import array
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date, datetime
from typing import Final

import attrs

from kycaid_async.api import applicants, verifications
from kycaid_async.api.verifications.fields import VerificationProgress
from kycaid_async.api.verifications.section import CLOCKS_APART, PAGE
from kycaid_async.bulk.ledger import UploadLedger, VerificationEntry, VerificationLedger, VerificationState
from kycaid_async.bulk.requests.resilient_caller import CountedCalls, ResilientCaller
from kycaid_async.bulk.results.record import LookRecord, ReportPlace, checks_of, reviews_of, verdict_of
from kycaid_async.bulk.results.verdict import ResultsSummary
from kycaid_async.errors import ApiError, KycaidError
from kycaid_async.protocol.plain_text import is_plain
from kycaid_async.timing import Timing

_FINISHED: Final = VerificationProgress.COMPLETED.value
_UNFINISHED: Final = (VerificationProgress.UNUSED, VerificationProgress.PENDING)
NO_VERDICT: Final = "it is finished, and shows no verdict"
_PLACES: Final = 1 << 24
"""More than a day's report has rows."""


@attrs.define(kw_only=True, eq=False)
class Lookup:
    """Looks at open verifications, and records what it finds. Raises `Stopped` and `LedgerError`, which end the run."""

    caller: ResilientCaller
    ledger: UploadLedger
    timing: Timing
    summary: ResultsSummary
    per_document: bool = False
    fresh: bool = False
    """Ask for those that are decided, too, in the first round."""
    _calls: CountedCalls = attrs.field(init=False)
    _since: datetime = attrs.field(init=False)
    """When this round began: what was looked at since then is not looked at again."""

    def __attrs_post_init__(self) -> None:
        self._calls = self.caller.counted()
        self._since = self.timing.now()

    @property
    def _entries(self) -> VerificationLedger:
        return self.ledger.verifications

    async def to_ask(self) -> AsyncIterator[VerificationEntry]:
        """Give the verifications that have to be asked for one by one, each once, after a look at the report."""
        self._since = self.timing.now()
        async for entry in self._finished():
            yield entry
        self.fresh = False
        windows = [window async for window in self._windows()]
        for day, start in windows:
            for entry in (await self._page(day, start)).to_ask:
                yield entry
        days, unseen = await self._unseen(windows)
        async for entry in self._search(days, unseen):
            yield entry
        async for entry in self._entries.open():
            if not self._was_seen(entry):
                yield entry  # it stood alone, or not where it was looked for

    async def look(self, entry: VerificationEntry) -> None:
        """Ask for one verification, and record its verdict, if it has one."""
        record = attrs.evolve(self.record_of(entry), trouble="")
        self.summary.asked += 1
        try:
            found = await self._calls.call(verifications.GET, path={"verification_id": entry.verification_id})
        except KycaidError as error:
            self._record_trouble(entry, record, _trouble(error))
            return
        verdict = verdict_of(found)
        if verdict is None and found.status == VerificationProgress.COMPLETED:
            record = attrs.evolve(record, trouble=NO_VERDICT)
        documents = await self._documents(entry) if verdict is not None and self.per_document else record.documents
        record = attrs.evolve(record, checks=checks_of(found), documents=documents)
        self._record(entry, record, status=found.status, verdict=verdict)

    def record_of(self, entry: VerificationEntry) -> LookRecord:
        """Return what the ledger keeps of the looks at a verification."""
        return LookRecord.of(entry, self._entries.unseal)

    # What needs no page of the report.

    async def _finished(self) -> AsyncIterator[VerificationEntry]:
        """Give those that are known to be finished, and without all that is asked for, or to be asked for anew."""
        async for entry in self._entries.all():
            if entry.state is not VerificationState.CREATED:
                continue
            if entry.verdict is None and entry.status == _FINISHED:
                self._record(entry, self.record_of(entry), status=_FINISHED)
                yield entry
            elif entry.verdict is not None and (self.fresh or self._lacks_documents(entry)):
                yield entry

    def _lacks_documents(self, entry: VerificationEntry) -> bool:
        return self.per_document and self.record_of(entry).documents is None

    # The report.

    async def _windows(self) -> AsyncIterator[tuple[str, int]]:
        """Give the fewest pages in which all open verifications stood that the report showed before.

        Where one stands alone it is asked for itself: that costs as much, and tells its verdict too.
        """
        places = array("q")
        async for entry in self._entries.open():
            place = None if self._was_seen(entry) else self.record_of(entry).place
            if place is not None:
                places.append(date.fromisoformat(place.day).toordinal() * _PLACES + place.at)
        for start, count in _cover(sorted(places)):
            if count > 1:
                yield date.fromordinal(start // _PLACES).isoformat(), start % _PLACES

    async def _page(self, day: str, offset: int) -> "_Page":
        """Ask for a page of a day's report, and record what it shows of open verifications."""
        self.summary.pages += 1
        query = {"date": day, "offset": offset, "count": PAGE}
        try:
            rows = await self._calls.call(verifications.REPORT, query=query)
        except KycaidError:
            return _Page(rows=0)  # they are asked for one by one
        shown = {row.verification_id: (at, row) for at, row in enumerate(rows, offset) if is_plain(row.verification_id)}
        page = _Page(rows=len(rows))
        for name, entry in (await self._entries.among(list(shown))).items():
            if not entry.is_open or self._was_seen(entry):
                continue
            at, row = shown[name]
            record = attrs.evolve(self.record_of(entry), place=ReportPlace(day, at), trouble="")
            record = attrs.evolve(record, created_at=row.created_at or record.created_at)
            self._record(entry, record, status=row.status)
            page.seen += 1
            if row.status not in _UNFINISHED:  # the report proves only that one still runs
                page.to_ask.append(attrs.evolve(entry, result=record.as_text(self._entries.seal)))
        return page

    async def _unseen(self, windows: Sequence[tuple[str, int]]) -> tuple[list[date], int]:
        """Return the days on which the open verifications may be found that no page showed so far, and their number.

        Not those that stood alone.
        """
        days, unseen = set[date](), 0
        async for entry in self._entries.open():
            if self._was_seen(entry):
                continue
            place = self.record_of(entry).place
            if place is None:
                sent = entry.intended_at
                days |= {(sent - CLOCKS_APART).date(), (sent + CLOCKS_APART).date()}
            elif any(day == place.day and start <= place.at < start + PAGE for day, start in windows):
                days.add(date.fromisoformat(place.day))
            else:
                continue
            unseen += 1
        return sorted(days), unseen

    async def _search(self, days: Sequence[date], unseen: int) -> AsyncIterator[VerificationEntry]:
        """Look at the report of whole days, as long as that is less work than to ask for each one."""
        pages, most = 0, unseen
        for day in days:
            offset = 0
            while unseen > 0 and pages < most:
                page = await self._page(day.isoformat(), offset)
                for entry in page.to_ask:
                    yield entry
                pages, unseen, offset = pages + 1, unseen - page.seen, offset + page.rows
                if page.rows < PAGE:
                    break

    # The documents of an applicant.

    async def _documents(self, entry: VerificationEntry) -> dict[str, dict[str, object]] | None:
        query = {"verification_id": entry.verification_id}
        try:
            applicant = await self._calls.call(applicants.GET, path={"applicant_id": entry.applicant_id}, query=query)
        except KycaidError:
            return None
        return reviews_of(applicant.documents or ())

    # The ledger.

    def _record(
        self, entry: VerificationEntry, record: LookRecord, *, status: str | None, verdict: str | None = None
    ) -> None:
        self._entries.record_result(
            entry.verification_id or "",
            status=status,
            verdict=verdict,
            result=record.as_text(self._entries.seal),
            now=self.timing.now(),
        )

    def _record_trouble(self, entry: VerificationEntry, record: LookRecord, trouble: str) -> None:
        if entry.verdict is None:  # what was decided stays so
            self._record(entry, attrs.evolve(record, trouble=trouble), status=entry.status)

    def _was_seen(self, entry: VerificationEntry) -> bool:
        return entry.looked_at is not None and entry.looked_at >= self._since


@attrs.define(kw_only=True)
class _Page:
    """A page of the report, as far as it is about open verifications."""

    rows: int
    seen: int = 0
    to_ask: list[VerificationEntry] = attrs.field(factory=list)
    """Those that do not certainly run any more."""


def _cover(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Give the start of each page that covers the sorted ``places``, and how many it covers."""
    start, count = -PAGE, 0
    for place in places:
        if place >= start + PAGE:
            if count:
                yield start, count
            start, count = place, 0
        count += 1
    if count:
        yield start, count


def _trouble(error: KycaidError) -> str:
    return type(error).__name__ + (f", HTTP {error.status}" if isinstance(error, ApiError) else "")
