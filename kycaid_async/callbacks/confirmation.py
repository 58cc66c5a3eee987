"""Confirmation of a callback by the server.

A signature proves that its maker holds the API key; not when. A recorded callback stays valid for ever, so act on what
the server says now.
"""

from typing import Any, Protocol

import attrs

from kycaid_async.api.verifications.fields import VerificationProgress
from kycaid_async.api.verifications.models import CheckResult, Verification
from kycaid_async.callbacks.events import DatabaseScreening, Event, VerificationCompleted, VerificationStatusChanged
from kycaid_async.errors import FieldProblem, InvalidRequestError
from kycaid_async.masking import ValueObject
from kycaid_async.tracebacks import border, confidential


class _Verifications(Protocol):
    async def get(self, verification_id: str, /) -> Verification: ...


class _Client(Protocol):
    @property
    def verifications(self) -> _Verifications: ...


class _BlockingVerifications(Protocol):
    def get(self, verification_id: str, /) -> Verification: ...


class _BlockingClient(Protocol):
    @property
    def verifications(self) -> _BlockingVerifications: ...


@attrs.frozen(eq=False, repr=False)
class Confirmation(ValueObject):
    """The result of comparing an event with the server."""

    agrees: bool
    """True when the server says the same now. A late or replayed event does not agree."""
    verification: Verification
    """The verification as it is now: the state to act on."""
    differences: tuple[str, ...] = ()
    """Names of the fields in which the two differ, such as ``verified`` or ``verifications.document``."""


@confidential
async def confirm(event: Event, client: _Client) -> Confirmation:
    """Fetch the verification of ``event`` and say whether it agrees.

    Of a `VerificationCompleted` the verdict, the checks, the status and the ids are compared; of a
    `VerificationStatusChanged` the status and the ids, which no longer agree once the verification went on; of a
    `DatabaseScreening` the ids only, because a verification does not show what monitoring found.

    ``client`` is an `AsyncKycaid` with a key of the same account. Raises `InvalidRequestError` for other events and for
    those without a verification, `NotFoundError` when there is no such verification, and the errors of
    ``verifications.get``.
    """
    return _compare(event, await client.verifications.get(_verification_of(event)))


def confirm_blocking(event: Event, client: _BlockingClient) -> Confirmation:
    """Do what `confirm` does, with a `Kycaid` as ``client``: for handlers of Flask, Django and other blocking code."""
    with border:
        return _compare(event, client.verifications.get(_verification_of(event)))


def _verification_of(event: Event) -> str:
    if not isinstance(event, VerificationCompleted | VerificationStatusChanged | DatabaseScreening):
        raise _unconfirmable(f"a {type(event).__name__}")
    if not event.verification_id:
        raise _unconfirmable(f"a {type(event).__name__} without verification_id")
    return event.verification_id


def _compare(event: Event, current: Verification) -> Confirmation:
    differences = (*_different_ids(event, current), *_different_results(event, current))
    return Confirmation(not differences, current, differences)


def _different_ids(event: Any, current: Verification) -> list[str]:
    names = ["applicant_id"] if event.applicant_id and event.applicant_id != current.applicant_id else []
    # The server is not known to repeat these two in its answer.
    optional = {name: (getattr(event, name, None), getattr(current, name)) for name in ("verification_id", "form_id")}
    return names + [name for name, (sent, now) in optional.items() if sent and now and sent != now]


def _different_results(event: Event, current: Verification) -> list[str]:
    if isinstance(event, VerificationStatusChanged):
        return ["verification_status"] if event.verification_status != current.status else []
    if not isinstance(event, VerificationCompleted):
        return []
    status = event.status or VerificationProgress.COMPLETED
    names = ["status"] if status != current.status else []
    names += ["verified"] if event.verified != current.verified else []
    checks = current.verifications or {}
    return names + [
        f"verifications.{name}"
        for name, check in (event.verifications or {}).items()
        if _differs(check, checks.get(name))
    ]


def _differs(sent: CheckResult, current: CheckResult | None) -> bool:
    if current is None or sent.verified != current.verified:
        return True
    return set(sent.decline_reasons or ()) != set(current.decline_reasons or ())


def _unconfirmable(what: str) -> InvalidRequestError:
    return InvalidRequestError(
        "callbacks.confirm: nothing was sent. Only VERIFICATION_COMPLETED, VERIFICATION_STATUS_CHANGED and "
        f"DATABASE_SCREENING that name a verification can be confirmed, this is {what}.",
        operation="callbacks.confirm",
        problems=[FieldProblem("verification_id", "the id of a verification", "none")],
    )
