"""The endpoints that uploads and verifications need, by the description of the API."""

import contextlib
import hashlib
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.oracle.store import Store, new_id
from tests.oracle.views import SIDES, shown
from tests.oracle.wire import Answer, Request, as_json, file_part

KEY = "0" * 35 + "1"
FEE, BALANCE = 100, 10_000_000
"""Cents."""
_HEAD_OF_FILE = 1000
"""Bytes of a multipart body in which the name of its file stands."""

Handler = Callable[["Exchange"], Answer]


class Refused(Exception):  # noqa: N818 - an outcome
    """A refusal in the API's own form: nothing was made."""

    def __init__(self, status: int, kind: str, parameter: str | None = None, message: str = "") -> None:
        super().__init__()
        errors = [] if parameter is None else [{"parameter": parameter, "message": message}]
        self.answer = as_json({"type": kind, "errors": errors}, status)


class Exchange:
    """One request, and what is needed to act on it."""

    def __init__(self, store: Store, settings: dict[str, Any], request: Request, number: int, ids: list[str]) -> None:
        self.store, self.settings, self.request, self.number, self.ids = store, settings, request, number, ids

    def body(self) -> dict[str, Any]:
        """Return the JSON object of the body."""
        try:
            found = json.loads(self.request.body)
        except ValueError:
            raise Refused(400, "bad_request") from None
        if not isinstance(found, dict):
            raise Refused(400, "bad_request")
        return found

    def found(self, table: str, id_: object) -> Any:
        """Return an object; refuses with 404 when there is none."""
        row = self.store.row(f"SELECT * FROM {table} WHERE id = ?", id_)  # noqa: S608 - a name of ours
        if row is None:
            raise Refused(404, "not_found")
        return row


def endpoint_of(request: Request) -> tuple[str, list[str]]:
    """Return the name of the endpoint, and the ids in the path; an empty name for none."""
    for name, (method, pattern, _) in ENDPOINTS.items():
        match = re.fullmatch(pattern, request.path)
        if match and method == request.method:
            return name, list(match.groups())
    return "", []


NAMES = ("external_applicant_id", "document_number", "form_id")
"""Fields in which a client puts a name of its own."""


def name_of(request: Request) -> str | None:
    """Return the client's own name for what it asks for: that of its file, or the first of `NAMES` in its object."""
    if request.headers.get("content-type", "").startswith("multipart/"):
        found = re.search(rb'filename="([^"]*)"', request.body[:_HEAD_OF_FILE])
        return found[1].decode(errors="replace") if found else None
    with contextlib.suppress(ValueError):
        said = json.loads(request.body)
        if isinstance(said, dict):
            return next((str(said[name]) for name in NAMES if said.get(name) is not None), None)
    return None


def refusal(settings: dict[str, Any], request: Request, endpoint: str) -> Answer | None:
    """Return the answer to one who has no key, or asks for what there is not."""
    if request.headers.get("authorization") != f"Token {settings.get('key', KEY)}":
        return as_json({"error": {"type": "unauthorized"}}, 401)
    return None if endpoint else Refused(404, "not_found").answer


def act(exchange: Exchange, endpoint: str) -> Answer:
    """Do what is asked, and note it. What is made is on the disk when this returns."""
    try:
        answer = ENDPOINTS[endpoint][2](exchange)
        exchange.store.acted(exchange.number)
    except Refused as refused:
        answer = refused.answer
    exchange.store.commit()
    return answer


def _create_applicant(exchange: Exchange) -> Answer:
    body, made = exchange.body(), new_id()
    if body.get("type") not in ("PERSON", "COMPANY"):
        raise Refused(422, "validation", "type", "Type of applicant is not valid")
    insert = "INSERT INTO applicants VALUES (?, ?, ?, ?)"
    exchange.store.change(insert, made, json.dumps(body), time.time(), exchange.number)
    return as_json({"applicant_id": made})


def _get_applicant(exchange: Exchange) -> Answer:
    row = exchange.found("applicants", exchange.ids[0])
    documents = exchange.store.rows("SELECT * FROM documents WHERE applicant_id = ? ORDER BY made, id", row["id"])
    said = json.loads(row["body"])
    fixed = {"applicant_id": row["id"], "created_at": _stamp(row["made"]), "profile_status": None, "addresses": []}
    listed = shown(documents, exchange.settings.get("view", {}))
    return as_json(said | fixed | {"decline_reasons": []} | _standing(exchange, row["id"]) | listed)


def _standing(exchange: Exchange, applicant_id: str) -> dict[str, Any]:
    """Return what an applicant says of its verifications; ``count`` in the view is what it says instead."""
    ((count,),) = exchange.store.rows("SELECT count(*) FROM verifications WHERE applicant_id = ?", applicant_id)
    told = exchange.settings.get("view", {}).get("count", str(count))
    return {"verifications_count": told, "verification_status": "pending" if count else None}


def _update_applicant(exchange: Exchange) -> Answer:
    row, body = exchange.found("applicants", exchange.ids[0]), exchange.body()
    insert = "INSERT INTO updates (applicant_id, body, made, request) VALUES (?, ?, ?, ?)"
    exchange.store.change(insert, row["id"], json.dumps(body), time.time(), exchange.number)
    said = json.dumps(json.loads(row["body"]) | body)
    exchange.store.change("UPDATE applicants SET body = ? WHERE id = ?", said, row["id"])
    return as_json({"applicant_id": row["id"]})


