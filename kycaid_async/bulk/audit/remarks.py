"""Remarks on rows that are not plainly there: the reason, and advice that loses nothing and sends nothing twice."""

from collections.abc import Sequence
from typing import Final

import attrs


@attrs.frozen
class Remark:
    """Reason and advice, in words."""

    reason: str = ""
    advice: str = ""


GAPS: Final = "the ledger lost a part of itself, so it was perhaps sent"
HIDDEN: Final = "its document is there, and the server does not show its type or its files"
SECOND_HIDDEN: Final = "another document of the applicant does not show its type or its files"

TO_BE_RECORDED: Final = Remark("it got no answer when it was sent, and it is there", "The next upload records it.")
OTHER_ID: Final = Remark("it is there under another id than the ledger has")
NOT_MADE: Final = Remark(
    "it got no answer when it was sent, and it is not there", "Upload again: it is sent once more."
)
CHANGED: Final = Remark(
    "the row says something else than what was sent under its key",
    "If the document is to say so too, correct it in the dashboard; if it is another document, give it another key.",
)
UNKNOWN_APPLICANT: Final = Remark(
    "its applicant was sent and got no answer, and an applicant cannot be looked up",
    "Find the applicant in the dashboard, look whether it is there twice, and write its applicant_id into the row.",
)
SURPLUS: Final = Remark(
    "a document of an applicant that this ledger made, and no row accounts for it",
    "Nothing, if somebody else sent it.",
)


def not_sent(refused: str | None, heir_of: str | None) -> Remark:
    """Say that it was not sent, or was refused; and what a row that was changed may have made before."""
    if refused is not None:
        return Remark(f"it was refused ({refused}), so nothing was made", "Upload again: it says why.")
    if heir_of is None:
        return Remark("it was not sent with this ledger", "Upload it.")
    return Remark(
        f"it was not sent with this ledger as it stands; document {heir_of} was made for a row of the same applicant "
        "and type that is not among these any more",
        "If the row was changed since, do not upload it: correct that document. If it is another document, upload it.",
    )


def bad(problems: str) -> Remark:
    """Say that a row cannot be sent as it stands."""
    return Remark(f"it cannot be sent as it stands: {problems}", "Correct the row and upload it.")


def missing(document_id: str | None) -> Remark:
    """Say that a document is gone that was made."""
    return Remark(
        f"document {document_id} was made, and is not there any more",
        "To send it once more, give the row another key, or one if it has none, and upload again: under the old one "
        "the ledger counts it as done.",
    )


def twice(document_id: str, more: Sequence[str]) -> Remark:
    """Say that there are more documents than the one of the ledger."""
    others = _listed(more)
    return Remark(
        f"beside document {document_id} there is {others} with the same type and files or fields, and of no row",
        f"Compare them in the dashboard; if they show the same, delete {others} there.",
    )


def twice_unsettled(document_id: str, more: Sequence[str]) -> Remark:
    """Say that there are several documents, of which the ledger has none."""
    both = _listed([document_id, *more])
    return Remark(f"{both} say the same", "Compare them in the dashboard, delete all but one there, and audit again.")


def there_unexpectedly(ids: Sequence[str], refused: str | None) -> Remark:
    """Say that there is a document of a row of which the ledger has none."""
    why = "that it was refused" if refused is not None else "nothing of it"
    return Remark(
        f"the ledger says {why}, and there is {_listed(ids)}, which says the same",
        "Take the row out before you upload again, or delete the document first: it would be made a second time.",
    )


def different(document_id: str, names: Sequence[str]) -> Remark:
    """Say what of a document is not as it was sent."""
    return Remark(
        f"document {document_id} shows another {', '.join(names)} than was sent",
        "Compare it with the row: correct the document in the dashboard, or leave it if it was changed on purpose.",
    )


def unseen(doubt: str, applicant_id: str) -> Remark:
    """Say why nothing can be told."""
    return Remark(doubt, f"Look at applicant {applicant_id} in the dashboard, or audit again later.")


def unseen_second(doubt: str, applicant_id: str) -> Remark:
    """Say why it cannot be told whether there is a second one."""
    return Remark(
        f"it is there as sent; whether it is there twice cannot be told: {doubt}",
        f"Look at applicant {applicant_id} in the dashboard, or audit again later.",
    )


def unanswered(reason: str) -> Remark:
    """Say that the server gave no answer that says anything."""
    return Remark(reason, "Audit again later.")


def _listed(ids: Sequence[str]) -> str:
    return f"document{'s' if len(ids) > 1 else ''} {' and '.join(ids)}"
