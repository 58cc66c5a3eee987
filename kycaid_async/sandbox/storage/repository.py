"""What all repositories share."""

from typing import Any, ClassVar

import attrs

from kycaid_async.sandbox.storage.database import Row, Statements


@attrs.frozen
class Repository:
    """The objects of one kind, in one transaction."""

    _db: Statements
    table: ClassVar[str]

    def find(self, id_: str | None) -> Row | None:
        """Return the row with this id."""
        return self._db.first(f"SELECT * FROM {self.table} WHERE id = ?", id_)  # noqa: S608 - a name of ours

    def insert(self, **columns: Any) -> None:
        """Add a row."""
        self._db.insert(self.table, **columns)

    def change(self, id_: str, **columns: Any) -> None:
        """Change columns of the row with this id."""
        self._db.change(self.table, id_, **columns)

    def remove(self, id_: str) -> None:
        """Remove the row with this id."""
        self._db.remove(self.table, id_)

    def _page(self, offset: int, count: int, *, key: str = "", value: str | None = None) -> list[Row]:
        """Return rows, newest first: all, or those whose column ``key`` holds ``value``."""
        condition, values = ("", ()) if value is None else (f"WHERE {key} = ?", (value,))
        sql = f"SELECT * FROM {self.table} {condition} ORDER BY rowid DESC LIMIT ? OFFSET ?"  # noqa: S608 - names of ours
        return self._db.rows(sql, *values, count, offset)
