import pytest

from kycaid_async import (
    ApiError,
    CheckResult,
    CheckType,
    ConflictError,
    DeclineReason,
    FlowError,
    FormUrlCreate,
    GatewayError,
    InsufficientFundsError,
    InvalidRequestError,
    Outcome,
    PermissionDeniedError,
    ServerError,
    ValidationError,
    Verification,
    VerificationCreate,
    VerificationProgress,
    VerificationStatuses,
    VerificationStatusResult,
    structure,
    unstructure,
)
from tests.api.examples import (
    APPLICANT_ID,
    CALLBACK_URL,
    CREATE_VERIFICATION,
    FORM_ID,
    GET_VERIFICATION,
    STATUS_RESULT,
    UPDATE_STATUS,
    VERIFICATION_ID,
    VERIFICATION_RESULT,
)
from tests.api.wire import compact


@pytest.mark.parametrize("form", ["class", "keywords"])
@pytest.mark.parametrize(
    "fields",
    [CREATE_VERIFICATION, CREATE_VERIFICATION | {"types": ["DOCUMENT", "AML"], "callback_url": CALLBACK_URL}],
    ids=["example", "of old clients"],
)
async def test_class_and_keywords_give_the_body_of_the_example(client, server, form, fields):
    server.answer(200, VERIFICATION_RESULT)
    create = client.verifications.create
    made = await (create(VerificationCreate(**fields)) if form == "class" else create(**fields))
    (request,) = server.requests
    assert (request.method, request.path, request.query) == ("POST", "/verifications", {})
    assert request.body == compact(fields)
    assert made == VERIFICATION_ID


async def test_the_checks_may_be_members(client, server):
    server.answer(200, VERIFICATION_RESULT)
    await client.verifications.create(applicant_id=APPLICANT_ID, types=(CheckType.FACIAL, "VIDEO"))
    assert server.requests[0].body == compact({"applicant_id": APPLICANT_ID, "types": ["FACIAL", "VIDEO"]})


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 403, 429])
async def test_a_lost_answer_to_a_create_is_raised_after_one_request_and_says_so(client, server, status):
    """The fee is taken when a verification is created, and there is no idempotency key."""
    server.answer(status, {"type": "internal_server"} if status == 500 else "<html>Bad Gateway</html>")
    with pytest.raises(ApiError) as caught:
        await client.verifications.create(**CREATE_VERIFICATION)
    error = caught.value
    assert len(server.requests) == error.attempts == 1
    assert (error.maybe_processed, error.retryable) == (True, False)
    assert "look for its result before you repeat it" in str(error)
    assert type(error) is (ServerError if status == 500 else GatewayError)


@pytest.mark.parametrize(
    ("status", "kind", "cls"),
    [
        (402, "insufficient_funds", InsufficientFundsError),
        (403, "inactive_account", PermissionDeniedError),
        (403, "forbidden_duplicates_retries", PermissionDeniedError),
        (403, "forbidden_age_restricted_retries", PermissionDeniedError),
        (403, "forbidden_country_restricted_retries", PermissionDeniedError),
        (403, "forbidden_compromised_person_retries", PermissionDeniedError),
        (403, "forbidden_fake_document_retries", PermissionDeniedError),
        (409, "verification_exists", ConflictError),
        (422, "verification_exists", ConflictError),
        (422, "insufficient_data", ValidationError),
        (429, "flow", FlowError),
    ],
)
async def test_a_refusal_of_a_create_is_final(client, server, status, kind, cls):
    server.answer(status, {"type": kind, "errors": []})
    with pytest.raises(cls) as caught:
        await client.verifications.create(**CREATE_VERIFICATION)
    error = caught.value
    assert type(error) is cls
    assert (error.type, error.maybe_processed, error.retryable, len(server.requests)) == (kind, False, False, 1)


@pytest.mark.parametrize("status", [429, 503])
async def test_a_create_that_the_server_was_too_busy_for_is_repeated(client, server, status):
    server.answer(status, {"type": "limit_exceeded"})
    server.answer(200, VERIFICATION_RESULT)
    assert await client.verifications.create(**CREATE_VERIFICATION) == VERIFICATION_ID
    assert len(server.requests) == 2


