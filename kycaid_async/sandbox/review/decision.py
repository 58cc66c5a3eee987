"""Decisions of a person about a document or a verification."""

from datetime import datetime
from typing import Any

from kycaid_async.api.document_words import DocumentStatus
from kycaid_async.api.verification_models import VerificationProgress
from kycaid_async.sandbox.callbacks import messages
from kycaid_async.sandbox.events.delivery import Effects
from kycaid_async.sandbox.rules.outcome import ReviewOutcome
from kycaid_async.sandbox.rules.verdict import checks_for
from kycaid_async.sandbox.state import SandboxState
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork


def decide(unit: UnitOfWork, id_: str, outcome: ReviewOutcome, comment: str | None, state: SandboxState) -> Effects:
    """Decide about the document or the verification with this id, and return the effects.

    Raises `KeyError`, and `ValueError` for a form that nobody completed.
    """
    document = unit.documents.find(id_)
    if document is not None:
        _set_verdict(unit, document, outcome, comment)
        # Those that only waited for it can end now.
        return Effects(started=unit.verifications.of_document(id_))
    verification = unit.verifications.find(id_)
    if verification is None:
        raise KeyError(id_)
    if verification["status"] == VerificationProgress.UNUSED:
        raise ValueError("nobody completed the form of this verification yet")
    for part in unit.verifications.documents_of(id_):
        if part["status"] == DocumentStatus.NEW and part["outcome"] == "pending":
            _set_verdict(unit, part, outcome, comment)
    completed = conclude(unit, verification, outcome, comment, state.clock())
    return Effects(unit.callbacks.put(messages.completed(completed), state.settings.callback_url))


def verdict_columns(outcome: ReviewOutcome) -> dict[str, Any]:
    """Return the columns of a document that hold its verdict."""
    status = DocumentStatus.INVALID if outcome.reasons else DocumentStatus.VALID
    return {"status": status.value, "reasons": [reason.value for reason in outcome.reasons]}


def conclude(unit: UnitOfWork, verification: Row, outcome: ReviewOutcome, comment: str | None, moment: datetime) -> Row:
    """End a verification with this outcome, whatever the rules say, and return it."""
    kinds = [document["type"] for document in unit.verifications.documents_of(verification["id"])]
    checks = checks_for(outcome.reasons, kinds, comment, verification["types"])
    verified = not outcome.reasons
    return unit.verifications.finish(
        verification["id"], verified=verified, checks=checks, moment=moment, comment=comment
    )


def _set_verdict(unit: UnitOfWork, document: Row, outcome: ReviewOutcome, comment: str | None) -> None:
    # With a new version, so that a review that is under way is void.
    version = document["version"] + 1
    unit.documents.change(document["id"], comment=comment, version=version, **verdict_columns(outcome))
