"""Verifications: billed runs of checks over what an applicant has when they start."""

from typing import Any, Final

from kycaid_async.api.affiliated_persons import AffiliatedPersonType
from kycaid_async.api.applicants import ApplicantType
from kycaid_async.api.verification_models import Outcome, VerificationProgress
from kycaid_async.sandbox import messages, runs
from kycaid_async.sandbox.call import Call, Handler
from kycaid_async.sandbox.handlers import affiliated_persons
from kycaid_async.sandbox.handlers.report import report
from kycaid_async.sandbox.refusals import flow_denied, insufficient_data, verification_exists
from kycaid_async.sandbox.store import Row, Transaction

_NEEDED: Final = frozenset({AffiliatedPersonType.AUTHORISED.value, AffiliatedPersonType.BENEFICIAL.value})


def create(call: Call) -> dict[str, Any]:
    """Start a verification of an applicant that has none running."""
    applicant = _ready(call)
    made = runs.begin(
        call.rows,
        VerificationProgress.PENDING,
        call.moment,
        applicant_id=applicant["id"],
        external_applicant_id=applicant["body"].get("external_applicant_id"),
        form_id=call.body.get("form_id"),
        callback_url=call.body.get("callback_url"),
    )
    _announce(call, made)
    return {"verification_id": made["id"]}


def start_form(call: Call, verification: Row) -> Row:
    """Start the verification of a form that was just completed for the applicant in the body, and return it."""
    applicant = _ready(call)
    started = runs.start(call.rows, verification["id"], applicant["id"], call.moment)
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
        call.effects.callbacks.append(messages.completed(done))
    return {"status": "ok", "data": {"verification_id": row["id"], "verification_status": outcome}}


def summary(rows: Transaction, applicant: str) -> dict[str, Any]:
    """Return what an applicant says of its verifications: the count as text, as it was recorded."""
    found = runs.of_applicant(rows, applicant)
    return {"verification_status": _status(found[0]) if found else "new", "verifications_count": str(len(found))}


def reasons(rows: Transaction, applicant: str) -> list[str]:
    """Return why the latest verification of an applicant was declined."""
    latest = runs.of_applicant(rows, applicant)[:1]
    return list(dict.fromkeys(name for row in latest for c in row["checks"].values() for name in c["decline_reasons"]))


def _ready(call: Call) -> Row:
    """Return the applicant, when a verification of it can start."""
    applicant = call.applicant()
    if any(row["status"] == VerificationProgress.PENDING for row in runs.of_applicant(call.rows, applicant["id"])):
        raise verification_exists()
    _require_persons(call.rows, applicant)
    return applicant


def _announce(call: Call, started: Row) -> None:
    call.effects.started.append(started["id"])
    call.effects.callbacks.append(messages.status_changed(started))


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
