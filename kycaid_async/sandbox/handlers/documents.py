"""Documents: records that point to files, and the state of their review."""

from collections.abc import Mapping
from typing import Any, Final

from kycaid_async.api.documents.fields import DocumentProvider, DocumentStatus, DocumentType
from kycaid_async.api.documents.models import DocumentDetails
from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.handlers.context import Handler, RequestContext
from kycaid_async.sandbox.http.access import SignedUrls
from kycaid_async.sandbox.http.refusals import delete_denied, edit_denied, invalid, not_valid
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.sandbox.storage.documents import SIDES
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork
from kycaid_async.values.decline_reasons import DeclineReason
from kycaid_async.values.fields import fields_of

_DATA = tuple(field.name for field in fields_of(DocumentDetails) if field.name not in SIDES)
_NO_DATA = dict.fromkeys(_DATA)
_URL_KEYS = tuple((side, side.removesuffix("_id")) for side in SIDES)
_MAX_ADDRESS_DOCUMENTS = 3
"""By a later message of the server; strict."""
_SEEN_ADDRESS_DOCUMENTS = 6
"""In one recording of 2020; lenient."""


def create(context: RequestContext) -> dict[str, Any]:
    """Add a document that awaits its review."""
    owner_key, owner = context.owner()
    _require_files(context)
    _make_room(context, owner, context.body["type"])
    body = {name: value for name, value in context.body.items() if name in (*_DATA, *SIDES)}
    columns = {"owner": owner, "owner_key": owner_key, "type": context.body["type"]}
    return {"document_id": _insert(context, body, outcome=context.decided("document"), **columns)}


def get(context: RequestContext) -> dict[str, Any]:
    """Return a document."""
    return _answer(context.urls, context.row(context.unit.documents, "document_id"))


def update(context: RequestContext) -> dict[str, Any]:
    """Change a document. It is reviewed anew. Strictly, one that is part of a verification is copied."""
    row = context.row(context.unit.documents, "document_id")
    if context.settings.strict and not row["current"]:
        raise edit_denied()
    kind = context.body.get("type", row["type"])
    _require_files(context)
    if kind != row["type"]:
        _make_room(context, row["owner"], kind)
    body = row["body"] | {name: value for name, value in context.body.items() if name != "type"}
    if context.settings.strict and context.unit.verifications.is_part(row["id"]):
        context.unit.documents.change(row["id"], current=0)
        columns = {"owner": row["owner"], "owner_key": row["owner_key"], "type": kind}
        return {"document_id": _insert(context, body, outcome=context.settings.undecided, **columns)}
    context.unit.documents.change(row["id"], type=kind, body=body, **_numbers(body))
    context.unit.documents.attach(row["id"], _files(body))
    await_review(context, row)
    return {"document_id": row["id"]}


def delete(context: RequestContext) -> dict[str, Any]:
    """Remove a document, unless it is part of a verification. Its files stay."""
    row = context.row(context.unit.documents, "document_id")
    if context.unit.verifications.is_part(row["id"]):
        raise delete_denied()
    context.unit.documents.remove(row["id"])
    return {"document_id": row["id"]}


def document_answers(unit: UnitOfWork, urls: SignedUrls, owner: str) -> list[dict[str, Any]]:
    """Return the documents of an owner, without those that were replaced."""
    return [_answer(urls, row) for row in unit.documents.of_owner(owner)]


def await_review(context: RequestContext, row: Row) -> None:
    """Put a document back to where it was before its review."""
    columns = _unreviewed(context, version=row["version"] + 1)
    context.unit.documents.change(row["id"], outcome=context.settings.undecided, **columns)
    # Nothing waits for those that waited for a person to decide about it.
    context.effects.started.extend(context.unit.verifications.of_document(row["id"]))


def _insert(context: RequestContext, body: Row, **columns: Any) -> str:
    id_ = new_id()
    columns |= _numbers(body) | _unreviewed(context, version=1)
    context.unit.documents.insert(id=id_, body=body, created_at=context.now, **columns)
    context.unit.documents.attach(id_, _files(body))
    return id_


def _unreviewed(context: RequestContext, version: int) -> dict[str, Any]:
    return {
        "status": DocumentStatus.NEW.value,
        "reasons": [],
        "comment": None,
        "changed_at": context.moment.timestamp(),
        "version": version,
    }


def _numbers(body: Mapping[str, Any]) -> dict[str, Any]:
    # An empty number is no number, and must not equal another empty one.
    return {name: body.get(name) or None for name in ("document_number", "card_number")}


def _files(body: Mapping[str, Any]) -> list[str]:
    return [body[side] for side in SIDES if body.get(side) is not None]


def _require_files(context: RequestContext) -> None:
    files = {side: context.body.get(side) for side in SIDES}
    unknown = [side for side, id_ in files.items() if id_ is not None and context.unit.files.find(id_) is None]
    if unknown:
        raise invalid(*(not_valid("documents", side) for side in unknown))


def _make_room(context: RequestContext, owner: str, kind: str) -> None:
    """Let a document of a verification go, which one of the same type may replace; refuse one too many."""
    present = [row["id"] for row in context.unit.documents.of_owner(owner) if row["type"] == kind]
    if kind == DocumentType.ADDRESS_DOCUMENT:
        most = _MAX_ADDRESS_DOCUMENTS if context.settings.strict else _SEEN_ADDRESS_DOCUMENTS
        if len(present) >= most:
            raise invalid(("type", f"Document with type {kind} can not be more than {most}"))
    elif present and context.unit.verifications.is_part(present[0]):
        context.unit.documents.change(present[0], current=0)
    elif present:
        raise invalid(("type", f"Only one document with {kind} document type is allowed"))


def _answer(urls: SignedUrls, row: Row) -> dict[str, Any]:
    """Return all keys of the documented example, null where nothing was given."""
    body = row["body"]
    return {
        "document_id": row["id"],
        **_owner(row),
        "type": row["type"],
        "provider": DocumentProvider.MANUAL.value,
        "status": row["status"],
        "comment": _comment(row),
        **_NO_DATA,
        **{name: value for name, value in body.items() if name in _NO_DATA},
        "income_sources": body.get("income_sources") or [],
        "portrait": None,
        **_sides(urls, body),
        "created_at": row["created_at"],
        **_reasons(row),
    }


def _owner(row: Row) -> dict[str, Any]:
    # The key of an affiliated person is inferred, so it appears only where there is one.
    owned_by_applicant = row["owner_key"] == "applicant_id"
    return (
        {"applicant_id": row["owner"]} if owned_by_applicant else {"applicant_id": None, row["owner_key"]: row["owner"]}
    )


def _sides(urls: SignedUrls, body: Mapping[str, Any]) -> dict[str, Any]:
    sides: dict[str, Any] = {}
    for key, url_key in _URL_KEYS:
        file_id = sides[key] = body.get(key)
        sides[url_key] = urls.url_for(file_id)
    return sides


def _comment(row: Row) -> str | None:
    if row["comment"]:
        comment: str = row["comment"]
        return comment
    meanings = [DeclineReason(name).meaning for name in row["reasons"]]
    return "Declined by the sandbox: " + "; ".join(meanings) if meanings else None


def _reasons(row: Row) -> dict[str, Any]:
    names = row["reasons"]
    return {"decline_reasons_ids": [DeclineReason(name).id for name in names] or None, "decline_reasons": names}


HANDLERS: Final[dict[str, Handler]] = {
    "documents.create": create,
    "documents.get": get,
    "documents.update": update,
    "documents.delete": delete,
}
