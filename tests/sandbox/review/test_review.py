"""The review of documents, over HTTP and with real files."""

import asyncio

import pytest

from kycaid_async import AsyncKycaid, ConfigurationError, DeclineReason
from kycaid_async.sandbox import RULES, Rule, Sandbox


@pytest.fixture
def declined(kycaid, applicant, make_picture):
    """Make a passport, read it, and return the names of the reasons it was declined for."""

    async def make(content=None, *, owner=None, **fields):
        front = await kycaid.with_options(check=False).files.create(content or make_picture())
        given = {"type": "PASSPORT", "front_side_id": front} | fields
        made = await kycaid.documents.create(applicant_id=owner or await applicant(), **given)
        got = await kycaid.documents.get(made)
        assert got.status == ("invalid" if got.reasons else "valid")
        assert got.raw["decline_reasons_ids"] == ([reason.id for reason in got.reasons] or None)
        assert (got.comment is not None) == bool(got.reasons)
        return got.raw["decline_reasons"]

    return make


async def test_a_good_document_is_valid(declined):
    assert await declined() == []


async def test_a_truncated_image_is_damaged(declined, make_picture):
    assert await declined(make_picture()[:5000]) == ["DOCUMENT_DAMAGED"]


async def test_a_truncated_pdf_is_damaged(declined, pdf):
    assert await declined(pdf) == []
    assert await declined(pdf[:40]) == ["DOCUMENT_DAMAGED"]


async def test_a_tiny_image_is_of_bad_quality(declined, make_picture):
    assert await declined(make_picture(100, 80, "PNG")) == ["BAD_QUALITY"]


async def test_the_worst_side_counts(declined, kycaid, make_picture):
    back = await kycaid.files.create(make_picture(50, 50))
    assert await declined(back_side_id=back) == ["BAD_QUALITY"]


async def test_an_expired_document_is_declined_by_the_clock_of_the_sandbox(declined):
    assert await declined(expiry_date="2025-06-14") == ["EXPIRED_DOCUMENT"]
    assert await declined(expiry_date="2025-06-15") == []


async def test_a_minor_is_declined(declined, applicant):
    assert await declined(owner=await applicant(dob="2010-01-01")) == ["AGE_RESTRICTION"]


async def test_a_number_of_another_applicant_is_a_duplicate(declined, applicant):
    owner = await applicant()
    assert await declined(owner=owner, document_number="A1") == []
    assert await declined(document_number="A1") == ["DUPLICATE"]
    assert await declined(owner=owner, document_number="A1", type="GOVERNMENT_ID") == []


async def test_a_card_number_of_another_applicant_is_a_duplicate(declined):
    assert await declined(card_number="5375411422962063", type="CREDIT_CARD") == []
    assert await declined(card_number="5375411422962063", type="CREDIT_CARD") == ["DUPLICATE"]


async def test_empty_numbers_are_no_duplicates(declined):
    assert await declined(document_number="") == []
    assert await declined(document_number="") == []


async def test_the_later_of_two_documents_is_the_duplicate_whichever_is_read_first(kycaid, applicant):
    given = {"type": "TAX_ID_NUMBER", "document_number": "A1"}
    first = await kycaid.documents.create(applicant_id=await applicant(), **given)
    second = await kycaid.documents.create(applicant_id=await applicant(), **given)
    assert (await kycaid.documents.get(second)).reasons == ["DUPLICATE"]
    assert (await kycaid.documents.get(first)).status == "valid"


async def test_an_identity_document_needs_a_file(kycaid, applicant):
    made = await kycaid.documents.create(applicant_id=await applicant(), type="PASSPORT")
    assert (await kycaid.documents.get(made)).reasons == ["DOCUMENT_INCOMPLETE"]


async def test_john_snow_passes_with_anything_and_john_doe_with_nothing(declined, applicant):
    snow = await applicant(first_name="John", last_name="Snow", dob="2020-01-01")
    doe = await applicant(first_name="John", last_name="Doe")
    assert await declined(b"nonsense", owner=snow) == []
    assert await declined(owner=doe) == ["FAKE_DOCUMENT"]


def broken(case):
    raise RuntimeError(case.owner["first_name"])


