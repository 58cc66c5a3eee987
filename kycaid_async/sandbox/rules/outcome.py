"""Outcomes that a test or a person sets in place of the rules."""

import re
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Literal, Self, get_args

import attrs

from kycaid_async.values.decline_reasons import DeclineReason, reason_of

HEADER: Final = "x-sandbox-outcome"
"""The header of ``documents.create`` and ``verifications.create`` that holds an outcome."""

Verdict = Literal["approve", "decline", "pending"]
Reason = DeclineReason | str | int
"""A decline reason, its name or its id."""

_TEXT: Final = re.compile(r"(approve|pending|decline(?::([^:]+))?)", re.ASCII)


@attrs.frozen
class ReviewOutcome:
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


@attrs.frozen
class OutcomeScript:
    """Outcomes for what is created next, in the order in which they were given, by the kind of object."""

    _waiting: dict[Kind, deque[ReviewOutcome]] = attrs.field(factory=dict)

    def add(self, kind: Kind, outcome: ReviewOutcome) -> None:
        """Add an outcome behind the others."""
        self._waiting.setdefault(kind, deque()).append(outcome)

    def take(self, kind: Kind, on_rollback: Callable[[Callable[[], object]], None]) -> ReviewOutcome | None:
        """Return the next outcome, if any waits. It waits on when the transaction fails."""
        waiting = self._waiting.get(kind)
        if not waiting:
            return None
        outcome = waiting.popleft()
        on_rollback(lambda: waiting.appendleft(outcome))
        return outcome