async def test_a_verification_comes_back_as_the_example(client, server):
    server.answer(200, compact(GET_VERIFICATION))
    found = await client.verifications.get(VERIFICATION_ID)
    (request,) = server.requests
    assert (request.method, request.path, request.query) == ("GET", f"/verifications/{VERIFICATION_ID}", {})
    assert found == Verification(
        verification_id=VERIFICATION_ID,
        applicant_id=APPLICANT_ID,
        status=VerificationProgress.COMPLETED,
        verified=False,
        verifications={
            "profile": CheckResult(True, "", []),
            "document": CheckResult(False, "", [DeclineReason.BAD_QUALITY]),
        },
    )
    assert found.status is VerificationProgress.COMPLETED
    assert (found.passed, found.reasons, found.extra) == (False, [DeclineReason.BAD_QUALITY], {})
    assert compact(unstructure(found)) == compact(GET_VERIFICATION)


async def test_the_fields_that_callbacks_carry_are_read_too(client, server):
    statuses = {"duplicates": [{"a": 1}, "b"], "ludoman": None, "agreed_with_tc": "yes", "face_match_confidence": 0.5}
    more = {"form_id": FORM_ID, "form_token": "t", "verification_statuses": statuses}
    server.answer(200, GET_VERIFICATION | more)
    found = await client.verifications.get(VERIFICATION_ID)
    assert (found.form_id, found.form_token) == (FORM_ID, "t")
    assert found.verification_statuses == VerificationStatuses([{"a": 1}, "b"], None, "yes", 0.5)
    assert compact(unstructure(found)) == compact(GET_VERIFICATION | more)


@pytest.mark.parametrize(("raw", "left"), [(2, 2), (0, 0), ("0", 0), ("unlimited", "unlimited"), (None, None)])
def test_the_attempts_left_are_a_number_or_unlimited_or_null(raw, left):
    found = structure({"verification_attempts_left": raw}, Verification)
    assert found.verification_attempts_left == left
    assert type(found.verification_attempts_left) is type(left)
    assert found.extra == {}


@pytest.mark.parametrize(
    ("raw", "verified"),
    [(True, True), (False, False), ("true", True), ("false", False), ("False", False), (None, None)],
)
def test_the_verdict_comes_as_boolean_or_as_text_or_as_null(raw, verified):
    found = structure({"verified": raw, "verifications": {"pep": {"verified": raw}}}, Verification)
    assert found.verified is verified
    assert found.verifications["pep"].verified is verified
    assert found.extra == {}


@pytest.mark.parametrize("raw", ["yes", "1", "", 1, 0, [], {}])
def test_a_verdict_of_another_form_is_none_rather_than_a_guess(raw):
    found = structure({"status": "completed", "verified": raw}, Verification)
    assert (found.verified, found.passed) == (None, None)
    assert found.extra == {"verified": raw}


@pytest.mark.parametrize(
    ("status", "verified", "passed"),
    [
        ("completed", True, True),
        ("completed", "true", True),
        ("completed", False, False),
        ("completed", "false", False),
        ("completed", None, None),
        ("pending", True, None),
        ("pending", False, None),
        ("pending", None, None),
        ("unused", None, None),
        ("unused", True, None),
        ("new", True, None),
        (None, True, None),
        (5, True, None),
    ],
)
def test_passed_says_what_completed_does_not(status, verified, passed):
    assert structure({"status": status, "verified": verified}, Verification).passed is passed


@pytest.mark.parametrize(
    "raw",
    [
        [7, 24, 99],
        ["BAD_QUALITY", "DUPLICATE", 99],
        ["7", "24", "99"],
        [{"code": "BAD_QUALITY"}, {"code": 24}, {"id": 99}],
        [{"name": "BAD_QUALITY", "id": 7}, {"reason": "DUPLICATE"}, 99],
        "BAD_QUALITY,DUPLICATE,99",
        "BAD_QUALITY, 24 ,99,",
        ["BAD_QUALITY", None, 7, "DUPLICATE", "", 99],
    ],
)
def test_reasons_come_as_ids_names_objects_or_one_text(raw):
    found = structure({"verifications": {"document": {"verified": False, "decline_reasons": raw}}}, Verification)
    assert found.reasons[:2] == [DeclineReason.BAD_QUALITY, DeclineReason.DUPLICATE]
    assert [reason.id for reason in found.reasons] == [7, 24, 99]
    assert found.verifications["document"].extra == {}


def test_the_reasons_of_all_checks_stand_once_in_the_order_of_the_checks():
    checks = {
        "profile": {"decline_reasons": None},
        "document": {"decline_reasons": ["BAD_QUALITY", "BRAND_NEW"]},
        "facial": {"decline_reasons": [7, "NO_SELFIE"]},
        "address": {},
    }
    assert structure({"verifications": checks}, Verification).reasons == ["BAD_QUALITY", "BRAND_NEW", "NO_SELFIE"]


