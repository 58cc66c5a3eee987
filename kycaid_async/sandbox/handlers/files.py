"""Files: content on disk, everything else in the database."""

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.handlers.context import Call, Handler
from kycaid_async.sandbox.handlers.documents import await_review
from kycaid_async.sandbox.http.refusals import delete_denied, edit_denied
from kycaid_async.sandbox.http.uploads import Received
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.sandbox.storage.verifications import is_part


def create(call: Call) -> dict[str, Any]:
    """Keep an upload as a new file."""
    made = new_id()
    call.rows.insert("files", id=made, created_at=call.now, **_kept(call))
    return {"file_id": made}


def replace(call: Call) -> dict[str, Any]:
    """Give a file new content. Documents that refer to it are reviewed anew. Strictly, none is of a verification."""
    row = call.row("files", "file_id")
    documents = _attached_to(call, row)
    if call.settings.strict and any(is_part(call.rows, document["id"]) for document in documents):
        raise edit_denied()
    call.rows.change("files", row["id"], **_kept(call))
    for document in documents:
        await_review(call, document)
    _drop_content(call, row)
    return {"file_id": row["id"]}


def get(call: Call) -> dict[str, Any]:
    """Return what is known of a file. The form of the real answer is not known."""
    row = call.row("files", "file_id")
    return {
        "file_id": row["id"],
        "file_name": row["name"],
        "mime_type": row["mime_type"],
        "size": row["size"],
        "created_at": row["created_at"],
    }


def delete(call: Call) -> dict[str, Any]:
    """Remove a file, unless a document refers to it."""
    row = call.row("files", "file_id")
    if _attached_to(call, row):
        raise delete_denied()
    call.rows.remove("files", row["id"])
    _drop_content(call, row)
    return {"file_id": row["id"]}


def _kept(call: Call) -> dict[str, Any]:
    upload = call.upload
    assert isinstance(upload, Received)  # noqa: S101 - the endpoint is declared as one that takes a file
    call.rows.afterwards.append(upload.keep)
    return {
        "name": upload.name,
        "mime_type": upload.mime_type,
        "size": upload.size,
        "sha256": upload.digest.hexdigest(),
        "stored_as": upload.path.name,
    }


def _attached_to(call: Call, row: Row) -> list[Row]:
    return call.rows.rows(
        "SELECT * FROM documents WHERE id IN (SELECT document_id FROM attachments WHERE file_id = ?)", row["id"]
    )


def _drop_content(call: Call, row: Row) -> None:
    # Not before the commit: until then the row still speaks of it.
    path = call.folder / row["stored_as"]
    call.rows.afterwards.append(partial(_discard, path))


def _discard(path: Path) -> None:
    # On Windows nobody removes a file that somebody reads: the next start of a sandbox with these data does.
    with suppress(PermissionError):
        path.unlink(missing_ok=True)


HANDLERS: Final[dict[str, Handler]] = {
    "files.create": create,
    "files.replace": replace,
    "files.get": get,
    "files.delete": delete,
}
