"""Verifications: billed runs of checks, and their results. Reference: *Verifications*."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Unpack, overload

from kycaid_async.api.section import Section, one_of
from kycaid_async.api.verifications.fields import Outcome, OutcomeName, VerificationFields, VerificationProgress
from kycaid_async.api.verifications.models import (
    Verification,
    VerificationCreate,
    VerificationReportRow,
    VerificationStatusResult,
    VerificationStatusUpdate,
)
from kycaid_async.errors import DecodeError, FieldProblem, RequestTimeoutError
from kycaid_async.options import is_number
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay, ReturnsData, ReturnsId, ReturnsList, ReturnsModel
from kycaid_async.protocol.request import invalid_request
from kycaid_async.tracebacks import border, confidential
from kycaid_async.values.constraints import CalendarDate, id_text
from kycaid_async.values.mismatch import Mismatch, kind
from kycaid_async.values.plain import day_of, plain
from kycaid_async.values.scalars import read_date
from kycaid_async.values.unset import UNSET

PAGE = 1000
"""Rows per call of the report: the server cuts a larger ``count`` to this without a word."""

MOST_PAGES = 1000
"""Pages of one day: a server that does not know ``offset``, and whose pages change, has no last one."""

CLOCKS_APART = timedelta(minutes=2)
"""How far the server's clock may be from the caller's."""

FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 2.0, 60.0, 1.5
"""Seconds between two looks in ``wait``. A result takes from two minutes to six hours."""

_MOMENT = "a datetime with a zone, a date, or the text of one, such as 2026-11-01T12:00:00Z or 2026-11-01"

LAST_LOOK = 5.0
"""Seconds that the last look may take after the time is up."""

CREATE = Endpoint(
    name="verifications.create",
    method="POST",
    path="/verifications",
    accepts=(VerificationCreate,),
    returns=ReturnsId("verification_id"),
    replay=Replay.BILLED,
    evidence=Evidence.OBSERVED,
    reference="Verifications / Create a verification",
    refusals=(400, 401, 402, 403, 404, 409, 422, 429, 500, 502),
)
REPORT = Endpoint(
    name="verifications.report",
    method="GET",
    path="/verifications/report",
    query=("date", "offset", "count"),
    returns=ReturnsList(VerificationReportRow, ("data", "verifications", "items", "results", "report")),
    replay=Replay.SAFE,
    evidence=Evidence.OBSERVED,
    reference="Verifications / Verification report",
    refusals=(400, 401, 422, 429, 500, 502),
)
GET = Endpoint(
    name="verifications.get",
    method="GET",
    path="/verifications/{verification_id}",
    returns=ReturnsModel(Verification, needed=True),
    replay=Replay.SAFE,
    evidence=Evidence.OBSERVED,
    reference="Verifications / Get a verification",
    refusals=(400, 401, 404, 409, 422, 429, 500, 502),
)
UPDATE_STATUS = Endpoint(
    name="verifications.update_status",
    method="POST",
    path="/verifications/{verification_id}/status",
    accepts=(VerificationStatusUpdate,),
    returns=ReturnsData(VerificationStatusResult),
    replay=Replay.IDEMPOTENT,
    evidence=Evidence.DOCUMENTED,
    reference="Verifications / Update a verification status",
    refusals=(400, 401, 404, 409, 422, 429, 500, 502),
)
ENDPOINTS = (CREATE, REPORT, GET, UPDATE_STATUS)


class Verifications(Section):
    """Billed runs of checks, and their results. Reference: *Verifications*."""

    @overload
    async def create(self, verification: VerificationCreate, /) -> str: ...
    @overload
    async def create(self, /, **fields: Unpack[VerificationFields]) -> str: ...
    @confidential
    def create(self, verification: VerificationCreate | None = None, /, **fields: Any) -> Awaitable[str]:
        """Start a verification, which takes the fee, and return its id. Reference: *Create a verification*.

        Pass a `VerificationCreate`, or ``applicant_id`` and ``form_id`` as keywords. There is no idempotency key: a
        lost answer is never repeated, and the error says ``maybe_processed``. Then look with `find` before you call
        again, so that nobody pays twice.

        Raises `InsufficientFundsError`, `ConflictError` (``verification_exists``), and the errors of a call.
        """
        return self._call(CREATE, body=one_of("verifications.create", verification, VerificationCreate, fields))

    @confidential
    def get(self, verification_id: str) -> Awaitable[Verification]:
        """Return a verification. Reference: *Get a verification*.

        ``status`` says whether it is finished, ``passed`` how it ended. Raises `NotFoundError`, and the errors of a
        call.
        """
        return self._call(GET, path={"verification_id": verification_id})

    @confidential
    async def wait(
        self,
        verification_id: str,
        *,
        timeout: float = 6 * 3600.0,  # noqa: ASYNC109 - the deadline is kept over sleeps and repeats
    ) -> Verification:
        """Return a verification once it is finished, asking again with growing, jittered pauses of up to a minute.

        Raises `RequestTimeoutError` (phase ``wait``) when it is not finished within ``timeout`` seconds,
        `InvalidRequestError` for what is no such number, and the errors of `get`. A callback tells the same without
        asking.
        """
        import asyncio  # not before: those who only read callbacks need none

        if not is_number(timeout) or not timeout >= 0:
            wanted = FieldProblem("timeout", "a number of seconds, 0 or more", kind(timeout))
            raise invalid_request("verifications.wait", [wanted])
        timing, pause = self._timing, FIRST_PAUSE
        deadline = timing.clock() + timeout
        while True:
            left = max(0.0, deadline - timing.clock())
            limit = asyncio.timeout(left + LAST_LOOK)
            try:
                async with limit:
                    found = await self.get(verification_id)
            except TimeoutError:
                if not limit.expired():
                    raise
                break
            if found.status == VerificationProgress.COMPLETED:
                return found
            left = deadline - timing.clock()
            if left <= 0:
                break
            await timing.sleep(min(left, pause * (0.5 + timing.chance() / 2)))
            pause = min(LONGEST_PAUSE, pause * GROWTH)
        raise RequestTimeoutError(
            f"verifications.wait: not finished within {timeout:g} seconds; it goes on, ask again later.",
            operation="verifications.wait",
            retryable=True,
            phase="wait",
        )

    async def report(self, start: date | str, end: date | str | None = None) -> AsyncIterator[VerificationReportRow]:
        """Iterate over the rows of the report from ``start`` to ``end``, both included; without ``end``, of one day.

        Dates are `datetime.date` or text as ``YYYY-MM-DD``: the server would answer a malformed one with an empty
        list, so it is refused here. It lists one day per call and at most 1000 rows; pages are fetched as they are
        needed. Rows of test and live mode, and of KYC, KYB and SERVICE, are mixed. They hold personal data.

        Raises `InvalidRequestError` when the first row is asked for, and the errors of a call.
        """
        with border:
            day, last = _day("start", start), _day("end", start if end is None else end)
            if last < day:
                problem = FieldProblem("end", "a date not before start", "an earlier one")
                raise invalid_request("verifications.report", [problem])
            for days in range((last - day).days + 1):
                async for row in self._rows_of(day + timedelta(days)):
                    yield row

    @confidential
    async def find(
        self,
        *,
        applicant_id: str | None = None,
        external_applicant_id: str | int | None = None,
        since: datetime | date | str,
    ) -> list[VerificationReportRow]:
        """Return the rows of an applicant's verifications since a moment, oldest day first.

        For after a create whose answer was lost: an empty list says that the report shows none (yet). The moment is a
        datetime with a zone, a date, which begins at midnight in UTC, or the text of either, as in ``2026-11-01`` or
        ``2026-11-01T12:00:00Z``. Rows of up to two minutes before a moment come too, since the server's clock is
        another: one row too many can be looked at, one too few can be paid twice.

        Raises `InvalidRequestError`, and the errors of a call.
        """
        if not applicant_id and external_applicant_id in (None, ""):
            wanted = FieldProblem("applicant_id", "this or external_applicant_id", "neither")
            raise invalid_request("verifications.find", [wanted])
        external = id_text(external_applicant_id)
        if not isinstance(external, str | None):
            odd = FieldProblem("external_applicant_id", "text or a whole number", kind(external))
            raise invalid_request("verifications.find", [odd])
        begin = _moment(since)
        end = self._timing.now() + CLOCKS_APART
        rows = self.report(begin.date(), max(begin.date(), end.date()))
        return [
            row
            async for row in rows
            if (not applicant_id or row.applicant_id == applicant_id)
            and (not external or row.external_applicant_id == external)
            and (row.created_at is None or row.created_at >= begin)
        ]

    @confidential
    def update_status(
        self,
        verification_id: str,
        verification_status: Outcome | OutcomeName,
        *,
        callback_enabled: bool | None = None,
        project_owner_email_enabled: bool | None = None,
        applicant_email_enabled: bool | None = None,
    ) -> Awaitable[VerificationStatusResult]:
        """Set the outcome of a verification: ``approved`` or ``declined``. Reference: *Update a verification status*.

        The flags ask for a VERIFICATION_COMPLETED callback and for e-mails; None leaves them to the server. A lost
        answer is repeated: the state stays the same, but a callback or e-mail may go out again.

        Raises `NotFoundError`, `FlowError`, `ConflictError` (``edit_denied``), and the errors of a call.
        """
        body = VerificationStatusUpdate(
            verification_status=verification_status,
            callback_enabled=UNSET if callback_enabled is None else callback_enabled,
            project_owner_email_enabled=UNSET if project_owner_email_enabled is None else project_owner_email_enabled,
            applicant_email_enabled=UNSET if applicant_email_enabled is None else applicant_email_enabled,
        )
        return self._call(UPDATE_STATUS, path={"verification_id": verification_id}, body=body)

    async def _rows_of(self, day: date) -> AsyncIterator[VerificationReportRow]:
        offset, before = 0, list[VerificationReportRow]()
        for _ in range(MOST_PAGES):
            query = {"date": day.isoformat(), "offset": offset, "count": PAGE}
            rows = await self._call(REPORT, query=query)
            # A server that does not know `offset` would give the same page for ever.
            if rows and [row.raw for row in rows] == [row.raw for row in before]:
                return
            for row in rows:
                yield row
            if len(rows) < PAGE:
                return
            offset, before = offset + len(rows), rows
        raise DecodeError(
            f"verifications.report: one day has more than {MOST_PAGES * PAGE:,} rows, or the server gives the same "
            "ones again and again. What came so far may hold rows twice; ask KYCAID.",
            operation="verifications.report",
        )


def _day(name: str, value: Any) -> date:
    value = day_of(value)
    allowed = CalendarDate()
    if not allowed.allows(value):
        raise invalid_request("verifications.report", [FieldProblem(name, allowed.expected, allowed.describe(value))])
    return value if isinstance(value, date) else read_date(value)


def _moment(value: Any) -> datetime:
    value = plain(value)
    value = _moment_in(value) if isinstance(value, str) else value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            # Local time taken for UTC could begin hours too late, and miss what was paid for already.
            raise invalid_request("verifications.find", [FieldProblem("since", _MOMENT, "one without a zone")])
        with suppress(OverflowError):
            return value.astimezone(UTC) - CLOCKS_APART
        raise invalid_request("verifications.find", [FieldProblem("since", _MOMENT, "one at the begin of time")])
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    raise invalid_request("verifications.find", [FieldProblem("since", _MOMENT, kind(value))])


def _moment_in(text: str) -> date | datetime | str:
    """Return the date or the time that ``text`` spells, or ``text`` when it is neither."""
    with suppress(Mismatch):
        return read_date(text)
    with suppress(ValueError):
        return datetime.fromisoformat(text)
    return text
