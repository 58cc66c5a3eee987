"""Outcomes that somebody sets in the place of the rules: a request, a script, a person."""

import pytest

from kycaid_async import AsyncKycaid, ConflictError, DeclineReason
from kycaid_async.sandbox import Sandbox
from kycaid_async.sandbox.rules.verdict import ReviewOutcome

HEADER = "x-sandbox-outcome"


@pytest.fixture
async def manual(clock):
    async with Sandbox(clock=clock, review="manual") as running:
        yield running


@pytest.fixture
async def client(manual):
    async with AsyncKycaid(manual.api_key, base_url=manual.url, max_retries=0) as made:
        yield made


@pytest.fixture
def verify(kycaid, call, applicant):
    """Create a verification with an outcome in the header, and return what became of it."""

    async def done(outcome, **fields):
        body = {"applicant_id": await applicant(**fields)}
        status, answer = await call("POST", "/verifications", json=body, headers={HEADER: outcome})
        assert status == 200
        return await kycaid.verifications.get(answer["verification_id"])

    return done


@pytest.mark.parametrize(
    ("text", "verdict", "reasons"),
    [
        ("approve", "approve", []),
        (" pending ", "pending", []),
        ("decline", "decline", ["OTHER"]),
        ("decline:EXPIRED_DOCUMENT", "decline", ["EXPIRED_DOCUMENT"]),
        ("decline: 5 , OTHER,5", "decline", ["EXPIRED_DOCUMENT", "OTHER"]),
    ],
)
def test_an_outcome_is_read_and_written(text, verdict, reasons):
    outcome = ReviewOutcome.parse(text)
    assert (outcome.verdict, list(outcome.reasons)) == (verdict, reasons)
    assert ReviewOutcome.parse(str(outcome)) == outcome


@pytest.mark.parametrize(
    "text", ["", "approved", "approve:OTHER", "decline:NO_SUCH", "decline:", "pending:OTHER", "DECLINE"]
)
def test_what_is_no_outcome_is_refused(text):
    with pytest.raises(ValueError, match=r"outcome|reason"):
        ReviewOutcome.parse(text)


@pytest.mark.parametrize("reason", DeclineReason)
async def test_a_request_can_ask_for_any_reason(verify, reason):
    got = await verify(f"decline:{reason}")
    assert (got.passed, got.reasons) == (False, [reason])


async def test_a_request_can_ask_for_several_reasons_each_in_its_check(verify):
    got = await verify("decline:EXPIRED_DOCUMENT,AGE_RESTRICTION,DIFFERENT_FACES")
    assert {name: check.decline_reasons for name, check in got.verifications.items()} == {
        "profile": ["AGE_RESTRICTION"],
        "document": ["EXPIRED_DOCUMENT"],
        "facial": ["DIFFERENT_FACES"],
    }


async def test_a_request_can_ask_for_approval_whatever_the_rules_say(verify):
    assert (await verify("approve", first_name="John", last_name="Doe")).passed is True


async def test_what_is_to_stay_pending_does(verify, clock, sandbox):
    got = await verify("pending")
    clock.pass_seconds(86_400)
    await sandbox.settle()
    (row,) = await sandbox.verifications()
    assert (got.status, row.status, row.waits_for_person) == ("pending", "pending", True)


async def test_the_outcome_of_a_document_can_be_asked_for(kycaid, call, applicant):
    body = {"applicant_id": await applicant(), "type": "TAX_ID_NUMBER"}
    given = {HEADER: "decline:EXPIRED_DOCUMENT,OTHER"}
    _, answer = await call("POST", "/documents", json=body, headers=given)
    got = await kycaid.documents.get(answer["document_id"])
    assert (got.status, got.reasons, got.decline_reasons_ids) == ("invalid", ["EXPIRED_DOCUMENT", "OTHER"], [5, 1])
    await kycaid.documents.update(got.document_id, document_number="1")
    assert (await kycaid.documents.get(got.document_id)).status == "valid"


@pytest.mark.parametrize("path", ["/documents", "/verifications"])
async def test_an_outcome_that_there_is_not_is_refused_and_nothing_is_created(call, sandbox, applicant, fields, path):
    body = {"applicant_id": await applicant(), "type": "PASSPORT"}
    assert fields(await call("POST", path, json=body, headers={HEADER: "decline:NONSENSE"})) == [HEADER]
    assert sandbox.counts() == {name: int(name == "applicants") for name in sandbox.counts()}


