"""Applicants with their addresses, and the persons affiliated to companies."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from kycaid_async.sandbox.storage.database import Repository, Row
from kycaid_async.values.scalars import read_time


class ApplicantRepository(Repository):
    """Persons and companies."""

    table = "applicants"

    def insert(self, **columns: Any) -> None:
        """Add a row."""
        super().insert(**columns)
        self._index(columns["id"])

    def change(self, id_: str, **columns: Any) -> None:
        """Change columns of the row with this id."""
        super().change(id_, **columns)
        if "body" in columns:
            self._index(id_)

    def overview(self, search: str, *, offset: int, count: int) -> list[Row]:
        """Return applicants, newest first, each with what there is of it: all, or those that a search finds.

        ``document_statuses`` are those of its documents, with commas; ``verdict`` is that of its latest verification.
        """
        found, values = found_by(search)
        sql = f"SELECT applicants.*, {_COUNTS} FROM applicants {found} ORDER BY rowid DESC LIMIT ? OFFSET ?"  # noqa: S608 - no values of others
        return self._db.rows(sql, *values, count, offset)

    def count(self, search: str) -> int:
        """Return how many applicants there are: of all, or of those that a search finds."""
        found, values = found_by(search)
        (row,) = self._db.rows(f"SELECT count(*) AS n FROM applicants {found}", *values)  # noqa: S608 - no values of others
        count: int = row["n"]
        return count

    def ids_found(self, search: str) -> set[str]:
        """Return the ids of the applicants that a search finds."""
        found, values = found_by(search)
        return {row["id"] for row in self._db.rows(f"SELECT id FROM applicants {found}", *values)}  # noqa: S608 - no values of others

    def names(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the names of applicants by their ids, where they have one."""
        rows = (self.find(id_) for id_ in set(ids))
        return {row["id"]: name for row in rows if row is not None and (name := name_in(row["body"]))}

    def index_if_new(self) -> None:
        """Note the words of all applicants, where none are noted: data of an earlier version."""
        if self._db.first("SELECT 1 FROM words LIMIT 1") is None:
            for row in self._db.rows("SELECT id FROM applicants"):
                self._index(row["id"])

    def _index(self, id_: str) -> None:
        row = self._db.first("SELECT rowid AS seq, body FROM applicants WHERE id = ?", id_)
        if row is None:
            return
        self._db.execute("DELETE FROM words WHERE seq = ?", row["seq"])
        for word in {id_, *_words_of(row["body"])}:
            self._db.execute("INSERT INTO words VALUES (?, ?)", word, row["seq"])

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


_COUNTS: Final = """
    (SELECT group_concat(status) FROM documents WHERE owner = applicants.id AND current) AS document_statuses,
    (SELECT count(*) FROM verifications WHERE applicant_id = applicants.id AND status <> 'unused') AS verifications,
    (SELECT CASE WHEN status <> 'completed' THEN 'pending' WHEN verified THEN 'valid' ELSE 'invalid' END
     FROM verifications WHERE applicant_id = applicants.id AND status <> 'unused' ORDER BY seq DESC LIMIT 1) AS verdict
"""
_OF_PARTS: Final = """
    UNION SELECT a.rowid FROM documents d JOIN applicants a ON a.id = d.owner WHERE d.id >= ? AND d.id < ?
    UNION SELECT a.rowid FROM verifications v JOIN applicants a ON a.id = v.applicant_id WHERE v.id >= ? AND v.id < ?
"""
_LEAST_OF_ID: Final = 6
"""Letters of a word from which it is looked for in the ids of documents and verifications, too."""
_MOST_WORDS: Final = 8
_LONGEST_WORD: Final = 64
_AFTER: Final = "\U0010ffff"
_SEARCHED: Final = ("first_name", "middle_name", "last_name", "company_name", "email", "external_applicant_id")


def found_by(search: str) -> tuple[str, tuple[str, ...]]:
    """Return the condition that an applicant is found by all words of a search, by their beginnings, and its values."""
    words = [word[:_LONGEST_WORD] for word in _folded(search).split()[:_MOST_WORDS]]
    if not words:
        return "", ()
    sets, values = [], []
    for word in words:
        is_long = len(word) >= _LEAST_OF_ID
        sets.append(f"rowid IN (SELECT seq FROM words WHERE word >= ? AND word < ?{_OF_PARTS if is_long else ''})")  # noqa: S608 - no values of others
        values += [word, word + _AFTER] * (3 if is_long else 1)
    return f"WHERE {' AND '.join(sets)}", tuple(values)


def _words_of(body: Mapping[str, Any]) -> set[str]:
    """Return the words by which an applicant is found: whole ones, and what they are made of."""
    text = _folded(" ".join(str(body[name]) for name in _SEARCHED if body.get(name)))
    return {word[:_LONGEST_WORD] for word in (*text.split(), *re.findall(r"\w+", text))}


def _folded(text: str) -> str:
    """Return text without case and accents."""
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)
    ).casefold()


def name_in(body: Mapping[str, Any]) -> str | None:
    """Return the name of a person or a company, by its fields."""
    names = (body.get(key) for key in ("first_name", "middle_name", "last_name"))
    return body.get("company_name") or " ".join(name for name in names if name) or None


def name_of(owner: Row | None) -> str | None:
    """Return the name of an applicant or an affiliated person."""
    return None if owner is None else name_in(owner["body"])
