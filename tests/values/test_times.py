from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kycaid_async.values.mismatch import Mismatch
from kycaid_async.values.scalars import read_date, read_time, write_time
from tests.values.json_values import JSON

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.dates())
def test_dates_are_read_as_they_are_written(day):
    assert read_date(day.isoformat()) == day


def test_times_are_read_as_utc_and_aware():
    """A created_at of 2022 equalled the GMT Date header of its answer; the vendor names no zone."""
    assert read_time("2024-07-01 15:27:15") == datetime(2024, 7, 1, 15, 27, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-07-01T15:27:15", datetime(2024, 7, 1, 15, 27, 15, tzinfo=UTC)),
        ("2024-07-01T15:27:15Z", datetime(2024, 7, 1, 15, 27, 15, tzinfo=UTC)),
        ("2024-07-01 15:27:15+02:00", datetime(2024, 7, 1, 13, 27, 15, tzinfo=UTC)),
        ("2024-07-01 15:27:15.5", datetime(2024, 7, 1, 15, 27, 15, 500000, tzinfo=UTC)),
    ],
)
def test_other_usual_forms_of_a_time_are_read_too(text, expected):
    assert read_time(text) == expected


@pytest.mark.parametrize(
    ("reader", "raw"),
    [
        (read_date, "20240701"),
        (read_date, "2024-W27-1"),
        (read_date, "2024-7-1"),
        (read_date, "2024-02-30"),
        (read_date, "01.07.2024"),
        (read_date, "2024-07-01 15:27:15"),
        (read_date, "2024-07-01\n"),
        (read_date, "\u0662\u0660\u0662\u0664-07-01"),
        (read_date, ""),
        (read_date, None),
        (read_date, 20240701),
        (read_date, date(2024, 7, 1)),
        (read_time, "2024-07-01"),
        (read_time, "2024-07-01 25:00:00"),
        (read_time, "2024-07-01 15:27"),
        (read_time, "2024-07-01 15:27:15 UTC"),
        (read_time, "2024-07-01 15:27:15+25:00"),
        (read_time, ""),
        (read_time, None),
        (read_time, 1719847635),
    ],
)
def test_other_forms_are_a_mismatch(reader, raw):
    with pytest.raises(Mismatch):
        reader(raw)


@pytest.mark.parametrize(("reader", "kind"), [(read_date, date), (read_time, datetime)])
@given(raw=JSON)
def test_arbitrary_json_is_read_or_is_a_mismatch(reader, kind, raw):
    try:
        value = reader(raw)
    except Mismatch:
        return
    assert isinstance(value, kind)


@given(st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0)))
def test_times_are_written_in_the_form_they_are_read_in(moment):
    text = write_time(moment)
    assert len(text) == 19
    assert read_time(text) == moment


@example("0001-01-01 00:00:00+14:00")
@example("9999-12-31 23:59:59-14:00")
@given(st.datetimes(timezones=ZONES).map(lambda moment: moment.isoformat(" ", "seconds")))
def test_every_time_that_can_be_read_can_be_written(text):
    """Also where its UTC equivalent lies outside the calendar."""
    try:
        moment = read_time(text)
    except Mismatch:
        return
    assert isinstance(write_time(moment), str)


def test_times_of_other_zones_are_written_in_utc():
    moment = datetime(2024, 7, 1, 15, 27, 15, tzinfo=timezone(timedelta(hours=2)))
    assert write_time(moment) == "2024-07-01 13:27:15"


def test_a_time_without_a_zone_is_written_as_it_is():
    assert write_time(datetime(2024, 7, 1, 15, 27, 15)) == "2024-07-01 15:27:15"  # noqa: DTZ001 - on purpose
