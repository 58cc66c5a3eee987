"""The table of ``kycaid results``: a row an applicant, or a row a document."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from kycaid_async.bulk.results import BulkVerdict, CheckVerdict
from kycaid_async.bulk.results.verdict import WORDS
from kycaid_async.cli.screen import reasons_text

COLUMNS: Final = (
    "line",
    "key",
    "external_applicant_id",
    "applicant_id",
    "form_id",
    "verification_id",
    "verdict",
    "checks",
    "reason_ids",
    "reasons",
    "reason_meanings",
    "comment",
    "why_open",
    "sent_at",
    "created_at",
    "looked_at",
)
OF_DOCUMENTS: Final = (
    "line",
    "key",
    "external_applicant_id",
    "applicant_id",
    "verification_id",
    "verdict",
    "document_id",
    "type",
    "status",
    "reason_ids",
    "reasons",
    "reason_meanings",
    "comment",
)
"""With ``--per-document``."""


def rows_of(verdict: BulkVerdict, *, per_document: bool) -> Iterator[Sequence[Any]]:
    """Give the rows of a table for an applicant."""
    if per_document:
        yield from _documents(verdict)
        return
    yield (
        ", ".join(map(str, verdict.lines)),
        ", ".join(verdict.keys),
        verdict.external_applicant_id,
        verdict.applicant_id,
        verdict.form_id,
        verdict.verification_id,
        WORDS[verdict.verdict],
        "; ".join(map(_check_text, verdict.checks)),
        *_reasons(verdict.reasons),
        verdict.comment,
        verdict.reason,
        *map(_time, (verdict.sent_at, verdict.created_at, verdict.looked_at)),
    )


def _documents(verdict: BulkVerdict) -> Iterator[Sequence[Any]]:
    ids = (verdict.external_applicant_id, verdict.applicant_id, verdict.verification_id, WORDS[verdict.verdict])
    if not verdict.documents:
        lines, keys = ", ".join(map(str, verdict.lines)), ", ".join(verdict.keys)
        yield (lines, keys, *ids, *[None] * 3, *_reasons(()), verdict.reason)
    for one in verdict.documents:
        status = None if one.status is None else str(one.status)
        yield (one.line, one.key, *ids, one.document_id, one.type, status, *_reasons(one.reasons), one.comment)


def _reasons(reasons: Sequence[Any]) -> tuple[str, str, str]:
    """Return decline reasons by ids, by names and by meanings, each in a cell."""
    ids = ", ".join(str(reason.id) for reason in reasons if reason.id is not None)
    return ids, ", ".join(map(str, reasons)), "; ".join(reason.meaning for reason in reasons if reason.meaning)


def _check_text(check: CheckVerdict) -> str:
    word = "not told" if check.passed is None else "passed" if check.passed else "declined"
    return f"{check.name}: {word}" + (f" ({reasons_text(check.reasons)})" if check.reasons else "")


def _time(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=None)
