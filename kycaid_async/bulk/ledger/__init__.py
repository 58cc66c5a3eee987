"""The ledger: a record of what was sent and what came of it, which a run goes on from, wherever it was cut off."""

from kycaid_async.bulk.ledger.entries import DOCUMENT_TAKEN, ApplicantEntry, EntryState, FirstFile, Intent, RowEntry
from kycaid_async.bulk.ledger.file import Path
from kycaid_async.bulk.ledger.interface import Claims, UploadLedger, VerificationLedger
from kycaid_async.bulk.ledger.ledger import Ledger
from kycaid_async.bulk.ledger.schema import LedgerOwner
from kycaid_async.bulk.ledger.secret import SecretFrom, secret_key_of
from kycaid_async.bulk.ledger.verifications import VerificationEntries, VerificationEntry, VerificationState

__all__ = [
    "DOCUMENT_TAKEN",
    "ApplicantEntry",
    "Claims",
    "EntryState",
    "FirstFile",
    "Intent",
    "Ledger",
    "LedgerOwner",
    "Path",
    "RowEntry",
    "SecretFrom",
    "UploadLedger",
    "VerificationEntries",
    "VerificationEntry",
    "VerificationLedger",
    "VerificationState",
    "secret_key_of",
]
