"""``verifications.report`` and ``verifications.find``."""

from datetime import UTC, date, datetime, timedelta, timezone

import attrs
import pytest

from kycaid_async import (
    DeclineReason,
    DecodeError,
    InvalidRequestError,
    Mode,
    Service,
    ValidationError,
    VerificationProgress,
    VerificationReportRow,
    structure,
    unstructure,
)
from tests.api.cases import rows
from tests.api.examples import APPLICANT_ID, REPORT_ROW, VERIFICATION_ID
from tests.api.wire import compact

NOW = datetime(2024, 11, 18, 0, 30, tzinfo=UTC)


def page(first, count):
    return [{"verification_id": f"{n:036}"} for n in range(first, first + count)]


def asked(server):
    return [(r.query["date"], int(r.query["offset"])) for r in server.requests]


@pytest.fixture
def reporting(client, fake_time):
    """The verifications of a client whose time of day is known."""
    client._shared.timing = attrs.evolve(fake_time.timing(), now=lambda: NOW)
    return client.verifications


async def test_a_row_comes_back_as_it_was_seen(reporting, server):
    server.answer(200, compact([REPORT_ROW, {}]))
    row, empty = await rows(reporting.report("2024-11-16"))
    spelled_otherwise = {"dob": date(1976, 2, 21), "created_at": datetime(2024, 11, 16, 14, 22, 54, tzinfo=UTC)}
    for name, value in REPORT_ROW.items():
        assert getattr(row, name) == spelled_otherwise.get(name, value)
    assert (row.status, row.service, row.mode) == (VerificationProgress.COMPLETED, Service.KYC, Mode.LIVE)
    assert row.extra == {}
    assert compact(unstructure(row)) == compact(REPORT_ROW)
    assert empty == VerificationReportRow()


@pytest.mark.parametrize(
    ("fields", "passed", "reasons"),
    [
        ({"status": "completed", "decline_reasons": []}, True, []),
        ({"status": "completed", "decline_reasons": ""}, True, []),
        ({"status": "completed", "decline_reasons": "7,BAD_QUALITY,24"}, False, ["BAD_QUALITY", "DUPLICATE"]),
        ({"status": "completed", "decline_reasons": ["NEW_ONE"]}, False, ["NEW_ONE"]),
        ({"status": "completed"}, None, []),
        ({"status": "completed", "decline_reasons": None}, None, []),
        ({"status": "pending", "decline_reasons": []}, None, []),
        ({"status": "unused", "decline_reasons": []}, None, []),
        ({"status": "completed", "service": "SERVICE", "decline_reasons": []}, None, []),
        ({}, None, []),
    ],
)
async def test_a_row_tells_how_it_ended_as_far_as_that_can_be_inferred(reporting, server, fields, passed, reasons):
    server.answer(200, [fields])
    (row,) = await rows(reporting.report("2024-11-16"))
    assert (row.passed, row.reasons) == (passed, reasons)


@pytest.mark.parametrize("key", [None, "data", "verifications", "items", "results", "report"])
async def test_the_rows_come_bare_or_under_a_key(reporting, server, key):
    server.answer(200, [REPORT_ROW] if key is None else {"total": 1, key: [REPORT_ROW]})
    assert await rows(reporting.report("2024-11-16")) == [structure(REPORT_ROW, VerificationReportRow)]


@pytest.mark.parametrize("answer", [[], {"data": []}, {"report": None}])
async def test_a_day_may_be_empty(reporting, server, answer):
    server.answer(200, answer)
    assert await rows(reporting.report("2024-11-16")) == []


@pytest.mark.parametrize(
    ("field", "raw", "value"),
    [
        ("form_id", 12666, 12666),
        ("form_id", "12666", "12666"),
        ("price", 1, 1),
        ("price", "1.25", 1.25),
        ("price", 0, 0),
        ("processing_time", "116", 116.0),
        ("processing_time", 1.5, 1.5),
        ("decline_reasons", "BAD_QUALITY,7,DUPLICATE", [DeclineReason.BAD_QUALITY, DeclineReason.DUPLICATE]),
        ("decline_reasons", [7, {"code": "DUPLICATE"}], [DeclineReason.BAD_QUALITY, DeclineReason.DUPLICATE]),
        ("decline_reasons", "", []),
        ("applicant_id", "", ""),
        ("service", "SERVICE", Service.SERVICE),
        ("status", "new", "new"),
    ],
)
async def test_values_are_read_in_the_forms_they_were_seen_in(reporting, server, field, raw, value):
    server.answer(200, [REPORT_ROW | {field: raw}])
    (row,) = await rows(reporting.report("2024-11-16"))
    assert getattr(row, field) == value
    assert isinstance(getattr(row, field), type(value))
    assert row.extra == {}