@pytest.mark.parametrize("checks", [None, {}, [], "none", {"profile": None}])
def test_a_verification_without_checks_has_no_reasons(checks):
    assert structure({"verifications": checks}, Verification).reasons == []
    assert Verification().reasons == []


@pytest.mark.parametrize("outcome", ["approved", Outcome.APPROVED])
@pytest.mark.parametrize("wrap", [lambda data: {"status": "ok", "data": data}, lambda data: {"data": data}, dict])
async def test_an_outcome_is_set(client, server, outcome, wrap):
    server.answer(200, wrap(STATUS_RESULT))
    found = await client.verifications.update_status(VERIFICATION_ID, outcome, callback_enabled=True)
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", f"/verifications/{VERIFICATION_ID}/status")
    assert request.body == compact(UPDATE_STATUS)
    assert found == VerificationStatusResult(VERIFICATION_ID, Outcome.APPROVED)
    assert unstructure(found) == STATUS_RESULT


async def test_flags_are_sent_when_they_are_given(client, server):
    for _ in range(2):
        server.answer(200, {"status": "ok", "data": None})
    flags = {"callback_enabled": False, "project_owner_email_enabled": True, "applicant_email_enabled": False}
    assert await client.verifications.update_status(VERIFICATION_ID, "declined", **flags) == VerificationStatusResult()
    await client.verifications.update_status(VERIFICATION_ID, "declined")
    assert server.requests[0].body == compact({"verification_status": "declined", **flags})
    assert server.requests[1].body == b'{"verification_status":"declined"}'


async def test_setting_an_outcome_is_repeated_after_a_lost_answer(client, server):
    server.answer(500, {"type": "internal_server"})
    server.answer(200, {"status": "ok", "data": STATUS_RESULT})
    found = await client.verifications.update_status(VERIFICATION_ID, "approved")
    assert (found.verification_status, len(server.requests)) == ("approved", 2)


MISUSE = {
    "no applicant": (lambda v: v.create(form_id=FORM_ID), "applicant_id", "a value, got nothing"),
    "a short id of a form": (
        lambda v: v.create(applicant_id=APPLICANT_ID, form_id="12666"),
        "form_id",
        "36 characters, got 5 characters",
    ),
    "a null form": (lambda v: v.create(applicant_id=APPLICANT_ID, form_id=None), "form_id", "a value, got null"),
    "an unknown check": (
        lambda v: v.create(applicant_id=APPLICANT_ID, types=["SOUL"]),
        "types",
        "a list of one of DOCUMENT",
    ),
    "a misspelt keyword": (
        lambda v: v.create(applicant_id=APPLICANT_ID, from_id=FORM_ID),
        "from_id",
        "did you mean form_id?",
    ),
    "a model and keywords": (
        lambda v: v.create(VerificationCreate(applicant_id=APPLICANT_ID), form_id=FORM_ID),
        "form_id",
        "to be set on the VerificationCreate",
    ),
    "another model": (lambda v: v.create(FormUrlCreate()), None, "VerificationCreate, got a FormUrlCreate"),
    "a short id": (lambda v: v.get("12666"), "verification_id", "36 characters"),
    "a short id to wait for": (lambda v: v.wait("12666"), "verification_id", "36 characters"),
    "an id that climbs the path": (lambda v: v.update_status("..", "approved"), "verification_id", "an id, got none"),
    "an unknown outcome": (
        lambda v: v.update_status(VERIFICATION_ID, "maybe"),
        "verification_status",
        "one of approved, declined",
    ),
    "no outcome": (lambda v: v.update_status(VERIFICATION_ID, None), "verification_status", "a value, got null"),
    "a flag that is none": (
        lambda v: v.update_status(VERIFICATION_ID, "approved", callback_enabled="yes"),
        "callback_enabled",
        "true or false",
    ),
}


@pytest.mark.parametrize(("call", "field", "text"), MISUSE.values(), ids=MISUSE)
async def test_misuse_is_refused_by_name_and_nothing_is_sent(client, server, call, field, text):
    with pytest.raises(InvalidRequestError) as caught:
        await call(client.verifications)
    assert server.requests == []
    assert text in str(caught.value)
    assert field is None or caught.value.field == field
