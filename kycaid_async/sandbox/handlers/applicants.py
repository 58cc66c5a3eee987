"""Applicants: persons and companies."""

from datetime import datetime, timedelta
from typing import Any, Final

from kycaid_async.api.applicants import ApplicantType
from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.handlers.addresses import address_answers
from kycaid_async.sandbox.handlers.affiliated_persons import person_answers
from kycaid_async.sandbox.handlers.context import Handler, RequestContext
from kycaid_async.sandbox.handlers.documents import document_answers
from kycaid_async.sandbox.http.access import SignedUrls
from kycaid_async.sandbox.http.refusals import invalid, not_valid, too_many
from kycaid_async.sandbox.rules.blacklist import is_politician
from kycaid_async.sandbox.state import SandboxSettings
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork
from kycaid_async.values.scalars import read_time

_MINUTE: Final = timedelta(minutes=1)
_FRESH: Final = timedelta(minutes=10)

# The order of the keys is the one recorded in 2022.
_PERSON = (
    "first_name",
    "origin_first_name",
    "middle_name",
    "origin_middle_name",
    "last_name",
    "origin_last_name",
    "residence_country",
    "dob",
    "gender",
    "email",
    "phone",
    "wallet_address",
    "telegram_username",
    "pep",
)
_COMPANY = (
    "company_name",
    "registration_country",
    "registration_number",
    "business_activity_id",
    "email",
    "phone",
    "wallet_address",
    "telegram_username",
)
_CUSTOM = tuple(f"custom_field_{n}" for n in range(1, 6))


def create(context: RequestContext) -> dict[str, Any]:
    """Add an applicant."""
    _require_pace(context)
    id_ = new_id()
    body = {name: value for name, value in context.body.items() if name != "type"}
    context.unit.applicants.insert(id=id_, type=context.body["type"], body=body, created_at=context.now)
    return {"applicant_id": id_}


def get(context: RequestContext) -> dict[str, Any]:
    """Return an applicant with its addresses and documents."""
    row = context.row(context.unit.applicants, "applicant_id")
    return applicant_answer(context.unit, row, context.settings, context.urls, context.moment)


def applicant_answer(
    unit: UnitOfWork, row: Row, settings: SandboxSettings, urls: SignedUrls, moment: datetime | None = None
) -> dict[str, Any]:
    """Return an applicant as answers and callbacks hold it."""
    status, reasons, count = unit.verifications.standing(row["id"])
    return {
        "applicant_id": row["id"],
        "external_applicant_id": row["body"].get("external_applicant_id"),
        "type": row["type"],
        "created_at": row["created_at"],
        # Observed: clients decide on it alone, so it says what the verification says. Null before there is one.
        "profile_status": status if count else None,
        "profile_comment": None,
        **_own_fields(unit, row, settings, is_judged=status in ("valid", "invalid")),
        "decline_reasons": reasons,
        "addresses": address_answers(unit, row["id"]),
        "documents": document_answers(unit, urls, row["id"]),
        "verification_status": status,
        "verifications_count": 0 if _is_counted_anew(row, count, settings, moment) else str(count),
    }


def _is_counted_anew(row: Row, count: int, settings: SandboxSettings, moment: datetime | None) -> bool:
    """Say whether none is the number 0: so it was 54 seconds after the applicant was made, and text after 31 minutes.

    Both are recorded of the same minute. Where between the two it changes is not known.
    """
    if count or settings.strict or moment is None:
        return False
    return moment - read_time(row["created_at"]) < _FRESH


def update(context: RequestContext) -> dict[str, Any]:
    """Change an applicant. A person does not become a company, nor the other way round."""
    row = context.row(context.unit.applicants, "applicant_id")
    if context.body.get("type", row["type"]) != row["type"]:
        raise invalid(not_valid("applicants", "type"))
    changes = {name: value for name, value in context.body.items() if name != "type"}
    context.unit.applicants.change(row["id"], body=row["body"] | changes)
    return {"applicant_id": row["id"]}


def _require_pace(context: RequestContext) -> None:
    """Refuse for now, when as many as may be were created within the last minute."""
    cap = context.settings.applicants_per_minute
    if cap is None:
        return
    created_at = context.unit.applicants.created_at(cap - 1)
    if created_at is not None and context.moment - created_at < _MINUTE:
        raise too_many(("limit_exceeded", "Rate limit exceeded"))


def _own_fields(unit: UnitOfWork, row: Row, settings: SandboxSettings, *, is_judged: bool) -> dict[str, Any]:
    body = row["body"]
    names = _COMPANY if row["type"] == ApplicantType.COMPANY else _PERSON
    fields = {name: body.get(name) for name in (*names, *_CUSTOM)}
    if row["type"] == ApplicantType.COMPANY:
        return fields | {"affiliated_persons": person_answers(unit, row["id"])}
    if is_judged and fields["pep"] is None:
        # Observed: a client takes nobody for checked of whom this is not said.
        fields["pep"] = is_politician(body)
    return fields | _later_fields(body, settings)


def _later_fields(body: Row, settings: SandboxSettings) -> dict[str, Any]:
    """Return what answers of 2025 have, and those of 2022 had not. Values of the last two were not seen."""
    if settings.strict:
        return {"nationality": body.get("nationality"), "phone_status": None, "questionnaires": []}
    return {"nationality": body["nationality"]} if "nationality" in body else {}


HANDLERS: Final[dict[str, Handler]] = {
    "applicants.create": create,
    "applicants.get": get,
    "applicants.update": update,
}
