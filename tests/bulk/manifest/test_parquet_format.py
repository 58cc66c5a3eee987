"""Cells of Parquet files: what their columns cannot hold is refused, and nothing is changed silently."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet
import pytest

from kycaid_async import BadRow, BulkRow, Manifest, read_manifest
from kycaid_async.bulk.digests import as_sent
from kycaid_async.bulk.manifest.rejects import Rejects, rejects_of
from tests.bulk.manifests import said

EAST = dt.timezone(dt.timedelta(hours=2))
PERSON = "applicant.external_applicant_id"
LOST = (
    f"{PERSON}: expected text; as a number it keeps fifteen digits at most, and the others are lost, "
    "got a longer number"
)


def parquet(path, column, *, name=PERSON):
    count = len(column)
    rows = {PERSON: [f"p{n}" for n in range(count)], "type": ["PASSPORT"] * count, "front_side": ["a.png"] * count}
    pyarrow.parquet.write_table(pa.table(rows | {name: column}), path)
    return path


@pytest.mark.parametrize(
    ("kind", "exact", "lost"),
    [
        (pa.float64(), 2**53 - 1, 2**53),
        (pa.float64(), -(2**53) + 1, -(2**53) - 2),
        (pa.float32(), 2**24 - 1, 2**24),
        (pa.float16(), 2**11 - 1, 2**11),
        (pa.dictionary(pa.int8(), pa.float32()), 17, 2**24),
    ],
    ids=str,
)
def test_an_id_is_refused_where_a_column_of_floats_cannot_tell_it_from_others(tmp_path, kind, exact, lost):
    values = pa.array([float(exact), float(lost)])
    path = parquet(
        tmp_path / "a.parquet", values.dictionary_encode().cast(kind) if "dict" in str(kind) else values.cast(kind)
    )
    good, bad = read_manifest(path)
    assert good.applicant.external_applicant_id == str(exact)
    assert bad.reason == LOST


def test_such_an_id_is_refused_again_in_a_file_of_rejects(tmp_path):
    path = parquet(tmp_path / "a.parquet", pa.array([123456789012345678.0, 2.0**53, float(10**15)]))
    with Rejects(rejects_of(path), manifest := Manifest.open(path)) as rejects:
        for row in manifest.rows():
            rejects.add(row, "why")
    first, second, third = read_manifest(rejects.path)
    assert all(isinstance(row, BadRow) for row in (first, second))
    assert third.applicant.external_applicant_id == str(10**15)


@pytest.mark.parametrize("zone", [None, EAST, ZoneInfo("UTC"), ZoneInfo("America/New_York")], ids=str)
@pytest.mark.parametrize("hour", [0, 10])
def test_a_time_with_a_zone_is_sent_as_one_in_python_is(tmp_path, zone, hour):
    moment = dt.datetime(2024, 1, 5, hour, tzinfo=zone)
    name = None if zone is None else "+02:00" if isinstance(zone, dt.timezone) else str(zone)
    column = pa.array([moment], pa.timestamp("us", name))
    (row,) = read_manifest(parquet(tmp_path / "a.parquet", column, name="transaction_datetime"))
    given = BulkRow(document={"type": "PASSPORT", "transaction_datetime": moment}, applicant=row.applicant)
    assert row.document["transaction_datetime"] == as_sent(given.document)["transaction_datetime"]


def test_a_day_with_a_zone_is_the_day_that_stands_there(tmp_path):
    column = pa.array([dt.datetime(2024, 1, 5, tzinfo=EAST)], pa.timestamp("us", "+02:00"))
    (row,) = read_manifest(parquet(tmp_path / "a.parquet", column, name="issue_date"))
    assert row.document["issue_date"] == "2024-01-05"


def test_an_amount_is_as_large_as_it_stands_there(tmp_path):
    (row,) = read_manifest(
        parquet(tmp_path / "a.parquet", pa.array([1.2345678901234567e17]), name="transaction_amount")
    )
    assert row.document["transaction_amount"] == 1.2345678901234567e17


def test_whole_numbers_of_all_exact_types_keep_their_digits(tmp_path):
    for column in (pa.array([2**64 - 1], pa.uint64()), pa.array([Decimal(2**64 - 1)], pa.decimal128(38, 2))):
        (row,) = read_manifest(parquet(tmp_path / "a.parquet", column))
        assert row.applicant.external_applicant_id == str(2**64 - 1)


@pytest.mark.parametrize(
    ("value", "got"),
    [
        (dt.time(11, 2), "a time of day, or a duration"),
        (dt.timedelta(days=1), "a time of day, or a duration"),
        ({"a": 1}, "one with others inside"),
        (float("inf"), "#NUM! of the spreadsheet"),
    ],
)
def test_what_is_no_value_of_a_field_is_refused_and_again_in_a_file_of_rejects(tmp_path, value, got):
    path = parquet(tmp_path / "a.parquet", pa.array([value]), name="document_number")
    manifest = Manifest.open(path)
    (row,) = manifest.rows()
    assert row.reason == f"document_number: expected a value, got {got}"
    with Rejects(rejects_of(path), manifest) as rejects:
        rejects.add(row, row.reason)
    assert [said(again) for again in read_manifest(rejects.path)] == [said(row)]


def test_a_date_of_an_early_year_goes_back_into_a_file_of_rejects(tmp_path):
    path = parquet(tmp_path / "a.parquet", pa.array([dt.date(999, 1, 2)]), name="issue_date")
    manifest = Manifest.open(path)
    (row,) = manifest.rows()
    with Rejects(rejects_of(path), manifest) as rejects:
        rejects.add(row, "why")
    assert [said(again) for again in read_manifest(rejects.path)] == [said(row)]


def test_a_list_is_made_of_those_that_are_there(tmp_path):
    path = parquet(tmp_path / "a.parquet", pa.array([["SALARY", None]]), name="income_sources")
    (row,) = read_manifest(path)
    assert "None" not in str(row.raw)


@pytest.mark.parametrize("value", ["x" * (1 << 20), ["x" * (1 << 20)] * 80], ids=["text", "list"])
def test_a_long_text_that_many_rows_share_is_unpacked_for_one_row_at_a_time(tmp_path, value):
    """``python -m tests.fuzz --target Parquet``: 1 KB, in which 256 rows share a text, took 256 times that text."""
    path = parquet(tmp_path / "a.parquet", [value] * 20, name="income_sources")
    assert [row.reason for row in read_manifest(path)] == ["row: expected at most 65,536 characters, got more"] * 20


def test_lists_and_categories_of_texts_are_read_as_they_are(tmp_path):
    categories = pa.array(["b", None, "b"]).dictionary_encode()
    path = parquet(tmp_path / "a.parquet", categories, name="document_number")
    assert [row.raw[-1] for row in Manifest.open(path).rows()] == ["b", "", "b"]
    path = parquet(tmp_path / "b.parquet", [["a", None, "b"], None, ["a"]], name="income_sources")
    assert [row.raw[-1] for row in Manifest.open(path).rows()] == ["a  b", "", "a"]
