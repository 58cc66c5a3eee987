"""What becomes of a row on a server that answers as none should, and shares no code with the package."""

import asyncio

import attrs
import pytest

from kycaid_async import BulkResult, BulkRow, BulkStatus, LedgerError, Person
from tests.bulk.conftest import content
from tests.bulk.plain_server import Meddling, PlainServer

OWNER = "a" * 36


@pytest.fixture
async def plain():
    async with PlainServer() as server:
        server.applicants[OWNER] = {"applicant_id": OWNER, "type": "PERSON"}
        yield server


@pytest.fixture
def client(plain, make_client):
    return make_client(plain.url)


@pytest.fixture
def given_again(monkeypatch):
    """Let the server give the first id again and again, for all that is made at a path.

    The second answer may wait ``until_sent``, that is, for a document: which of the two comes first is chance.
    """

    def given_again(at, *, until_sent=False):
        first, act = [], PlainServer._act

        def meddled(self, method, path, body):
            answer = act(self, method, path, body)
            if (method, path) == ("POST", at):
                first.append(answer)
                return first[0]
            return answer

        monkeypatch.setattr(PlainServer, "_act", meddled)
        answer = PlainServer._answer

        async def answered(self, method, path, body):
            is_second = until_sent and (method, path) == ("POST", at) and self.count(at)
            while is_second and not self.documents:
                await asyncio.sleep(0)
            return await answer(self, method, path, body)

        monkeypatch.setattr(PlainServer, "_answer", answered)

    return given_again


def row(number, **owner):
    document = {"type": "PASSPORT", "document_number": f"N{number}"}
    return BulkRow(document=document, front_side=content(number), line=number, **owner or {"applicant_id": OWNER})


async def results_of(upload, match):
    results = []

    async def gather():
        async for result in upload:
            results.append(result)  # noqa: PERF401 - they are wanted, although it ends with an error

    with pytest.raises(LedgerError, match=match):
        await gather()
    return results


async def test_a_row_for_which_the_server_gave_the_document_of_another_is_not_told_as_created(
    client, given_again, tmp_path
):
    given_again("/documents")
    upload = client.bulk.upload([row(n) for n in range(5)], ledger=tmp_path / "ledger", concurrency=2)
    results = await results_of(upload, "for a new document the server gave the id of one that another row has")
    created = [result.document_id for result in results if result.status is BulkStatus.CREATED]
    uncertain = [result for result in results if result.status is BulkStatus.UNCERTAIN]
    assert len(created) == 1
    assert uncertain
    assert all(result.document_id is None and result.error.maybe_processed for result in uncertain)


@pytest.mark.parametrize("ledger", [True, False])
async def test_no_document_goes_to_the_applicant_of_another_row(client, plain, given_again, tmp_path, ledger):
    given_again("/applicants", until_sent=True)
    rows = [row(n, applicant=Person(first_name="Jane", external_applicant_id=f"E{n}")) for n in range(4)]
    upload = client.bulk.upload(rows, ledger=tmp_path / "ledger" if ledger else None, applicants_at_once=2)
    results = await results_of(upload, "for a new applicant the server gave the id of one that another row has")
    assert [result.status for result in results].count(BulkStatus.CREATED) == len(plain.documents) == 1
    uncertain = [result for result in results if result.status is BulkStatus.UNCERTAIN]
    assert uncertain
    assert all(result.error.maybe_processed for result in uncertain)


async def test_documents_of_one_applicant_get_one_each_whatever_name_it_goes_by(client, plain, tmp_path):
    person = Person(first_name="Jane", external_applicant_id="E1")
    [first], _ = await client.bulk.upload_all([row(0, applicant=person)], ledger=tmp_path / "ledger")
    fates = iter([Meddling(acted=True), Meddling(), Meddling(acted=True), Meddling()])
    plain.meddle = lambda method, path: next(fates, None) if (method, path) == ("POST", "/documents") else None
    same = [
        BulkRow(
            document={"type": "PASSPORT", "document_number": f"N{n}"},
            front_side=content(0),
            line=n,
            **({"applicant": person} if n % 2 else {"applicant_id": first.applicant_id}),
        )
        for n in range(1, 6)
    ]
    results, _ = await client.bulk.upload_all(same, ledger=tmp_path / "ledger")
    assert [result.status for result in results] == [BulkStatus.CREATED] * 5
    assert sorted(document["document_number"] for document in plain.documents.values()) == [f"N{n}" for n in range(6)]


async def test_the_result_of_a_row_is_made_once_and_never_changed(client, plain, monkeypatch):
    made = []

    @attrs.define(kw_only=True, on_setattr=attrs.setters.frozen)
    class Result(BulkResult):
        def __attrs_post_init__(self):
            made.append(self.number)

    monkeypatch.setattr("kycaid_async.bulk.delivery.BulkResult", Result)
    fates = iter([Meddling(acted=True), Meddling(), None])
    plain.meddle = lambda method, path: next(fates, None) if (method, path) == ("POST", "/documents") else None
    rows = [row(0), row(1, applicant=Person(first_name="Jane", external_applicant_id="E1")), row(2), row(2)]
    results, _ = await client.bulk.upload_all([*rows, BulkRow(document={"type": "PASSPORT"})])
    assert sorted(made) == [0, 1, 2, 3, 4]
    assert [result.status for result in results] == ["created", "created", "created", "done_before", "failed"]
    assert [bool(result.document_id) for result in results] == [True, True, True, True, False]
