"""Files: content on disk, everything else in the database."""

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.handlers.context import Handler, RequestContext
from kycaid_async.sandbox.handlers.documents import await_review
from kycaid_async.sandbox.http.refusals import delete_denied, edit_denied
from kycaid_async.sandbox.http.uploads import ReceivedFile
from kycaid_async.sandbox.storage.database import Row


def create(context: RequestContext) -> dict[str, Any]:
    """Keep an upload as a new file."""
    id_ = new_id()
    context.unit.files.insert(id=id_, created_at=context.now, **_kept(context))
    return {"file_id": id_}


def replace(context: RequestContext) -> dict[str, Any]:
    """Give a file new content. Documents that refer to it are reviewed anew. Strictly, none is of a verification."""
    row = context.row(context.unit.files, "file_id")
    documents = context.unit.documents.with_file(row["id"])
    if context.settings.strict and any(context.unit.verifications.is_part(document["id"]) for document in documents):
        raise edit_denied()
    context.unit.files.change(row["id"], **_kept(context))
    for document in documents:
        await_review(context, document)
    _drop_content(context, row)
    return {"file_id": row["id"]}


def get(context: RequestContext) -> dict[str, Any]:
    """Return what is known of a file. The form of the real answer is not known."""
    row = context.row(context.unit.files, "file_id")
    return {
        "file_id": row["id"],
        "file_name": row["name"],
        "mime_type": row["mime_type"],
        "size": row["size"],
        "created_at": row["created_at"],
    }


def delete(context: RequestContext) -> dict[str, Any]:
    """Remove a file, unless a document refers to it."""
    row = context.row(context.unit.files, "file_id")
    if context.unit.documents.with_file(row["id"]):
        raise delete_denied()
    context.unit.files.remove(row["id"])
    _drop_content(context, row)
    return {"file_id": row["id"]}


def _kept(context: RequestContext) -> dict[str, Any]:
    upload = context.upload
    assert isinstance(upload, ReceivedFile)  # noqa: S101 - the endpoint is declared as one that takes a file
    context.unit.on_commit(upload.keep)
    return {
        "name": upload.name,
        "mime_type": upload.mime_type,
        "size": upload.size,
        "sha256": upload.digest.hexdigest(),
        "stored_as": upload.path.name,
    }


def _drop_content(context: RequestContext, row: Row) -> None:
    # Not before the commit: until then the row still speaks of it.
    path = context.state.folder / row["stored_as"]
    context.unit.on_commit(partial(_discard, path))


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
