"""``client.bulk.upload`` takes a manifest: checked as a whole first, sent once, whatever became of its keys."""

import json

import openpyxl
import pytest

from kycaid_async import BulkStatus, ConfigurationError, Kycaid, Manifest, ManifestError
from tests.bulk.manifest.test_files import heic
from tests.bulk.manifests import new, with_pictures, write_csv
from tests.pictures import picture

ID = "applicant.external_applicant_id"


def people(folder, count=3):
    """Write as many pictures, each with content of its own."""
    for number in range(count):
        (folder / f"{number}.png").write_bytes(picture(400) + str(number).encode())
    return [new(f"{number:06d}", front_side=f"{number}.png", key=f"{number:06d}") for number in range(count)]


def sent(sandbox):
    return [request for request in sandbox.requests if request.method == "POST" and request.path == "/documents"]


async def test_an_excel_export_is_uploaded_once(bulk_client, sandbox, tmp_path):
    with_pictures(tmp_path, "scans/a.png")
    book = openpyxl.Workbook()
    book.active.append(["Kundennummer", "Nachname", "Geburtsdatum", "Art", "Datei", "Notiz", None])
    book.active.append(["000017", "Müller", "01.02.1990", "PASSPORT", "scans\\a.png", "nett", None])
    book.save(tmp_path / "a.xlsx")
    options = {
        "columns": {
            "Kundennummer": ID,
            "Nachname": "applicant.last_name",
            "Geburtsdatum": "applicant.dob",
            "Art": "type",
            "Datei": "front_side",
            "Notiz": None,
        },
        "date_format": "dd.mm.yyyy",
        "transliterate": True,
        "ledger": tmp_path / "ledger",
    }
    ((result,), _) = await bulk_client.bulk.upload_all(tmp_path / "a.xlsx", **options)
    assert result.status is BulkStatus.CREATED, result.error
    found = await bulk_client.applicants.get(result.applicant_id)
    assert (found.external_applicant_id, found.last_name, str(found.dob)) == ("000017", "MUELLER", "1990-02-01")
    ((again,), _) = await bulk_client.bulk.upload_all(tmp_path / "a.xlsx", **options)
    assert again.status is BulkStatus.DONE_BEFORE


async def test_nothing_is_sent_when_a_row_is_bad_and_the_reasons_are_grouped(bulk_client, tmp_path):
    rows = [
        *people(tmp_path),
        *(new(f"b{n}", front_side="0.png", issue_date="31.12.20", key=f"b{n}") for n in range(9)),
    ]
    upload = bulk_client.bulk.upload(write_csv(tmp_path / "a.csv", rows))
    with pytest.raises(ManifestError) as caught:
        [result async for result in upload]
    assert caught.value.message == (
        "a.csv: 9 of 12 rows cannot be sent, so none was: 9 rows: issue_date: expected a date as YYYY-MM-DD, "
        "got text in another form, for example lines 5 to 7"
    )
    assert upload.summary.requests == 0


async def test_keys_that_lost_their_zeros_are_a_question_and_no_second_upload(bulk_client, tmp_path):
    rows, ledger = people(tmp_path), tmp_path / "ledger"
    path = write_csv(tmp_path / "a.csv", rows)
    results, _ = await bulk_client.bulk.upload_all(path, ledger=ledger)
    assert {result.status for result in results} == {BulkStatus.CREATED}
    resaved = [row | {ID: str(int(row[ID])), "key": str(int(row["key"]))} for row in rows]
    upload = bulk_client.bulk.upload(write_csv(path, resaved), ledger=ledger)
    with pytest.raises(
        ManifestError, match=r"3 rows: applicant.external_applicant_id: expected the applicant for whom"
    ):
        [result async for result in upload]
    assert upload.summary.requests == 0
    results, _ = await bulk_client.bulk.upload_all(path, ledger=ledger, allow_same_files=True)
    assert {result.status for result in results} == {BulkStatus.CREATED}


async def test_of_files_that_can_no_more_be_compared_the_question_says_no_more_than_is_known(
    monkeypatch, bulk_client, tmp_path
):
    monkeypatch.setattr("kycaid_async.uploads.path_source.Origin.is_settled", lambda *_: True)  # as if written long ago
    ends = picture(400) + bytes(20_000)
    (tmp_path / "0.png").write_bytes(ends + b"one" + ends)
    (tmp_path / "1.png").write_bytes(ends + b"two" + ends)
    path, ledger = tmp_path / "a.csv", tmp_path / "ledger"
    await bulk_client.bulk.upload_all(write_csv(path, [new("0", front_side="0.png")]), ledger=ledger)
    (tmp_path / "0.png").unlink()
    again = bulk_client.bulk.upload(write_csv(path, [new("1", front_side="1.png")]), ledger=ledger)
    with pytest.raises(ManifestError, match="files of the same size and with the same 16 KiB at each end were sent"):
        [result async for result in again]


async def test_new_rows_and_more_documents_of_the_same_applicant_are_no_question(bulk_client, tmp_path):
    rows, ledger = people(tmp_path), tmp_path / "ledger"
    path = write_csv(tmp_path / "a.csv", rows)
    await bulk_client.bulk.upload_all(path, ledger=ledger)
    more = [*rows, new("000000", front_side="0.png", key="again", type="VIDEO")]
    (tmp_path / "new.png").write_bytes(picture(999))
    more.append(new("000009", front_side="new.png", key="9"))
    results, _ = await bulk_client.bulk.upload_all(write_csv(path, more), ledger=ledger)
    assert [result.status for result in results] == [BulkStatus.DONE_BEFORE] * 3 + [BulkStatus.CREATED] * 2


async def test_a_picture_of_a_telephone_arrives_as_jpeg(bulk_client, sandbox, tmp_path):
    (tmp_path / "a.heic").write_bytes(heic())
    path = write_csv(tmp_path / "a.csv", [new(front_side="a.heic")])
    ((result,), _) = await bulk_client.bulk.upload_all(path, convert={"heic": "jpeg"})
    assert result.status is BulkStatus.CREATED, result.error
    (document,) = await sandbox.documents()
    assert [(file.name, file.mime_type) for file in document.files] == [("a.jpg", "image/jpeg")]


async def test_options_of_a_manifest_are_for_a_manifest(bulk_client, row):
    with pytest.raises(ConfigurationError, match="columns: is for the path of a manifest, not for rows"):
        bulk_client.bulk.upload([row()], columns={})


async def test_an_opened_manifest_is_taken_with_its_own_options(bulk_client, tmp_path):
    people(tmp_path, 1)
    (tmp_path / "a.jsonl").write_text(json.dumps({"Nr": "7", "type": "PASSPORT", "Datei": "0.png"}))
    manifest = Manifest.open(tmp_path / "a.jsonl", columns={"Nr": ID, "Datei": "front_side"})
    ((result,), _) = await bulk_client.bulk.upload_all(manifest)
    assert result.status is BulkStatus.CREATED


def test_the_blocking_client_takes_a_manifest_too(tmp_path):
    from kycaid_async.testing import Sandbox

    path = write_csv(tmp_path / "a.csv", people(tmp_path))
    with Sandbox() as sandbox, Kycaid(sandbox.api_key, base_url=sandbox.url) as client:
        with client.bulk.upload(str(path), ledger=tmp_path / "ledger") as upload:
            assert {result.status for result in upload} == {BulkStatus.CREATED}
        results, summary = client.bulk.upload_all(path, ledger=tmp_path / "ledger")
        assert summary.done_before == len(results) == 3
        with pytest.raises(ManifestError, match="no column of a manifest"):
            client.bulk.upload_all(__file__)
