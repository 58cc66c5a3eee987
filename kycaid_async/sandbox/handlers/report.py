"""The report of one day: verifications and uses of services.

As in live data, prices are in euros and times in minutes.
"""

from typing import Any, Final

from kycaid_async.api.verifications.fields import Mode, Service, VerificationProgress
from kycaid_async.sandbox.data.account import FORMS, service_of
from kycaid_async.sandbox.handlers.context import RequestContext
from kycaid_async.sandbox.http.refusals import Refused, invalid, not_valid
from kycaid_async.sandbox.rules.verdict import reasons_in
from kycaid_async.sandbox.storage.applicants import name_of
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork
from kycaid_async.values.mismatch import Mismatch
from kycaid_async.values.scalars import read_date

MOST_ROWS: Final = 1000
"""A larger ``count`` is cut to this without a word."""

_PERSONAL = ("dob", "email", "phone", "wallet_address", "telegram_username")


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
