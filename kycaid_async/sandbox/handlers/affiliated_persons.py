"""Affiliated persons: people tied to a company."""

from typing import Any, Final

from kycaid_async.api.affiliated_persons import AffiliatedPersonType
from kycaid_async.api.applicants import ApplicantType
from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.handlers.context import Call, Handler
from kycaid_async.sandbox.http.refusals import delete_denied, flow_denied, invalid, not_found, unknown_as_validation
from kycaid_async.sandbox.storage.database import Row, Transaction
from kycaid_async.sandbox.storage.verifications import is_part

_OWNED: Final = "SELECT id FROM {} WHERE owner = ?"
_UNKNOWN: Final = ("affiliated_person_id", "Affiliated person was not found")


def create(call: Call) -> dict[str, Any]:
    """Add a person to a company. A second one who may act for it is refused for good."""
    company, kind = call.applicant(), call.body["type"]
    if company["type"] != ApplicantType.COMPANY:
        raise invalid(("applicant_id", "Applicant is not a company"))
    if kind == AffiliatedPersonType.AUTHORISED and kind in kinds(call.rows, company["id"]):
        raise flow_denied(429, ("limit_exceeded", "Authorised person already exists"))
    body = {name: value for name, value in call.body.items() if name not in ("type", "applicant_id")}
    return {"affiliated_person_id": _insert(call, company["id"], kind, body)}


def update(call: Call) -> dict[str, Any]:
    """Change a person. Strictly, one that is part of a verification is copied, and the copy gets what it had."""
    row = _row(call)
    if row is None:
        raise not_found(_UNKNOWN)
    body = row["body"] | dict(call.body)
    if call.settings.strict and is_part(call.rows, row["id"]):
        return {"affiliated_person_id": _copy(call, row, body)}
    call.rows.change("affiliated_persons", row["id"], body=body)
    return {"affiliated_person_id": row["id"]}


def delete(call: Call) -> dict[str, Any]:
    """Remove a person with its documents and addresses, unless one of these is part of a verification."""
    row = _row(call)
    if row is None:
        raise unknown_as_validation(_UNKNOWN)
    owned = _owned(call.rows, row["id"])
    # What the copy of a verified person has may be part of the verification, although the copy is not.
    if any(is_part(call.rows, id_) for id_ in (row["id"], *(id_ for _, id_ in owned))):
        raise delete_denied()
    for table, id_ in owned:
        call.rows.remove(table, id_)
    call.rows.remove("affiliated_persons", row["id"])
    return {"affiliated_person_id": row["id"]}


def answers(rows: Transaction, company: str) -> list[dict[str, Any]]:
    """Return the persons of a company. How they really appear inside an applicant is not known."""
    return [{"affiliated_person_id": row["id"], "type": row["type"], **row["body"]} for row in _of(rows, company)]


def kinds(rows: Transaction, company: str) -> set[str]:
    """Return the types of the persons of a company."""
    return {row["type"] for row in _of(rows, company)}


def _of(rows: Transaction, company: str) -> list[Row]:
    return rows.rows("SELECT * FROM affiliated_persons WHERE applicant_id = ? AND current ORDER BY rowid", company)


def _row(call: Call) -> Row | None:
    row = call.rows.find("affiliated_persons", call.ids["affiliated_person_id"])
    return row if row is not None and row["current"] else None


def _insert(call: Call, company: str, kind: str, body: Row) -> str:
    made = new_id()
    call.rows.insert("affiliated_persons", id=made, applicant_id=company, type=kind, body=body, created_at=call.now)
    return made


def _copy(call: Call, row: Row, body: Row) -> str:
    call.rows.change("affiliated_persons", row["id"], current=0)
    made = _insert(call, row["applicant_id"], row["type"], body)
    for table, id_ in _owned(call.rows, row["id"]):
        call.rows.change(table, id_, owner=made)
    return made


def _owned(rows: Transaction, person: str) -> list[tuple[str, str]]:
    """Return table and id of every address and document of a person."""
    tables = ("addresses", "documents")
    return [(table, row["id"]) for table in tables for row in rows.rows(_OWNED.format(table), person)]


HANDLERS: Final[dict[str, Handler]] = {
    "affiliated_persons.create": create,
    "affiliated_persons.update": update,
    "affiliated_persons.delete": delete,
}