@pytest.mark.parametrize("day", ["2024-11-16", date(2024, 11, 16)])
async def test_one_day_is_one_request_when_it_is_short(reporting, server, day):
    server.answer(200, page(0, 3))
    assert [int(row.verification_id) for row in await rows(reporting.report(day))] == [0, 1, 2]
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("GET", "/verifications/report", b"")
    assert request.query == {"date": "2024-11-16", "offset": "0", "count": "1000"}


@pytest.mark.parametrize(("start", "end"), [("2024-02-28", "2024-03-01"), (date(2024, 2, 28), date(2024, 3, 1))])
async def test_a_range_holds_both_its_ends(reporting, server, start, end):
    for n in range(3):
        server.answer(200, page(n, 1))
    assert [int(row.verification_id) for row in await rows(reporting.report(start, end))] == [0, 1, 2]
    assert asked(server) == [("2024-02-28", 0), ("2024-02-29", 0), ("2024-03-01", 0)]


async def test_a_full_page_is_followed_by_the_next_and_a_short_one_ends_the_day(reporting, server):
    """The server cuts a larger count to 1000 without a word."""
    server.answer(200, page(0, 1000))
    server.answer(200, {"data": page(1000, 1000)})
    server.answer(200, page(2000, 5))
    server.answer(200, page(2005, 1))
    found = await rows(reporting.report("2024-11-16", "2024-11-17"))
    assert [int(row.verification_id) for row in found] == list(range(2006))
    assert asked(server) == [("2024-11-16", 0), ("2024-11-16", 1000), ("2024-11-16", 2000), ("2024-11-17", 0)]


async def test_an_empty_page_ends_the_day_too(reporting, server):
    server.answer(200, page(0, 1000))
    server.answer(200, [])
    assert len(await rows(reporting.report("2024-11-16"))) == 1000
    assert len(server.requests) == 2


async def test_a_server_that_ignores_the_offset_ends_the_day(reporting, server):
    for _ in range(3):
        server.answer(200, page(0, 1000))
    assert len(await rows(reporting.report("2024-11-16"))) == 1000
    assert len(server.requests) == 2


async def test_pages_that_begin_alike_are_not_taken_for_the_same(reporting, server):
    """SERVICE rows have no applicant; two of the same second can be equal in every key."""
    alike = {"service": "SERVICE", "created_at": "2024-11-16 14:22:54", "price": 1}
    server.answer(200, [alike, *page(1, 999)])
    server.answer(200, [alike, *page(1001, 5)])
    assert len(await rows(reporting.report("2024-11-16"))) == 1006


async def test_pages_are_fetched_as_they_are_needed(reporting, server):
    server.answer(200, page(0, 1000))
    report = reporting.report("2024-11-16", "2024-12-31")
    assert server.requests == []
    async for row in report:
        assert row.verification_id
        break
    await report.aclose()
    assert len(server.requests) == 1


async def test_the_last_day_of_the_calendar_is_a_day(reporting, server):
    server.answer(200, page(0, 1))
    assert len(await rows(reporting.report(date.max))) == 1


@pytest.mark.parametrize("end", ["given", "as start"])
@pytest.mark.parametrize(
    "day",
    [
        "16.11.2024",
        "2024-11-1",
        "20241116",
        "2024-W46-6",
        "2024-02-30",
        "2024-11-16 00:00:00",
        "2024-11-16T00:00:00",
        " 2024-11-16",
        "2024-11-16\n",
        "",
        "yesterday",
        20241116,
        1731715200.0,
        datetime(2024, 11, 16, tzinfo=UTC),
        ["2024-11-16"],
        b"2024-11-16",
    ],
)
async def test_a_date_that_is_none_is_refused_before_anything_is_sent(reporting, server, day, end):
    """The server would answer it with an empty report."""
    report = reporting.report(day) if end == "as start" else reporting.report("2024-11-16", day)
    with pytest.raises(InvalidRequestError, match="a date as YYYY-MM-DD") as caught:
        await rows(report)
    assert (caught.value.field, caught.value.operation) == (
        "start" if end == "as start" else "end",
        "verifications.report",
    )
    assert server.requests == []


async def test_no_start_is_refused(reporting, server):
    with pytest.raises(InvalidRequestError, match="start: expected a date"):
        await rows(reporting.report(None))
    assert server.requests == []


async def test_a_range_that_ends_before_it_begins_is_refused(reporting, server):
    with pytest.raises(InvalidRequestError, match="end: expected a date not before start"):
        await rows(reporting.report("2024-11-17", "2024-11-16"))
    assert server.requests == []


