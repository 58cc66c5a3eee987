"""Whether KYCAID still says what a callback said."""

import pickle

import attrs
import pytest

from kycaid_async import InvalidRequestError, NotFoundError
from kycaid_async.api.verifications.models import Verification
from kycaid_async.callbacks import confirm, parse
from kycaid_async.values.converter import structure
from tests.callbacks.messages import (
    APPLICANT,
    CANARY,
    CHANGED,
    COMPLETED,
    FORM,
    SCREENING,
    SERVICE_RESULT,
    VERIFICATION,
    body_of,
)

NOW = {
    "verification_id": VERIFICATION,
    "applicant_id": APPLICANT,
    "status": "completed",
    "verified": False,
    "verifications": COMPLETED["verifications"],
}


@attrs.define
class Client:
    """Gives one verification, whatever is asked for."""

    now: dict
    asked: list = attrs.field(factory=list)

    @property
    def verifications(self):
        return self

    async def get(self, verification_id):
        self.asked.append(verification_id)
        return structure(self.now, Verification)


async def differences(message, **now):
    found = await confirm(parse(body_of(message)), Client(NOW | now))
    assert found.agrees is (found.differences == ())
    return found.differences


async def test_a_true_callback_agrees():
    client = Client(NOW)
    found = await confirm(parse(body_of(COMPLETED)), client)
    assert (found.agrees, found.differences, client.asked) == (True, (), [VERIFICATION])
    assert found.verification == structure(NOW, Verification)


async def test_a_forged_verdict_does_not_agree():
    forged = COMPLETED | {"verified": True, "verifications": {"document": {"verified": True}}}
    assert await differences(forged) == ("verified", "verifications.document")


@pytest.mark.parametrize(
    ("now", "names"),
    [
        ({"applicant_id": FORM}, ("applicant_id",)),
        ({"applicant_id": None}, ("applicant_id",)),
        ({"verification_id": FORM}, ("verification_id",)),
        ({"verification_id": None}, ()),
        ({"form_id": FORM}, ()),
        ({"form_id": APPLICANT}, ("form_id",)),
        ({"status": "pending", "verified": None}, ("status", "verified")),
        ({"status": None}, ("status",)),
        ({"verified": "false"}, ()),
        ({"verifications": None}, ("verifications.profile", "verifications.document")),
        ({"verifications": COMPLETED["verifications"] | {"pep": {"verified": True}}}, ()),
        (
            {"verifications": COMPLETED["verifications"] | {"document": {"verified": False, "decline_reasons": [8]}}},
            ("verifications.document",),
        ),
    ],
    ids=repr,
)
async def test_each_difference_is_named(now, names):
    assert await differences(COMPLETED, **now) == names


async def test_completed_is_completed_even_where_the_callback_does_not_say_so():
    silent = {key: value for key, value in COMPLETED.items() if key not in ("status", "verifications")}
    assert await differences(silent) == ()
    assert await differences(silent, status="pending") == ("status",)


async def test_a_late_status_no_longer_agrees():
    """Callbacks come out of order: the state to act on is that of the verification."""
    now = {"verification_id": None, "applicant_id": CHANGED["applicant_id"]}
    assert await differences(CHANGED, **now, status="pending") == ()
    assert await differences(CHANGED, **now, status="completed") == ("verification_status",)


async def test_of_a_screening_the_ids_are_compared():
    assert await differences(SCREENING) == ()
    assert await differences(SCREENING, applicant_id=FORM) == ("applicant_id",)


@pytest.mark.parametrize(
    "message",
    [
        SERVICE_RESULT,
        SERVICE_RESULT | {"verification_id": VERIFICATION},
        {"type": "NEW", "verification_id": VERIFICATION},
        COMPLETED | {"verification_id": None},
        COMPLETED | {"verification_id": ""},
        COMPLETED | {"verification_id": 5},
        {"type": "DATABASE_SCREENING"},
    ],
    ids=repr,
)
async def test_what_names_no_verification_is_refused_with_the_types_that_do(message):
    client = Client(NOW)
    with pytest.raises(InvalidRequestError, match="VERIFICATION_COMPLETED, VERIFICATION_STATUS_CHANGED") as caught:
        await confirm(parse(body_of(message)), client)
    assert (caught.value.operation, caught.value.field) == ("callbacks.confirm", "verification_id")
    assert client.asked == []


async def test_the_real_client_is_asked(server, client):
    server.answer(200, NOW)
    found = await confirm(parse(body_of(COMPLETED)), client)
    assert found.agrees
    assert (server.requests[0].method, server.requests[0].path) == ("GET", f"/verifications/{VERIFICATION}")


async def test_a_verification_that_does_not_exist_is_not_found(server, client):
    server.answer(404, {"type": "not_found"})
    with pytest.raises(NotFoundError):
        await confirm(parse(body_of(COMPLETED)), client)


async def test_a_confirmation_is_frozen_and_shows_no_values():
    checks = {"profile": {"verified": True, "comment": CANARY}}
    found = await confirm(parse(body_of(COMPLETED | {"comment": CANARY})), Client(NOW | {"verifications": checks}))
    assert CANARY not in repr(found)
    assert found.differences == ("verifications.document",)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        found.agrees = True
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301
