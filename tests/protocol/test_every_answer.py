"""Every status with every form of body, for every class of requests, against the rule said once more in other words."""

import json

import pytest

from kycaid_async import DecodeError, Endpoint, Evidence, KycaidError, Replay
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
        if status >= 500:
            return harmless, False, changes
        return (harmless, False, changes) if status == 408 and form == "new" else (False, False, False)
    if 200 <= status < 300:
        no_json = form in ("page", "nothing")
        return harmless and no_json, False, changes
    passing = status in (408, 425, 429) or status >= 500
    return harmless and passing, kind == "safe" and status in (429, 503), changes


def said(status, form, kind):
    try:
        decode(endpoint(kind), Answer(status, {}, BODIES[form]))
    except KycaidError as error:
        verdicts = [
            decide(endpoint(kind), error, attempt=attempt, policy=RetryPolicy(), remaining=90.0, chance=0.0)
            for attempt in (1, 50)
        ]
        if isinstance(verdicts[1], Retry):  # it has to be raised some time
            decide(endpoint(kind), error, attempt=50, policy=RetryPolicy(), remaining=0.0, chance=0.0)
        first, late = (isinstance(verdict, Retry) for verdict in verdicts)
        if not isinstance(error, DecodeError):
            assert error.retryable is first
        return first, late, error.maybe_processed
    raise AssertionError("it is no answer that this operation gives")


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("form", BODIES)
def test_every_answer_is_judged_as_the_rule_says(form, kind):
    statuses = [status for status in range(100, 600)]
    assert [said(status, form, kind) for status in statuses] == [rule(status, form, kind) for status in statuses]


@pytest.mark.parametrize("kind", ["duplicates", "billed"])
@pytest.mark.parametrize("form", BODIES)
def test_what_must_not_double_is_sent_again_for_two_answers_only(form, kind):
    again = [status for status in range(100, 600) if said(status, form, kind)[0]]
    assert again == ([429, 503] if form == "limit" else [])


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("form", BODIES)
def test_whatever_happened_before_is_part_of_what_is_said(form, kind):
    for status in range(100, 600):
        try:
            decode(endpoint(kind), Answer(status, {}, BODIES[form]))
        except KycaidError as error:
            verdict = decide(
                endpoint(kind),
                error,
                attempt=2,
                policy=RetryPolicy(max_retries=1),
                remaining=None,
                chance=0.0,
                earlier_uncertain=True,
            )
            assert isinstance(verdict, Raise)
            assert error.maybe_processed is (kind != "safe")
            assert not (kind in ("duplicates", "billed") and error.retryable)
