"""Rows that an earlier version sent are not sent again, although rows are known by other digests now."""

import datetime as dt
from contextlib import contextmanager

import attrs
import pytest

from kycaid_async import AuditStatus, BulkRow, BulkStatus, Person, VerifyStatus, read_manifest
from kycaid_async.bulk import delivery, digests, known_rows, row
from kycaid_async.values.converter import unstructure
from tests.bulk.manifests import row as manifest_row
from tests.bulk.manifests import with_pictures, write_csv

PASSPORT = {"type": "PASSPORT"}
DAY = {"issue_date": dt.datetime(2031, 1, 1)}  # noqa: DTZ001 - tables have times without a zone
KEY = "11a37b4e64a7197a27d09278c9689315fab7eab8dd708373b44169d2295fbc17"
OLDER = [
    (
        BulkRow(document=PASSPORT, applicant_id="y" * 36, front_side="./scans//1.png"),
        ("4aaed1f7976bd8cb619d1f12e9e2a31aa744a29466cef999eb2441af54016700", None),
    ),
    (
        BulkRow(document=PASSPORT | DAY, applicant_id="y" * 36, front_side="./scans//1.png"),
        ("0b0b688bcc799bee0d5bda7ddfa5782681bf047a77775669134a4d459239f55b", None),
    ),
    (BulkRow(document=PASSPORT | DAY, applicant_id="y" * 36, key="d-1"), (KEY, "7041dc3cd754230f9e06371cff667bbd")),
]


@pytest.fixture
def as_earlier():
    """Let rows be known as in earlier versions, within a ``with`` block."""

    @contextmanager
    def earlier():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(row, "name_of", digests.older_name_of)
            for module in (row, digests, delivery):
                patch.setattr(module, "as_sent", lambda document: unstructure(dict(document)))
            patch.setattr(digests, "counts_as", lambda value: value)
            yield

    return earlier


@pytest.mark.parametrize(("given", "older"), OLDER, ids=["a path", "a path and a time", "a key and a time"])
def test_what_earlier_versions_knew_a_row_by_is_still_known(given, older):
    digest, says = known_rows._older(given, row.identify(given))
    assert (digest.hex(), None if says is None else says.hex()) == older
    assert (given.digest, given.says) != (digest, says)


@pytest.mark.parametrize(
    "given",
    [
        BulkRow(
            document=PASSPORT | {"issue_date": dt.date(2031, 1, 1)}, applicant_id="y" * 36, front_side="scans/1.png"
        ),
        BulkRow(document=PASSPORT | {"transaction_amount": 1.5}, applicant_id="y" * 36, key="d-1"),
        BulkRow(document=PASSPORT, applicant_id="y" * 36, front_side=b"abc"),
        BulkRow(document=PASSPORT, applicant_id="y" * 36, front_side="s3://bucket//./1.png"),
    ],
    ids=["a date", "a number", "bytes", "a URL"],
)
def test_of_other_rows_there_is_nothing_else_to_look_for(given):
    assert known_rows._older(given, row.identify(given)) is None


@pytest.mark.parametrize("key", [None, "d-1"])
async def test_a_row_with_a_time_at_midnight_that_an_earlier_version_sent_is_done(
    key, as_earlier, bulk_client, applicant, sandbox, tmp_path
):
    source = with_pictures(tmp_path) / "front.png"
    rows = [
        BulkRow(document=PASSPORT | DAY, applicant_id=applicant, front_side=f"{source.parent}/./front.png", key=key)
    ]
    with as_earlier():
        await bulk_client.bulk.upload_all(rows, ledger=tmp_path / "l")
    ((again,), _) = await bulk_client.bulk.upload_all(rows, ledger=tmp_path / "l")
    assert again.status is BulkStatus.DONE_BEFORE, again.error
    assert sandbox.counts()["documents"] == 1


ANN = Person(external_applicant_id="p-1", first_name="Ann", last_name="Bee", dob="1990-01-02", residence_country="GB")


@pytest.mark.parametrize("key", [None, "d-1", "Mu\u0308ller"])
@pytest.mark.parametrize(
    ("document", "applicant"),
    [
        ({"issuing_authority": "Ko\u0308ln"}, ANN),
        ({"issuing_authority": "Stadt\r\nBerlin"}, ANN),
        ({"transaction_amount": 12.0}, ANN),
        ({"expiry_date": None}, ANN),
        ({}, attrs.evolve(ANN, middle_name=None)),
        ({}, ANN),
    ],
    ids=[
        "a Unicode form",
        "a line break",
        "a whole number",
        "a null",
        "a null of a person",
        "its key",
    ],
)
async def test_what_counts_as_the_same_by_now_was_sent_by_an_earlier_version(
    key, document, applicant, as_earlier, bulk_client, sandbox, tmp_path
):
    source = with_pictures(tmp_path) / "front.png"
    rows = [BulkRow(document=PASSPORT | document, applicant=applicant, front_side=source, key=key)]
    second = [attrs.evolve(rows[0], document={"type": "ADDRESS_DOCUMENT"}, key="another")]
    with as_earlier():
        ((first,), _) = await bulk_client.bulk.upload_all(rows, ledger=tmp_path / "l")
    ((again,), _) = await bulk_client.bulk.upload_all(rows, ledger=tmp_path / "l")
    assert (first.status, again.status) == (BulkStatus.CREATED, BulkStatus.DONE_BEFORE), again.error
    ((other,), _) = await bulk_client.bulk.upload_all(second, ledger=tmp_path / "l")
    assert other.status is BulkStatus.CREATED, "its applicant is known, too"
    assert (sandbox.counts()["applicants"], sandbox.counts()["documents"]) == (1, 2)


@pytest.mark.parametrize("path", ["./scans//0.png", "scans/../scans/0.png", "scans\\0.png", "{folder}/scans/0.png"])
async def test_a_row_of_a_manifest_that_an_earlier_version_sent_is_done_audited_and_verified(
    path, as_earlier, bulk_client, applicant, sandbox, tmp_path
):
    with_pictures(tmp_path, "scans/0.png")
    fields = manifest_row(applicant_id=applicant, front_side=path.format(folder=tmp_path))
    manifest, ledger = write_csv(tmp_path / "a.csv", [fields]), tmp_path / "l"
    with as_earlier():
        await bulk_client.bulk.upload_all(manifest, ledger=ledger)
    ((again,), _) = await bulk_client.bulk.upload_all(manifest, ledger=ledger)
    assert again.status is BulkStatus.DONE_BEFORE, again.error
    audited = [result async for result in bulk_client.bulk.audit(read_manifest(manifest), ledger=ledger)]
    assert [result.status for result in audited] == [AuditStatus.AS_SENT]
    ((verified,), _) = await bulk_client.bulk.verify_all(read_manifest(manifest), ledger=ledger, types=["DOCUMENT"])
    assert verified.status is VerifyStatus.STARTED, verified.reason
    assert sandbox.counts()["documents"] == 1


async def test_the_files_of_such_a_row_need_not_be_there_any_more(as_earlier, bulk_client, applicant, tmp_path):
    source = with_pictures(tmp_path, "scans/0.png") / "scans/0.png"
    fields = manifest_row(applicant_id=applicant, front_side="./scans/0.png")
    manifest, ledger = write_csv(tmp_path / "a.csv", [fields]), tmp_path / "l"
    with as_earlier():
        await bulk_client.bulk.upload_all(manifest, ledger=ledger)
    source.unlink()
    ((again,), _) = await bulk_client.bulk.upload_all(manifest, ledger=ledger)
    assert again.status is BulkStatus.DONE_BEFORE, again.error
