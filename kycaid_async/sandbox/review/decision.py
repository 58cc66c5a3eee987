"""The decision of a person about a document or a verification."""

from datetime import datetime

from kycaid_async.api.documents.fields import DocumentStatus
from kycaid_async.api.verifications.fields import VerificationProgress
from kycaid_async.sandbox.callbacks import messages
from kycaid_async.sandbox.events.effects import Effects
from kycaid_async.sandbox.rules.outcome import Outcome
from kycaid_async.sandbox.rules.verdict import checks_for
from kycaid_async.sandbox.state import State
from kycaid_async.sandbox.storage import callbacks as outbox
from kycaid_async.sandbox.storage import verifications as runs
from kycaid_async.sandbox.storage.database import Row, Transaction


def decide(rows: Transaction, id_: str, outcome: Outcome, comment: str | None, state: State) -> Effects:
    """Decide about what has this id, and return what it sets off.

    Raises `KeyError`, and `ValueError` for a form that nobody completed.
    """
    document = rows.find("documents", id_)
    if document is not None:
        set_verdict(rows, document, outcome, comment)
        # Those that only waited for it can end now.
        return Effects(started=runs.of_document(rows, id_))
    verification = rows.find("verifications", id_)
    if verification is None:
        raise KeyError(id_)
    if verification["status"] == VerificationProgress.UNUSED:
        raise ValueError("nobody completed the form of this verification yet")
    for part in runs.documents_of(rows, id_):
        if part["status"] == DocumentStatus.NEW and part["outcome"] == "pending":
            set_verdict(rows, part, outcome, comment)
    done = conclude(rows, verification, outcome, comment, state.clock())
    return Effects(outbox.put(rows, messages.completed(done), state.settings.callback_url))


def set_verdict(rows: Transaction, document: Row, outcome: Outcome, comment: str | None) -> None:
    """Set the verdict of a document. A review that is under way is void."""
    rows.change(
        "documents",
        document["id"],
        status=(DocumentStatus.INVALID if outcome.reasons else DocumentStatus.VALID).value,
        reasons=[reason.value for reason in outcome.reasons],
        comment=comment,
        version=document["version"] + 1,
    )


def conclude(rows: Transaction, verification: Row, outcome: Outcome, comment: str | None, moment: datetime) -> Row:
    """End a verification with this outcome, whatever the rules say, and return it."""
    kinds = [document["type"] for document in runs.documents_of(rows, verification["id"])]
    checks = checks_for(outcome.reasons, kinds, comment, verification["types"])
    verified = not outcome.reasons
    return runs.finish(rows, verification["id"], verified=verified, checks=checks, moment=moment, comment=comment)
