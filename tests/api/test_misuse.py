"""Bad input gets an error that names the field, and nothing is sent."""

import pytest

from kycaid_async import (
    AddressUpdate,
    CreditCard,
    DocumentUpdate,
    InvalidFileError,
    InvalidRequestError,
    Passport,
    Person,
    PersonAddress,
)
from tests.api.examples import ADDRESS_ID, APPLICANT_ID, DOCUMENT_ID, FILE_ID, PERSON_ID, PNG

NUMBER = "5375411422962063"

CALLS = {
    "a misspelt keyword": (
        lambda c: c.documents.create(type="CREDIT_CARD", applicant_id=APPLICANT_ID, card_numbr=NUMBER),
        "card_numbr",
        "did you mean card_number?",
    ),
    "an unknown keyword": (
        lambda c: c.documents.create(type="CREDIT_CARD", applicant_id=APPLICANT_ID, zzz=1),
        "zzz",
        "expected a field of CreditCard, got another name",
    ),
    "a misspelt change": (
        lambda c: c.documents.update(DOCUMENT_ID, isue_date=None),
        "isue_date",
        "did you mean issue_date?",
    ),
    "a misspelt name": (
        lambda c: c.applicants.create(type="PERSON", frst_name="J"),
        "frst_name",
        "did you mean first_name?",
    ),
    "a misspelt part of an address": (
        lambda c: c.addresses.create(applicant_id=APPLICANT_ID, type="REGISTERED", contry="GB"),
        "contry",
        "did you mean country?",
    ),
    "a field of a company on a person": (
        lambda c: c.applicants.create(type="PERSON", company_name="X"),
        "company_name",
        "a field of Person",
    ),
    "both owners of a document": (
        lambda c: c.documents.create(type="PASSPORT", applicant_id=APPLICANT_ID, affiliated_person_id=PERSON_ID),
        "applicant_id",
        "not both, got both",
    ),
    "no owner of a document": (lambda c: c.documents.create(type="PASSPORT"), "applicant_id", "got neither"),
    "no keyword for a document at all": (lambda c: c.documents.create(), "applicant_id", "got neither"),
    "no type of a document": (lambda c: c.documents.create(applicant_id=APPLICANT_ID), "type", "a value, got nothing"),
    "a null type of a document": (
        lambda c: c.documents.create(applicant_id=APPLICANT_ID, type=None),
        "type",
        "a value, got null",
    ),
    "a list as the type of a document": (
        lambda c: c.documents.create(applicant_id=APPLICANT_ID, type=["PASSPORT"]),
        "type",
        "got a list",
    ),
    "both owners of an address": (
        lambda c: c.addresses.create(type="REGISTERED", applicant_id=APPLICANT_ID, affiliated_person_id=PERSON_ID),
        "applicant_id",
        "got another name",
    ),
    "no owner of an address": (lambda c: c.addresses.create(type="REGISTERED"), "applicant_id", "a value, got nothing"),
    "no type of an address": (lambda c: c.addresses.create(applicant_id=APPLICANT_ID), "type", "a value, got nothing"),
    "no type of an applicant": (lambda c: c.applicants.create(first_name="Jane"), "type", "PERSON or COMPANY"),
    "another type of an applicant": (lambda c: c.applicants.create(type="FOUNDATION"), "type", "PERSON or COMPANY"),
    "a list as the type of an applicant": (lambda c: c.applicants.create(type=["PERSON"]), "type", "PERSON or COMPANY"),
    "a company without its activity": (
        lambda c: c.applicants.create(type="COMPANY", company_name="X", registration_country="GB"),
        "business_activity_id",
        "a value, got nothing",
    ),
    "a model and keywords": (
        lambda c: c.documents.create(CreditCard(applicant_id=APPLICANT_ID), card_number=NUMBER),
        "card_number",
        "to be set on the CreditCard, got a keyword besides it",
    ),
    "a model and keywords in an update": (
        lambda c: c.documents.update(DOCUMENT_ID, DocumentUpdate(document_number="1"), card_number=NUMBER),
        "card_number",
        "to be set on the DocumentUpdate",
    ),
    "a person and keywords": (
        lambda c: c.applicants.create(Person(), first_name="J"),
        "first_name",
        "to be set on the Person",
    ),
    "an address and keywords": (
        lambda c: c.addresses.create(PersonAddress(applicant_id=APPLICANT_ID, type="REGISTERED"), city="X"),
        "city",
        "to be set on the PersonAddress",
    ),
    "an empty update of a document": (lambda c: c.documents.update(DOCUMENT_ID), "*", "at least one field, got none"),
    "an empty update of an applicant": (
        lambda c: c.applicants.update(APPLICANT_ID),
        "*",
        "at least one field, got none",
    ),
    "an empty update of an address": (
        lambda c: c.addresses.update(ADDRESS_ID, AddressUpdate()),
        "*",
        "at least one field, got none",
    ),
    "an id that is too short": (lambda c: c.documents.get("short"), "document_id", "36 characters, got 5 characters"),
    "an id that is no text": (lambda c: c.documents.delete(None), "document_id", "text, got a NoneType"),
    "an empty id": (lambda c: c.files.get(""), "file_id", "an id, got none"),
    "an id that climbs the path": (lambda c: c.addresses.delete(".."), "address_id", "an id, got none"),
    "a short id of an upload": (lambda c: c.files.replace("short", PNG), "file_id", "36 characters, got 5 characters"),
    "a card number that is too short": (
        lambda c: c.documents.create(CreditCard(applicant_id=APPLICANT_ID, card_number="1" * 11)),
        "card_number",
        "12 to 19 characters, got 11 characters",
    ),
    "a model of another section": (lambda c: c.documents.create(Person(first_name="Jane")), None, "Person"),
    "a document in place of changes": (
        lambda c: c.documents.update(DOCUMENT_ID, Passport(applicant_id=APPLICANT_ID)),
        None,
        "Passport",
    ),
    "changes in place of a document": (
        lambda c: c.documents.create(DocumentUpdate(document_number="1")),
        None,
        "DocumentUpdate",
    ),
    "a document in place of an applicant": (
        lambda c: c.applicants.create(Passport(applicant_id=APPLICANT_ID)),
        None,
        "Passport",
    ),
    "an applicant in place of an address": (lambda c: c.addresses.create(Person()), None, "Person"),
    "a dictionary in place of a model": (
        lambda c: c.documents.create({"type": "PASSPORT", "applicant_id": APPLICANT_ID}),
        None,
        "dict",
    ),
    "text in place of a model": (lambda c: c.documents.create("PASSPORT"), None, "str"),
    "a class in place of a model": (lambda c: c.documents.create(Passport), None, None),
}


