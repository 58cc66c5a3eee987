"""Addresses, and the copies that updates of verified ones make."""

from kycaid_async.sandbox.storage.database import Row
from kycaid_async.sandbox.storage.repository import Repository


class AddressRepository(Repository):
    """Addresses of applicants and affiliated persons."""

    table = "addresses"

    def of_owner(self, owner: str) -> list[Row]:
        """Return the addresses of an owner, without those that were replaced."""
        return self._db.rows("SELECT * FROM addresses WHERE owner = ? AND current ORDER BY rowid", owner)

    def all_of_owner(self, owner: str) -> list[Row]:
        """Return the addresses of an owner, also those that were replaced."""
        return self._db.rows("SELECT * FROM addresses WHERE owner = ? ORDER BY rowid", owner)

    def relatives(self, row: Row) -> list[Row]:
        """Return the address, what it was copied from, and the other copies of that, the latest last."""
        original = row["copy_of"] or row["id"]
        sql = "SELECT * FROM addresses WHERE owner = ? AND ? IN (id, copy_of) ORDER BY rowid"
        return self._db.rows(sql, row["owner"], original)
