"""Looks at verifications as the ledger keeps them, in JSON: checks, reasons and times.

Comments of reviewers are other people's words, and may say who somebody is. They are sealed with the ledger's secret.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from kycaid_async.api.documents.document import Document
from kycaid_async.api.verifications.models import Verification
from kycaid_async.bulk.ledger import VerificationEntry
from kycaid_async.bulk.results.verdict import CheckVerdict, Verdict
from kycaid_async.values.decline_reasons import DeclineReason, reason_of

Seal = Callable[[str], str]
Unseal = Callable[[str], str | None]


@attrs.frozen(order=True)
class ReportPlace:
    """The place of a verification in the report."""

    day: str
    at: int
    """The number of rows of its day before it."""


@attrs.frozen(kw_only=True)
class LookRecord:
    """The last look at a verification."""

    created_at: datetime | None = None
    place: ReportPlace | None = None
    checks: Sequence[CheckVerdict] = ()
    documents: Mapping[str, Mapping[str, Any]] | None = attrs.field(default=None, repr=False)
    """By id, each with its status, reasons and comment; None when they were not asked for."""
    trouble: str = ""
    """Why the last look showed nothing."""

    def as_text(self, seal: Seal) -> str:
        """Return it as the ledger keeps it."""
        made: dict[str, Any] = {}
        if self.created_at is not None:
            made["created_at"] = self.created_at.isoformat()
        if self.place is not None:
            made["place"] = [self.place.day, self.place.at]
        if self.checks:
            made["checks"] = [
                [check.name, check.passed, _values(check.reasons), _sealed(check.comment, seal)]
                for check in self.checks
            ]
        if self.documents is not None:
            made["documents"] = {
                name: [one["status"], _values(one["reasons"]), _sealed(one["comment"], seal)]
                for name, one in self.documents.items()
            }
        if self.trouble:
            made["trouble"] = self.trouble
        return json.dumps(made, separators=(",", ":"))

    @classmethod
    def of(cls, entry: VerificationEntry, unseal: Unseal) -> "LookRecord":
        """Return what the ledger keeps. What cannot be read, such as after a new secret, counts as unknown."""
        try:
            return cls._read(json.loads(entry.result or "{}"), unseal)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            return cls()

    @classmethod
    def _read(cls, made: dict[str, Any], unseal: Unseal) -> "LookRecord":
        created, place, documents = made.get("created_at"), made.get("place"), made.get("documents")
        return cls(
            created_at=None if created is None else datetime.fromisoformat(created),
            place=None if place is None else ReportPlace(str(place[0]), int(place[1])),
            checks=[
                CheckVerdict(name=str(name), passed=passed, reasons=_reasons(reasons), comment=_opened(comment, unseal))
                for name, passed, reasons, comment in made.get("checks", ())
            ],
            documents=None
            if documents is None
            else {
                name: {"status": status, "reasons": _reasons(reasons), "comment": _opened(comment, unseal)}
                for name, (status, reasons, comment) in documents.items()
            },
            trouble=str(made.get("trouble", "")),
        )


def verdict_of(verification: Verification) -> Verdict | None:
    """Return the verdict of a verification that is finished; None of one that runs, or that shows none."""
    if verification.passed is None:
        return None
    return Verdict.PASSED if verification.passed else Verdict.DECLINED


def checks_of(verification: Verification) -> list[CheckVerdict]:
    """Return the verdicts of its checks."""
    return [
        CheckVerdict(name=name, passed=check.verified, reasons=check.decline_reasons or (), comment=check.comment or "")
        for name, check in (verification.verifications or {}).items()
    ]


def reviews_of(documents: Iterable[Document]) -> dict[str, dict[str, Any]]:
    """Return the reviews of documents, by their ids."""
    return {
        document.document_id: {
            "status": document.status,
            "reasons": document.decline_reasons or (),
            "comment": document.comment or "",
        }
        for document in documents
        if document.document_id
    }


def _values(reasons: Iterable[DeclineReason]) -> list[Any]:
    return [reason.value for reason in reasons]


def _reasons(values: Iterable[Any]) -> list[DeclineReason]:
    return [reason_of(value) for value in values]


def _sealed(comment: str, seal: Seal) -> str:
    return seal(comment) if comment else ""


def _opened(text: str, unseal: Unseal) -> str:
    return (unseal(text) or "") if text else ""
