"""Rows that an earlier run had sent when it was killed, on a server that shares no code with the package."""

import asyncio
import hashlib
import json

import attrs
import pytest

from kycaid_async import BulkRow, BulkStatus, Person
from kycaid_async.bulk.ledger import Intent, Ledger
from tests.bulk.conftest import content
from tests.bulk.plain_server import Meddling, PlainServer, closing
from tests.conftest import API_KEY

OWNER = "a" * 36
SIDES = ("front_side", "back_side", "other_side_1", "other_side_2", "other_side_3")


@pytest.fixture
async def plain():
    async with PlainServer() as server:
        server.applicants[OWNER] = {"applicant_id": OWNER, "type": "PERSON"}
        yield server


@pytest.fixture
def client(plain, make_client):
    return make_client(plain.url)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger"


def row(number, **fields):
    document = {"type": "PASSPORT", "document_number": f"N{number}"} | fields.pop("document", {})
    return BulkRow(**{"applicant_id": OWNER, "front_side": content(0), "document": document, "line": number} | fields)


def file_of(number=0):
    return f"f{number:035}"


@pytest.fixture
def killed(plain, path, fake_time):
    """Leave a ledger as a run does that is killed while these rows are on their way."""

    async def killed(*rows, kind="PASSPORT", files=None):
        ledger = await Ledger.open(path, server=plain.url, api_key=API_KEY, clock=lambda: fake_time.now)
        for number in range(3):
            ledger.uploaded(hashlib.sha256(content(number)).digest(), file_of(number))
        for sent in rows:
            intent = Intent(applicant_id=OWNER, type=kind, file_ids=files or {"front_side": file_of()})
            await ledger.intend_row(sent.digest, intent, sent.says)
        await ledger.close()

    return killed


def on_the_server(plain, number, **fields):
    """Let the server have a document."""
    document_id = f"m{len(plain.documents):035}"
    whole = dict.fromkeys(f"{side}_id" for side in SIDES) | {"type": "PASSPORT", "front_side_id": file_of()}
    plain.documents[document_id] = whole | {
        "document_id": document_id,
        "applicant_id": OWNER,
        "document_number": f"N{number}",
        **fields,
    }
    return document_id


def numbers(plain):
    return sorted(document["document_number"] for document in plain.documents.values())


@pytest.mark.parametrize("steps", [1, 10, 60])
async def test_a_row_does_not_take_the_document_that_another_one_is_just_creating(steps, client, plain, path, killed):
    lost, other = row(0), row(1)
    await killed(lost)
    plain.steps = lambda method, _: steps if method == "POST" else 1
    results, _ = await client.bulk.upload_all([lost, other], ledger=path)
    assert [result.status for result in results] == [BulkStatus.CREATED] * 2
    assert len({result.document_id for result in results}) == 2
    assert numbers(plain) == ["N0", "N1"]


async def test_a_document_with_other_fields_is_not_taken_for_the_one_that_was_sent(client, plain, path, killed):
    await killed(row(0))
    on_the_server(plain, 7)
    [result], _ = await client.bulk.upload_all([row(0)], ledger=path)
    assert result.status is BulkStatus.UNCERTAIN
    assert "says something else" in str(result.error)
    assert numbers(plain) == ["N7"]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"document_number": "ab 12-3"}, {"document_number": "AB123"}),
        ({"expiry_date": "2030-01-31"}, {"expiry_date": "2030-01-31 00:00:00"}),
        ({"issue_date": "2020-01-31"}, {"issue_date": None}),
        ({"document_number": "4111 1111"}, {"document_number": "****1111"}),
    ],
)
async def test_what_the_server_only_writes_another_way_is_the_same(sent, shown, client, plain, path, killed):
    lost = row(0, document=sent)
    await killed(lost)
    document_id = on_the_server(plain, 0, **shown)
    [result], _ = await client.bulk.upload_all([lost], ledger=path)
    assert (result.status, result.document_id) == (BulkStatus.CREATED, document_id)
    assert len(plain.documents) == 1


