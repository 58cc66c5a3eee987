"""What the reference does not say and working clients rely on: taken, named as observed, and not guessed further."""

import json
import warnings

import pytest

from kycaid_async import (
    ApplicantDocument,
    BulkRow,
    Company,
    Country,
    DeclineReason,
    Document,
    DocumentType,
    DocumentUpdate,
    FlowError,
    Form,
    FormUrlCreate,
    InvalidRequestError,
    Person,
    TransactionScreening,
    UnconfirmedValueWarning,
    structure,
    unstructure,
    warning,
)
from kycaid_async.api.documents.fields import ELSEWHERE
from kycaid_async.callbacks import parse
from tests.api.examples import APPLICANT_ID, FORM_ID, FORM_URL

DOCUMENT_ID = "d" * 36


@pytest.fixture(autouse=True)
def nothing_warned_yet(monkeypatch):
    monkeypatch.setattr(warning, "_warned", set())


async def test_a_form_url_is_made_for_no_applicant_by_null_too(client, server):
    server.answer(200, FORM_URL)
    server.answer(200, FORM_URL)
    await client.forms.create_url(FORM_ID, applicant_id=None)
    await client.forms.create_url(FORM_ID, FormUrlCreate(applicant_id=None, external_applicant_id=7))
    assert [json.loads(r.body) for r in server.requests] == [
        {"applicant_id": None},
        {"applicant_id": None, "external_applicant_id": "7"},
    ]


@pytest.mark.parametrize("number", [0, 7, 10**40])
@pytest.mark.parametrize(
    "make",
    [
        lambda n: FormUrlCreate(external_applicant_id=n),
        lambda n: Person(external_applicant_id=n),
        lambda n: TransactionScreening(external_applicant_id=n),
        lambda n: Company(
            company_name="x", registration_country="DE", business_activity_id="b" * 36, external_applicant_id=n
        ),
    ],
    ids=["form", "person", "screening", "company"],
)
def test_a_number_as_external_id_is_sent_as_text(make, number):
    assert unstructure(make(number))["external_applicant_id"] == str(number)


async def test_a_number_of_another_library_is_an_external_id_too(client, server):
    numpy = pytest.importorskip("numpy")
    server.answer(200, FORM_URL)
    await client.forms.create_url(FORM_ID, external_applicant_id=numpy.int64(7))
    assert server.requests[0].body == b'{"external_applicant_id":"7"}'


@pytest.mark.parametrize("value", [True, 7.5, b"7", ["7"], 10**50])
async def test_what_is_no_id_is_refused_by_name(client, server, value):
    with pytest.raises(InvalidRequestError, match="external_applicant_id: expected"):
        await client.forms.create_url(FORM_ID, external_applicant_id=value)
    assert server.requests == []


@pytest.mark.parametrize("kind", sorted(ELSEWHERE))
async def test_types_of_servers_under_other_names_are_sent_and_warn_once(client, server, kind):
    for _ in range(3):
        server.answer(200, {"document_id": DOCUMENT_ID})
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        await client.documents.create(type=DocumentType(kind), applicant_id=APPLICANT_ID)
        await client.documents.create(ApplicantDocument(type=kind, applicant_id=APPLICANT_ID))
        await client.documents.update(DOCUMENT_ID, DocumentUpdate(type=kind))
        row = BulkRow(applicant_id=APPLICANT_ID, document={"type": kind})
        assert row.problems() == []
    assert [(w.category, w.filename) for w in found] == [(UnconfirmedValueWarning, __file__)]
    assert kind in str(found[0].message)
    assert [json.loads(r.body)["type"] for r in server.requests] == [kind] * 3
    assert not DocumentType(kind).is_known


@pytest.mark.parametrize("kind", ["PASPORT", "other", "SELFIE ", "VEHICLE_PASSPORT"])
async def test_any_other_type_is_a_misspelling(client, server, kind):
    with pytest.raises(InvalidRequestError, match="type: expected one of"):
        await client.documents.create(type=DocumentType(kind), applicant_id=APPLICANT_ID)
    assert server.requests == []


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"form_id": "f", "name": "Standard"}, ("f", "Standard")),
        ({"id": "f", "form_name": "Standard"}, ("f", "Standard")),
        ({"form_id": None, "id": "f", "name": "", "title": "Standard"}, ("f", "Standard")),
        ({}, (None, None)),
    ],
)
def test_a_form_has_its_id_and_name_under_any_key(answer, found):
    form = structure(answer, Form)
    assert (form.id_of_form, form.name_of_form) == found
    assert (form.extra, unstructure(form)) == ({}, answer)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"country_code": "DE", "labels": [{"language_code": "EN", "label": "Germany"}]}, ("DE", "Germany")),
        ({"code": "DE", "name": "Germany"}, ("DE", "Germany")),
        ({"code": "DE", "labels": [], "name": "Germany"}, ("DE", "Germany")),
        ({"code": "DE", "labels": [{"language_code": "FR", "label": "x"}], "name": "Germany"}, ("DE", None)),
    ],
)
def test_a_country_has_its_code_and_name_under_any_key(answer, found):
    country = structure(answer, Country)
    assert (country.code_of_country, country.label()) == found
    assert (country.extra, unstructure(country)) == ({}, answer)


