import pytest

from kycaid_async import (
    AffiliatedPersonType,
    AffiliatedPersonUpdate,
    AuthorisedPerson,
    BeneficialOwner,
    FlowError,
    InvalidRequestError,
    NotFoundError,
)
from tests.api.examples import (
    AFFILIATED_ID,
    AFFILIATED_RESULT,
    APPLICANT_ID,
    CREATE_AUTHORISED,
    CREATE_BENEFICIAL,
    UPDATE_AFFILIATED,
)
from tests.api.wire import compact, without


@pytest.mark.parametrize(
    ("cls", "example"), [(AuthorisedPerson, CREATE_AUTHORISED), (BeneficialOwner, CREATE_BENEFICIAL)]
)
async def test_class_and_keywords_give_the_body_of_the_example(client, server, cls, example):
    for _ in range(3):
        server.answer(200, AFFILIATED_RESULT)
    fields = without(example, "type")
    assert await client.affiliated_persons.create(cls(**fields)) == AFFILIATED_ID
    assert await client.affiliated_persons.create(**example) == AFFILIATED_ID
    assert await client.affiliated_persons.create(**fields, type=AffiliatedPersonType(example["type"])) == AFFILIATED_ID
    assert [request.body for request in server.requests] == [compact(example)] * 3
    assert {(request.method, request.path) for request in server.requests} == {("POST", "/affiliated-persons")}


async def test_keys_may_be_null_or_left_out(client, server):
    """The reference marks every key as required and most values as nullable; one client leaves some out."""
    server.answer(200, AFFILIATED_RESULT)
    await client.affiliated_persons.create(AuthorisedPerson(applicant_id=APPLICANT_ID, title=None, dob=None))
    assert server.requests[0].body == compact(
        {"type": "AUTHORISED", "applicant_id": APPLICANT_ID, "title": None, "dob": None}
    )


@pytest.mark.parametrize("form", ["class", "keywords"])
async def test_an_update_sends_what_is_set_and_returns_the_id_of_the_server(client, server, form):
    other = AFFILIATED_ID[::-1]
    server.answer(200, {"affiliated_person_id": other})
    if form == "class":
        made = await client.affiliated_persons.update(AFFILIATED_ID, AffiliatedPersonUpdate(**UPDATE_AFFILIATED))
    else:
        made = await client.affiliated_persons.update(AFFILIATED_ID, **UPDATE_AFFILIATED)
    (request,) = server.requests
    assert (request.method, request.path) == ("PATCH", f"/affiliated-persons/{AFFILIATED_ID}")
    assert request.body == compact(UPDATE_AFFILIATED)
    assert made == other


async def test_a_person_is_deleted_by_its_id(client, server):
    server.answer(200, AFFILIATED_RESULT)
    assert await client.affiliated_persons.delete(AFFILIATED_ID) == AFFILIATED_ID
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("DELETE", f"/affiliated-persons/{AFFILIATED_ID}", b"")


async def test_a_second_authorised_person_is_refused_for_good(client, server):
    """It is a 429 that must not be repeated."""
    message = "authorised person already exists"
    server.answer(429, {"type": "flow", "errors": [{"parameter": "limit_exceeded", "message": message}]})
    with pytest.raises(FlowError) as caught:
        await client.affiliated_persons.create(**CREATE_AUTHORISED)
    assert len(server.requests) == 1
    assert (caught.value.retryable, caught.value.maybe_processed) == (False, False)
    assert caught.value.errors[0].parameter == "limit_exceeded"


async def test_an_unknown_person_is_not_found_although_the_server_says_validation(client, server):
    entry = {"parameter": "affiliated_person_id", "message": "authorised person not found"}
    server.answer(404, {"type": "validation", "errors": [entry]})
    with pytest.raises(NotFoundError) as caught:
        await client.affiliated_persons.delete(AFFILIATED_ID)
    assert caught.value.type == "validation"


MISUSE = {
    "no type": (lambda p: p.create(applicant_id=APPLICANT_ID), "type", "expected AUTHORISED or BENEFICIAL"),
    "an unknown type": (lambda p: p.create(type="OWNER", applicant_id=APPLICANT_ID), "type", "AUTHORISED or"),
    "a type that is no word": (lambda p: p.create(type=[1], applicant_id=APPLICANT_ID), "type", "AUTHORISED or"),
    "nothing": (lambda p: p.create(), "type", "AUTHORISED or BENEFICIAL"),
    "no company": (lambda p: p.create(type="AUTHORISED", title="CDO"), "applicant_id", "a value, got nothing"),
    "a share of an authorised person": (
        lambda p: p.create(type="AUTHORISED", applicant_id=APPLICANT_ID, share=5),
        "share",
        "a field of AuthorisedPerson",
    ),
    "a title of an owner": (
        lambda p: p.create(type="BENEFICIAL", applicant_id=APPLICANT_ID, title="CDO"),
        "title",
        "a field of BeneficialOwner",
    ),
    "a misspelt field": (
        lambda p: p.create(type="BENEFICIAL", applicant_id=APPLICANT_ID, frst_name="Jane"),
        "frst_name",
        "did you mean first_name?",
    ),
    "a model and keywords": (
        lambda p: p.create(AuthorisedPerson(applicant_id=APPLICANT_ID), title="CDO"),
        "title",
        "to be set on the AuthorisedPerson",
    ),
    "changes in place of a person": (
        lambda p: p.create(AffiliatedPersonUpdate(title="CFO")),
        None,
        "AuthorisedPerson or BeneficialOwner, got a AffiliatedPersonUpdate",
    ),
    "a person in place of changes": (
        lambda p: p.update(AFFILIATED_ID, AuthorisedPerson(applicant_id=APPLICANT_ID)),
        None,
        "AffiliatedPersonUpdate, got a AuthorisedPerson",
    ),
    "a change of the type": (lambda p: p.update(AFFILIATED_ID, type="BENEFICIAL"), "type", "got another name"),
    "a change of the company": (
        lambda p: p.update(AFFILIATED_ID, applicant_id=APPLICANT_ID),
        "applicant_id",
        "got another name",
    ),
    "an empty update": (lambda p: p.update(AFFILIATED_ID), "*", "at least one field, got none"),
    "a short id": (lambda p: p.delete("short"), "affiliated_person_id", "36 characters"),
    "more than all shares": (lambda p: p.update(AFFILIATED_ID, share=101), "share", "a number from 0 to 100"),
}


@pytest.mark.parametrize(("call", "field", "text"), MISUSE.values(), ids=MISUSE)
async def test_misuse_is_refused_by_name_and_nothing_is_sent(client, server, call, field, text):
    with pytest.raises(InvalidRequestError) as caught:
        await call(client.affiliated_persons)
    assert server.requests == []
    assert text in str(caught.value)
    assert field is None or caught.value.field == field
