"""Verifications: billed runs of checks over what an applicant has when they start; and the report of one day."""

from typing import Any, Final

from kycaid_async.api.affiliated_persons import AffiliatedPersonType
from kycaid_async.api.applicants import ApplicantType
from kycaid_async.api.verifications.fields import Mode, Outcome, Service, VerificationProgress
from kycaid_async.sandbox.callbacks.dispatcher import (
    verification_answer,
    verification_completed,
    verification_status_changed,
)
from kycaid_async.sandbox.data.account import FORMS, service_of
from kycaid_async.sandbox.events.feed import Callback
from kycaid_async.sandbox.handlers.applicants import applicant_answer
from kycaid_async.sandbox.handlers.context import Handler, RequestContext
from kycaid_async.sandbox.handlers.strict import FINAL
from kycaid_async.sandbox.http.access import SignedUrls
from kycaid_async.sandbox.http.refusals import (
    Refused,
    flow_denied,
    insufficient_data,
    invalid,
    not_valid,
    retry_forbidden,
    verification_exists,
)
from kycaid_async.sandbox.rules.verdict import reasons_in
from kycaid_async.sandbox.state import SandboxSettings
from kycaid_async.sandbox.storage.applicants import name_of
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork
from kycaid_async.values.mismatch import Mismatch
from kycaid_async.values.scalars import read_date

_NEEDED: Final = frozenset({AffiliatedPersonType.AUTHORISED.value, AffiliatedPersonType.BENEFICIAL.value})
_MOST_TYPES: Final = 20
MOST_ROWS: Final = 1000
"""A larger ``count`` is cut to this without a word."""

_PERSONAL = ("dob", "email", "phone", "wallet_address", "telegram_username")


def create(context: RequestContext) -> dict[str, Any]:
    """Start a verification of an applicant that has none running."""
    applicant = _ready(context, context.body.get("form_id"))
    begun = context.unit.verifications.begin(
        VerificationProgress.PENDING,
        context.moment,
        applicant_id=applicant["id"],
        external_applicant_id=applicant["body"].get("external_applicant_id"),
        form_id=context.body.get("form_id"),
        callback_url=context.body.get("callback_url"),
        types=_types(context),
        **_terms(context, applicant, context.body.get("form_id")),
    )
    _announce(context, begun)
    return {"verification_id": begun["id"]}


def start_form(context: RequestContext, verification: Row) -> Row:
    """Start the verification of a form that was just completed for the applicant in the body, and return it."""
    applicant = _ready(context, verification["form_id"])
    terms = _terms(context, applicant, verification["form_id"])
    started = context.unit.verifications.start(verification["id"], applicant["id"], context.moment, **terms)
    _announce(context, started)
    return started


def get(context: RequestContext) -> dict[str, Any]:
    """Return a verification."""
    return verification_answer(context.row(context.unit.verifications, "verification_id"))


def update_status(context: RequestContext) -> dict[str, Any]:
    """Set the outcome, whatever the checks say. A form that nobody completed has none."""
    row = context.row(context.unit.verifications, "verification_id")
    if row["status"] == VerificationProgress.UNUSED:
        raise flow_denied(409, ("verification_status", "The form was not completed"))
    outcome = context.body["verification_status"]
    verified = outcome == Outcome.APPROVED
    completed = context.unit.verifications.finish(
        row["id"], verified=verified, checks=row["checks"], moment=context.moment
    )
    if context.body.get("callback_enabled"):
        context.send(completed_callback(context.unit, completed, context.settings, context.urls))
    return {"status": "ok", "data": {"verification_id": row["id"], "verification_status": outcome}}


def completed_callback(unit: UnitOfWork, row: Row, settings: SandboxSettings, urls: SignedUrls) -> Callback:
    """Return the callback that says how a verification ended, with its applicant where the form is set so."""
    applicant = unit.applicants.find(row["applicant_id"])
    if applicant is None:
        return verification_completed(row, None)
    external_id = row["external_applicant_id"] or applicant["body"].get("external_applicant_id")
    is_whole = unit.forms.switches(row["form_id"]).applicant_in_callback
    whole = applicant_answer(unit, applicant, settings, urls) if is_whole else None
    return verification_completed(row | {"external_applicant_id": external_id}, whole)


def attempts_left(context: RequestContext, applicant: Row | None) -> int | None:
    """Return how many verifications an applicant may still have; None for no limit."""
    if context.settings.attempts is None:
        return None
    used = len(context.unit.verifications.of_applicant(applicant["id"])) if applicant else 0
    return max(0, context.settings.attempts - used)


def require_attempt(context: RequestContext, applicant: Row) -> None:
    """Refuse an applicant that may not be verified again."""
    if attempts_left(context, applicant) == 0:
        raise flow_denied(409, ("verification_attempts_left", "No attempts are left"))
    _, reasons, _ = context.unit.verifications.standing(applicant["id"])
    final = [FINAL[reason] for reason in FINAL if reason in reasons]
    if context.settings.strict and final:
        raise retry_forbidden(final[0])