async def test_other_operations_do_not_look_at_the_header(call):
    assert (await call("POST", "/applicants", json={"type": "PERSON"}, headers={HEADER: "nonsense"}))[0] == 200


async def test_scripted_outcomes_come_one_after_the_other(sandbox, kycaid, applicant):
    sandbox.next_outcome("decline", "EXPIRED_DOCUMENT", 1)
    sandbox.next_outcome("approve")
    sandbox.next_outcome("decline", DeclineReason.FAKE_DOCUMENT, of="document")
    verdicts = []
    for last_name in ("Example", "Doe", "Doe"):
        owner = await applicant(first_name="John", last_name=last_name)
        made = await kycaid.verifications.create(applicant_id=owner)
        verdicts.append((await kycaid.verifications.get(made)).reasons)
    assert verdicts == [["EXPIRED_DOCUMENT", "OTHER"], [], ["COMPROMISED_PERSON"]]
    document = await kycaid.documents.create(applicant_id=await applicant(), type="TAX_ID_NUMBER")
    assert (await kycaid.documents.get(document)).reasons == ["FAKE_DOCUMENT"]


async def test_a_request_that_fails_takes_no_outcome(sandbox, kycaid, call, applicant, monkeypatch):
    sandbox.next_outcome("decline", "OTHER")
    with monkeypatch.context() as patched:
        patched.setattr(
            "kycaid_async.sandbox.storage.verifications.VerificationRepository._add_parts", lambda *_: 1 / 0
        )
        body = {"applicant_id": await applicant()}
        assert (await call("POST", "/verifications", json=body))[0] == 500
    made = await kycaid.verifications.create(**body)
    assert (await kycaid.verifications.get(made)).reasons == ["OTHER"]


async def test_the_header_comes_before_the_script(sandbox, kycaid, verify, applicant):
    sandbox.next_outcome("decline", "OTHER")
    assert (await verify("approve")).passed is True
    made = await kycaid.verifications.create(applicant_id=await applicant())
    assert (await kycaid.verifications.get(made)).reasons == ["OTHER"]


@pytest.mark.parametrize("given", [("decline", "NO_SUCH"), ("approve", "OTHER"), ("maybe",)])
async def test_a_script_that_cannot_be_is_refused(sandbox, given):
    with pytest.raises(ValueError, match=r"outcome|reason"):
        sandbox.next_outcome(*given)


async def test_where_a_person_decides_nothing_happens_by_itself(manual, client, clock):
    owner = await client.applicants.create(type="PERSON")
    document = await client.documents.create(applicant_id=owner, type="PASSPORT")
    made = await client.verifications.create(applicant_id=owner)
    clock.pass_seconds(86_400)
    await manual.settle()
    assert (await client.documents.get(document)).status == "new"
    assert (await client.verifications.get(made)).status == "pending"
    with pytest.raises(ConflictError):
        await client.verifications.create(applicant_id=owner)
    await manual.decide(made, approve=False, reasons=["FAKE_DOCUMENT", 1], comment="Not printed well")
    got = await client.verifications.get(made)
    assert (got.passed, got.reasons) == (False, ["FAKE_DOCUMENT", "OTHER"])
    assert got.verifications["document"].comment == "Not printed well"
    decided = await client.documents.get(document)
    assert (decided.status, decided.reasons, decided.comment) == (
        "invalid",
        ["FAKE_DOCUMENT", "OTHER"],
        "Not printed well",
    )


async def test_a_document_that_changes_waits_for_the_person_again(manual, client):
    owner = await client.applicants.create(type="PERSON")
    document = await client.documents.create(applicant_id=owner, type="TAX_ID_NUMBER")
    await manual.decide(document, approve=True, comment="fine")
    assert (await client.documents.get(document)).status == "valid"
    await client.documents.update(document, document_number="1")
    again = await client.documents.get(document)
    assert (again.status, again.comment) == ("new", None)
    (row,) = await manual.documents()
    assert row.waits_for_person