async def test_errors_come_where_the_page_would(reporting, server):
    server.answer(200, page(0, 1000))
    server.answer(422, {"type": "validation", "errors": [{"parameter": "offset", "message": "x"}]})
    report = reporting.report("2024-11-16")
    assert [(await anext(report)).verification_id for _ in range(1000)]
    with pytest.raises(ValidationError) as caught:
        await anext(report)
    assert caught.value.operation == "verifications.report"


async def test_an_object_without_rows_is_not_taken_for_an_empty_report(server, make_client):
    server.answer(200, {"status": "ok"})
    with pytest.raises(DecodeError):
        await rows(make_client(server.url, max_retries=0).verifications.report("2024-11-16"))


# Finding what a create left behind.

MINE = {"applicant_id": APPLICANT_ID, "external_applicant_id": "user-1"}


def made_at(moment, **more):
    return MINE | {"verification_id": VERIFICATION_ID, "created_at": moment} | more


async def test_the_days_from_since_until_now_are_searched(reporting, server):
    """Now is half past midnight in UTC on the 18th."""
    server.answer(200, [made_at("2024-11-16 10:00:00")])
    server.answer(200, [made_at("2024-11-17 10:00:00", applicant_id="other")])
    server.answer(200, [made_at("2024-11-18 00:10:00")])
    found = await reporting.find(applicant_id=APPLICANT_ID, since=date(2024, 11, 16))
    assert asked(server) == [("2024-11-16", 0), ("2024-11-17", 0), ("2024-11-18", 0)]
    assert [row.created_at.day for row in found] == [16, 18]
    assert all(type(row) is VerificationReportRow for row in found)


@pytest.mark.parametrize(
    ("keys", "count"),
    [
        ({"applicant_id": APPLICANT_ID}, 2),
        ({"external_applicant_id": "user-1"}, 2),
        ({"applicant_id": APPLICANT_ID, "external_applicant_id": "user-1"}, 1),
        ({"applicant_id": "nobody"}, 0),
    ],
)
async def test_rows_are_told_by_the_applicant_or_by_your_own_id(reporting, server, keys, count):
    moment = "2024-11-18 00:10:00"
    server.answer(
        200,
        [
            made_at(moment),
            made_at(moment, external_applicant_id="user-2"),
            made_at(moment, applicant_id="another"),
            {"service": "SERVICE", "created_at": moment, "applicant_id": "", "external_applicant_id": None},
        ],
    )
    assert len(await reporting.find(**keys, since=NOW.date())) == count


@pytest.mark.parametrize(
    "since",
    [
        datetime(2024, 11, 17, 23, 0, tzinfo=UTC),
        datetime(2024, 11, 18, 1, 0, tzinfo=timezone(timedelta(hours=2))),
        datetime(2024, 11, 17, 18, 0, tzinfo=timezone(timedelta(hours=-5))),
    ],
)
async def test_a_moment_counts_in_utc_and_two_minutes_are_allowed_for_the_servers_clock(reporting, server, since):
    early, first = "2024-11-17 22:57:59", "2024-11-17 22:58:00"
    server.answer(200, [made_at(early), made_at(first)])
    server.answer(200, [made_at("2024-11-18 00:10:00"), made_at(None), made_at("soon")])
    found = await reporting.find(applicant_id=APPLICANT_ID, since=since)
    assert asked(server) == [("2024-11-17", 0), ("2024-11-18", 0)]
    times = [row.raw["created_at"] for row in found]
    assert times == [first, "2024-11-18 00:10:00", None, "soon"], "a row whose time cannot be read may be the one"


async def test_a_moment_right_after_midnight_may_be_the_day_before_to_the_server(reporting, server):
    server.answer(200, [made_at("2024-11-17 23:59:30")])
    server.answer(200, [])
    since = datetime(2024, 11, 18, 0, 1, tzinfo=UTC)
    assert len(await reporting.find(applicant_id=APPLICANT_ID, since=since)) == 1
    assert asked(server) == [("2024-11-17", 0), ("2024-11-18", 0)]


async def test_right_before_midnight_it_may_be_the_next_day_to_the_server(client, server, fake_time):
    now = datetime(2024, 11, 18, 23, 59, tzinfo=UTC)
    client._shared.timing = attrs.evolve(fake_time.timing(), now=lambda: now)
    server.answer(200, [])
    server.answer(200, [made_at("2024-11-19 00:00:10")])
    assert len(await client.verifications.find(applicant_id=APPLICANT_ID, since=now)) == 1
    assert asked(server) == [("2024-11-18", 0), ("2024-11-19", 0)]


