"""The verdict of a verification: pure functions over its applicant and the reviewed documents."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from kycaid_async.api.document_words import DocumentType
from kycaid_async.sandbox.review.rules import SELFIES, Case, is_fake, is_named, is_under_age
from kycaid_async.values.decline_reasons import DeclineReason

Checks = dict[str, dict[str, Any]]
Reviewed = tuple[str, list[str]]
"""Type of a document, and the names of the reasons to decline it."""


def checks_of(owner: Mapping[str, Any], documents: Iterable[Reviewed], today: date) -> Checks:
    """Return the result of each check: of the profile, and of each kind of document that there is."""
    found: dict[str, list[str]] = {"profile": _profile(owner, today)}
    for kind, reasons in documents:
        # A minor is no fault of the document.
        found.setdefault(_check(kind), []).extend(name for name in reasons if name != DeclineReason.AGE_RESTRICTION)
    return {name: _result(reasons) for name, reasons in found.items()}


def is_passed(checks: Checks) -> bool:
    """Say whether every check was passed."""
    return all(check["verified"] for check in checks.values())


def _profile(owner: Mapping[str, Any], today: date) -> list[str]:
    case = Case(type="", owner=owner, today=today)
    if is_named(case, "John", "Snow"):
        return []
    rules = ((DeclineReason.AGE_RESTRICTION, is_under_age), (DeclineReason.COMPROMISED_PERSON, is_fake))
    return [reason.value for reason, applies in rules if applies(case)]


def _check(kind: str) -> str:
    if kind in SELFIES:
        return "facial"
    return "address" if kind == DocumentType.ADDRESS_DOCUMENT else "document"


def _result(reasons: list[str]) -> dict[str, Any]:
    return {"verified": not reasons, "comment": "", "decline_reasons": list(dict.fromkeys(reasons))}
