"""Verifications: billed runs of checks over what an applicant has when they start."""

from typing import Any, Final

from kycaid_async.api.affiliated_persons import AffiliatedPersonType
from kycaid_async.api.applicants import ApplicantType
from kycaid_async.api.verifications.fields import Outcome, VerificationProgress
from kycaid_async.sandbox.callbacks import messages
from kycaid_async.sandbox.data.forms import require_fit
from kycaid_async.sandbox.handlers import affiliated_persons
from kycaid_async.sandbox.handlers.context import Call, Handler
from kycaid_async.sandbox.handlers.report import report
from kycaid_async.sandbox.handlers.strict import FINAL
from kycaid_async.sandbox.http.refusals import (
    flow_denied,
    insufficient_data,
    invalid,
    not_valid,
    retry_forbidden,
    verification_exists,
)
from kycaid_async.sandbox.storage import account
from kycaid_async.sandbox.storage import verifications as runs
from kycaid_async.sandbox.storage.database import Row, Transaction

_NEEDED: Final = frozenset({AffiliatedPersonType.AUTHORISED.value, AffiliatedPersonType.BENEFICIAL.value})
_MOST_TYPES: Final = 20


def create(call: Call) -> dict[str, Any]:
    """Start a verification of an applicant that has none running."""
    applicant = _ready(call, call.body.get("form_id"))
    made = runs.begin(
        call.rows,
        VerificationProgress.PENDING,
        call.moment,
        applicant_id=applicant["id"],
        external_applicant_id=applicant["body"].get("external_applicant_id"),
        form_id=call.body.get("form_id"),
        callback_url=call.body.get("callback_url"),
        types=_types(call),
        **_terms(call, applicant),
    )
    _announce(call, made)
    return {"verification_id": made["id"]}


def start_form(call: Call, verification: Row) -> Row:
    """Start the verification of a form that was just completed for the applicant in the body, and return it."""
    applicant = _ready(call, verification["form_id"])
    terms = _terms(call, applicant)
    started = runs.start(call.rows, verification["id"], applicant["id"], call.moment, **terms)
    _announce(call, started)
    return started


def get(call: Call) -> dict[str, Any]:
    """Return a verification."""
    return messages.answer(call.row("verifications", "verification_id"))


def update_status(call: Call) -> dict[str, Any]:
    """Set the outcome, whatever the checks say. A form that nobody completed has none."""
    row = call.row("verifications", "verification_id")
    if row["status"] == VerificationProgress.UNUSED:
        raise flow_denied(409, ("verification_status", "The form was not completed"))
    outcome = call.body["verification_status"]
    verified = outcome == Outcome.APPROVED
    done = runs.finish(call.rows, row["id"], verified=verified, checks=row["checks"], moment=call.moment)
    if call.body.get("callback_enabled"):
        call.tell(messages.completed(done))
    return {"status": "ok", "data": {"verification_id": row["id"], "verification_status": outcome}}


def summary(rows: Transaction, applicant: str) -> dict[str, Any]:
    """Return what an applicant says of its verifications: the count as text, as it was recorded last."""
    found = runs.of_applicant(rows, applicant)
    return {"verification_status": _status(found[0]) if found else "new", "verifications_count": str(len(found))}


def reasons(rows: Transaction, applicant: str) -> list[str]:
    """Return why the latest verification of an applicant was declined."""
    latest = runs.of_applicant(rows, applicant)[:1]
    return runs.reasons_of(latest[0]) if latest else []


def attempts_left(call: Call, applicant: Row | None) -> int | None:
    """Return how many verifications an applicant may still have; None for no limit."""
    if call.settings.attempts is None:
        return None
    used = len(runs.of_applicant(call.rows, applicant["id"])) if applicant else 0
    return max(0, call.settings.attempts - used)


def require_attempt(call: Call, applicant: Row) -> None:
    """Refuse an applicant that may not be verified again."""
    if attempts_left(call, applicant) == 0:
        raise flow_denied(409, ("verification_attempts_left", "No attempts are left"))
    final = [FINAL[reason] for reason in FINAL if reason in reasons(call.rows, applicant["id"])]
    if call.settings.strict and final:
        raise retry_forbidden(final[0])


def _ready(call: Call, form_id: str | None) -> Row:
    """Return the applicant, when a verification of it can start."""
    applicant = call.applicant()
    if any(row["status"] == VerificationProgress.PENDING for row in runs.of_applicant(call.rows, applicant["id"])):
        raise verification_exists()
    require_fit(form_id, applicant["type"], must_exist=call.settings.strict)
    require_attempt(call, applicant)
    _require_persons(call.rows, applicant)
    return applicant


def _terms(call: Call, applicant: Row) -> dict[str, Any]:
    """Take the fee of a verification that starts, and return what it starts with."""
    left = attempts_left(call, applicant)
    return {
        "cents": account.book(call.rows, account.service_of(applicant)),
        "attempts_left": None if left is None else left - 1,
        "outcome": call.decided("verification"),
    }


def _types(call: Call) -> list[str]:
    """Return the types of checks that a request asks for: observed, as in ``["DOCUMENT", "FACIAL"]``."""
    types = call.body.get("types") or []
    if len(types) > _MOST_TYPES or not all(isinstance(name, str) for name in types):
        raise invalid(not_valid("verifications", "types"))
    return list(types)


def _announce(call: Call, started: Row) -> None:
    call.effects.started.append(started["id"])
    call.tell(messages.status_changed(started))


def _status(row: Row) -> str:
    if row["status"] != VerificationProgress.COMPLETED:
        return "pending"
    return "valid" if row["verified"] else "invalid"


def _require_persons(rows: Transaction, applicant: Row) -> None:
    if applicant["type"] != ApplicantType.COMPANY:
        return
    if not affiliated_persons.kinds(rows, applicant["id"]) >= _NEEDED:
        raise insufficient_data(("applicant_id", "An authorised person and a beneficial owner are needed"))


HANDLERS: Final[dict[str, Handler]] = {
    "verifications.create": create,
    "verifications.get": get,
    "verifications.report": report,
    "verifications.update_status": update_status,
}
