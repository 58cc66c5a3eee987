"""Rows: what a ledger knows each by."""

import uuid

import attrs
import numpy as np
import pandas as pd
import pytest

from kycaid_async import BulkRow, Person
from kycaid_async.bulk.row import identify

PASSPORT = {"type": "PASSPORT"}


class Raising:
    """An object of a user that can be asked for nothing."""

    def __getattr__(self, name):
        raise RuntimeError("personal")


@pytest.mark.parametrize(
    ("row", "digest"),
    [
        (
            BulkRow(
                document=PASSPORT | {"document_number": 'ä"\\\u2028'}, applicant_id="x" * 36, front_side="scans/1.png"
            ),
            "53d231a48560907fd02709fd389b1d0e0f4644833214700779e7f41248dbfef6",
        ),
        (
            BulkRow(document=PASSPORT, applicant_id="y" * 36, front_side=b"abc"),
            "bd9f73bd4fff3f43beb6b145f4c63e7d92e5d76a5bee116e14f17616e958c94a",
        ),
        (
            BulkRow(document=PASSPORT | {"income_sources": ["A"]}, applicant_id="y" * 36),
            "399f6b339104972d2e3c775cd0756f5630b25c28a05d9a9bd9f509194106ad44",
        ),
        (
            BulkRow(document=PASSPORT, applicant=Person(first_name="A", external_applicant_id="1")),
            "a0794136e1d76ea6bdf457dcc30794697bef98f8c2f526043adc5bd2020af907",
        ),
        (
            BulkRow(document=PASSPORT, applicant_id="y" * 36, key="d-1"),
            "11a37b4e64a7197a27d09278c9689315fab7eab8dd708373b44169d2295fbc17",
        ),
    ],
    ids=["plain texts", "bytes", "a list", "an applicant to make", "a key"],
)
def test_a_row_is_known_as_in_earlier_versions_or_their_ledgers_would_have_it_sent_again(row, digest):
    assert row.digest.hex() == digest


JANE = Person(first_name="Jane", external_applicant_id="1")


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize(
    ("field", "row"),
    [
        ("document_number", {"document": PASSPORT | {"document_number": float("nan")}, "applicant": JANE}),
        ("document_number", {"document": PASSPORT | {"document_number": "\ud800"}, "applicant": JANE}),
        ("document_number", {"document": PASSPORT | {"document_number": np.array([1, 2])}, "applicant": JANE}),
        ("issue_date", {"document": PASSPORT | {"issue_date": np.datetime64("2020-01")}, "applicant": JANE}),
        ("middle_name", {"document": PASSPORT, "applicant": attrs.evolve(JANE, middle_name=pd.NA)}),
        ("external_applicant_id", {"document": PASSPORT, "applicant": attrs.evolve(JANE, external_applicant_id=pd.NA)}),
        ("applicant_id", {"document": PASSPORT, "applicant_id": float("nan")}),
        ("applicant_id", {"document": PASSPORT, "applicant_id": uuid.UUID(int=5)}),
        ("applicant_id", {"document": PASSPORT, "applicant_id": "\ud800" * 36}),
        ("issue_date", {"document": PASSPORT | {"issue_date": Raising()}, "applicant": JANE}),
        ("document", {"document": 5, "applicant": JANE}),
        ("applicant", {"document": PASSPORT, "applicant": {"first_name": "Jane"}}),
    ],
)
def test_a_value_that_no_ledger_can_know_a_row_by_is_named_by_its_field(field, row, key):
    problems = identify(BulkRow(front_side="a.png", key=key, **row))
    assert isinstance(problems, list)
    assert field in [problem.field for problem in problems]