@pytest.mark.parametrize("about", ["document", "applicant"])
async def test_a_rule_that_raises_leaves_the_matter_to_a_person(clock, caplog, about):
    rules = [Rule("no good", "nothing", DeclineReason.OTHER, broken, of=(about,))]
    async with (
        Sandbox(clock=clock, rules=rules) as sandbox,
        AsyncKycaid(sandbox.api_key, base_url=sandbox.url, max_retries=0) as kycaid,
    ):
        owner = await kycaid.applicants.create(type="PERSON", first_name="Jane")
        document = await kycaid.documents.create(applicant_id=owner, type="TAX_ID_NUMBER")
        made = await kycaid.verifications.create(applicant_id=owner)
        await sandbox.settle()
        got = await kycaid.documents.get(document)
        assert got.status == ("new" if about == "document" else "valid")
        assert (await kycaid.verifications.get(made)).status == "pending"
        (row,) = await sandbox.verifications()
        assert row.waits_for_person
        await sandbox.decide(made, approve=True)
        assert (await kycaid.verifications.get(made)).passed is True
        assert (await kycaid.documents.get(document)).status == "valid"
    told = {record.getMessage() for record in caplog.records if record.levelname == "ERROR"}
    assert told == {"the rule 'no good' failed: RuntimeError"}


async def test_reading_an_applicant_reviews_its_documents(kycaid, applicant):
    owner = await applicant()
    await kycaid.documents.create(applicant_id=owner, type="PASSPORT")
    (document,) = (await kycaid.applicants.get(owner)).documents
    assert (document.status, document.reasons) == ("invalid", ["DOCUMENT_INCOMPLETE"])


async def test_a_review_takes_its_time(clock):
    async with (
        Sandbox(clock=clock, review_after=60) as sandbox,
        AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid,
    ):
        owner = await kycaid.applicants.create(type="PERSON")
        made = await kycaid.documents.create(applicant_id=owner, type="PASSPORT")
        clock.pass_seconds(59.9)
        waiting = await kycaid.documents.get(made)
        assert (waiting.status, waiting.decline_reasons_ids, waiting.decline_reasons) == ("new", None, [])
        clock.pass_seconds(0.1)
        assert (await kycaid.documents.get(made)).status == "invalid"


async def test_a_verdict_stays_until_the_document_changes(kycaid, applicant, clock):
    made = await kycaid.documents.create(applicant_id=await applicant(), type="TAX_ID_NUMBER", expiry_date="2025-06-20")
    assert (await kycaid.documents.get(made)).status == "valid"
    clock.pass_seconds(30 * 86400)
    assert (await kycaid.documents.get(made)).status == "valid"
    await kycaid.documents.update(made, document_number="2")
    assert (await kycaid.documents.get(made)).reasons == ["EXPIRED_DOCUMENT"]


async def test_a_replaced_file_is_looked_at_anew(kycaid, applicant, make_picture):
    file_id = await kycaid.files.create(make_picture(50, 50))
    made = await kycaid.documents.create(applicant_id=await applicant(), type="PASSPORT", front_side_id=file_id)
    assert (await kycaid.documents.get(made)).reasons == ["BAD_QUALITY"]
    await kycaid.files.replace(file_id, make_picture())
    assert (await kycaid.documents.get(made)).status == "valid"


async def test_a_document_that_changes_during_its_review_is_reviewed_again(kycaid, applicant, monkeypatch):
    made = await kycaid.documents.create(applicant_id=await applicant(), type="PASSPORT")
    loop = asyncio.get_running_loop()
    from kycaid_async.sandbox.review import reviewer

    judge = reviewer.judge

    def slow(*given):
        monkeypatch.setattr(reviewer, "judge", judge)
        changing = kycaid.documents.update(made, type="TAX_ID_NUMBER")
        asyncio.run_coroutine_threadsafe(changing, loop).result(10)
        return judge(*given)

    monkeypatch.setattr(reviewer, "judge", slow)
    assert (await kycaid.documents.get(made)).status == "new"
    assert (await kycaid.documents.get(made)).status == "valid"


async def test_many_readers_at_once_see_one_verdict(kycaid, applicant, make_picture):
    file_id = await kycaid.files.create(make_picture()[:5000])
    made = await kycaid.documents.create(applicant_id=await applicant(), type="PASSPORT", front_side_id=file_id)
    got = await asyncio.gather(*(kycaid.documents.get(made) for _ in range(20)))
    assert {tuple(document.reasons) for document in got} == {("DOCUMENT_DAMAGED",)}


async def test_the_documents_of_an_affiliated_person_are_reviewed_without_a_profile(kycaid, make_picture, person):
    file_id = await kycaid.files.create(make_picture())
    given = {"affiliated_person_id": await person(), "type": "PASSPORT", "front_side_id": file_id}
    made = await kycaid.documents.create(**given)
    assert (await kycaid.documents.get(made)).status == "valid"


