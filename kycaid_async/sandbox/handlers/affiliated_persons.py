"""Affiliated persons: people tied to a company."""

from typing import Any, Final

from kycaid_async.api.affiliated_persons import AffiliatedPersonType
from kycaid_async.api.applicants import ApplicantType
from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.handlers.context import Handler, RequestContext
from kycaid_async.sandbox.http.refusals import delete_denied, flow_denied, invalid, not_found, unknown_as_validation
from kycaid_async.sandbox.storage.database import Repository, Row
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork

_UNKNOWN: Final = ("affiliated_person_id", "Affiliated person was not found")


def create(context: RequestContext) -> dict[str, Any]:
    """Add a person to a company. A second one who may act for it is refused for good."""
    company, kind = context.applicant(), context.body["type"]
    if company["type"] != ApplicantType.COMPANY:
        raise invalid(("applicant_id", "Applicant is not a company"))
    if kind == AffiliatedPersonType.AUTHORISED and kind in context.unit.affiliated_persons.types_of(company["id"]):
        raise flow_denied(429, ("limit_exceeded", "Authorised person already exists"))
    body = {name: value for name, value in context.body.items() if name not in ("type", "applicant_id")}
    return {"affiliated_person_id": _insert(context, company["id"], kind, body)}


def update(context: RequestContext) -> dict[str, Any]:
    """Change a person. Strictly, one that is part of a verification is copied, and the copy gets what it had."""
    row = _row(context)
    if row is None:
        raise not_found(_UNKNOWN)
    body = row["body"] | dict(context.body)
    if context.settings.strict and context.unit.verifications.is_part(row["id"]):
        return {"affiliated_person_id": _copy(context, row, body)}
    context.unit.affiliated_persons.change(row["id"], body=body)
    return {"affiliated_person_id": row["id"]}


def delete(context: RequestContext) -> dict[str, Any]:
    """Remove a person with its documents and addresses, unless one of these is part of a verification."""
    row = _row(context)
    if row is None:
        raise unknown_as_validation(_UNKNOWN)
    owned = _owned(context.unit, row["id"])
    # What the copy of a verified person has may be part of the verification, although the copy is not.
    if any(context.unit.verifications.is_part(id_) for id_ in (row["id"], *(id_ for _, id_ in owned))):
        raise delete_denied()
    for repository, id_ in owned:
        repository.remove(id_)
    context.unit.affiliated_persons.remove(row["id"])
    return {"affiliated_person_id": row["id"]}


def person_answers(unit: UnitOfWork, company: str) -> list[dict[str, Any]]:
    """Return the persons of a company. How they really appear inside an applicant is not known."""
    persons = unit.affiliated_persons.of_company(company)
    return [{"affiliated_person_id": row["id"], "type": row["type"], **row["body"]} for row in persons]


def _row(context: RequestContext) -> Row | None:
    row = context.unit.affiliated_persons.find(context.ids["affiliated_person_id"])
    return row if row is not None and row["current"] else None


def _insert(context: RequestContext, company: str, kind: str, body: Row) -> str:
    id_ = new_id()
    context.unit.affiliated_persons.insert(id=id_, applicant_id=company, type=kind, body=body, created_at=context.now)
    return id_


def _copy(context: RequestContext, row: Row, body: Row) -> str:
    context.unit.affiliated_persons.change(row["id"], current=0)
    copy = _insert(context, row["applicant_id"], row["type"], body)
    for repository, id_ in _owned(context.unit, row["id"]):
        repository.change(id_, owner=copy)
    return copy


def _owned(unit: UnitOfWork, person: str) -> list[tuple[Repository, str]]:
    """Return every address and document of a person by its id, each with its repository."""
    addresses: list[tuple[Repository, str]] = [
        (unit.addresses, row["id"]) for row in unit.addresses.all_of_owner(person)
    ]
    return addresses + [(unit.documents, row["id"]) for row in unit.documents.all_of_owner(person)]


HANDLERS: Final[dict[str, Handler]] = {
    "affiliated_persons.create": create,
    "affiliated_persons.update": update,
    "affiliated_persons.delete": delete,
}