@pytest.mark.parametrize(("call", "field", "text"), CALLS.values(), ids=CALLS)
async def test_it_is_refused_by_name_and_nothing_is_sent(client, server, call, field, text):
    with pytest.raises(InvalidRequestError) as caught:
        await call(client)
    error = caught.value
    assert server.requests == []
    if field is not None:
        assert field in [problem.field for problem in error.problems]
        assert field in str(error)
    if text is not None:
        assert text in str(error)
    assert "nothing was sent" in str(error)
    assert error.operation.partition(".")[0] in ("documents", "applicants", "addresses", "files")
    assert (error.attempts, error.maybe_processed, error.retryable) == (0, False, False)
    assert NUMBER not in str(error)


async def test_every_missing_and_every_unknown_keyword_is_named_at_once(client, server):
    with pytest.raises(InvalidRequestError) as caught:
        await client.applicants.create(type="COMPANY", compny_name="X", mail="x")
    assert {problem.field for problem in caught.value.problems} == {
        "compny_name",
        "mail",
        "company_name",
        "registration_country",
        "business_activity_id",
    }
    assert server.requests == []


async def test_without_checks_limits_are_left_to_the_server_and_names_are_not(server, make_client):
    client = make_client(server.url, check=False)
    server.answer(200, {"document_id": DOCUMENT_ID})
    await client.documents.create(type="CREDIT_CARD", applicant_id="short", card_number="1")
    assert server.requests[0].body == b'{"applicant_id":"short","type":"CREDIT_CARD","card_number":"1"}'
    with pytest.raises(InvalidRequestError):
        await client.documents.create(type="CREDIT_CARD", applicant_id="short", card_numbr="1")
    assert len(server.requests) == 1


FILES = {
    "missing": (lambda tmp: {"source": tmp / "scan.png"}, "scan.png: cannot be opened"),
    "a directory": (lambda tmp: {"source": tmp}, "is a directory"),
    "empty": (lambda tmp: {"source": b""}, "is empty"),
    "text": (lambda tmp: {"source": b"hello, world" * 50}, "expected an image, a PDF or a video"),
    "no source": (lambda tmp: {"source": 5}, "cannot upload a int"),
    "nothing": (lambda tmp: {"source": None}, "cannot upload a NoneType"),
    "a factory without size": (lambda tmp: {"source": lambda: None}, "pass size="),
}


@pytest.mark.parametrize("operation", ["create", "replace"])
@pytest.mark.parametrize(("make", "text"), FILES.values(), ids=FILES)
async def test_a_bad_file_is_refused_by_name_and_nothing_is_sent(client, server, tmp_path, operation, make, text):
    ids = () if operation == "create" else (FILE_ID,)
    with pytest.raises(InvalidFileError) as caught:
        await getattr(client.files, operation)(*ids, **make(tmp_path))
    assert text in str(caught.value)
    assert caught.value.file
    assert server.requests == []
