import pytest

from kycaid_async import (
    DecodeError,
    Form,
    FormUrl,
    FormUrlCreate,
    InvalidRequestError,
    PermissionDeniedError,
    VerificationCreate,
    unstructure,
)
from tests.api.examples import APPLICANT_ID, CREATE_FORM_URL, FORM_ID, FORM_URL, FORMS, VERIFICATION_ID
from tests.api.wire import compact


@pytest.mark.parametrize("form", ["class", "keywords"])
async def test_class_and_keywords_give_the_body_of_the_example(client, server, form):
    server.answer(200, FORM_URL)
    if form == "class":
        made = await client.forms.create_url(FORM_ID, FormUrlCreate(**CREATE_FORM_URL))
    else:
        made = await client.forms.create_url(FORM_ID, **CREATE_FORM_URL)
    (request,) = server.requests
    assert (request.method, request.path, request.query) == ("POST", f"/forms/{FORM_ID}/urls", {})
    assert request.body == compact(CREATE_FORM_URL)
    assert made == FormUrl(form_id=FORM_ID, form_url=FORM_URL["form_url"], verification_id=VERIFICATION_ID)
    assert compact(unstructure(made)) == compact(FORM_URL)


async def test_every_field_may_be_left_out(client, server):
    server.answer(200, FORM_URL)
    await client.forms.create_url(FORM_ID)
    assert server.requests[0].body == b"{}"


async def test_every_field_is_sent_and_null_is_told_from_absent(client, server):
    server.answer(200, FORM_URL)
    await client.forms.create_url(FORM_ID, language_code="EN", redirect_url=None, external_applicant_id="")
    assert server.requests[0].body == b'{"external_applicant_id":"","redirect_url":null,"language_code":"EN"}'


@pytest.mark.parametrize("answer", [{}, {"form_url": None}, {"message": "Welcome"}])
async def test_an_answer_without_a_url_may_have_made_one(client, server, answer):
    server.answer(200, answer)
    with pytest.raises(DecodeError, match="expected an object with 'form_id' or 'form_url'") as caught:
        await client.forms.create_url(FORM_ID)
    assert caught.value.maybe_processed


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"verification_id": VERIFICATION_ID}, VERIFICATION_ID),
        ({"verificaiton_id": VERIFICATION_ID}, VERIFICATION_ID),
        ({"verification_id": None, "verificaiton_id": VERIFICATION_ID}, VERIFICATION_ID),
        ({"verification_id": "", "verificaiton_id": VERIFICATION_ID}, VERIFICATION_ID),
        ({"verification_id": VERIFICATION_ID, "verificaiton_id": "other"}, VERIFICATION_ID),
        ({"verificaiton_id": None, "form_url": "https://forms.kycaid.com/x"}, None),
    ],
)
async def test_the_id_of_the_verification_is_found_under_both_spellings(client, server, answer, found):
    """One page of the vendor misspells it."""
    server.answer(200, answer)
    made = await client.forms.create_url(FORM_ID)
    assert made.id_of_verification == found
    assert made.extra == {}
    assert unstructure(made) == answer


@pytest.mark.parametrize(
    ("raw", "left"), [(3, 3), (0, 0), ("3", 3), ("0", 0), ("unlimited", "unlimited"), (None, None)]
)
async def test_the_attempts_left_are_a_number_or_unlimited_or_null(client, server, raw, left):
    server.answer(200, FORM_URL | {"verification_attempts_left": raw})
    made = await client.forms.create_url(FORM_ID)
    assert made.verification_attempts_left == left
    assert type(made.verification_attempts_left) is type(left)
    assert made.extra == {}


async def test_the_url_is_a_secret_that_does_not_show(client, server):
    server.answer(200, FORM_URL | {"form_token": "token-canary"})
    shown = repr(await client.forms.create_url(FORM_ID))
    assert FORM_URL["form_url"] not in shown
    assert "token-canary" not in shown


@pytest.mark.parametrize("kind", ["duplicates", "age_restricted", "country_restricted", "compromised_person"])
async def test_a_form_that_forbids_another_attempt_is_a_refusal_for_good(client, server, kind):
    server.answer(403, {"type": f"forbidden_{kind}_retries", "errors": []})
    with pytest.raises(PermissionDeniedError) as caught:
        await client.forms.create_url(FORM_ID, applicant_id=APPLICANT_ID)
    assert (len(server.requests), caught.value.retryable, caught.value.maybe_processed) == (1, False, False)


@pytest.mark.parametrize("key", [None, "items", "data", "forms", "results"])
async def test_forms_come_bare_or_under_a_key(client, server, key):
    server.answer(200, FORMS if key is None else {key: FORMS})
    found = await client.forms.list()
    (request,) = server.requests
    assert (request.method, request.path, request.query, request.body) == ("GET", "/forms", {}, b"")
    assert found == [Form(form_id=FORM_ID, name="Standard"), Form(id=FORM_ID)]
    assert compact(unstructure(found)) == compact(FORMS)


@pytest.mark.parametrize("answer", [[], {"items": []}, {"items": None}])
async def test_an_account_may_have_no_forms(client, server, answer):
    server.answer(200, answer)
    assert await client.forms.list() == []


MISUSE = {
    "a short id": (lambda f: f.create_url("12666"), "form_id", "36 characters, got 5 characters"),
    "an id that climbs the path": (lambda f: f.create_url(".."), "form_id", "an id, got none"),
    "an id that is no text": (lambda f: f.create_url(12666), "form_id", "text, got a int"),
    "a misspelt keyword": (lambda f: f.create_url(FORM_ID, redirct_url=None), "redirct_url", "mean redirect_url?"),
    "a model and keywords": (
        lambda f: f.create_url(FORM_ID, FormUrlCreate(), language_code="EN"),
        "language_code",
        "to be set on the FormUrlCreate",
    ),
    "another model": (
        lambda f: f.create_url(FORM_ID, VerificationCreate(applicant_id=APPLICANT_ID)),
        None,
        "FormUrlCreate, got a VerificationCreate",
    ),
    "a long external id": (
        lambda f: f.create_url(FORM_ID, external_applicant_id="x" * 51),
        "external_applicant_id",
        "at most 50 characters",
    ),
}


@pytest.mark.parametrize(("call", "field", "text"), MISUSE.values(), ids=MISUSE)
async def test_misuse_is_refused_by_name_and_nothing_is_sent(client, server, call, field, text):
    with pytest.raises(InvalidRequestError) as caught:
        await call(client.forms)
    assert server.requests == []
    assert text in str(caught.value)
    assert field is None or caught.value.field == field
