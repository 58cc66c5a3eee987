"""Verifications as the API shows them, and the callbacks about them."""

from typing import Any

from kycaid_async.callbacks.events import CallbackType
from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.events.delivery import Callback
from kycaid_async.sandbox.storage.database import Row


def verification_answer(row: Row) -> dict[str, Any]:
    """Return a verification as ``verifications.get`` answers it."""
    return {
        "verification_id": row["id"],
        "applicant_id": row["applicant_id"],
        "status": row["status"],
        "verified": None if row["verified"] is None else bool(row["verified"]),
        "verifications": row["checks"],
        "form_id": row["form_id"],
        "form_token": row["form_token"],
        "verification_attempts_left": row["attempts_left"],
    }


def completed(row: Row, applicant: dict[str, Any] | None) -> Callback:
    """Return the callback that says how a verification ended, with its applicant where that is to be in it."""
    # Observed: handlers find their user by it, here or in the applicant.
    body = verification_answer(row) | {"external_applicant_id": row["external_applicant_id"]}
    whole = body if applicant is None else body | {"applicant": applicant}
    return _callback(CallbackType.VERIFICATION_COMPLETED, whole, row["callback_url"])


def status_changed(row: Row) -> Callback:
    """Return the callback that says that a verification runs now."""
    names = ("applicant_id", "external_applicant_id", "form_id", "form_token")
    body = {
        "verification_id": row["id"],
        "verification_status": row["status"],
        "verification_attempts_left": row["attempts_left"],
        **{name: row[name] for name in names},
    }
    return _callback(CallbackType.VERIFICATION_STATUS_CHANGED, body, row["callback_url"])


def service_result(service: str, service_request_id: str, result: Any, url: str | None) -> Callback:
    """Return the callback with the result of a service."""
    body = {
        "service_request_id": service_request_id,
        "service_request_type": service,
        "service_request_status": "success",
        "result": result,
        "errors": [],
    }
    return _callback(CallbackType.SERVICE_RESULT, body, url)


def _callback(kind: CallbackType, body: dict[str, Any], url: str | None) -> Callback:
    return Callback({"type": kind.value, "request_id": new_id(), **body}, url)
