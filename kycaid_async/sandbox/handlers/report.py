"""The report: what was verified and paid for on one day.

As in live data, prices are in euros and times in minutes.
"""

from typing import Any, Final

from kycaid_async.api.verifications.fields import Mode, Service, VerificationProgress
from kycaid_async.sandbox.data.forms import FORMS
from kycaid_async.sandbox.handlers.context import Call
from kycaid_async.sandbox.http.refusals import Refused, invalid, not_valid
from kycaid_async.sandbox.storage import verifications as runs
from kycaid_async.sandbox.storage.account import service_of
from kycaid_async.sandbox.storage.database import Row, Transaction
from kycaid_async.values.mismatch import Mismatch
from kycaid_async.values.times import read_date

MOST_ROWS: Final = 1000
"""A larger ``count`` is cut to this without a word."""

_PERSONAL = ("dob", "email", "phone", "wallet_address", "telegram_username")


def report(call: Call) -> list[dict[str, Any]]:
    """Return the rows of a day. As on the real server, a malformed date has none."""
    if "date" not in call.query:
        raise _refusal("date")
    offset, count = _number(call, "offset", 0), _number(call, "count", MOST_ROWS)
    if not count:
        raise _refusal("count")
    try:
        day = read_date(call.query["date"]).isoformat()
    except Mismatch:
        return []
    found = [*_verifications(call.rows, day), *_services(call.rows, day)]
    found.sort(key=lambda row: row["created_at"])
    return found[offset : offset + min(count, MOST_ROWS)]


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - far more rows than there are
        raise _refusal(name)
    return int(text)


def _refusal(name: str) -> Refused:
    return invalid(not_valid("verifications", name))


def _of_day(rows: Transaction, table: str, day: str) -> list[Row]:
    return rows.rows(
        f"SELECT * FROM {table} WHERE created_at BETWEEN ? AND ? ORDER BY seq",  # noqa: S608
        f"{day} 00:00:00",
        f"{day} 23:59:59",
    )


def _services(rows: Transaction, day: str) -> list[dict[str, Any]]:
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
        for row in _of_day(rows, "services", day)
    ]


def _verifications(rows: Transaction, day: str) -> list[dict[str, Any]]:
    found = _of_day(rows, "verifications", day)
    return [_verification(row, rows.find("applicants", row["applicant_id"] or "")) for row in found]


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
        "service": service_of(applicant).value,
        "method": "API",
        "verification_types": [name.upper() for name in row["checks"]],
        "country_code": body.get("residence_country") or body.get("registration_country"),
        "decline_reasons": runs.reasons_of(row),
        "processing_time": _minutes(row),
        # Booked when it was created, or when its form was submitted.
        "price": row["cents"] / 100,
        "mode": Mode.TEST.value,
        "name": runs.name_of(applicant),
        **{name: body.get(name) for name in _PERSONAL},
    }


def _minutes(row: Row) -> float | None:
    return None if row["finished_at"] is None else round((row["finished_at"] - row["started_at"]) / 60, 2)
