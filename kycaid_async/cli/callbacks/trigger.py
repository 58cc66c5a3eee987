"""A callback by hand: its body, in the shape of the reference, its signature, and the way to a receiver."""

import secrets
from typing import Any

import typer

from kycaid_async.callbacks.events import CallbackType, ServiceRequestStatus, ServiceRequestType
from kycaid_async.cli.deliver import GOOD, check_receiver, deliver, signed
from kycaid_async.cli.exit_codes import ExitCode
from kycaid_async.cli.json_io import json_object, write_json
from kycaid_async.cli.options import required_key
from kycaid_async.cli.problems import UsageProblem, say
from kycaid_async.signals import run_async
from kycaid_async.values.fields import ID_LENGTH
from kycaid_async.values.json import dumps


def body_of(kind: CallbackType) -> dict[str, Any]:
    """Return the body of a callback with made-up ids: documented fields, and those that were observed."""
    check = {"verified": True, "comment": "", "decline_reasons": []}
    bodies: dict[CallbackType, dict[str, Any]] = {
        CallbackType.VERIFICATION_COMPLETED: {
            "verification_id": _id(),
            "applicant_id": _id(),
            "external_applicant_id": None,
            "form_id": _id(),
            "form_token": None,
            "status": "completed",
            "verified": True,
            "verifications": {"profile": check, "document": check},
            "verification_attempts_left": None,
        },
        CallbackType.VERIFICATION_STATUS_CHANGED: {
            "applicant_id": _id(),
            "external_applicant_id": None,
            "form_id": _id(),
            "form_token": None,
            "verification_id": _id(),
            "verification_status": "pending",
            "verification_attempts_left": None,
        },
        CallbackType.DATABASE_SCREENING: {
            "applicant_id": _id(),
            "external_applicant_id": None,
            "verification_id": _id(),
            "document_id": None,
            "bdb_types": ["SANCTIONS"],
            "databases": ["US_OFAC"],
            "accuracy": 100,
        },
        CallbackType.SERVICE_RESULT: {
            "service_request_id": _id(),
            "service_request_type": str(ServiceRequestType.CRYPTO_ADDRESS_CHECK),
            "service_request_status": str(ServiceRequestStatus.SUCCESS),
            "result": {"risk_score": 0.1, "signals": {"exchange": 1.0}, "asset": "ETH", "updated_at": 1_767_225_600},
            "errors": [],
        },
    }
    return {"type": str(kind), "request_id": _id(), **bodies[kind]}


def _id() -> str:
    return secrets.token_hex(ID_LENGTH // 2)


def run(kind: str, url: str, *, json: str | None, times: int, bad_signature: bool, dry_run: bool) -> int:
    """Send a callback, and return the exit code. Raises `Problem` and `KycaidError`."""
    check_receiver("--to", url)
    body = dumps(body_of(_kind(kind)) | json_object(json))
    key = required_key()
    headers = signed(body, _id() if bad_signature else key)
    if dry_run:
        # The body as text: the signature is of these bytes, and not of JSON that means the same.
        write_json({"headers": headers, "body": body.decode()})
        return ExitCode.DONE
    statuses = [run_async(deliver, url, headers, body) for _ in range(times)]
    for status, seconds in statuses:
        typer.echo(f"{status} in {seconds * 1000:.0f} ms")
    taken = [status in GOOD for status, _ in statuses]
    if bad_signature and any(taken):
        say("it took a callback that is signed with another key: anybody could send it some")
        return ExitCode.REFUSED
    if not bad_signature and not all(taken):
        say("it was not taken: KYCAID would send it again. Check the receiver's key and log")
        return ExitCode.REFUSED
    return ExitCode.DONE


def _kind(name: str) -> CallbackType:
    kinds = {str(one): one for one in CallbackType}
    found = kinds.get(name.upper().replace("-", "_"))
    if found is None:
        from difflib import get_close_matches

        near = get_close_matches(name.upper(), kinds, n=1)
        raise UsageProblem(f"TYPE: expected one of {', '.join(kinds)}{f'; did you mean {near[0]}?' if near else ''}")
    return found
