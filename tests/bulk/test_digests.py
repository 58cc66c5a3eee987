"""Digests of rows: what counts as the same."""

import copy
import datetime as dt
import pickle
from decimal import Decimal
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import pytest

from kycaid_async import BulkRow, Person
from kycaid_async.api.documents.fields import DocumentType
from kycaid_async.bulk.digests import WrittenPath, as_sent, digest_of, normal_path
from kycaid_async.values.converter import unstructure
from kycaid_async.values.unset import UNSET

OWNER = "x" * 36
MIDNIGHT = dt.datetime(2031, 1, 1)  # noqa: DTZ001 - tables have times without a zone


def digest(source="scans/0.png", *, key=None, **fields):
    row = BulkRow(document={"type": "PASSPORT", **fields}, applicant_id=OWNER, front_side=source, key=key)
    return row.digest, row.says


@pytest.mark.parametrize(
    "other",
    [
        "./scans/0.png",
        "scans//0.png",
        "scans/./0.png",
        ".//scans///./0.png",
        Path("scans/0.png"),
        PurePosixPath("./scans//0.png"),
    ],
    ids=str,
)
def test_a_path_counts_however_its_slashes_and_single_dots_are_written(other):
    assert digest(other) == digest("scans/0.png")
    assert digest(f"/data/{other}") == digest("/data/scans/0.png")


@pytest.mark.parametrize("other", ["scans/0.png.", "scans./0.png", "scans/../0.png", "../scans/0.png", "/scans/0.png"])
def test_a_path_that_may_be_of_another_file_counts_as_another(other):
    assert digest(other) != digest("scans/0.png")
    assert normal_path(other) == other


@pytest.mark.parametrize("url", ["s3://bucket/a//b/./c", "https://example.com//a/../b", "gs://./x"])
def test_urls_count_as_they_are_written(url):
    assert normal_path(url) == normal_path(url, windows=True) == url


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("scans\\0.png", "scans/0.png"),
        (".\\scans\\\\0.png", "scans/0.png"),
        ("c:\\data\\0.png", "C:/data/0.png"),
        ("C:/data/./0.png", "C:/data/0.png"),
        ("\\\\host\\share\\\\0.png", "//host/share/0.png"),
        ("\\\\?\\C:\\data\\.\\0.png", "\\\\?\\C:\\data\\.\\0.png"),
    ],
)
def test_on_windows_both_separators_are_one_and_so_are_the_letters_of_a_drive(written, normal):
    assert normal_path(written, windows=True) == normal


def test_elsewhere_a_backslash_is_a_part_of_a_name():
    assert normal_path(".\\scans\\0.png", windows=False) == ".\\scans\\0.png"


def test_a_written_path_keeps_its_normal_form_in_another_process():
    path = WrittenPath("./a.png", "a.png")
    for again in (pickle.loads(pickle.dumps(path)), copy.deepcopy(path)):  # noqa: S301 - our own
        assert (again, again.normal) == ("./a.png", "a.png")


SAME = [
    ("issue_date", ["2031-01-01", dt.date(2031, 1, 1), MIDNIGHT, pd.Timestamp(MIDNIGHT), np.datetime64("2031-01-01")]),
    (
        "transaction_datetime",
        ["2031-01-01 00:00:00", MIDNIGHT, pd.Timestamp(MIDNIGHT), np.datetime64("2031-01-01T00:00:00")],
    ),
    ("transaction_amount", [0.5, Decimal("0.5"), np.float64(0.5), np.float32(0.5)]),
    ("transaction_amount", [5, np.int64(5)]),
    ("type", ["PASSPORT", DocumentType("PASSPORT"), np.str_("PASSPORT")]),
    ("income_sources", [["SALARY"], ("SALARY",)]),
]
WRITTEN_OTHERWISE = [
    ("issuing_authority", ["Stadt\nKöln", "Stadt\r\nKöln", "Stadt\rKöln", "Stadt\nKo\u0308ln"]),
    ("issuing_authority", ["a\nb", "a\r\nb"]),
    ("transaction_amount", [5, 5.0, Decimal(5), Decimal("5.00"), np.int64(5), np.float32(5)]),
    ("transaction_amount", [0, 0.0, -0.0]),
    ("expiry_date", [None, UNSET]),
]


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize(("name", "values"), SAME + WRITTEN_OTHERWISE)
def test_values_that_say_the_same_count_as_one(name, values, key):
    assert len({digest(key=key, **{name: value}) for value in values}) == 1


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in SAME for value in values])
def test_a_field_counts_as_it_is_sent(name, value):
    document = {"type": "PASSPORT", name: value}
    sent = unstructure(BulkRow(document=document, applicant_id=OWNER).new_document(OWNER, {}))
    assert as_sent(document)[name] == sent.get(name, document["type"])


def test_of_an_applicant_to_make_the_same_counts():
    made = [
        Person(external_applicant_id="p", first_name=name, last_name="B", middle_name=middle)
        for name in ("Zoë", "Zoe\u0308")
        for middle in (UNSET, None)
    ]
    rows = [BulkRow(document={"type": "PASSPORT"}, applicant=one, key=key) for one in made for key in (None, "k")]
    assert len({(row.digest, row.says) for row in rows}) == 2
    assert len({digest_of(one) for one in made}) == 1


def test_a_key_is_the_same_in_each_unicode_form():
    assert digest(key="Müller-1") == digest(key="Mu\u0308ller-1")
    assert digest(key="Müller-1") != digest(key="Muller-1")


@pytest.mark.parametrize("texts", [("a\\r\\nb", "a\\nb"), ("ab", "a b"), ("", None), ("5", 5), ("k", "K"), ("ß", "ss")])
def test_texts_that_say_something_else_are_told_apart(texts):
    assert len({digest(issuing_authority=text) for text in texts}) == 2


@pytest.mark.parametrize("value", [dt.datetime(2031, 1, 1, 1), pd.Timestamp(MIDNIGHT, tz="UTC")])  # noqa: DTZ001 - as above
def test_a_time_that_is_no_day_stays_another_value(value):
    assert digest(issue_date=value) != digest(issue_date="2031-01-01")
