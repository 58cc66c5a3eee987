"""Applicants: persons and companies."""

from datetime import timedelta
from typing import Any, Final

from kycaid_async.api.applicants import ApplicantType
from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.handlers import addresses, affiliated_persons, documents, verifications
from kycaid_async.sandbox.handlers.context import Call, Handler
from kycaid_async.sandbox.http.refusals import invalid, not_valid, too_many
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.values.times import read_time

_MINUTE: Final = timedelta(minutes=1)

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


def create(call: Call) -> dict[str, Any]:
    """Add an applicant."""
    _require_pace(call)
    made = new_id()
    body = {name: value for name, value in call.body.items() if name != "type"}
    call.rows.insert("applicants", id=made, type=call.body["type"], body=body, created_at=call.now)
    return {"applicant_id": made}


def get(call: Call) -> dict[str, Any]:
    """Return an applicant with its addresses and documents."""
    row = call.row("applicants", "applicant_id")
    summary = verifications.summary(call.rows, row["id"])
    count = summary["verifications_count"]
    return {
        "applicant_id": row["id"],
        "external_applicant_id": row["body"].get("external_applicant_id"),
        "type": row["type"],
        "created_at": row["created_at"],
        # Observed: clients decide on it alone, so it says what the verification says. Null before there is one.
        "profile_status": None if count == "0" else summary["verification_status"],
        "profile_comment": None,
        **_own_fields(call, row),
        "decline_reasons": verifications.reasons(call.rows, row["id"]),
        "addresses": addresses.answers(call.rows, row["id"]),
        "documents": documents.answers(call, row["id"]),
        **summary,
        # Both are real: a number in answers of 2020, where it was none, and text in those of 2022.
        "verifications_count": 0 if count == "0" and not call.settings.strict else count,
    }


def update(call: Call) -> dict[str, Any]:
    """Change an applicant. A person does not become a company, nor the other way round."""
    row = call.row("applicants", "applicant_id")
    if call.body.get("type", row["type"]) != row["type"]:
        raise invalid(not_valid("applicants", "type"))
    changes = {name: value for name, value in call.body.items() if name != "type"}
    call.rows.change("applicants", row["id"], body=row["body"] | changes)
    return {"applicant_id": row["id"]}


def _require_pace(call: Call) -> None:
    """Refuse for now, when as many as may be were created within the last minute."""
    cap = call.settings.applicants_per_minute
    if cap is None:
        return
    found = call.rows.rows("SELECT created_at FROM applicants ORDER BY rowid DESC LIMIT 1 OFFSET ?", cap - 1)
    if found and call.moment - read_time(found[0]["created_at"]) < _MINUTE:
        raise too_many(("limit_exceeded", "Rate limit exceeded"))


def _own_fields(call: Call, row: Row) -> dict[str, Any]:
    body = row["body"]
    names = _COMPANY if row["type"] == ApplicantType.COMPANY else _PERSON
    fields = {name: body.get(name) for name in (*names, *_CUSTOM)}
    if row["type"] == ApplicantType.COMPANY:
        return fields | {"affiliated_persons": affiliated_persons.answers(call.rows, row["id"])}
    # Later answers have it, those of 2022 did not.
    return fields | ({"nationality": body["nationality"]} if "nationality" in body else {})


HANDLERS: Final[dict[str, Handler]] = {
    "applicants.create": create,
    "applicants.get": get,
    "applicants.update": update,
}
