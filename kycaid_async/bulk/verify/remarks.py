"""Remarks on verifications that were not started, and what to do about them."""

from collections.abc import Mapping, Sequence
from typing import Final

from kycaid_async.bulk.verify.result import VerifyStatus
from kycaid_async.errors import ApiError, InsufficientFundsError, InvalidRequestError, KycaidError

ADVICE: Final[Mapping[VerifyStatus, str]] = {
    VerifyStatus.NOT_DELIVERED: "Upload its rows with this ledger first; --partial (partial=True) starts it without.",
    VerifyStatus.EXISTS: "Nothing was charged. Wait for the one that runs; its result comes by callback.",
    VerifyStatus.INSUFFICIENT_DATA: "Nothing was charged. Add what the form asks for, then run it again.",
    VerifyStatus.NO_RETRIES: "Nothing was charged. Use another form, or let the form allow further attempts.",
    VerifyStatus.NO_FUNDS: "Nothing was charged for it. Fill up the account, then run it again.",
    VerifyStatus.REFUSED: "Nothing was charged. Correct what the refusal names, then run it again.",
    VerifyStatus.FAILED: "Nothing was charged. Run it again.",
    VerifyStatus.UNCERTAIN: (
        "It may have cost a fee. Run it again later: the server is asked once more. Else look into the report; only "
        "--on-uncertain create (on_uncertain='create') starts it anew, which may cost a second fee."
    ),
}
BAD_ROW_ADVICE: Final = "Correct the row; --partial (partial=True) starts the others without it."

UNKNOWN_APPLICANT: Final = "its applicant was never made by this ledger"
LOST_APPLICANT: Final = "its applicant was sent and got no answer, so nobody knows its id"
TO_BE_ASKED: Final = "an earlier run sent it and got no answer; a run asks the server what became of it"
OTHER_UNSETTLED: Final = (
    "another verification of this applicant got no answer, and the two could not be told apart; nothing was sent"
)
DISAGREE: Final = (
    "it was sent and got no answer, and the report and the count of the applicant's verifications disagree: the "
    "report shows {shown} that nothing else accounts for, and the count went from {before} to {after}"
)
NO_COUNT: Final = (
    "it was sent and got no answer, and the server does not say how many verifications the applicant has, so the "
    "report alone proves nothing"
)
STATUS_SAYS_OTHERWISE: Final = (
    "it was sent and got no answer, the report and the count show no verification, and the status of the applicant "
    "says that there is one"
)
TAKEN: Final = "the server gave the id of a verification that another applicant or form has"
LOST_RECORDS: Final = (
    "the ledger lost a part of itself, so an earlier run may have started it, and the applicant has verifications "
    "already, or the server does not say how many"
)
DISAGREEING_ROWS: Final = (
    "rows that ask for the same verification name different values of {fields}; nothing tells which one is meant"
)
NOT_YET: Final = (
    "it got no answer, the server may be still at work on it, and the run had to end. Run it again: it is asked for"
)


def status_of(error: KycaidError) -> VerifyStatus:
    """Return the status of a verification that ``error`` kept from being started."""
    kind = (error.type or "") if isinstance(error, ApiError) else ""
    if isinstance(error, InsufficientFundsError):
        return VerifyStatus.NO_FUNDS
    if kind.startswith("forbidden_"):
        return VerifyStatus.NO_RETRIES
    if kind == "verification_exists":
        return VerifyStatus.EXISTS
    if kind == "insufficient_data":
        return VerifyStatus.INSUFFICIENT_DATA
    is_refusal = isinstance(error, InvalidRequestError) or (isinstance(error, ApiError) and not error.retryable)
    return VerifyStatus.REFUSED if is_refusal else VerifyStatus.FAILED


def not_delivered(states: Sequence[str]) -> str:
    """Return which of an applicant's rows are not delivered, by the state of each in the ledger."""
    words = {"failed": "refused", "sent": "sent without an answer", "changed": "changed since", "bad": "bad"}
    counts: dict[str, int] = {}
    for state in states:
        if state != "delivered":
            name = words.get(state, "never sent")
            counts[name] = counts.get(name, 0) + 1
    listed = ", ".join(f"{number:,} {name}" for name, number in counts.items())
    return f"{sum(counts.values()):,} of its {len(states):,} rows are not delivered: {listed}"


def note_of(form_id: str | None, *, several: int, silent: int) -> str:
    """Return what somebody should know of a verification before it is paid for; empty for most."""
    one_of = f"one of {several} verifications of this applicant, {_with(form_id)}" if several else ""
    one, go = ("names", "goes") if silent == 1 else ("name", "go")
    rows = f"{silent:,} of its rows {one} no form, and {go} by that of the others"
    return "; ".join(filter(None, [one_of, rows if silent else ""]))


def _with(form_id: str | None) -> str:
    return f"with form {form_id}" if form_id else "without a form"