@pytest.mark.parametrize(
    "reasons",
    [
        {"code": "EXPIRED_DOCUMENT"},
        {"id": 5, "title": "Expired"},
        {"title": "EXPIRED_DOCUMENT"},
        [{"message": "EXPIRED_DOCUMENT", "title": None}],
        [{"title": "EXPIRED_DOCUMENT"}, {"message": "EXPIRED_DOCUMENT"}, 5],
    ],
)
def test_decline_reasons_are_read_as_one_object_and_by_title_or_message(reasons):
    document = structure({"decline_reasons": reasons}, Document)
    assert document.reasons == [DeclineReason.EXPIRED_DOCUMENT]
    assert "decline_reasons" not in document.extra


def test_a_title_in_words_of_its_own_is_kept_and_not_shown():
    document = structure({"decline_reasons": [{"title": "Jane's passport is torn"}]}, Document)
    (reason,) = document.reasons
    assert (reason, reason.is_known) == ("Jane's passport is torn", False)
    assert "Jane" not in repr(document)


def test_the_further_keys_of_documents_are_fields():
    answer = {
        "front_side_size": "1024",
        **{f"{side}_signature": "s" for side in ("front_side", "back_side", *(f"other_side_{n}" for n in (1, 2, 3)))},
        **{f"origin_other_side_{n}": "https://files.example/x" for n in (1, 2, 3)},
    }
    document = structure(answer, Document)
    assert document.extra == {}
    assert (document.front_side_size, document.other_side_3_signature) == (1024, "s")
    assert "https" not in repr(document)
    assert "'s'" not in repr(document)


@pytest.mark.parametrize(
    "message",
    [
        {"external_applicant_id": "user-1"},
        {"applicant": {"type": "PERSON", "external_applicant_id": "user-1"}},
        {"external_applicant_id": "user-1", "applicant": {"type": "COMPANY", "external_applicant_id": "user-2"}},
    ],
    ids=["top", "inside", "both"],
)
def test_a_completed_verification_says_whose_it_is(message):
    event = parse(json.dumps({"type": "VERIFICATION_COMPLETED", **message}).encode())
    assert event.external_applicant_id == "user-1"
    assert event.extra == {}
    assert "user-1" not in repr(event)


def test_a_completed_verification_without_an_applicant_is_nobodys():
    assert parse(b'{"type":"VERIFICATION_COMPLETED"}').external_applicant_id is None


@pytest.mark.parametrize("key", ["bdb_types", "list_types"])
def test_kinds_of_lists_are_read_in_small_letters_too(key):
    event = parse(json.dumps({"type": "DATABASE_SCREENING", key: ["pep", "self_restricted", "of_tomorrow"]}).encode())
    assert event.bdb_types == ["PEP", "SELF_RESTICTED", "of_tomorrow"]
    assert [kind.is_known for kind in event.bdb_types] == [True, True, False]


def refused(parameter, type_="flow"):
    return {"type": type_, "errors": [{"parameter": parameter, "message": "Rate limit exceeded"}]}


async def test_a_refusal_that_can_be_either_says_so_and_is_not_repeated(client, server):
    server.answer(429, refused("limit_exceeded"))
    with pytest.raises(FlowError, match="it can be either, so it is not repeated by itself") as caught:
        await client.applicants.create(Person(first_name="Jane"))
    assert "repeating it does not help" not in str(caught.value)
    assert (caught.value.retryable, caught.value.maybe_processed, len(server.requests)) == (False, False, 1)


@pytest.mark.parametrize(("status", "parameter"), [(409, "limit_exceeded"), (429, "status")])
async def test_a_step_that_is_not_allowed_is_only_that(client, server, status, parameter):
    server.answer(status, refused(parameter))
    with pytest.raises(FlowError, match="repeating it does not help"):
        await client.applicants.create(Person(first_name="Jane"))