async def test_a_date_begins_at_midnight_of_utc(reporting, server):
    server.answer(200, [made_at("2024-11-18 00:00:00"), made_at("2024-11-17 23:59:59")])
    assert len(await reporting.find(applicant_id=APPLICANT_ID, since=date(2024, 11, 18))) == 1
    assert asked(server) == [("2024-11-18", 0)]


async def test_a_verification_of_the_same_second_is_found(reporting, server):
    """The report has whole seconds: what was made 0.9 s into one is listed at its beginning."""
    server.answer(200, [made_at("2024-11-18 00:10:00")])
    since = datetime(2024, 11, 18, 0, 10, 0, 400_000, tzinfo=UTC)
    assert len(await reporting.find(applicant_id=APPLICANT_ID, since=since)) == 1


async def test_a_moment_ahead_of_this_clock_searches_its_own_day(reporting, server):
    server.answer(200, [made_at("2024-11-19 00:00:01")])
    assert len(await reporting.find(applicant_id=APPLICANT_ID, since=date(2024, 11, 19))) == 1
    assert asked(server) == [("2024-11-19", 0)]


async def test_nothing_found_is_an_empty_list(reporting, server):
    server.answer(200, [])
    assert await reporting.find(applicant_id=APPLICANT_ID, since=NOW) == []


async def test_a_lost_create_is_found(reporting, server):
    server.answer(502, "<html>")
    server.answer(200, [REPORT_ROW | {"created_at": "2024-11-18 00:30:00"}])
    with pytest.raises(Exception, match="look for its result") as caught:
        await reporting.create(applicant_id=APPLICANT_ID)
    assert caught.value.maybe_processed
    (row,) = await reporting.find(applicant_id=APPLICANT_ID, since=NOW)
    assert row.verification_id == VERIFICATION_ID
    assert [r.method for r in server.requests] == ["POST", "GET"]


@pytest.mark.parametrize("keys", [{}, {"applicant_id": None}, {"applicant_id": "", "external_applicant_id": ""}])
async def test_to_find_nobodys_verifications_is_refused(reporting, server, keys):
    with pytest.raises(InvalidRequestError, match="applicant_id: expected this or external_applicant_id, got neither"):
        await reporting.find(**keys, since=NOW)
    assert server.requests == []


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-11-18", date(2024, 11, 18)),
        ("2024-11-18T00:10:00Z", datetime(2024, 11, 18, 0, 10, tzinfo=UTC)),
        ("2024-11-18 02:10:00.5+02:00", datetime(2024, 11, 18, 0, 10, 0, 500_000, tzinfo=UTC)),
    ],
)
async def test_a_since_may_be_text(reporting, server, text, moment):
    found = []
    for since in (text, moment):
        server.answer(200, [made_at("2024-11-18 00:07:59"), made_at("2024-11-18 00:08:30")])
        found.append([row.raw["created_at"] for row in await reporting.find(applicant_id=APPLICANT_ID, since=since)])
    assert found[0] == found[1]
    assert asked(server) == [("2024-11-18", 0)] * 2


@pytest.mark.parametrize(
    "since",
    ["", "yesterday", "20241118", "2024-11-31", "2024-11-18T00:10:00", "0001-01-01T00:00:00Z", None, 1731890000],
)
async def test_a_since_that_is_no_moment_is_refused_by_name(reporting, server, since):
    with pytest.raises(InvalidRequestError) as caught:
        await reporting.find(applicant_id=APPLICANT_ID, since=since)
    assert caught.value.field == "since"
    assert server.requests == []


async def test_a_since_without_a_zone_is_refused_because_it_could_begin_hours_too_late(reporting, server):
    naive = datetime(2024, 11, 17, 23, 0)  # noqa: DTZ001 - what is refused
    with pytest.raises(
        InvalidRequestError, match=r"since: expected a datetime with a zone.*, got one without"
    ) as caught:
        await reporting.find(applicant_id=APPLICANT_ID, since=naive)
    assert (caught.value.field, caught.value.operation) == ("since", "verifications.find")
    assert server.requests == []


async def test_pages_that_change_for_ever_end_with_an_error(reporting, server, monkeypatch):
    monkeypatch.setattr("kycaid_async.api.verifications.section.MOST_PAGES", 3)
    for n in range(4):
        server.answer(200, page(n, 1000))
    with pytest.raises(DecodeError, match="more than 3,000 rows, or the server gives the same ones again"):
        await rows(reporting.report("2024-11-16"))
    assert asked(server) == [("2024-11-16", 0), ("2024-11-16", 1000), ("2024-11-16", 2000)]
