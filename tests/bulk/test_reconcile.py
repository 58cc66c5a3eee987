"""Whether a document was made: "no" is said only by one who saw all documents of the applicant, whole."""

import json

import pytest

from kycaid_async import BulkRow, BulkStatus
from kycaid_async.bulk.row import SIDES
from tests.bulk.conftest import content
from tests.faults import Fault, reply

MADE = Fault(acted=True, reply=reply(502, "<h1>bad gateway"))
NOT_MADE = Fault(reset=True)
OTHER = "z" * 36


def shown(**body):
    return Fault(reply=reply(200, json.dumps({"type": "PERSON", **body})))


@pytest.mark.parametrize(
    "fault",
    [
        *(shown(documents=odd) for odd in (["x"], [None], {}, None, [{}], [{"id": OTHER, "type": "PASSPORT"}])),
        shown(),
        shown(documents=[], applicant_id="a" * 36),  # of another applicant than was asked for
        shown(data={"documents": []}),
        Fault(reply=reply(200, "[]")),
        Fault(reply=reply(404, "<html>default backend", content_type="text/html")),
        Fault(reply=reply(404, '{"type": "validation"}')),
        shown(documents=[{"document_id": OTHER}]),  # which the server then does not have
    ],
)
async def test_an_odd_view_of_the_documents_is_no_proof(fault, faulty, proxy, sandbox, row):
    proxy.faults.extend([Fault(), MADE, fault])
    [result], _ = await faulty.bulk.upload_all([row(0)], settle_after=0)
    assert result.status is BulkStatus.UNCERTAIN
    assert sandbox.counts()["documents"] == 1


@pytest.mark.parametrize(
    "keys", [{}, {"front_side_id": None}, {"front_side": "https://x/1", "back_side": "https://x/2"}]
)
async def test_a_document_without_the_sides_that_were_sent_is_no_proof(keys, faulty, proxy, sandbox, row):
    document = {"document_id": OTHER, "type": "PASSPORT", **keys}
    answer = Fault(reply=reply(200, json.dumps(document)))
    proxy.faults.extend([Fault(), Fault(), MADE, shown(documents=[document]), answer])
    [result], _ = await faulty.bulk.upload_all([row(0, back_side=content(7))], settle_after=0)
    assert result.status is BulkStatus.UNCERTAIN
    assert sandbox.counts()["documents"] == 1


async def test_a_side_that_goes_by_its_other_name_is_known(faulty, proxy, row):
    proxy.faults.extend([Fault(), Fault(), NOT_MADE])
    upload = faulty.bulk.upload([row(0, other_side_3=content(7))], settle_after=0)

    def answer():
        sent = json.loads(proxy.seen[2].body)
        sides = dict.fromkeys(f"{side}_id" for side in SIDES[:-1]) | {"other_side_3": sent.pop("other_side_3_id")}
        proxy.faults.append(shown(documents=[{"document_id": OTHER, **sides, **sent}]))

    before(upload, "applicants.get", answer)
    [result] = [result async for result in upload]
    assert (result.status, result.document_id) == (BulkStatus.CREATED, OTHER)


def before(upload, operation, act):
    """Let ``act`` be called right before each call of an operation."""
    whole = upload._caller.caller

    async def caller(endpoint, **given):
        if endpoint.name == operation:
            act()
        return await whole(endpoint, **given)

    upload._caller.caller = caller


async def test_a_document_with_one_of_the_files_is_no_proof_that_none_was_made(faulty, proxy, row):
    proxy.faults.extend([Fault(), Fault(), NOT_MADE])
    upload = faulty.bulk.upload([row(0, back_side=content(7))], settle_after=0)

    def answer():
        sent = json.loads(proxy.seen[2].body) | dict.fromkeys(f"{side}_id" for side in SIDES[1:])
        proxy.faults.append(shown(documents=[{"document_id": OTHER, **sent}]))

    before(upload, "applicants.get", answer)
    [result] = [result async for result in upload]
    assert result.status is BulkStatus.UNCERTAIN
    assert "some of its files" in str(result.error)


async def test_a_document_of_another_row_that_shares_a_file_is_none_of_this_row(faulty, proxy, sandbox, row):
    kind = {"type": "ADDRESS_DOCUMENT"}
    rows = [row(n, document=kind, front_side=content(0), back_side=content(7 + n)) for n in range(2)]
    proxy.faults.extend([*[Fault()] * 4, NOT_MADE])
    results, _ = await faulty.bulk.upload_all(rows, concurrency=1, settle_after=0)
    assert [result.status for result in results] == ["created", "created"]
    assert sandbox.counts()["documents"] == 2


async def test_without_files_a_document_with_the_number_that_differs_elsewhere_sets_the_row_aside(
    faulty, bulk_client, proxy, applicant
):
    said = {"type": "PASSPORT", "document_number": "N1"}
    await bulk_client.documents.create(**said, expiry_date="2020-01-01", applicant_id=applicant)
    proxy.faults.append(NOT_MADE)
    rows = [BulkRow(document={**said, "expiry_date": "2030-01-01"}, applicant_id=applicant)]
    [result], _ = await faulty.bulk.upload_all(rows, settle_after=0)
    assert result.status is BulkStatus.UNCERTAIN


async def test_without_files_a_document_that_says_the_same_is_the_one_that_was_made(faulty, proxy, sandbox, applicant):
    said = {"type": "PASSPORT", "document_number": "N1", "expiry_date": "2030-01-01"}
    proxy.faults.append(MADE)
    [result], _ = await faulty.bulk.upload_all([BulkRow(document=said, applicant_id=applicant)], settle_after=0)
    assert result.status is BulkStatus.CREATED
    assert sandbox.counts()["documents"] == 1
