"""Addresses: one of each type per owner."""

from typing import Any, Final

from kycaid_async.api.addresses import AddressDetails, PersonAddress
from kycaid_async.sandbox.call import Call, Handler, new_id
from kycaid_async.sandbox.refusals import invalid, not_valid
from kycaid_async.sandbox.store import Row, Transaction
from kycaid_async.values.check import check_values
from kycaid_async.values.fields import fields_of

_FIELDS = tuple(field.name for field in fields_of(AddressDetails))


def create(call: Call) -> dict[str, Any]:
    """Add an address."""
    owner_key, owner = call.owner()
    kind = call.body["type"]
    _require_fit(call.rows, owner, kind)
    _require_room(call.rows, owner, kind)
    made = new_id()
    body = {name: call.body.get(name) for name in _FIELDS}
    call.rows.insert("addresses", id=made, owner=owner, owner_key=owner_key, type=kind, body=body, created_at=call.now)
    return {"address_id": made}


def update(call: Call) -> dict[str, Any]:
    """Change an address."""
    row = call.row("addresses", "address_id")
    kind = call.body.get("type", row["type"])
    if kind != row["type"]:
        _require_fit(call.rows, row["owner"], kind)
        _require_room(call.rows, row["owner"], kind)
    changes = {name: value for name, value in call.body.items() if name in _FIELDS}
    call.rows.change("addresses", row["id"], type=kind, body=row["body"] | changes)
    return {"address_id": row["id"]}


def delete(call: Call) -> dict[str, Any]:
    """Remove an address."""
    row = call.row("addresses", "address_id")
    call.rows.remove("addresses", row["id"])
    return {"address_id": row["id"]}


def answers(rows: Transaction, owner: str) -> list[dict[str, Any]]:
    """Return the addresses of an owner as they stand inside an applicant."""
    found = rows.rows("SELECT * FROM addresses WHERE owner = ? ORDER BY rowid", owner)
    return [_answer(row) for row in found]


def _answer(row: Row) -> dict[str, Any]:
    return {"address_id": row["id"], "type": row["type"], **row["body"]}


def _require_fit(rows: Transaction, owner: str, kind: str) -> None:
    """Refuse a type that only companies have to anyone else."""
    applicant = rows.find("applicants", owner)
    if applicant is not None and applicant["type"] == "COMPANY":
        return
    if check_values(PersonAddress, {"applicant_id": owner, "type": kind}):
        raise invalid(not_valid("addresses", "type"))


def _require_room(rows: Transaction, owner: str, kind: str) -> None:
    if rows.rows("SELECT 1 FROM addresses WHERE owner = ? AND type = ?", owner, kind):
        raise invalid(("type", "Only one address of this type is allowed"))


HANDLERS: Final[dict[str, Handler]] = {
    "addresses.create": create,
    "addresses.update": update,
    "addresses.delete": delete,
}
