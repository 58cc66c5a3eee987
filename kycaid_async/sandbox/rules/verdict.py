"""Verdicts: outcomes that a test or a person sets in place of the rules, and what the reviewed documents lead to."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, Self, get_args

import attrs

from kycaid_async.api.documents.fields import DocumentStatus, DocumentType
from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.rules.rules import SELFIES
from kycaid_async.values.decline_reasons import DeclineReason, reason_of

HEADER: Final = "x-sandbox-outcome"
"""The header of ``documents.create`` and ``verifications.create`` that holds an outcome."""

Verdict = Literal["approve", "decline", "pending"]
Reason = DeclineReason | str | int
"""A decline reason, its name or its id."""

_TEXT: Final = re.compile(r"(approve|pending|decline(?::([^:]+))?)", re.ASCII)


@attrs.frozen(eq=False, repr=False)
class ReviewOutcome(ValueObject):
    """``approve``, ``decline`` with reasons, or ``pending``: as it is, until a person decides.

    Raises `ValueError` for another word, for a reason that does not exist, and for reasons to anything but a decline.
    """

    verdict: Verdict
    reasons: tuple[DeclineReason, ...] = ()

    @classmethod
    def of(cls, verdict: Verdict, reasons: Iterable[Reason] = ()) -> Self:
        """Return an outcome. A decline without a reason is for OTHER."""
        if verdict not in get_args(Verdict):
            raise ValueError(f"an outcome is one of {', '.join(get_args(Verdict))}")
        known = tuple(dict.fromkeys(reason_of(reason) for reason in reasons))
        if any(not reason.is_known for reason in known):
            raise ValueError("the reasons of an outcome are names or ids of DeclineReason")
        if known and verdict != "decline":
            raise ValueError("only a decline has reasons")
        return cls(verdict, known or ((DeclineReason.OTHER,) if verdict == "decline" else ()))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the outcome that ``text`` spells: ``approve``, ``pending``, ``decline:EXPIRED_DOCUMENT,OTHER``."""
        match = _TEXT.fullmatch(text.strip())
        if match is None:
            raise ValueError("an outcome is approve, pending, or decline:REASON,REASON")
        names = [name.strip() for name in (match[2] or "").split(",")]
        verdict: Verdict = "decline" if text.strip().startswith("decline") else "approve"
        return cls.of("pending" if match[1] == "pending" else verdict, [name for name in names if name])

    def __str__(self) -> str:
        return ":".join(filter(None, (self.verdict, ",".join(self.reasons))))


Kind = Literal["verification", "document"]


@attrs.frozen(eq=False, repr=False)
class OutcomeScript(ValueObject):
    """Outcomes for what is created next, in the order in which they were given, by the kind of object."""

    _waiting: dict[Kind, deque[ReviewOutcome]] = attrs.field(factory=dict)

    def add(self, kind: Kind, outcome: ReviewOutcome) -> None:
        """Add an outcome behind the others."""
        self._waiting.setdefault(kind, deque()).append(outcome)

    def clear(self) -> None:
        """Forget all outcomes."""
        self._waiting.clear()

    def take(self, kind: Kind, on_rollback: Callable[[Callable[[], object]], None]) -> ReviewOutcome | None:
        """Return the next outcome, if any waits. It waits on when the transaction fails."""
        waiting = self._waiting.get(kind)
        if not waiting:
            return None
        outcome = waiting.popleft()
        on_rollback(lambda: waiting.appendleft(outcome))
        return outcome


Checks = dict[str, dict[str, Any]]
Reviewed = tuple[str, list[str]]
"""Type of a document, and the names of the reasons to decline it."""

_OF_PERSON: Final = frozenset(
    {
        DeclineReason.AGE_RESTRICTION,
        DeclineReason.ANONYMIZING_NETWORK,
        DeclineReason.COMPROMISED_PERSON,
        DeclineReason.DEBTOR,
        DeclineReason.IP_MISMATCH,
        DeclineReason.LIMIT_REACHED_OTP,
        DeclineReason.PROHIBITED_JURISDICTION,
        DeclineReason.QES_MISMATCH,
        DeclineReason.TAX_ID_REQUIRED,
    }
)
_OF_FACE: Final = frozenset(
    {
        DeclineReason.COMPULSION,
        DeclineReason.DIFFERENT_FACES,
        DeclineReason.MULTIPLE_PERSON,
        DeclineReason.NO_SELFIE,
    }
)


_LACKING: Final = {
    "document": DeclineReason.DOCUMENT_INCOMPLETE.value,
    "address": DeclineReason.DOCUMENT_INCOMPLETE.value,
    "facial": DeclineReason.NO_SELFIE.value,
}
"""Why a check that was asked for is not passed where there is nothing to look at. Invented."""


def checks_of(profile: Iterable[str], documents: Iterable[Reviewed], types: Iterable[str] = ()) -> Checks:
    """Return the result of each check: of the profile, and of each kind of document that there is, or of ``types``.

    Whoever sends ``types`` looks for these keys in the result (observed); that the others are left out is inferred.
    """
    wanted = _names(types)
    reasons_of: dict[str, list[str]] = {"profile": list(profile)}
    for kind, reasons in documents:
        if wanted and _check(kind) not in wanted:
            continue
        of_document = reasons_of.setdefault(_check(kind), [])
        for name in reasons:
            # That somebody is a minor, say, is no fault of the document.
            (reasons_of["profile"] if name in _OF_PERSON else of_document).append(name)
    for name in wanted:
        reasons_of.setdefault(name, [_LACKING[name]] if name in _LACKING else [])
    return {name: result(reasons) for name, reasons in reasons_of.items()}


def checks_for(
    reasons: Iterable[str], documents: Iterable[str], comment: str | None, types: Iterable[str] = ()
) -> Checks:
    """Return a decision as the results of checks: each reason with the check that it belongs to."""
    checks = _names(types) or [_check(kind) for kind in documents]
    reasons_of: dict[str, list[str]] = {"profile": [], **{name: [] for name in checks}}
    for name in reasons:
        reasons_of.setdefault(_check_of(name), []).append(name)
    return {name: result(names, comment) for name, names in reasons_of.items()}


def verdict_columns(outcome: ReviewOutcome) -> dict[str, Any]:
    """Return the columns of a document that hold its verdict."""
    status = DocumentStatus.INVALID if outcome.reasons else DocumentStatus.VALID
    return {"status": status.value, "reasons": [reason.value for reason in outcome.reasons]}


def is_passed(checks: Mapping[str, Mapping[str, Any]]) -> bool:
    """Say whether every check was passed."""
    return all(check["verified"] for check in checks.values())


def reasons_in(checks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return why a verification with these results was declined."""
    return list(dict.fromkeys(name for check in checks.values() for name in check["decline_reasons"]))


def result(reasons: Iterable[str], comment: str | None = None) -> dict[str, Any]:
    """Return the result of a check."""
    names = list(dict.fromkeys(str(name) for name in reasons))
    return {"verified": not names, "comment": comment or "", "decline_reasons": names}


def _names(types: Iterable[str]) -> list[str]:
    """Return the keys of a result for the types of checks of a request."""
    return [name.lower() for name in types]


def _check_of(reason: str) -> str:
    if reason in _OF_PERSON:
        return "profile"
    return "facial" if reason in _OF_FACE else "document"


def _check(kind: str) -> str:
    if kind in SELFIES:
        return "facial"
    return "address" if kind == DocumentType.ADDRESS_DOCUMENT else "document"