async def test_the_same_picture_of_another_applicant_is_a_duplicate(declined, applicant, make_picture):
    picture, owner = make_picture(), await applicant()
    assert await declined(picture, owner=owner) == []
    assert await declined(picture) == ["DUPLICATE"]
    assert await declined(picture, type="SELFIE_IMAGE") == ["DUPLICATE"]
    assert await declined(picture, type="ADDRESS_DOCUMENT") == []
    assert await declined(picture, owner=owner, type="SELFIE_IMAGE") == []


async def test_the_later_of_two_equal_pictures_is_the_duplicate_whichever_is_read_first(
    kycaid, applicant, make_picture
):
    picture, made = make_picture(), []
    for _ in range(2):
        front = await kycaid.files.create(picture)
        given = {"type": "PASSPORT", "front_side_id": front}
        made.append(await kycaid.documents.create(applicant_id=await applicant(), **given))
    assert (await kycaid.documents.get(made[1])).reasons == ["DUPLICATE"]
    assert (await kycaid.documents.get(made[0])).status == "valid"


@pytest.fixture
def named(kycaid, make_picture):
    """Make a document whose file has a name, read it, and return why it was declined."""

    async def make(name, *, owner, kind="PASSPORT"):
        front = await kycaid.files.create(make_picture(), filename=name)
        made = await kycaid.documents.create(applicant_id=owner, type=kind, front_side_id=front)
        return (await kycaid.documents.get(made)).reasons

    return make


async def test_the_names_of_files_tell_reasons_and_faces(named, applicant):
    owner = await applicant()
    assert await named("declined-WRONG_DOB+EDITED_DOCUMENT.jpg", owner=await applicant()) == [
        "WRONG_DOB",
        "EDITED_DOCUMENT",
    ]
    assert await named("passport face-anna.jpg", owner=owner) == []
    assert await named("face-anna.jpg", owner=owner, kind="SELFIE_IMAGE") == []
    assert await named("face-bert.jpg", owner=owner, kind="SELFIE_WITH_DOCUMENT") == ["DIFFERENT_FACES"]
    assert await named("face-anna+bert.jpg", owner=await applicant()) == ["MULTIPLE_PERSON"]


async def test_a_refused_country_stands_with_the_profile_and_is_said_once(kycaid, applicant, make_picture):
    owner = await applicant(residence_country="KP")
    front = await kycaid.files.create(make_picture())
    await kycaid.documents.create(applicant_id=owner, type="PASSPORT", front_side_id=front)
    got = await kycaid.verifications.get(await kycaid.verifications.create(applicant_id=owner))
    assert {name: check.decline_reasons for name, check in got.verifications.items()} == {
        "profile": ["PROHIBITED_JURISDICTION"],
        "document": [],
    }


async def test_somebody_on_a_list_does_not_pass(kycaid, applicant):
    owner = await applicant(first_name="Max", last_name="Mustersanction", dob=None)
    got = await kycaid.verifications.get(await kycaid.verifications.create(applicant_id=owner))
    assert (got.passed, got.reasons) == (False, ["COMPROMISED_PERSON"])


async def test_the_refused_countries_and_the_rules_can_be_others(clock):
    gold = Rule("gold", "the type", DeclineReason.WRONG_DOCUMENT, lambda case: case.type != "CREDIT_CARD")
    options = {"rules": [gold, *RULES], "refused_countries": ["de"]}
    async with Sandbox(clock=clock, **options) as sandbox, AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid:
        owner = await kycaid.applicants.create(type="PERSON", residence_country="KP")
        german = await kycaid.applicants.create(type="PERSON", residence_country="DE")
        for who, kind, expected in (
            (owner, "CREDIT_CARD", []),
            (owner, "TAX_ID_NUMBER", ["WRONG_DOCUMENT"]),
            (german, "CREDIT_CARD", ["PROHIBITED_JURISDICTION"]),
        ):
            made = await kycaid.documents.create(applicant_id=who, type=kind)
            assert (await kycaid.documents.get(made)).reasons == expected


@pytest.mark.parametrize(
    "options",
    [
        {"rules": ["expired"]},
        {"rules": [Rule("a", "b", "NO_SUCH_REASON", bool)]},
        {"review": "nobody"},
        {"attempts": 0},
        {"applicants_per_minute": -1},
        {"balance": -0.01},
        {"balance": float("nan")},
    ],
    ids=repr,
)
def test_options_that_cannot_be_are_refused(options):
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        Sandbox(**options)
