"""Verifications: what they are made of, how they begin and end."""

import math
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from kycaid_async.api.documents.fields import DocumentStatus
from kycaid_async.api.verifications.fields import VerificationProgress
from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.rules.verdict import reasons_in
from kycaid_async.sandbox.storage.applicants import found_by
from kycaid_async.sandbox.storage.database import Repository, Row
from kycaid_async.values.scalars import write_time

_PENDING: Final = VerificationProgress.PENDING.value
# With the values in the text, so that SQLite sees that the partial indexes hold the answer.
_UNREVIEWED: Final = (
    f"SELECT 1 FROM documents WHERE status = '{DocumentStatus.NEW.value}' UNION ALL "  # noqa: S608 - no values of others
    f"SELECT 1 FROM verifications WHERE status = '{_PENDING}' LIMIT 1"
)
_RUNNING: Final = f"SELECT * FROM verifications WHERE status = '{_PENDING}' AND outcome IS NOT 'pending'"  # noqa: S608 - no values of others
"""Those that a person decides about are not among them."""


class VerificationRepository(Repository):
    """Verifications, and the parts that each looks at."""

    table = "verifications"

    def begin(self, status: VerificationProgress, moment: datetime, **columns: Any) -> Row:
        """Add a verification and return it. A running one is made of what its applicant has now."""
        id_, token = new_id(), new_id()
        times = {"created_at": write_time(moment), "started_at": moment.timestamp()}
        self.insert(id=id_, form_token=token, status=status.value, checks={}, verified=None, **times, **columns)
        if status == VerificationProgress.PENDING:
            self._add_parts(id_, columns["applicant_id"])
        return self._row(id_)

    def start(self, id_: str, applicant_id: str, moment: datetime, **columns: Any) -> Row:
        """Let the verification of a form that was completed run, made of what its applicant has now."""
        began = {"status": _PENDING, "started_at": moment.timestamp()}
        self.change(id_, applicant_id=applicant_id, **began, **columns)
        self._add_parts(id_, applicant_id)
        return self._row(id_)

    def finish(self, id_: str, *, verified: bool, checks: Row, moment: datetime, **columns: Any) -> Row:
        """Set the outcome of a verification and return it."""
        ended = {"status": VerificationProgress.COMPLETED.value, "finished_at": moment.timestamp()}
        self.change(id_, verified=int(verified), checks=checks, **ended, **columns)
        return self._row(id_)

    def of_form(self, form_token: str) -> Row | None:
        """Return the verification that belongs to the URL of a form."""
        return self._db.first("SELECT * FROM verifications WHERE form_token = ?", form_token)

    def of_applicant(self, applicant_id: str) -> list[Row]:
        """Return the verifications of an applicant, the latest first, without forms that nobody completed."""
        sql = "SELECT * FROM verifications WHERE applicant_id = ? AND status <> ? ORDER BY seq DESC"
        return self._db.rows(sql, applicant_id, VerificationProgress.UNUSED.value)

    def standing(self, applicant_id: str) -> tuple[str, list[str], int]:
        """Return status and reasons of an applicant's latest verification, as an applicant shows it, and how many."""
        rows = self.of_applicant(applicant_id)
        return (_status_of(rows[0]), reasons_in(rows[0]["checks"]), len(rows)) if rows else ("new", [], 0)

    def of_document(self, document_id: str) -> list[str]:
        """Return the ids of the running verifications that look at a document."""
        sql = "SELECT id FROM verifications JOIN parts ON verification_id = id WHERE object_id = ? AND status = ?"
        return [row["id"] for row in self._db.rows(sql, document_id, _PENDING)]

    def running(self, ids: Collection[str] | None, before: float = math.inf) -> list[Row]:
        """Return the running verifications that nobody has to decide about and that were started by ``before``.

        All, or of these ids or applicants.
        """
        if ids is None:
            return self._db.rows(f"{_RUNNING} AND started_at <= ? ORDER BY seq", before)
        sql = f"{_RUNNING} AND started_at <= ? AND (id = ? OR applicant_id = ?)"
        return [row for id_ in ids for row in self._db.rows(sql, before, id_, id_)]

    def newest(self, *, applicant_id: str | None, search: str = "", offset: int, count: int) -> list[Row]:
        """Return verifications, newest first: all, those of one applicant, or those whose applicants a search finds."""
        if not search:
            return self._page(offset, count, key="applicant_id", value=applicant_id)
        found, values = _of_found(search)
        sql = f"SELECT * FROM verifications {found} ORDER BY seq DESC LIMIT ? OFFSET ?"  # noqa: S608 - no values of others
        return self._db.rows(sql, *values, count, offset)

    def count(self, search: str) -> int:
        """Return how many verifications there are: of all applicants, or of those that a search finds."""
        found, values = _of_found(search)
        (row,) = self._db.rows(f"SELECT count(*) AS n FROM verifications {found}", *values)  # noqa: S608 - no values of others
        count: int = row["n"]
        return count

    def of_day(self, day: str) -> list[Row]:
        """Return the verifications that were created on a day, oldest first."""
        sql = "SELECT * FROM verifications WHERE created_at BETWEEN ? AND ? ORDER BY seq"
        return self._db.rows(sql, f"{day} 00:00:00", f"{day} 23:59:59")

    def documents_of(self, id_: str) -> list[Row]:
        """Return the documents that a verification looks at."""
        sql = "SELECT d.* FROM documents d JOIN parts ON object_id = d.id WHERE verification_id = ? ORDER BY seq"
        return self._db.rows(sql, id_)

    def is_part(self, object_id: str) -> bool:
        """Say whether a document, an address or an affiliated person is part of a verification."""
        return self._db.first("SELECT 1 FROM parts WHERE object_id = ? LIMIT 1", object_id) is not None

    def is_all_reviewed(self) -> bool:
        """Say whether every document is reviewed and no verification runs: most of the time, and quick to find out."""
        return not self._db.exists(_UNREVIEWED)

    def _row(self, id_: str) -> Row:
        (row,) = self._db.rows("SELECT * FROM verifications WHERE id = ?", id_)
        return row

    def _add_parts(self, id_: str, applicant_id: str) -> None:
        sql = "SELECT id FROM affiliated_persons WHERE applicant_id = ? AND current"
        persons = [row["id"] for row in self._db.rows(sql, applicant_id)]
        owned = [
            object_id
            for table in ("documents", "addresses")
            for owner in (applicant_id, *persons)
            for object_id in self._owned(table, owner)
        ]
        for object_id in (*persons, *owned):
            self._db.insert("parts", object_id=object_id, verification_id=id_)

    def _owned(self, table: str, owner: str) -> list[str]:
        sql = f"SELECT id FROM {table} WHERE owner = ? AND current"  # noqa: S608 - a name of ours
        return [row["id"] for row in self._db.rows(sql, owner)]


def _of_found(search: str) -> tuple[str, tuple[str, ...]]:
    found, values = found_by(search)
    return (f"WHERE applicant_id IN (SELECT id FROM applicants {found})" if found else ""), values  # noqa: S608 - no values of others


def _status_of(row: Row) -> str:
    if row["status"] != VerificationProgress.COMPLETED:
        return "pending"
    return "valid" if row["verified"] else "invalid"