@pytest.mark.parametrize(
    "shown",
    [
        {"front_side_id": None},
        {"front_side_id": None, "front_side": None},
        {"front_side_id": None, "front_side": "https://files.example/1?signature=x"},
        {"front_side_id": "https://files.example/1"},
        {"front_side_id": ""},
        {"front_side_id": None, "type": None},
        {"type": "passport", "front_side_id": None},
        {"type": None, "document_number": None},
    ],
)
async def test_a_document_that_does_not_show_its_files_sets_the_row_aside(shown, client, plain, path, killed):
    await killed(row(0))
    on_the_server(plain, 0, **shown)
    [result], _ = await client.bulk.upload_all([row(0)], ledger=path)
    assert result.status is BulkStatus.UNCERTAIN
    assert len(plain.documents) == 1


@pytest.mark.parametrize("acted", [True, False])
async def test_a_list_without_documents_that_were_made_proves_nothing(acted, client, plain, path, killed):
    kinds = ("PASSPORT", "GOVERNMENT_ID", "DRIVERS_LICENSE", "VIDEO")
    done = [row(n, document={"type": kind}) for n, kind in enumerate(kinds)]
    await client.bulk.upload_all(done, ledger=path)
    lost = row(9, front_side=content(1), document={"type": "TAX_ID_NUMBER"})
    await killed(lost, kind="TAX_ID_NUMBER", files={"front_side": file_of(1)})
    if acted:
        on_the_server(plain, 9, type="TAX_ID_NUMBER", front_side_id=file_of(1))
    plain.shown = lambda documents: documents[: len(documents) // 2]
    made = len(plain.documents)
    [result], _ = await client.bulk.upload_all([lost], ledger=path)
    assert (result.status, len(plain.documents)) == (BulkStatus.UNCERTAIN, made)
    assert "does not show all documents" in str(result.error)
    plain.shown = lambda documents: documents
    [result], _ = await client.bulk.upload_all([lost], ledger=path)
    assert (result.status, len(plain.documents)) == (BulkStatus.CREATED, 5)


async def test_a_list_that_is_whole_a_little_later_is_waited_for(client, plain, path, killed, fake_time):
    await client.bulk.upload_all([row(0, front_side=content(1), document={"type": "VIDEO"})], ledger=path)
    await killed(row(9))
    document_id = on_the_server(plain, 9)
    plain.shown = lambda documents: documents if len(fake_time.slept) > 2 else []
    [result], _ = await client.bulk.upload_all([row(9)], ledger=path)
    assert (result.status, result.document_id) == (BulkStatus.CREATED, document_id)
    assert fake_time.slept == [1.0, 2.0, 4.0]


async def test_rows_that_are_not_settled_hold_up_no_other(client, plain, path, killed, fake_time):
    lost = [row(n, front_side=content(n % 3), key=f"K{n}") for n in range(8)]
    await killed(*lost)
    others = [row(100 + n, front_side=content(3 + n)) for n in range(60)]
    done, all_others = [], asyncio.Event()
    fake_time.before_sleep = lambda: asyncio.wait_for(all_others.wait(), 30)
    async for result in client.bulk.upload([*lost, *others], ledger=path, concurrency=2):
        assert result.status is BulkStatus.CREATED
        done.append(result.row.line)
        if len(done) == len(others):
            assert min(done) >= 100
            all_others.set()
    assert sorted(done) == sorted(r.line for r in [*lost, *others])
    assert len(plain.documents) == 68


async def test_what_earlier_runs_waited_counts(client, plain, path, killed, fake_time):
    await killed(row(0))
    for _ in range(2):
        ledger = await Ledger.open(path, server=plain.url, api_key=API_KEY, clock=lambda: fake_time.now)
        fake_time.now += 20
        await ledger.close()
    [result], _ = await client.bulk.upload_all([row(0)], ledger=path, settle_after=35)
    assert (result.status, fake_time.slept) == (BulkStatus.CREATED, [])


@pytest.mark.parametrize(
    "refusal",
    [
        closing(404, '{"type": "not_found"}', kind="application/json"),
        closing(
            422,
            '{"type": "validation", "errors": [{"parameter": "document_number", "message": "no"}]}',
            kind="application/json",
        ),
    ],
)
async def test_a_row_that_is_refused_for_good_after_a_kill_fails_and_costs_no_wait_again(
    refusal, client, plain, path, killed, fake_time
):
    await killed(row(0))
    plain.meddle = lambda method, at: Meddling(answer=refusal) if (method, at) == ("POST", "/documents") else None
    [result], _ = await client.bulk.upload_all([row(0)], ledger=path)
    assert result.status is BulkStatus.FAILED
    slept = len(fake_time.slept)
    [result], _ = await client.bulk.upload_all([row(0)], ledger=path)
    assert result.status is BulkStatus.FAILED
    assert len(fake_time.slept) == slept


async def test_a_refusal_that_a_first_document_may_be_the_cause_of_is_told_with_what_came_before_and_ends_as_a_failure(
    client, plain, path, killed, fake_time
):
    conflict = closing(422, '{"type": "validation", "errors": [{"parameter": "type"}]}', kind="application/json")
    await killed(row(0))
    plain.meddle = lambda method, at: Meddling(answer=conflict) if (method, at) == ("POST", "/documents") else None
    [result], _ = await client.bulk.upload_all([row(0)], ledger=path)
    assert result.status is BulkStatus.UNCERTAIN
    assert "it was sent before and got no answer; now it was refused" in str(result.error)
    assert result.error.maybe_processed
    slept = len(fake_time.slept)
    fake_time.now += 60
    [result], _ = await client.bulk.upload_all([row(0)], ledger=path)
    assert result.status is BulkStatus.FAILED
    assert len(fake_time.slept) <= slept + 7


FIRST, CHANGED = row(0, key="mine"), row(1, key="mine")


async def test_a_row_that_was_changed_after_a_kill_fails_when_its_first_version_was_made(client, plain, path, killed):
    await killed(FIRST)
    document_id = on_the_server(plain, 0)
    for _ in range(2):
        [result], _ = await client.bulk.upload_all([CHANGED], ledger=path)
        assert result.status is BulkStatus.FAILED
        assert "key: expected one that no other row has used" in str(result.error)
    assert numbers(plain) == ["N0"]
    [result], _ = await client.bulk.upload_all([FIRST], ledger=path)
    assert (result.status, result.document_id) == (BulkStatus.DONE_BEFORE, document_id)


async def test_a_row_that_was_changed_after_a_kill_is_made_when_its_first_version_was_not(client, plain, path, killed):
    await killed(FIRST)
    [result], _ = await client.bulk.upload_all([CHANGED], ledger=path)
    assert result.status is BulkStatus.CREATED
    assert numbers(plain) == ["N1"]


async def test_a_row_that_was_changed_after_a_kill_is_uncertain_when_nobody_can_tell(client, plain, path, killed):
    await killed(FIRST)
    on_the_server(plain, 0, front_side_id=None)
    [result], _ = await client.bulk.upload_all([CHANGED], ledger=path)
    assert result.status is BulkStatus.UNCERTAIN
    assert result.error.maybe_processed
    assert numbers(plain) == ["N0"]


async def test_a_run_that_is_drained_tells_what_got_no_answer_and_leaves_what_waits(client, plain, path, fake_time):
    plain.meddle = lambda method, at: Meddling(acted=False) if (method, at) == ("POST", "/documents") else None
    upload = client.bulk.upload([row(n, front_side=content(n)) for n in range(30)], ledger=path, concurrency=4)
    fake_time.before_sleep = lambda: asyncio.sleep(0, upload.drain())
    results = [result async for result in upload]
    assert {result.status for result in results} == {BulkStatus.UNCERTAIN}
    assert len(results) == plain.count("/documents") <= 8
    assert all("the run had to end" in str(result.error) for result in results)
    fake_time.before_sleep, plain.meddle = None, lambda *_: None
    again, _ = await client.bulk.upload_all([row(n, front_side=content(n)) for n in range(30)], ledger=path)
    assert {result.status for result in again} == {BulkStatus.CREATED}
    assert len(plain.documents) == 30


async def test_an_uncertain_row_that_cannot_be_created_anew_is_not_told_as_failed(
    client, plain, path, killed, tmp_path
):
    lost = row(0, front_side=str(tmp_path / "scan.png"))
    await killed(lost)
    on_the_server(plain, 0, front_side_id=None)
    [result], _ = await client.bulk.upload_all([lost], ledger=path, on_uncertain="create")
    assert result.status is BulkStatus.UNCERTAIN
    assert result.error.maybe_processed
    assert "scan.png" in str(result.error)


@pytest.fixture
def gaps(monkeypatch):
    """Let every ledger be one that was repaired."""
    whole = Ledger.open.__func__

    async def opened(cls, *args, **options):
        return attrs.evolve(await whole(cls, *args, **options), may_have_gaps=True)

    monkeypatch.setattr(Ledger, "open", classmethod(opened))


async def test_what_a_repaired_ledger_does_not_know_is_asked_for_first(client, plain, path, gaps):
    there = on_the_server(plain, 0, front_side_id="z" * 36)
    kinds = {"type": "VIDEO"}
    rows = [row(0), row(1), row(2, document=kinds), new_person()]
    results, _ = await client.bulk.upload_all(rows, ledger=path)
    assert [result.status for result in results] == ["created", "created", "created", "uncertain"]
    assert results[0].document_id == there
    assert numbers(plain) == ["N0", "N1", "N2"]
    assert len(plain.applicants) == 1
    assert [result.sent_before for result in results] == [True] * 4, "for all that anybody knows"
    assert "was sent before, or may have been" in str(results[3].error)


def new_person():
    person = Person(first_name="Jane", external_applicant_id="E1")
    return BulkRow(document={"type": "PASSPORT"}, applicant=person, line=9)


async def test_files_that_no_document_has_are_counted_and_used_by_the_next_run(client, plain, path):
    refusal = closing(
        422, '{"type": "validation", "errors": [{"parameter": "document_number"}]}', kind="application/json"
    )
    plain.meddle = lambda method, at: Meddling(answer=refusal) if (method, at) == ("POST", "/documents") else None
    _, summary = await client.bulk.upload_all([row(0), row(1, front_side=content(5))], ledger=path)
    assert (summary.files, summary.files_unused) == (2, 2)
    plain.meddle = lambda *_: None
    _, summary = await client.bulk.upload_all([row(0), row(1, front_side=content(5))], ledger=path)
    assert (summary.created, summary.files, summary.files_shared, summary.files_unused) == (2, 0, 2, 0)


NO_TEXT = ("\ud800", "d" * 35 + "\udfff", "d" * 35 + "\0", "")


def answer_once(kind, made, *, acted=True):
    """Let one creation of a kind be answered with this id, when it was carried out or not."""
    left = [Meddling(answer=closing(200, json.dumps({f"{kind}_id": made}), kind="application/json"), acted=acted)]
    return lambda method, path: left.pop() if left and (method, path) == ("POST", f"/{kind}s") else None


@pytest.mark.parametrize("made", NO_TEXT)
@pytest.mark.parametrize("kind", ["document", "applicant", "file"])
async def test_an_id_that_no_ledger_can_hold_is_an_unreadable_answer_to_its_row_only(kind, made, client, plain, path):
    rows = [
        row(
            n,
            applicant_id=None,
            applicant=Person(first_name="Jane", external_applicant_id=f"E{n}"),
            front_side=content(n),
        )
        for n in range(6)
    ]
    plain.meddle = answer_once(kind, made)
    results, _ = await client.bulk.upload_all(rows, ledger=path, settle_after=2)
    odd = [result.status for result in results if result.status is not BulkStatus.CREATED]
    assert odd == {"document": [], "applicant": [BulkStatus.UNCERTAIN], "file": [BulkStatus.FAILED]}[kind]
    again, _ = await client.bulk.upload_all(rows, ledger=path, settle_after=2)
    new = [one.status for one in again if one.status is not BulkStatus.DONE_BEFORE]
    assert new == {"document": [], "applicant": [BulkStatus.UNCERTAIN], "file": [BulkStatus.CREATED]}[kind]
    assert len(plain.applicants) - 1 == 6


@pytest.mark.parametrize("made", NO_TEXT)
async def test_a_document_with_an_id_that_no_ledger_can_hold_proves_nothing(client, plain, path, killed, made):
    await killed(row(0))
    on_the_server(plain, 0, document_id=made)
    results, _ = await client.bulk.upload_all([row(0), row(1)], ledger=path, settle_after=2)
    assert sorted(result.status for result in results) == [BulkStatus.CREATED, BulkStatus.UNCERTAIN]
