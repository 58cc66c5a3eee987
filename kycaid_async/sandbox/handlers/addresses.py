"""Addresses: one of each type per owner."""

from collections.abc import Collection
from typing import Any, Final

from kycaid_async.api.addresses import AddressDetails, PersonAddress
from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.handlers.context import Call, Handler
from kycaid_async.sandbox.http.refusals import delete_denied, invalid, not_valid
from kycaid_async.sandbox.storage.database import Row, Transaction
from kycaid_async.sandbox.storage.verifications import is_part
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
    """Change an address. One that is part of a verification stays as it is, and the latest copy of it is copied."""
    row = call.row("addresses", "address_id")
    relatives = _relatives(call.rows, row)
    latest = row if row["current"] else relatives[-1]
    kind = call.body.get("type", latest["type"])
    _require_fit(call.rows, row["owner"], kind)
    _require_room(call.rows, row["owner"], kind, besides={relative["id"] for relative in relatives})
    body = latest["body"] | {name: value for name, value in call.body.items() if name in _FIELDS}
    if is_part(call.rows, row["id"]) or not row["current"]:
        return {"address_id": _copy(call, row, kind, body)}
    call.rows.change("addresses", row["id"], type=kind, body=body)
    return {"address_id": row["id"]}


def _copy(call: Call, row: Row, kind: str, body: Row) -> str:
    """Put a copy in the place of an address, and of the copies that were made of it before."""
    for relative in _relatives(call.rows, row):
        call.rows.change("addresses", relative["id"], current=0)
    made = new_id()
    owner = {"owner": row["owner"], "owner_key": row["owner_key"], "copy_of": row["copy_of"] or row["id"]}
    call.rows.insert("addresses", id=made, type=kind, body=body, created_at=call.now, **owner)
    return made


def delete(call: Call) -> dict[str, Any]:
    """Remove an address, unless it is part of a verification."""
    row = call.row("addresses", "address_id")
    if is_part(call.rows, row["id"]):
        raise delete_denied()
    call.rows.remove("addresses", row["id"])
    return {"address_id": row["id"]}


def answers(rows: Transaction, owner: str) -> list[dict[str, Any]]:
    """Return the addresses of an owner as they stand inside an applicant."""
    found = rows.rows("SELECT * FROM addresses WHERE owner = ? AND current ORDER BY rowid", owner)
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


def _require_room(rows: Transaction, owner: str, kind: str, besides: Collection[str] = ()) -> None:
    found = rows.rows("SELECT id FROM addresses WHERE owner = ? AND type = ? AND current", owner, kind)
    if any(row["id"] not in besides for row in found):
        raise invalid(("type", "Only one address of this type is allowed"))


def _relatives(rows: Transaction, row: Row) -> list[Row]:
    """Return the address, what it was copied from, and the other copies of that, the latest last."""
    return rows.rows("SELECT * FROM addresses WHERE ? IN (id, copy_of) ORDER BY rowid", row["copy_of"] or row["id"])


HANDLERS: Final[dict[str, Handler]] = {
    "addresses.create": create,
    "addresses.update": update,
    "addresses.delete": delete,
}
