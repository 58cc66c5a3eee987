"""Verifications in the database: what they are made of, how they begin and end."""

from datetime import datetime
from typing import Any

from kycaid_async.api.documents.fields import DocumentStatus
from kycaid_async.api.verifications.fields import VerificationProgress
from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.storage.database import Row, Transaction
from kycaid_async.values.times import write_time

# With the values in the text, so that SQLite sees that the partial indexes hold the answer.
_UNSETTLED = (
    f"SELECT 1 FROM documents WHERE status = '{DocumentStatus.NEW.value}' UNION ALL "  # noqa: S608 - no values of others
    f"SELECT 1 FROM verifications WHERE status = '{VerificationProgress.PENDING.value}' LIMIT 1"
)


def begin(rows: Transaction, status: VerificationProgress, moment: datetime, **columns: Any) -> Row:
    """Add a verification and return it. A running one is made of what its applicant has now."""
    made, token = new_id(), new_id()
    times = {"created_at": write_time(moment), "started_at": moment.timestamp()}
    rows.insert(
        "verifications", id=made, form_token=token, status=status.value, checks={}, verified=None, **times, **columns
    )
    if status == VerificationProgress.PENDING:
        _add_parts(rows, made, columns["applicant_id"])
    return _row(rows, made)


def start(rows: Transaction, verification_id: str, applicant_id: str, moment: datetime, **columns: Any) -> Row:
    """Let the verification of a form that was completed run, made of what its applicant has now."""
    rows.change(
        "verifications",
        verification_id,
        applicant_id=applicant_id,
        status=VerificationProgress.PENDING.value,
        started_at=moment.timestamp(),
        **columns,
    )
    _add_parts(rows, verification_id, applicant_id)
    return _row(rows, verification_id)


def of_form(rows: Transaction, form_token: str) -> Row | None:
    """Return the verification that belongs to the URL of a form."""
    return next(iter(rows.rows("SELECT * FROM verifications WHERE form_token = ?", form_token)), None)


def finish(
    rows: Transaction, verification_id: str, *, verified: bool, checks: Row, moment: datetime, **columns: Any
) -> Row:
    """Set the outcome of a verification and return it."""
    rows.change(
        "verifications",
        verification_id,
        status=VerificationProgress.COMPLETED.value,
        verified=int(verified),
        checks=checks,
        finished_at=moment.timestamp(),
        **columns,
    )
    return _row(rows, verification_id)


def all_is_settled(rows: Transaction) -> bool:
    """Say whether every document is reviewed and no verification runs: most of the time, and quick to find out."""
    return not rows.rows(_UNSETTLED)


def is_part(rows: Transaction, id_: str) -> bool:
    """Say whether a document, an address or an affiliated person is part of a verification."""
    return bool(rows.rows("SELECT 1 FROM parts WHERE object_id = ? LIMIT 1", id_))


def documents_of(rows: Transaction, verification_id: str) -> list[Row]:
    """Return the documents that a verification looks at."""
    return rows.rows(
        "SELECT d.* FROM documents d JOIN parts ON object_id = d.id WHERE verification_id = ? ORDER BY seq",
        verification_id,
    )


def of_applicant(rows: Transaction, applicant_id: str) -> list[Row]:
    """Return the verifications of an applicant, the latest first, without forms that nobody completed."""
    return rows.rows(
        "SELECT * FROM verifications WHERE applicant_id = ? AND status <> ? ORDER BY seq DESC",
        applicant_id,
        VerificationProgress.UNUSED.value,
    )


def _row(rows: Transaction, id_: str) -> Row:
    (row,) = rows.rows("SELECT * FROM verifications WHERE id = ?", id_)
    return row


def _add_parts(rows: Transaction, verification_id: str, applicant_id: str) -> None:
    persons = rows.rows("SELECT id FROM affiliated_persons WHERE applicant_id = ? AND current", applicant_id)
    owners = [applicant_id, *(person["id"] for person in persons)]
    found = [id_ for table in ("documents", "addresses") for owner in owners for id_ in _owned(rows, table, owner)]
    for id_ in (*owners[1:], *found):
        rows.insert("parts", object_id=id_, verification_id=verification_id)


def _owned(rows: Transaction, table: str, owner: str) -> list[str]:
    return [row["id"] for row in rows.rows(f"SELECT id FROM {table} WHERE owner = ? AND current", owner)]  # noqa: S608


def of_document(rows: Transaction, document_id: str) -> list[str]:
    """Return the ids of the running verifications that look at a document."""
    found = rows.rows(
        "SELECT id FROM verifications JOIN parts ON verification_id = id WHERE object_id = ? AND status = ?",
        document_id,
        VerificationProgress.PENDING.value,
    )
    return [row["id"] for row in found]


def reasons_of(row: Row) -> list[str]:
    """Return why a verification was declined."""
    return list(dict.fromkeys(name for check in row["checks"].values() for name in check["decline_reasons"]))


def name_of(owner: Row | None) -> str | None:
    """Return what a person or a company is called."""
    if owner is None:
        return None
    body = owner["body"]
    names = (body.get(key) for key in ("first_name", "middle_name", "last_name"))
    return body.get("company_name") or " ".join(name for name in names if name) or None
