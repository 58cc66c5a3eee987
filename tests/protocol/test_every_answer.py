"""Every status with every form of body, for every class of requests, against the rule said once more in other words."""

import json

import pytest

from kycaid_async import Endpoint, Evidence, KycaidError, Replay
from kycaid_async.protocol.endpoint import ReturnsId
from kycaid_async.protocol.response import Answer, decode
from kycaid_async.protocol.retry import Raise, Retry, RetryPolicy, decide

OWN = {
    "limit": {"type": "limit_exceeded", "errors": []},
    "flow": {"type": "flow", "errors": [{"parameter": "limit_exceeded", "message": "x"}]},
    "fault": {"type": "internal_server", "errors": []},
    "field": {"type": "validation", "errors": [{"parameter": "dob", "message": "x"}]},
    "new": {"type": "brand_new"},
}
FOREIGN = {
    "page": b"<html>",
    "nothing": b"",
    "message": {"message": "Slow down"},
    "problem": {"type": "about:blank", "title": "Busy", "status": 503},
    "google": {"error": {"code": 503, "message": "Busy", "status": "UNAVAILABLE"}},
    "list": [],
}
BODIES = {
    name: body if isinstance(body, bytes) else json.dumps(body).encode() for name, body in (OWN | FOREIGN).items()
}

STATUSES = range(100, 600)
CLASSES = {
    "safe": {"replay": Replay.SAFE},
    "idempotent": {"replay": Replay.IDEMPOTENT},
    "orphans": {"replay": Replay.DUPLICATES, "orphans_only": True},
    "duplicates": {"replay": Replay.DUPLICATES},
    "billed": {"replay": Replay.BILLED},
}


def endpoint(kind):
    return Endpoint(
        name="x.y", method="POST", path="/x", returns=ReturnsId("id"), evidence=Evidence.INFERRED, **CLASSES[kind]
    )


def rule(status, form, kind):
    """Return whether it is sent again, whether even after ``max_retries``, and whether it may have been processed."""
    harmless, changes = kind in ("safe", "idempotent", "orphans"), kind != "safe"
    if form in OWN and not 200 <= status < 400:
        if form == "limit" and status in (429, 503):
            return True, True, False
        broke = status >= 500 or (form == "fault" and status != 404) or (form == "new" and status == 408)
        return (harmless, False, changes) if broke else (False, False, False)
    if 200 <= status < 300:
        no_json = form in ("page", "nothing")
        return harmless and no_json, False, changes
    passing = status in (408, 425, 429) or status >= 500
    return harmless and passing, kind == "safe" and status in (429, 503), changes


def judge(error, kind, *, attempt, remaining, earlier_uncertain=False):
    return decide(
        endpoint(kind),
        error,
        attempt=attempt,
        policy=RetryPolicy(),
        remaining=remaining,
        chance=0.0,
        earlier_uncertain=earlier_uncertain,
    )


def error_of(status, form, kind):
    with pytest.raises(KycaidError) as caught:
        decode(endpoint(kind), Answer(status, {}, BODIES[form]))
    return caught.value


def said(status, form, kind):
    error = error_of(status, form, kind)
    first = isinstance(judge(error, kind, attempt=1, remaining=90.0), Retry)
    late = isinstance(judge(error, kind, attempt=50, remaining=90.0), Retry)
    assert isinstance(judge(error, kind, attempt=50, remaining=0.0), Raise)
    assert error.retryable is first
    return first, late, error.maybe_processed


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("form", BODIES)
def test_every_answer_is_judged_as_the_rule_says(form, kind):
    assert [said(status, form, kind) for status in STATUSES] == [rule(status, form, kind) for status in STATUSES]


@pytest.mark.parametrize("kind", ["duplicates", "billed"])
@pytest.mark.parametrize("form", BODIES)
def test_what_must_not_double_is_sent_again_for_two_answers_only(form, kind):
    again = [status for status in STATUSES if said(status, form, kind)[0]]
    assert again == ([429, 503] if form == "limit" else [])


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("form", BODIES)
def test_what_happened_before_is_part_of_what_is_said(form, kind):
    errors = [error_of(status, form, kind) for status in STATUSES]
    for error in errors:
        assert isinstance(judge(error, kind, attempt=4, remaining=0.0, earlier_uncertain=True), Raise)
    assert {error.maybe_processed for error in errors} == {kind != "safe"}
    assert kind not in ("duplicates", "billed") or not any(error.retryable for error in errors)