def require_fit(form_id: str | None, applicant_type: str) -> None:
    """Refuse a form that is for another type of applicant, and one that is not there."""
    if form_id is None:
        return
    form = next((form for form in FORMS if form.id == form_id), None)
    if form is None:
        raise invalid(("form_id", "Form ID was not found"))
    if form.applicant_type != applicant_type:
        raise invalid(("form_id", "Applicant is not compatible with this form"))


def _ready(context: RequestContext, form_id: str | None) -> Row:
    """Return the applicant, when a verification of it can start."""
    applicant = context.applicant()
    if any(
        row["status"] == VerificationProgress.PENDING
        for row in context.unit.verifications.of_applicant(applicant["id"])
    ):
        raise verification_exists()
    require_fit(form_id, applicant["type"])
    require_attempt(context, applicant)
    _require_persons(context.unit, applicant)
    return applicant


def _terms(context: RequestContext, applicant: Row, form_id: str | None) -> dict[str, Any]:
    """Take the fee of a verification that starts, if it has one, and return what it starts with."""
    left = attempts_left(context, applicant)
    is_free = context.unit.forms.switches(form_id).test_mode
    return {
        "cents": 0 if is_free else context.book(service_of(applicant["type"]).value),
        "attempts_left": None if left is None else left - 1,
        "outcome": context.decided("verification"),
    }


def _types(context: RequestContext) -> list[str]:
    """Return the types of checks that a request asks for: observed, as in ``["DOCUMENT", "FACIAL"]``."""
    types = context.body.get("types") or []
    if len(types) > _MOST_TYPES or not all(isinstance(name, str) for name in types):
        raise invalid(not_valid("verifications", "types"))
    return list(types)


def _announce(context: RequestContext, started: Row) -> None:
    context.effects.started.append(started["id"])
    if context.unit.forms.switches(started["form_id"]).status_callback:
        context.send(verification_status_changed(started))


def _require_persons(unit: UnitOfWork, applicant: Row) -> None:
    if applicant["type"] != ApplicantType.COMPANY:
        return
    if not unit.affiliated_persons.types_of(applicant["id"]) >= _NEEDED:
        raise insufficient_data(("applicant_id", "An authorised person and a beneficial owner are needed"))


def report(context: RequestContext) -> list[dict[str, Any]]:
    """Return the rows of a day. As on the real server, a malformed date has none."""
    if "date" not in context.query:
        raise _refusal("date")
    offset, count = _number(context, "offset", 0), _number(context, "count", MOST_ROWS)
    if not count:
        raise _refusal("count")
    try:
        day = read_date(context.query["date"]).isoformat()
    except Mismatch:
        return []
    entries = [*_verifications(context.unit, day), *_services(context.unit, day)]
    entries.sort(key=lambda row: row["created_at"])
    return entries[offset : offset + min(count, MOST_ROWS)]


def _number(context: RequestContext, name: str, default: int) -> int:
    text = context.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - far more rows than there are
        raise _refusal(name)
    return int(text)


def _refusal(name: str) -> Refused:
    return invalid(not_valid("verifications", name))


def _services(unit: UnitOfWork, day: str) -> list[dict[str, Any]]:
    return [
        {
            "created_at": row["created_at"],
            "verification_id": None,
            "applicant_id": None,
            "status": VerificationProgress.COMPLETED.value,
            "service": Service.SERVICE.value,
            "method": row["method"],
            "price": row["cents"] / 100,
            "mode": Mode.TEST.value,
        }
        for row in unit.services.of_day(day)
    ]


def _verifications(unit: UnitOfWork, day: str) -> list[dict[str, Any]]:
    return [_verification(row, unit.applicants.find(row["applicant_id"])) for row in unit.verifications.of_day(day)]


def _verification(row: Row, applicant: Row | None) -> dict[str, Any]:
    body = applicant["body"] if applicant else {}
    return {
        "created_at": row["created_at"],
        "verification_id": row["id"],
        "applicant_id": row["applicant_id"],
        "external_applicant_id": row["external_applicant_id"],
        # A short number, as on the real server.
        "form_id": next((form.number for form in FORMS if form.id == row["form_id"]), None),
        "status": row["status"],
        "service": service_of(applicant["type"] if applicant else None).value,
        "method": "API",
        "verification_types": [name.upper() for name in row["checks"]],
        "country_code": body.get("residence_country") or body.get("registration_country"),
        "decline_reasons": reasons_in(row["checks"]),
        "processing_time": _minutes(row),
        # Booked when it was created, or when its form was submitted.
        "price": row["cents"] / 100,
        "mode": Mode.TEST.value,
        "name": name_of(applicant),
        **{name: body.get(name) for name in _PERSONAL},
    }


def _minutes(row: Row) -> float | None:
    return None if row["finished_at"] is None else round((row["finished_at"] - row["started_at"]) / 60, 2)


HANDLERS: Final[dict[str, Handler]] = {
    "verifications.create": create,
    "verifications.get": get,
    "verifications.report": report,
    "verifications.update_status": update_status,
}
