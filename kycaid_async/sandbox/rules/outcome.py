"""What somebody decides in the place of the rules: a test, or a person."""

import re
from collections.abc import Iterable
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
class Outcome:
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
        found = _TEXT.fullmatch(text.strip())
        if found is None:
            raise ValueError("an outcome is approve, pending, or decline:REASON,REASON")
        names = [name.strip() for name in (found[2] or "").split(",")]
        verdict: Verdict = "decline" if text.strip().startswith("decline") else "approve"
        return cls.of("pending" if found[1] == "pending" else verdict, [name for name in names if name])

    def __str__(self) -> str:
        return ":".join(filter(None, (self.verdict, ",".join(self.reasons))))
