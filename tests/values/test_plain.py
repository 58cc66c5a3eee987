"""Numbers and times of other libraries: what they say is sent, or the field is named."""

import datetime as dt
import enum
import fractions
import json
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from markupsafe import Markup

from kycaid_async import DocumentUpdate, InvalidRequestError, Person
from kycaid_async.api import documents
from kycaid_async.api.documents.models import ApplicantDocument
from kycaid_async.api.verifications.section import _day, _moment
from kycaid_async.bulk.digests import digest_of_row
from kycaid_async.protocol.request import build
from kycaid_async.values.check import check_request, check_values
from kycaid_async.values.converter import unstructure
from kycaid_async.values.plain import plain

DATE_LIKE = SimpleNamespace(year=2020, month=1, day=2, isoformat=lambda: "2020-01-02")
TIME_LIKE = SimpleNamespace(
    year=2020, month=1, day=2, hour=10, isoformat=lambda: "2020-01-02T10:00:00+02:00"
)  # as arrow has it


class OtherDay:
    """A day of another calendar."""

    def __init__(self, way: str | None = None, **more: object) -> None:
        self.year, self.month, self.day = 1370, 1, 5
        self.__dict__.update(more)
        if way is not None:
            setattr(self, way, lambda: dt.date(1991, 3, 25))

    def isoformat(self) -> str:
        return "1370-01-05"


OTHER_CALENDARS = [
    OtherDay("togregorian"),  # as in jdatetime
    OtherDay("to_gregorian"),  # hijridate, persiantools
    OtherDay("to_datetime_date"),  # nepali_datetime
    OtherDay("todate"),  # khayyam
]


def sent(**fields):
    """Return what goes over the wire."""
    path, body = {"document_id": "d" * 36}, DocumentUpdate(**fields)
    return json.loads(build(documents.UPDATE, path=path, query=None, body=body, check=True).body)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (pd.Timestamp("2020-01-02"), "2020-01-02"),
        (np.datetime64("2020-01-02"), "2020-01-02"),
        (np.datetime64("2020-01-02", "ns"), "2020-01-02"),
        (dt.datetime(2020, 1, 2), "2020-01-02"),  # noqa: DTZ001 - as tables have it
        (DATE_LIKE, "2020-01-02"),
        *((other, "1991-03-25") for other in OTHER_CALENDARS),
        (dt.date(2020, 1, 2), "2020-01-02"),
    ],
)
def test_a_date_of_another_library_is_sent_as_a_date(value, written):
    assert sent(issue_date=value) == {"issue_date": written}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (pd.Timestamp("2020-01-02 10:00"), "2020-01-02 10:00:00"),
        (pd.Timestamp("2020-01-02 10:00:00.123456789", tz="Europe/Berlin"), "2020-01-02 09:00:00"),
        (np.datetime64("2020-01-02T10:00"), "2020-01-02 10:00:00"),
        (np.datetime64("2020-01-02T10:00", "ns"), "2020-01-02 10:00:00"),
        (TIME_LIKE, "2020-01-02 08:00:00"),
    ],
)
def test_a_time_of_another_library_is_sent_as_a_time(value, written):
    assert sent(transaction_datetime=value) == {"transaction_datetime": written}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("12.50"), 12.5),
        (Decimal(12), 12),
        (np.int64(3), 3),
        (np.uint8(3), 3),
        (np.float64(1.5), 1.5),
        (np.float32(0.1), 0.1),
        (np.float16(0.1), 0.1),
        (np.array(7), 7),
    ],
)
def test_a_number_of_another_library_is_sent_as_the_number_that_it_shows(value, written):
    assert sent(transaction_amount=value) == {"transaction_amount": written}


NOTHING = [pd.NaT, pd.NA, float("nan"), np.float64("nan"), np.datetime64("NaT", "s"), Decimal("NaN"), np.inf, 1j]


@pytest.mark.parametrize("field", ["issue_date", "transaction_datetime", "transaction_amount", "document_number"])
@pytest.mark.parametrize("value", NOTHING, ids=repr)
def test_what_stands_for_nothing_is_refused_with_the_name_of_its_field(field, value):
    with pytest.raises(InvalidRequestError) as caught:
        sent(**{field: value})
    assert [problem.field for problem in caught.value.problems] == [field]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("issue_date", pd.Timestamp("2020-01-02 10:00")),
        ("issue_date", pd.Timestamp("2020-01-02", tz="Europe/Berlin")),
        ("issue_date", np.datetime64("2020-01")),
        ("issue_date", np.datetime64("2020")),
        ("issue_date", np.datetime64("2020-01-02", "W")),
        ("issue_date", np.datetime64("2020-01-05", "7D")),
        ("issue_date", np.datetime64("2020-01-05T01", "48h")),
        ("issue_date", pd.Period("2020-01", "M")),
        ("issue_date", OtherDay(toordinal=lambda: 726_916)),
        ("issue_date", OtherDay(togregorian=lambda: "1991-03-25")),
        ("transaction_datetime", OtherDay(toordinal=lambda: 726_916, hour=3)),
        ("transaction_datetime", np.datetime64("2020-01")),
        ("transaction_amount", np.timedelta64(5, "ns")),
        ("transaction_amount", np.timedelta64(5, "M")),
        ("transaction_amount", Decimal("0.1234567890123456789")),
        ("transaction_amount", np.bool_(True)),
        ("transaction_amount", np.array([1])),
        ("document_number", np.int64(12345)),
        ("document_number", Decimal(12345)),
        ("income_sources", pd.Series(["SALARY"])),
    ],
)
def test_what_would_lose_something_is_refused_with_the_name_of_its_field(field, value):
    with pytest.raises(InvalidRequestError) as caught:
        sent(**{field: value})
    assert [problem.field for problem in caught.value.problems] == [field]


