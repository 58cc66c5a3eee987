from datetime import UTC, datetime

import pytest

import kycaid_async
from kycaid_async import (
    AffiliatedPassport,
    AffiliatedPersonDocument,
    AnnualIncome,
    ApplicantDocument,
    CreditCard,
    Document,
    DocumentProvider,
    DocumentStatus,
    DocumentType,
    DocumentUpdate,
    IncomeSource,
    InvalidRequestError,
    Passport,
    unstructure,
)
from kycaid_async.api.documents.kinds import BY_AFFILIATED_PERSON, BY_APPLICANT
from kycaid_async.values.fields import fields_of
from tests.api.examples import (
    APPLICANT_ID,
    CREATE_DOCUMENT,
    DOCUMENT_ID,
    DOCUMENT_RESULT,
    GET_DOCUMENT,
    PERSON_ID,
    UPDATE_DOCUMENT,
)
from tests.api.wire import compact, without

# Typed from the reference: the types that an applicant may have, and the eight of an affiliated person.
APPLICANT_TYPES = [
    "ADDRESS_DOCUMENT",
    "AUTHORISED_PERSON",
    "BANK_STATEMENT",
    "COMPANY_LEGAL_ADDRESS",
    "COMPANY_OWNERSHIP",
    "CREDIT_CARD",
    "DOMESTIC_PASSPORT",
    "DRIVERS_LICENSE",
    "FINANCIAL_DOCUMENT",
    "FOREIGN_CITIZEN_PASSPORT",
    "GOVERNMENT_ID",
    "PASSPORT",
    "PERMANENT_RESIDENCE_PERMIT",
    "REFUGEE_CARD",
    "REGISTRATION_COMPANY",
    "SELFIE_IMAGE",
    "SELFIE_WITH_CREDIT_CARD",
    "SELFIE_WITH_DOCUMENT",
    "TAX_ID_NUMBER",
    "VIDEO",
]
PERSON_TYPES = [
    "ADDRESS_DOCUMENT",
    "DOMESTIC_PASSPORT",
    "DRIVERS_LICENSE",
    "FOREIGN_CITIZEN_PASSPORT",
    "GOVERNMENT_ID",
    "PASSPORT",
    "PERMANENT_RESIDENCE_PERMIT",
    "REFUGEE_CARD",
]
VARIANTS = [("applicant_id", APPLICANT_ID, kind) for kind in APPLICANT_TYPES] + [
    ("affiliated_person_id", PERSON_ID, kind) for kind in PERSON_TYPES
]
EACH_VARIANT = pytest.mark.parametrize(("owner", "id_", "kind"), VARIANTS)


def variant_of(owner, kind):
    return (BY_APPLICANT if owner == "applicant_id" else BY_AFFILIATED_PERSON)[kind]


# The reference's own examples, byte for byte.


@pytest.mark.parametrize("form", ["class", "keywords"])
async def test_the_example_of_create_goes_through_byte_for_byte(client, server, form):
    server.answer(200, compact(DOCUMENT_RESULT))
    if form == "class":
        made = await client.documents.create(CreditCard(**without(CREATE_DOCUMENT, "type")))
    else:
        made = await client.documents.create(**CREATE_DOCUMENT)
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("POST", "/documents", compact(CREATE_DOCUMENT))
    assert request.headers["Content-Type"] == "application/json"
    assert made == DOCUMENT_ID


async def test_the_example_of_get_becomes_an_object_that_goes_back_to_equal_json(client, server):
    server.answer(200, compact(GET_DOCUMENT))
    document = await client.documents.get(DOCUMENT_ID)
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("GET", f"/documents/{DOCUMENT_ID}", b"")
    spelled_otherwise = {
        "type": DocumentType.CREDIT_CARD,
        "provider": DocumentProvider.MANUAL,
        "status": DocumentStatus.NEW,
        "created_at": datetime(2024, 7, 1, 15, 27, 15, tzinfo=UTC),
    }
    for name, value in GET_DOCUMENT.items():
        assert getattr(document, name) == spelled_otherwise.get(name, value)
    assert document.type is DocumentType.CREDIT_CARD
    assert document.extra == {}
    assert document.reasons == []
    assert compact(unstructure(document)) == compact(GET_DOCUMENT)


@pytest.mark.parametrize("form", ["class", "keywords"])
async def test_the_example_of_update_goes_through_byte_for_byte(client, server, form):
    server.answer(200, compact(DOCUMENT_RESULT))
    if form == "class":
        made = await client.documents.update(DOCUMENT_ID, DocumentUpdate(**UPDATE_DOCUMENT))
    else:
        made = await client.documents.update(DOCUMENT_ID, **UPDATE_DOCUMENT)
    (request,) = server.requests
    assert (request.method, request.path, request.body) == (
        "PATCH",
        f"/documents/{DOCUMENT_ID}",
        compact(UPDATE_DOCUMENT),
    )
    assert made == DOCUMENT_ID


async def test_the_example_of_delete_goes_through(client, server):
    server.answer(200, compact(DOCUMENT_RESULT))
    assert await client.documents.delete(DOCUMENT_ID) == DOCUMENT_ID
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("DELETE", f"/documents/{DOCUMENT_ID}", b"")