def _create_file(exchange: Exchange) -> Answer:
    part, made = file_part(exchange.request, exchange.request.body), new_id()
    if part is None or not part[1]:
        raise Refused(422, "validation", "file", "File is required")
    digest = hashlib.sha256(part[1]).hexdigest()
    insert = "INSERT INTO files VALUES (?, ?, ?, ?, ?)"
    exchange.store.change(insert, made, digest, len(part[1]), time.time(), exchange.number)
    return as_json({"file_id": made})


def _create_document(exchange: Exchange) -> Answer:
    body, made, store = exchange.body(), new_id(), exchange.store
    owner, kind = body.get("applicant_id"), body.get("type")
    if store.row("SELECT 1 FROM applicants WHERE id = ?", owner) is None:
        raise Refused(422, "validation", "applicant_id", "Applicant is not valid")
    if not isinstance(kind, str) or not kind:
        raise Refused(422, "validation", "type", "Type of document is not valid")
    for side in SIDES:
        file_id = body.get(f"{side}_id")
        if file_id is not None and store.row("SELECT 1 FROM files WHERE id = ?", file_id) is None:
            raise Refused(422, "validation", f"{side}_id", "File was not found")
    before = store.row("SELECT 1 FROM documents WHERE applicant_id = ? AND type = ?", owner, kind)
    if before is not None and exchange.settings.get("one_per_type"):
        raise Refused(422, "validation", "type", f"Only one document with {kind} document type is allowed")
    insert = "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)"
    store.change(insert, made, owner, kind, json.dumps(body), time.time(), exchange.number)
    return as_json({"document_id": made})


def _get_document(exchange: Exchange) -> Answer:
    row = exchange.found("documents", exchange.ids[0])
    listed = shown([row], exchange.settings.get("view", {}), alone=True)["documents"]
    if not listed:
        raise Refused(404, "not_found")
    return as_json(listed[0] | {"applicant_id": row["applicant_id"], "decline_reasons_ids": None})


def _create_verification(exchange: Exchange) -> Answer:
    body, made, store, settings = exchange.body(), new_id(), exchange.store, exchange.settings
    if settings.get("refuses"):
        raise Refused(*settings["refuses"])
    if store.row("SELECT 1 FROM applicants WHERE id = ?", body.get("applicant_id")) is None:
        raise Refused(422, "validation", "applicant_id", "Applicant is not valid")
    fee = settings.get("fee", FEE)
    if balance(store, settings) < fee:
        raise Refused(402, "insufficient_funds")
    insert = "INSERT INTO verifications VALUES (?, ?, ?, ?, ?)"
    store.change(insert, made, body["applicant_id"], json.dumps(body), time.time(), exchange.number)
    store.change("INSERT INTO fees (cents, request) VALUES (?, ?)", fee, exchange.number)
    return as_json({"verification_id": made})


def balance(store: Store, settings: dict[str, Any]) -> int:
    """Return what is left of the money, after all fees that were taken."""
    (taken,) = store.rows("SELECT coalesce(sum(cents), 0) FROM fees")[0]
    return int(settings.get("balance", BALANCE) - taken)


def _get_verification(exchange: Exchange) -> Answer:
    row = exchange.found("verifications", exchange.ids[0])
    fixed = {"verification_id": row["id"], "applicant_id": row["applicant_id"]}
    return as_json(fixed | {"status": "pending", "verified": None, "verifications": {}})


def _report(exchange: Exchange) -> Answer:
    query = exchange.request.query
    day, offset = query.get("date", ""), int(query.get("offset", "0"))
    rows = exchange.store.rows("SELECT * FROM verifications ORDER BY made, id")
    behind = exchange.settings.get("view", {}).get("report_stale", 0.0)
    of_day = [row for row in rows if _stamp(row["made"]).startswith(f"{day} ") and row["made"] + behind <= time.time()]
    count = min(int(query.get("count", "1000")), 1000)
    return as_json([_report_row(exchange, row) for row in of_day[offset : offset + count]])


def _report_row(exchange: Exchange, row: Any) -> dict[str, Any]:
    owner = json.loads(exchange.found("applicants", row["applicant_id"])["body"])
    return {
        "created_at": _stamp(row["made"]),
        "verification_id": row["id"],
        "applicant_id": row["applicant_id"],
        "external_applicant_id": owner.get("external_applicant_id"),
        "form_id": 12666,
        "status": "pending",
        "service": "KYC" if owner["type"] == "PERSON" else "KYB",
        "price": exchange.settings.get("fee", FEE),
        "mode": "TEST",
    }


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


_ID = "([0-9a-f]{36})"
ENDPOINTS: dict[str, tuple[str, str, Handler]] = {
    "applicants.create": ("POST", "/applicants", _create_applicant),
    "applicants.get": ("GET", f"/applicants/{_ID}", _get_applicant),
    "applicants.update": ("PATCH", f"/applicants/{_ID}", _update_applicant),
    "files.create": ("POST", "/files", _create_file),
    "documents.create": ("POST", "/documents", _create_document),
    "documents.get": ("GET", f"/documents/{_ID}", _get_document),
    "verifications.create": ("POST", "/verifications", _create_verification),
    "verifications.report": ("GET", "/verifications/report", _report),
    "verifications.get": ("GET", f"/verifications/{_ID}", _get_verification),
}
