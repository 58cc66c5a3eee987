"""Documents: records that point to files, and the state of their review."""

from collections.abc import Mapping
from typing import Any, Final

from kycaid_async.api.documents.fields import DocumentProvider, DocumentStatus, DocumentType
from kycaid_async.api.documents.models import DocumentDetails
from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.handlers.context import Call, Handler
from kycaid_async.sandbox.http.refusals import delete_denied, edit_denied, invalid, not_valid
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.sandbox.storage.verifications import is_part, of_document
from kycaid_async.values.decline_reasons import DeclineReason
from kycaid_async.values.fields import fields_of

SIDES: Final = ("front_side_id", "back_side_id", "other_side_1_id", "other_side_2_id", "other_side_3_id")
_DATA = tuple(field.name for field in fields_of(DocumentDetails) if field.name not in SIDES)
_MAX_ADDRESS_DOCUMENTS = 3
"""By a later message of the server; strict."""
_SEEN_ADDRESS_DOCUMENTS = 6
"""In one recording of 2020; lenient."""


def create(call: Call) -> dict[str, Any]:
    """Add a document that awaits its review."""
    owner_key, owner = call.owner()
    _require_files(call)
    _make_room(call, owner, call.body["type"])
    body = {name: value for name, value in call.body.items() if name in (*_DATA, *SIDES)}
    columns = {"owner": owner, "owner_key": owner_key, "type": call.body["type"]}
    return {"document_id": _insert(call, body, outcome=call.decided("document"), **columns)}


def get(call: Call) -> dict[str, Any]:
    """Return a document."""
    return _answer(call, call.row("documents", "document_id"))


def update(call: Call) -> dict[str, Any]:
    """Change a document. It is reviewed anew. Strictly, one that is part of a verification is copied."""
    row = call.row("documents", "document_id")
    if call.settings.strict and not row["current"]:
        raise edit_denied()
    kind = call.body.get("type", row["type"])
    _require_files(call)
    if kind != row["type"]:
        _make_room(call, row["owner"], kind)
    body = row["body"] | {name: value for name, value in call.body.items() if name != "type"}
    if call.settings.strict and is_part(call.rows, row["id"]):
        call.rows.change("documents", row["id"], current=0)
        columns = {"owner": row["owner"], "owner_key": row["owner_key"], "type": kind}
        return {"document_id": _insert(call, body, outcome=call.settings.undecided, **columns)}
    call.rows.change("documents", row["id"], type=kind, body=body, **_numbers(body))
    _attach(call, row["id"], body)
    await_review(call, row)
    return {"document_id": row["id"]}


def delete(call: Call) -> dict[str, Any]:
    """Remove a document, unless it is part of a verification. Its files stay."""
    row = call.row("documents", "document_id")
    if is_part(call.rows, row["id"]):
        raise delete_denied()
    call.rows.remove("documents", row["id"])
    return {"document_id": row["id"]}


def answers(call: Call, owner: str) -> list[dict[str, Any]]:
    """Return the documents of an owner, without those that were replaced."""
    found = call.rows.rows("SELECT * FROM documents WHERE owner = ? AND current ORDER BY seq", owner)
    return [_answer(call, row) for row in found]


def await_review(call: Call, row: Row) -> None:
    """Put a document back to where it was before its review."""
    columns = _unreviewed(call, version=row["version"] + 1)
    call.rows.change("documents", row["id"], outcome=call.settings.undecided, **columns)
    # Nothing waits for those that waited for a person to decide about it.
    call.effects.started.extend(of_document(call.rows, row["id"]))


def _insert(call: Call, body: Row, **columns: Any) -> str:
    made = new_id()
    columns |= _numbers(body) | _unreviewed(call, version=1)
    call.rows.insert("documents", id=made, body=body, created_at=call.now, **columns)
    _attach(call, made, body)
    return made


def _unreviewed(call: Call, version: int) -> dict[str, Any]:
    return {
        "status": DocumentStatus.NEW.value,
        "reasons": [],
        "comment": None,
        "changed_at": call.moment.timestamp(),
        "version": version,
    }


def _numbers(body: Mapping[str, Any]) -> dict[str, Any]:
    # An empty number is no number, and must not equal another empty one.
    return {name: body.get(name) or None for name in ("document_number", "card_number")}


def _require_files(call: Call) -> None:
    given = {side: call.body.get(side) for side in SIDES}
    unknown = [side for side, id_ in given.items() if id_ is not None and call.rows.find("files", id_) is None]
    if unknown:
        raise invalid(*(not_valid("documents", side) for side in unknown))


def _make_room(call: Call, owner: str, kind: str) -> None:
    """Let a document of a verification go, which one of the same type may replace; refuse one too many."""
    found = call.rows.rows("SELECT id FROM documents WHERE owner = ? AND type = ? AND current", owner, kind)
    if kind != DocumentType.ADDRESS_DOCUMENT and found and is_part(call.rows, found[0]["id"]):
        call.rows.change("documents", found[0]["id"], current=0)
        return
    most = _MAX_ADDRESS_DOCUMENTS if call.settings.strict else _SEEN_ADDRESS_DOCUMENTS
    if kind == DocumentType.ADDRESS_DOCUMENT and len(found) >= most:
        raise invalid(("type", f"Document with type {kind} can not be more than {most}"))
    if kind != DocumentType.ADDRESS_DOCUMENT and found:
        raise invalid(("type", f"Only one document with {kind} document type is allowed"))


def _attach(call: Call, document_id: str, body: Mapping[str, Any]) -> None:
    call.rows.remove("attachments", document_id, key="document_id")
    for side in SIDES:
        if body.get(side) is not None:
            call.rows.insert("attachments", document_id=document_id, file_id=body[side])


def _answer(call: Call, row: Row) -> dict[str, Any]:
    """Return all keys of the documented example, null where nothing was given."""
    body = row["body"]
    return {
        "document_id": row["id"],
        **_owner(row),
        "type": row["type"],
        "provider": DocumentProvider.MANUAL.value,
        "status": row["status"],
        "comment": _comment(row),
        **{name: body.get(name) for name in _DATA},
        "income_sources": body.get("income_sources") or [],
        "portrait": None,
        **_sides(call, body),
        "created_at": row["created_at"],
        **_reasons(row),
    }


def _owner(row: Row) -> dict[str, Any]:
    # The key of an affiliated person is inferred, so it appears only where there is one.
    owned_by_applicant = row["owner_key"] == "applicant_id"
    return (
        {"applicant_id": row["owner"]} if owned_by_applicant else {"applicant_id": None, row["owner_key"]: row["owner"]}
    )


def _sides(call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
    sides: dict[str, Any] = {}
    for key in SIDES:
        sides[key] = body.get(key)
        sides[key.removesuffix("_id")] = call.links.to(body.get(key))
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