def test_the_answer_has_every_field_of_the_reference_in_its_order():
    names = [field.name for field in fields_of(Document)]
    assert names[: len(GET_DOCUMENT)] == list(GET_DOCUMENT)


async def test_an_update_may_return_another_id(client, server):
    other = DOCUMENT_ID[::-1]
    server.answer(200, {"document_id": other})
    assert await client.documents.update(DOCUMENT_ID, document_number="1") == other


# Variants and types.


def test_there_are_28_variants_of_20_types():
    assert sorted(BY_APPLICANT) == APPLICANT_TYPES == sorted(DocumentType)
    assert sorted(BY_AFFILIATED_PERSON) == PERSON_TYPES
    assert len({*BY_APPLICANT.values(), *BY_AFFILIATED_PERSON.values()}) == 28


@EACH_VARIANT
async def test_class_and_keywords_give_the_same_body(client, server, owner, id_, kind):
    fields = {owner: id_, "document_number": "TH703318A", "expiry_date": "2028-11-04"}
    for _ in range(3):
        server.answer(200, DOCUMENT_RESULT)
    await client.documents.create(variant_of(owner, kind)(**fields))
    await client.documents.create(type=kind, **fields)
    await client.documents.create(type=DocumentType(kind), **fields)
    expected = compact({owner: id_, "type": kind, "document_number": "TH703318A", "expiry_date": "2028-11-04"})
    assert [request.body for request in server.requests] == [expected] * 3


@EACH_VARIANT
def test_every_variant_is_public_and_has_its_owner_and_type_fixed(owner, id_, kind):
    cls = variant_of(owner, kind)
    assert getattr(kycaid_async, cls.__name__) is cls
    made = cls(**{owner: id_})
    assert made.type is DocumentType(kind)
    with pytest.raises(TypeError):
        cls(**{owner: id_, "type": "VIDEO"})


@EACH_VARIANT
def test_every_variant_takes_every_documented_field(owner, id_, kind):
    """The reference prints a table for CREDIT_CARD alone, so no field is refused on any type."""
    fields = without(UPDATE_DOCUMENT, "type")
    assert unstructure(variant_of(owner, kind)(**{owner: id_}, **fields)) == {owner: id_, "type": kind, **fields}


@pytest.mark.parametrize(
    ("owner", "cls"), [("applicant_id", ApplicantDocument), ("affiliated_person_id", AffiliatedPersonDocument)]
)
async def test_types_that_are_not_in_the_list_are_sent_as_they_are_when_the_check_is_off(client, server, owner, cls):
    """White-label servers have more."""
    with pytest.raises(InvalidRequestError, match="type: expected one of ADDRESS_DOCUMENT, "):
        await client.documents.create(cls(**{owner: PERSON_ID}, type="VEHICLE_PASSPORT"))
    client = client.with_options(check=False)
    for _ in range(2):
        server.answer(200, DOCUMENT_RESULT)
    await client.documents.create(cls(**{owner: PERSON_ID}, type="VEHICLE_PASSPORT"))
    await client.documents.create(type="VEHICLE_PASSPORT", **{owner: PERSON_ID})
    expected = compact({owner: PERSON_ID, "type": "VEHICLE_PASSPORT"})
    assert [request.body for request in server.requests] == [expected] * 2


async def test_the_same_type_of_two_owners_differs_by_the_key_of_the_owner(client, server):
    for _ in range(2):
        server.answer(200, DOCUMENT_RESULT)
    await client.documents.create(Passport(applicant_id=APPLICANT_ID))
    await client.documents.create(AffiliatedPassport(affiliated_person_id=PERSON_ID))
    assert [request.body for request in server.requests] == [
        compact({"applicant_id": APPLICANT_ID, "type": "PASSPORT"}),
        compact({"affiliated_person_id": PERSON_ID, "type": "PASSPORT"}),
    ]


async def test_words_may_be_members_or_text_and_text_may_be_of_any_script(client, server):
    server.answer(200, DOCUMENT_RESULT)
    await client.documents.update(
        DOCUMENT_ID,
        income_sources=[IncomeSource.LOAN, "SALARY"],
        annual_income=AnnualIncome.ANNUAL_INCOME_GROUP_1,
        issuing_authority="Міністерство 東京",
    )
    assert server.requests[0].body == compact(
        {
            "issuing_authority": "Міністерство 東京",
            "income_sources": ["LOAN", "SALARY"],
            "annual_income": "ANNUAL_INCOME_GROUP_1",
        }
    ), "in the order of the reference"


async def test_none_is_sent_as_null_and_what_is_left_out_is_not_sent(client, server):
    server.answer(200, DOCUMENT_RESULT)
    await client.documents.update(DOCUMENT_ID, document_number=None)
    assert server.requests[0].body == b'{"document_number":null}'


async def test_a_declined_document_tells_why(client, server):
    answer = GET_DOCUMENT | {
        "status": "invalid",
        "decline_reasons_ids": [7, 99],
        "decline_reasons": ["BAD_QUALITY", "NEW_ONE"],
    }
    server.answer(200, answer)
    document = await client.documents.get(DOCUMENT_ID)
    assert document.status is DocumentStatus.INVALID
    assert [(reason.id, str(reason), reason.is_known) for reason in document.reasons] == [
        (7, "BAD_QUALITY", True),
        (99, "99", False),
        (None, "NEW_ONE", False),
    ]
