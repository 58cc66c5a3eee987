"""Applicants with their addresses, and the persons affiliated to companies."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kycaid_async.sandbox.storage.database import Repository, Row
from kycaid_async.values.scalars import read_time


class ApplicantRepository(Repository):
    """Persons and companies."""

    table = "applicants"

    def newest(self, *, offset: int, count: int) -> list[Row]:
        """Return applicants, newest first."""
        return self._page(offset, count)

    def created_at(self, place: int) -> datetime | None:
        """Return when the newest applicant but ``place`` was created; None where there are not that many."""
        sql = "SELECT created_at FROM applicants ORDER BY rowid DESC LIMIT 1 OFFSET ?"
        row = self._db.first(sql, place)
        return None if row is None else read_time(row["created_at"])


class AffiliatedPersonRepository(Repository):
    """Persons tied to a company."""

    table = "affiliated_persons"

    def of_company(self, company: str) -> list[Row]:
        """Return the persons of a company, without those that were replaced."""
        sql = "SELECT * FROM affiliated_persons WHERE applicant_id = ? AND current ORDER BY rowid"
        return self._db.rows(sql, company)

    def all_of_company(self, company: str) -> list[Row]:
        """Return the persons of a company, also those that were replaced."""
        return self._db.rows("SELECT * FROM affiliated_persons WHERE applicant_id = ? ORDER BY rowid", company)

    def types_of(self, company: str) -> set[str]:
        """Return the types of the persons of a company."""
        return {row["type"] for row in self.of_company(company)}


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


def name_in(body: Mapping[str, Any]) -> str | None:
    """Return the name of a person or a company, by its fields."""
    names = (body.get(key) for key in ("first_name", "middle_name", "last_name"))
    return body.get("company_name") or " ".join(name for name in names if name) or None


def name_of(owner: Row | None) -> str | None:
    """Return the name of an applicant or an affiliated person."""
    return None if owner is None else name_in(owner["body"])
