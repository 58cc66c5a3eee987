"""What was sent, and what came of it: a file that a run goes on from, wherever the one before it was cut off."""

from kycaid_async.bulk.ledger.file import Path
from kycaid_async.bulk.ledger.ledger import ApplicantEntry, Intent, Ledger, RowEntry, State
from kycaid_async.bulk.ledger.schema import Owner

__all__ = ["ApplicantEntry", "Intent", "Ledger", "Owner", "Path", "RowEntry", "State"]
