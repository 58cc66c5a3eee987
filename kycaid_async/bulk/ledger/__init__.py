"""What was sent, and what came of it: a file that a run goes on from, wherever the one before it was cut off."""

from kycaid_async.bulk.ledger.file import Path
from kycaid_async.bulk.ledger.ledger import DOCUMENT_TAKEN, ApplicantEntry, Intent, Ledger, RowEntry, State
from kycaid_async.bulk.ledger.schema import Owner
from kycaid_async.bulk.ledger.secret import SecretFrom, secret_key_of

__all__ = [
    "DOCUMENT_TAKEN",
    "ApplicantEntry",
    "Intent",
    "Ledger",
    "Owner",
    "Path",
    "RowEntry",
    "SecretFrom",
    "State",
    "secret_key_of",
]
