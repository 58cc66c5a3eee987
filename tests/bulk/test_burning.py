"""A server that takes creations and does not say what it did with them gets few."""

import asyncio
import itertools

import pytest

from kycaid_async import BulkRow, BulkStatus, KycaidError, Person
from tests.bulk.conftest import content
from tests.bulk.plain_server import Meddling, PlainServer, closing

FAULTS = {
    "500": closing(500, '{"type": "internal_server"}', kind="application/json"),
    "502": closing(502, "<h1>Bad Gateway</h1>"),
    "503": closing(503, "upstream connect error or disconnect/reset before headers", kind="text/plain"),
    "429": closing(429, "<h1>Too many</h1>"),
    "403": closing(403, "<h1>Forbidden</h1>"),
    "portal": closing(200, "<html>Sign in</html>"),
    "lost": None,
}
KINDS = ("PASSPORT", "GOVERNMENT_ID", "DRIVERS_LICENSE", "VIDEO", "SELFIE_IMAGE")


@pytest.fixture
async def plain():
    async with PlainServer() as server:
        server.applicants["a" * 36] = {"applicant_id": "a" * 36, "type": "PERSON"}
        yield server


@pytest.fixture
def client(plain, make_client):
    return make_client(plain.url)


def new_people(count):
    for n in range(count):
        person = Person(first_name="Jane", external_applicant_id=f"E{n}")
        yield BulkRow(document={"type": "PASSPORT", "document_number": f"N{n}"}, applicant=person, line=n)


async def into(seen, upload):
    async for result in upload:
        seen.append(result)


async def results_of(upload):
    """Return all results, and the error that ended the run."""
    results: list = []
    try:
        await into(results, upload)
    except KycaidError as error:
        return results, error
    return results, None


@pytest.mark.parametrize("acted", [False, True])
@pytest.mark.parametrize("fault", FAULTS)
async def test_few_applicants_are_uncertain_after_a_minute_of_answers_that_say_nothing(
    fault, acted, client, plain, fake_time
):
    began = fake_time.now

    def meddle(method, path):
        over = fake_time.now - began > 60
        return (
            None if over or (method, path) != ("POST", "/applicants") else Meddling(answer=FAULTS[fault], acted=acted)
        )

    plain.meddle = meddle
    results, error = await results_of(client.bulk.upload(new_people(402), concurrency=64))
    uncertain = [result for result in results if result.status is BulkStatus.UNCERTAIN]
    assert error is None
    assert len(uncertain) <= 10
    assert len(results) == 402
    assert {result.status for result in results} == {BulkStatus.CREATED, BulkStatus.UNCERTAIN}
    assert plain.count("/applicants") == 402
    assert len(plain.documents) == 402 - len(uncertain)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_that_does_not_end_ends_the_run_with_an_error_that_says_so(fault, client, plain, fake_time):
    plain.meddle = lambda method, path: (
        Meddling(answer=FAULTS[fault]) if (method, path) == ("POST", "/applicants") else None
    )
    results, error = await results_of(client.bulk.upload(new_people(402), give_up_after=300))
    assert "no creation got an answer that says whether it was made" in str(error)
    assert len(results) == plain.count("/applicants") <= 15
    assert fake_time.now < 1000 + 2 * 300


@pytest.mark.parametrize("acted", [False, True])
@pytest.mark.parametrize("fault", FAULTS)
async def test_documents_come_through_a_minute_of_it_once_each(fault, acted, client, plain, fake_time):
    began = fake_time.now

    def meddle(method, path):
        is_on = method == "POST" and path == "/documents" and fake_time.now - began <= 60
        return Meddling(answer=FAULTS[fault], acted=acted) if is_on else None

    plain.meddle = meddle
    rows = [
        BulkRow(
            document={"type": KINDS[n % 5], "document_number": f"N{n}"}, applicant_id="a" * 36, front_side=content(n)
        )
        for n in range(100)
    ]
    results, error = await results_of(client.bulk.upload(rows))
    assert error is None
    assert {result.status for result in results} == {BulkStatus.CREATED}
    numbers = [document["document_number"] for document in plain.documents.values()]
    assert sorted(numbers) == sorted(f"N{n}" for n in range(100))


@pytest.mark.parametrize("acted", [False, True])
@pytest.mark.parametrize("fault", FAULTS)
async def test_when_everything_is_answered_so_for_a_minute_few_rows_suffer(fault, acted, client, plain, fake_time):
    began = fake_time.now
    plain.meddle = lambda *_: Meddling(answer=FAULTS[fault], acted=acted) if fake_time.now - began <= 60 else None
    people = list(new_people(60))
    known = [
        BulkRow(
            document={"type": KINDS[n % 5], "document_number": f"K{n}"}, applicant_id="a" * 36, front_side=content(n)
        )
        for n in range(60)
    ]
    rows = [row for pair in zip(people, known, strict=True) for row in pair]
    results, error = await results_of(client.bulk.upload(rows, concurrency=32))
    assert error is None
    assert len([result for result in results if result.status is not BulkStatus.CREATED]) <= 10
    assert len(results) == 120
    numbers = [document["document_number"] for document in plain.documents.values()]
    assert len(numbers) == len(set(numbers))


async def test_while_nothing_is_known_only_one_creation_is_under_way(client, plain, fake_time):
    tried, asked = [], []

    def meddle(method, path):
        if method == "GET":
            asked.append(fake_time.now)
        if (method, path) != ("POST", "/applicants"):
            return None
        tried.append(fake_time.now)
        return Meddling(answer=FAULTS["502"]) if len(tried) < 10 else None

    plain.meddle = meddle
    await results_of(client.bulk.upload(new_people(50), concurrency=64))
    pauses = [after - before for before, after in itertools.pairwise(tried[3:10])]
    assert pauses == sorted(pauses)
    assert pauses[-1] >= 16
    for before, after in itertools.pairwise(tried[3:10]):
        assert any(before <= moment <= after for moment in asked), "a free question before each try"


async def test_no_more_applicants_are_made_at_once_than_said_while_the_rest_goes_on(client, plain):
    people = list(new_people(40))
    known = [
        BulkRow(document={"type": "PASSPORT", "document_number": f"K{n}"}, applicant_id="a" * 36, front_side=content(n))
        for n in range(20)
    ]
    plain.answering.clear()
    upload = asyncio.create_task(results_of(client.bulk.upload(people + known, concurrency=16, applicants_at_once=3)))
    while plain.at_once.get("/applicants") != 3:
        await asyncio.sleep(0)
    plain.answering.set()
    results, _ = await upload
    assert {result.status for result in results} == {BulkStatus.CREATED}
    assert plain.most_at_once["/applicants"] == 3


async def test_rows_that_wait_for_an_applicant_hold_up_no_other(client, plain):
    """All workers could be taken by rows of new applicants, while no applicant gets an answer."""
    plain.meddle = lambda _method, path: plain.answering.clear() if path == "/applicants" else None
    known = [
        BulkRow(document={"type": KINDS[n], "document_number": f"K{n}"}, applicant_id="a" * 36, front_side=content(n))
        for n in range(3)
    ]
    upload = client.bulk.upload([*new_people(30), *known], concurrency=8, applicants_at_once=2)
    results = aiter(upload)
    ours = []

    def let_others_go(method, path):
        if path != "/applicants":
            plain.answering.set()

    plain.meddle = let_others_go
    ours = [await anext(results) for _ in range(3)]
    assert all(result.status is BulkStatus.CREATED for result in ours)
    await results.aclose()
