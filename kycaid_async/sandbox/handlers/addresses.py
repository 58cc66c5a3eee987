"""Addresses: one of each type per owner."""

from collections.abc import Collection
from typing import Any, Final

from kycaid_async.api.addresses import AddressDetails, PersonAddress
from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.handlers.context import Handler, RequestContext
from kycaid_async.sandbox.http.refusals import delete_denied, invalid, not_valid
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork
from kycaid_async.values.check import check_values
from kycaid_async.values.fields import fields_of

_FIELDS = tuple(field.name for field in fields_of(AddressDetails))


def create(context: RequestContext) -> dict[str, Any]:
    """Add an address."""
    owner_key, owner = context.owner()
    kind = context.body["type"]
    _require_fit(context.unit, owner, kind)
    _require_room(context.unit, owner, kind)
    id_ = new_id()
    body = {name: context.body.get(name) for name in _FIELDS}
    context.unit.addresses.insert(
        id=id_, owner=owner, owner_key=owner_key, type=kind, body=body, created_at=context.now
    )
    return {"address_id": id_}


def update(context: RequestContext) -> dict[str, Any]:
    """Change an address. One that is part of a verification stays as it is, and the latest copy of it is copied."""
    row = context.row(context.unit.addresses, "address_id")
    relatives = context.unit.addresses.relatives(row)
    latest = row if row["current"] else relatives[-1]
    kind = context.body.get("type", latest["type"])
    _require_fit(context.unit, row["owner"], kind)
    _require_room(context.unit, row["owner"], kind, besides={relative["id"] for relative in relatives})
    body = latest["body"] | {name: value for name, value in context.body.items() if name in _FIELDS}
    if context.unit.verifications.is_part(row["id"]) or not row["current"]:
        return {"address_id": _copy(context, row, kind, body)}
    context.unit.addresses.change(row["id"], type=kind, body=body)
    return {"address_id": row["id"]}


def _copy(context: RequestContext, row: Row, kind: str, body: Row) -> str:
    """Put a copy in the place of an address, and of the copies that were made of it before."""
    for relative in context.unit.addresses.relatives(row):
        context.unit.addresses.change(relative["id"], current=0)
    id_ = new_id()
    owner = {"owner": row["owner"], "owner_key": row["owner_key"], "copy_of": row["copy_of"] or row["id"]}
    context.unit.addresses.insert(id=id_, type=kind, body=body, created_at=context.now, **owner)
    return id_


def delete(context: RequestContext) -> dict[str, Any]:
    """Remove an address, unless it is part of a verification."""
    row = context.row(context.unit.addresses, "address_id")
    if context.unit.verifications.is_part(row["id"]):
        raise delete_denied()
    context.unit.addresses.remove(row["id"])
    return {"address_id": row["id"]}


def address_answers(unit: UnitOfWork, owner: str) -> list[dict[str, Any]]:
    """Return the addresses of an owner as they stand inside an applicant."""
    return [_answer(row) for row in unit.addresses.of_owner(owner)]


def _answer(row: Row) -> dict[str, Any]:
    return {"address_id": row["id"], "type": row["type"], **row["body"]}


def _require_fit(unit: UnitOfWork, owner: str, kind: str) -> None:
    """Refuse a type that only companies have to anyone else."""
    applicant = unit.applicants.find(owner)
    if applicant is not None and applicant["type"] == "COMPANY":
        return
    if check_values(PersonAddress, {"applicant_id": owner, "type": kind}):
        raise invalid(not_valid("addresses", "type"))


def _require_room(unit: UnitOfWork, owner: str, kind: str, besides: Collection[str] = ()) -> None:
    same_type = (row["id"] for row in unit.addresses.of_owner(owner) if row["type"] == kind)
    if any(id_ not in besides for id_ in same_type):
        raise invalid(("type", "Only one address of this type is allowed"))


HANDLERS: Final[dict[str, Handler]] = {
    "addresses.create": create,
    "addresses.update": update,
    "addresses.delete": delete,
}