def test_numbers_of_another_library_stand_in_any_json():
    assert unstructure({"a": [Decimal("1.5"), np.int64(2)], "b": np.bool_(False)}) == {"a": [1.5, 2], "b": False}


def test_a_truth_value_of_another_library_is_python_s_own():
    assert plain(np.bool_(True)) is True


@pytest.mark.parametrize(
    "value",
    [object(), Person(), fractions.Fraction(1, 3), "text", b"bytes", [1], None],
    ids=lambda value: type(value).__name__,
)
def test_all_else_stays_as_it_is(value):
    assert plain(value) is value


@pytest.mark.parametrize(
    ("value", "described"),
    [
        ("1990-02-30", "a day that no calendar has"),
        ("30.02.1990", "text in another form"),
        ("1990-2-3", "text in another form"),
        (dt.datetime(1990, 2, 3, 4), "a time, and not at midnight without a zone"),  # noqa: DTZ001 - on purpose
    ],
)
def test_a_refused_date_says_what_is_wrong_with_it(value, described):
    with pytest.raises(InvalidRequestError, match=f"issue_date: expected a date as YYYY-MM-DD, got {described}"):
        sent(issue_date=value)


class Text(str):
    """Text of a library, whose ``str()`` is not its letters."""

    __slots__ = ()

    def __str__(self):
        return "another"


class Word(enum.StrEnum):
    DAY = "1990-02-03"
    MOMENT = "1990-02-03 04:05:06"


DAYS = [np.str_("1990-02-03"), Markup("1990-02-03"), Text("1990-02-03"), Word.DAY]
MOMENTS = [*(text_class("1990-02-03 04:05:06") for text_class in (np.str_, Markup, Text)), Word.MOMENT]


@pytest.mark.parametrize(
    ("field", "value", "written"),
    [
        *(("issue_date", day, "1990-02-03") for day in DAYS),
        *(("transaction_datetime", moment, "1990-02-03 04:05:06") for moment in MOMENTS),
        *(("document_number", day, "1990-02-03") for day in DAYS),
    ],
    ids=lambda value: type(value).__name__,
)
def test_text_of_another_library_is_sent_as_its_letters(field, value, written):
    assert sent(**{field: value}) == {field: written}
    made = DocumentUpdate(**{field: value}).to_dict()[field]
    assert (made, type(made)) == (written, str)


@pytest.mark.parametrize("value", DAYS, ids=lambda value: type(value).__name__)
def test_the_day_of_a_report_may_be_text_of_another_library(value):
    assert _day("start", value) == dt.date(1990, 2, 3)
    assert _moment(value) == dt.datetime(1990, 2, 3, tzinfo=dt.UTC)


@pytest.mark.parametrize("value", DAYS, ids=lambda value: type(value).__name__)
def test_a_row_with_text_of_another_library_counts_as_the_same_row(value):
    rows = [{"type": "PASSPORT", "issue_date": day} for day in (value, "1990-02-03")]
    first, second = (digest_of_row(row, None, None, {}) for row in rows)
    assert first == second
    assert check_values(ApplicantDocument, rows[0] | {"front_side": "f" * 36}) == check_values(
        ApplicantDocument, rows[1] | {"front_side": "f" * 36}
    )


def test_text_of_another_library_that_is_no_date_is_told_as_text():
    with pytest.raises(InvalidRequestError, match="issue_date: expected a date as YYYY-MM-DD, got a day that no cal"):
        sent(issue_date=np.str_("1990-02-30"))
    with pytest.raises(InvalidRequestError, match="transaction_amount: expected a number, got other text"):
        sent(transaction_amount=np.str_("12"))


@pytest.mark.parametrize("number", [10**5000, -(10**5000)], ids=["large", "small"])
async def test_an_id_of_more_digits_than_python_writes_is_refused_by_name(number, make_client):
    person = Person(first_name="Jane", last_name="Example", external_applicant_id=number)
    (problem,) = check_request(person)
    assert str(problem) == "external_applicant_id: expected at most 50 characters, got a number of more digits"
    with pytest.raises(InvalidRequestError, match="external_applicant_id"):
        person.to_json()
    with pytest.raises(InvalidRequestError, match="external_applicant_id: expected text or a whole number"):
        await make_client("http://127.0.0.1:1").verifications.find(external_applicant_id=number, since="2026-01-01")
