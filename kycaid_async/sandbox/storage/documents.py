"""Documents, and the files that they refer to. The contents of files lie in the folder."""

from collections.abc import Iterable
from typing import Any, Final

from kycaid_async.api.documents.fields import DocumentStatus
from kycaid_async.sandbox.storage.database import PORTRAITS, Repository, Row

SIDES: Final = ("front_side_id", "back_side_id", "other_side_1_id", "other_side_2_id", "other_side_3_id")
"""The fields of a document that hold the id of a file."""


class DocumentRepository(Repository):
    """Documents of applicants and affiliated persons."""

    table = "documents"

    def change(self, id_: str, **columns: Any) -> None:
        """Change columns of the row with this id."""
        super().change(id_, **columns)
        if "status" in columns or "type" in columns:
            self._note_portraits(id_)

    def attach(self, id_: str, files: Iterable[str]) -> None:
        """Let a document refer to these files, and to no others."""
        self._db.execute("DELETE FROM attachments WHERE document_id = ?", id_)
        for file_id in files:
            self._db.insert("attachments", document_id=id_, file_id=file_id)
        self._note_portraits(id_)

    def of_owner(self, owner: str) -> list[Row]:
        """Return the documents of an owner, without those that were replaced."""
        return self._db.rows("SELECT * FROM documents WHERE owner = ? AND current ORDER BY seq", owner)

    def all_of_owner(self, owner: str) -> list[Row]:
        """Return the documents of an owner, also those that were replaced."""
        return self._db.rows("SELECT * FROM documents WHERE owner = ? ORDER BY seq", owner)

    def newest(self, *, owner: str | None, offset: int, count: int) -> list[Row]:
        """Return documents, newest first: all, or those of one owner."""
        return self._page(offset, count, key="owner", value=owner)

    def due(self, id_: str, before: float) -> list[Row]:
        """Return the documents to review: the one with this id, or those of this owner, unchanged since ``before``."""
        sql = (
            "SELECT * FROM documents WHERE (id = ? OR owner = ?) AND status = ? AND changed_at <= ? "
            "AND outcome IS NOT 'pending' ORDER BY seq"
        )
        return self._db.rows(sql, id_, id_, DocumentStatus.NEW.value, before)

    def files_of(self, id_: str) -> list[Row]:
        """Return where the contents of a document's files lie, their names and digests."""
        sql = (
            "SELECT DISTINCT stored_as, name, sha256 FROM files JOIN attachments ON file_id = id WHERE document_id = ?"
        )
        return self._db.rows(sql, id_)

    def file_names_of(self, owner: str, types: Iterable[str]) -> list[str]:
        """Return the names of the files of an owner's documents of these types."""
        sql = (
            "SELECT f.name, d.type FROM documents d JOIN attachments ON document_id = d.id "
            "JOIN files f ON f.id = file_id WHERE d.owner = ? AND d.current"
        )
        return [row["name"] for row in self._db.rows(sql, owner) if row["type"] in types]

    def with_file(self, file_id: str) -> list[Row]:
        """Return the documents that refer to a file."""
        sql = "SELECT * FROM documents WHERE id IN (SELECT document_id FROM attachments WHERE file_id = ?)"
        return self._db.rows(sql, file_id)

    def is_number_taken(self, document: Row) -> bool:
        """Say whether one of the numbers is another owner's.

        A number is that of the oldest accepted document, or else of the oldest: of two documents with one number the
        later one is the duplicate, whichever is read first.
        """
        columns = ("document_number", "card_number")
        # As the indexes are sorted, so that the first row is all that is read.
        order = f"(status = '{DocumentStatus.VALID.value}') DESC, seq LIMIT 1"
        holders = (
            self._db.first(f"SELECT owner FROM documents WHERE {name} = ? ORDER BY {order}", document[name])  # noqa: S608 - names of ours
            for name in columns
        )
        return any(holder is not None and holder["owner"] != document["owner"] for holder in holders)

    def is_content_taken(self, document: Row, sha256: str) -> bool:
        """Say whether the content of a file is another owner's, by the same rule as a number.

        Only documents that show a person count: two people may have the same bill.
        """
        holder = self._db.first(
            "SELECT owner FROM documents WHERE seq = "
            "(SELECT seq FROM portraits WHERE sha256 = ? ORDER BY is_accepted DESC, seq LIMIT 1)",
            sha256,
        )
        return holder is not None and holder["owner"] != document["owner"]

    def _note_portraits(self, id_: str) -> None:
        self._db.execute("DELETE FROM portraits WHERE seq = (SELECT seq FROM documents WHERE id = ?)", id_)
        self._db.execute(f"{PORTRAITS} AND d.id = ?", id_)


class FileRepository(Repository):
    """Uploaded files."""

    table = "files"

    def stored_names(self) -> set[str]:
        """Return under what names the contents lie in the folder."""
        return {row["stored_as"] for row in self._db.rows("SELECT stored_as FROM files")}
